import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";
import { CELL, type ActorRef } from "../kernel/ref.ts";
import { CLONABLE } from "../world/clonable.ts";
import { packError, unpackError, type PackedError } from "./packed-error.ts";
import { areMarksUsed, marksOf, unmark } from "./transfer.ts";

/**
 * How values go from node to node.
 *
 * Structured clone copies nearly all there is, faster than anything else that can. What it cannot
 * carry, or carries badly, is replaced by an empty object, a marker, and goes beside the message:
 *
 * ```text
 *   message   [ { reply: {} } ]
 *                        └──────┐ the same object, also in the copy
 *   specials  [ [ {}, REF, 17 ] ]
 * ```
 *
 * So nothing that a user sends can be mistaken for a marker, and a message without specials, as
 * nearly all are, is looked at once by the sender and never by the receiver.
 */
export type Special = readonly [marker: object, kind: number, ...parts: unknown[]];

const REF = 1;
const ERROR = 2;

/** What a connection knows of refs. */
export interface Refs {
  /** Numbers, and options, by which the other side finds the ref. */
  pack(ref: ActorRef, path: string): readonly unknown[];
  unpack(parts: readonly unknown[]): unknown;
}

/** Deeper than this the first look gives up, and the second one, which knows circles, decides. */
const DEEP = 64;

/** Makes one batch's values ready to be cloned. */
export class Packer {
  readonly #refs: Refs;
  specials: Special[] = [];
  transfers: object[] = [];

  constructor(refs: Refs) {
    this.#refs = refs;
  }

  /** What is to be sent for a value; throws `BadInputError` for what cannot go, naming `what`. */
  pack(value: unknown, what: string): unknown {
    return goesAsItIs(value) ? value : this.#pack(value, what, new Map());
  }

  /** The second look: copies what contains something special, as far as it has to. */
  #pack(value: unknown, path: string, known: Map<object, unknown>): unknown {
    if (typeof value === "function" || typeof value === "symbol") throw cannotGo(value, path);
    if (typeof value !== "object" || value === null) return value;
    const before = known.get(value);
    if (before !== undefined) return before;
    const marks = marksOf(value);
    if (marks !== undefined) {
      if (this.#refs !== ANY_REF) unmark(value);
      this.transfers.push(...marks);
      known.set(value, value);
      return value;
    }
    return this.#packObject(value, path, known);
  }

  #packObject(value: object, path: string, known: Map<object, unknown>): unknown {
    if (CELL in value)
      return this.#special(value, REF, this.#refs.pack(value as ActorRef, path), known);
    if (value instanceof Error) return this.#packError(value, path, known);
    if (ArrayBuffer.isView(value) || CLONABLE.has(Object.getPrototypeOf(value))) return value;
    if (Array.isArray(value)) {
      const copy: unknown[] = [];
      known.set(value, copy);
      for (const [i, item] of value.entries()) copy.push(this.#pack(item, `${path}[${i}]`, known));
      return copy;
    }
    if (value instanceof Map) return this.#packMap(value, path, known);
    if (value instanceof Set) {
      const copy = new Set();
      known.set(value, copy);
      for (const item of value) copy.add(this.#pack(item, `an item of ${path}`, known));
      return copy;
    }
    return this.#packFields(value, path, known);
  }

  #packMap(value: Map<unknown, unknown>, path: string, known: Map<object, unknown>): unknown {
    const copy = new Map();
    known.set(value, copy);
    for (const [key, item] of value) {
      copy.set(
        this.#pack(key, `a key of ${path}`, known),
        this.#pack(item, `an entry of ${path}`, known),
      );
    }
    return copy;
  }

  #packFields(value: object, path: string, known: Map<object, unknown>): unknown {
    const proto = Object.getPrototypeOf(value) as unknown;
    if (proto !== Object.prototype && proto !== null && !isClonable(value, path)) return value;
    const copy: Record<string, unknown> = {};
    known.set(value, copy);
    for (const [key, item] of Object.entries(value)) {
      copy[key] = this.#pack(item, `${path}.${key}`, known);
    }
    return copy;
  }

  #packError(error: Error, path: string, known: Map<object, unknown>): unknown {
    const marker = {};
    known.set(error, marker);
    const { cause, errors, fields, ...rest } = packError(error);
    // An error is told, not sent: what it carries must not keep it from being heard.
    const carried = (each: unknown, where: string): unknown => {
      try {
        return this.#pack(each, where, known);
      } catch {
        return describe(each);
      }
    };
    const packed: Record<string, unknown> = { ...rest, fields: {} };
    if (cause !== undefined) packed["cause"] = carried(cause, `${path}.cause`);
    if (errors !== undefined) packed["errors"] = carried(errors, `${path}.errors`);
    for (const [key, field] of Object.entries(fields)) {
      (packed["fields"] as Record<string, unknown>)[key] = carried(field, `${path}.${key}`);
    }
    this.specials.push([marker, ERROR, packed]);
    return marker;
  }

  #special(
    value: object,
    kind: number,
    parts: readonly unknown[],
    known: Map<object, unknown>,
  ): object {
    const marker = {};
    known.set(value, marker);
    this.specials.push([marker, kind, ...parts]);
    return marker;
  }
}

/** The first look, which nearly all messages pass: structured clone copies all that is in it. */
export function goesAsItIs(value: unknown): boolean {
  if (typeof value === "object") return value === null || isPlain(value, 0);
  return typeof value !== "function" && typeof value !== "symbol";
}

function isPlain(value: object, depth: number): boolean {
  if (depth === DEEP || (areMarksUsed() && marksOf(value) !== undefined)) return false;
  const proto = Object.getPrototypeOf(value) as unknown;
  if (proto === Object.prototype) {
    for (const key in value) {
      if (!isPlainPart((value as Record<string, unknown>)[key], depth)) return false;
    }
    return true;
  }
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (!isPlainPart(item, depth)) return false;
    return true;
  }
  return CLONABLE.has(proto) || ArrayBuffer.isView(value);
}

function isPlainPart(value: unknown, depth: number): boolean {
  if (typeof value === "object") return value === null || isPlain(value, depth + 1);
  return typeof value !== "function" && typeof value !== "symbol";
}

const clonable = new WeakSet<object>();

/**
 * True where an object of some class is copied field by field; false where the host takes it whole.
 *
 * Asks the host, once for each class: nothing else knows what it can clone.
 */
function isClonable(value: object, path: string): boolean {
  const proto = Object.getPrototypeOf(value) as object;
  if (Object.keys(value).length > 0) return true;
  if (clonable.has(proto)) return false;
  try {
    structuredClone(value);
  } catch {
    throw cannotGo(value, path);
  }
  clonable.add(proto);
  return false;
}

function cannotGo(value: unknown, path: string): BadInputError {
  const what =
    typeof value === "function"
      ? "is a function, and code stays where it is: send what it needs, or a ref to who does it"
      : `is ${describe(value)}, which cannot be copied`;
  return new BadInputError(`${path} ${what}`);
}

/** Throws `BadInputError` for what cannot be sent to another node; sends nothing. */
export function checkCanBeSent(what: string, value: unknown): void {
  if (!goesAsItIs(value)) new Packer(ANY_REF).pack(value, what);
}

const ANY_REF: Refs = { pack: () => [], unpack: () => undefined };

/** Puts what came beside a batch back into its place. */
export class Unpacker {
  readonly #refs: Refs;
  readonly #packed = new Map<object, Special>();
  readonly #values = new Map<object, unknown>();

  constructor(specials: readonly Special[], refs: Refs) {
    this.#refs = refs;
    for (const special of specials) this.#packed.set(special[0], special);
  }

  /** What a marker stands for: made when it is met, for what it needs comes in the same batch. */
  #valueOf(marker: object, [, kind, ...parts]: Special): unknown {
    this.#packed.delete(marker);
    const value =
      kind === REF ? this.#refs.unpack(parts) : unpackError(this.unpack(parts[0]) as PackedError);
    this.#values.set(marker, value);
    return value;
  }

  /** The value as it was sent; a copy that is ours is mended in place. */
  unpack(value: unknown): unknown {
    return this.#mend(value, new Set());
  }

  #mend(value: unknown, seen: Set<object>): unknown {
    if (typeof value !== "object" || value === null) return value;
    const known = this.#values.get(value);
    if (known !== undefined) return known;
    const packed = this.#packed.get(value);
    if (packed !== undefined) return this.#valueOf(value, packed);
    if (seen.has(value) || ArrayBuffer.isView(value)) return value;
    seen.add(value);
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) value[i] = this.#mend(item, seen);
    } else if (value instanceof Map) {
      const entries = [...value];
      value.clear();
      for (const [key, item] of entries) value.set(this.#mend(key, seen), this.#mend(item, seen));
    } else if (value instanceof Set) {
      const items = [...value];
      value.clear();
      for (const item of items) value.add(this.#mend(item, seen));
    } else {
      const fields = value as Record<string, unknown>;
      for (const key of Object.keys(value)) fields[key] = this.#mend(fields[key], seen);
    }
    return value;
  }
}

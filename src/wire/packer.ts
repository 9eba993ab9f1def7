import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";
import { CELL, type ActorRef } from "../kernel/ref.ts";
import { CLONABLE } from "../world/clonable.ts";
import { ERROR, REF, type Refs, type Special } from "./codec.ts";
import { goesAsItIs, holdsNothingSpecial, isPort, isTakenWhole, wasMoved } from "./look.ts";
import { packError } from "./packed-error.ts";
import { setField } from "./set-field.ts";
import { marksOf, unmark } from "./transfer.ts";

/** Makes one batch's values ready to be cloned. */
export class Packer {
  readonly #refs: Refs;
  specials: Special[] = [];
  /** What is to be moved, each once. */
  transfers: object[] = [];
  /** The values that were marked to be moved, or to be moved with. */
  #marked: object[] = [];
  /** True in the middle of a value: refs in it may be told of first, and nothing may go before it does. */
  isPacking = false;
  /** What cannot go is described, and does not keep the rest from going. */
  #describes = false;

  constructor(refs: Refs) {
    this.#refs = refs;
  }

  /** What is to be sent for a value; throws `BadInputError` for what cannot go, naming `what`. */
  pack(value: unknown, what: string): unknown {
    if (goesAsItIs(value) || holdsNothingSpecial(value)) return value;
    this.isPacking = true;
    try {
      return this.#pack(value, what, new Map());
    } finally {
      this.isPacking = false;
    }
  }

  /** Runs `fn`, which packs the parts of one message; when one cannot go, nothing of the others does. */
  together<R>(fn: () => R): R {
    const { specials, transfers } = this;
    const [made, moved, marked] = [specials.length, transfers.length, this.#marked.length];
    try {
      return fn();
    } catch (error) {
      specials.length = made;
      transfers.length = moved;
      this.#marked.length = marked;
      throw error;
    }
  }

  /** For what is told, and not sent: an error, a reason. What in it cannot go is described. */
  describe(value: unknown): unknown {
    if (goesAsItIs(value) || holdsNothingSpecial(value)) return value;
    this.#describes = this.isPacking = true;
    try {
      return this.#pack(value, "it", new Map());
    } finally {
      this.#describes = this.isPacking = false;
    }
  }

  /** The batch is on its way: what was marked has gone, and the next begins with nothing. */
  next(): void {
    for (const value of this.#marked) unmark(value);
    this.#marked = [];
    this.specials = [];
    this.transfers = [];
  }

  /** Copies what contains something special, as far as it has to. */
  #pack(value: unknown, path: string, known: Map<object, unknown>): unknown {
    if (typeof value === "function" || typeof value === "symbol") {
      return this.#refuse(value, path);
    }
    if (typeof value !== "object" || value === null) return value;
    const before = known.get(value);
    if (before !== undefined) return before;
    const marks = marksOf(value);
    if (marks !== undefined) this.#noteMarks(value, marks, known);
    return known.get(value) ?? this.#packObject(value, path, known);
  }

  /** What is to be moved stays what it is; a value that it is a part of is looked at as any other. */
  #noteMarks(value: object, marks: readonly object[], known: Map<object, unknown>): void {
    this.#marked.push(value);
    for (const movable of marks) {
      if (movable instanceof ArrayBuffer && wasMoved(movable)) continue;
      known.set(movable, movable);
      if (!this.transfers.includes(movable)) this.transfers.push(movable);
    }
    if (ArrayBuffer.isView(value) && !wasMoved(value)) known.set(value, value);
  }

  #packObject(value: object, path: string, known: Map<object, unknown>): unknown {
    if (CELL in value) return this.#packRef(value as ActorRef, path, known);
    if (value instanceof Error) return this.#packError(value, path, known);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return wasMoved(value) ? this.#refuse(value, path) : value;
    }
    if (CLONABLE.has(Object.getPrototypeOf(value))) return value;
    if (Array.isArray(value)) return this.#packArray(value, path, known);
    if (value instanceof Map) return this.#packMap(value, path, known);
    if (value instanceof Set) return this.#packSet(value, path, known);
    return this.#packFields(value, path, known);
  }

  #packArray(value: readonly unknown[], path: string, known: Map<object, unknown>): unknown {
    const copy: unknown[] = [];
    known.set(value, copy);
    for (const [i, item] of value.entries()) copy.push(this.#pack(item, `${path}[${i}]`, known));
    return copy;
  }

  #packSet(value: ReadonlySet<unknown>, path: string, known: Map<object, unknown>): unknown {
    const copy = new Set();
    known.set(value, copy);
    for (const item of value) copy.add(this.#pack(item, `an item of ${path}`, known));
    return copy;
  }

  #packMap(
    value: ReadonlyMap<unknown, unknown>,
    path: string,
    known: Map<object, unknown>,
  ): unknown {
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
    if (!isPlainObject(value)) {
      const whole = isTakenWhole(value);
      if (whole === "never") return this.#refuse(value, path);
      if (whole === "always") return value;
    }
    const copy = {};
    known.set(value, copy);
    for (const [key, item] of Object.entries(value)) {
      setField(copy, key, this.#pack(item, `${path}.${key}`, known));
    }
    return copy;
  }

  #packRef(ref: ActorRef, path: string, known: Map<object, unknown>): unknown {
    let parts: readonly unknown[];
    try {
      parts = this.#refs.pack(ref, path);
    } catch (error) {
      if (this.#describes) return describe(ref);
      throw error;
    }
    const marker = {};
    known.set(ref, marker);
    this.specials.push([marker, REF, ...parts]);
    return marker;
  }

  /** An error is told, whoever sends it: what it carries does not keep it from being heard. */
  #packError(error: Error, path: string, known: Map<object, unknown>): unknown {
    const marker = {};
    known.set(error, marker);
    const described = this.#describes;
    this.#describes = true;
    try {
      const { cause, errors, fields, ...rest } = packError(error);
      const packed: Record<string, unknown> = {
        ...rest,
        fields: this.#packFields(fields, path, known),
      };
      if ("cause" in error) packed["cause"] = this.#pack(cause, `${path}.cause`, known);
      if (errors !== undefined) packed["errors"] = this.#pack(errors, `${path}.errors`, known);
      this.specials.push([marker, ERROR, packed]);
    } finally {
      this.#describes = described;
    }
    return marker;
  }

  #refuse(value: unknown, path: string): string {
    if (this.#describes) return describe(value);
    throw new BadInputError(`${path} ${whyNot(value)}`);
  }
}

function whyNot(value: unknown): string {
  if (typeof value === "function") {
    return "is a function, and code stays where it is: send what it needs, or a ref to who does it";
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `is ${describe(value)} that was moved to another thread before, and has nothing in it`;
  }
  if (typeof value === "object" && value !== null && isPort(value)) {
    return "is a port, which is moved and not copied: mark it with transfer(port)";
  }
  return `is ${describe(value)}, which cannot be copied`;
}

function isPlainObject(value: object): boolean {
  const proto = Object.getPrototypeOf(value) as unknown;
  return proto === Object.prototype || proto === null;
}

/** Throws `BadInputError` for what cannot be sent to another node; sends nothing. */
export function checkCanBeSent(what: string, value: unknown): void {
  new Packer(ANY_REF).pack(value, what);
}

const ANY_REF: Refs = { pack: () => [], unpack: () => undefined };

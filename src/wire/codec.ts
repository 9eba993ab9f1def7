import type { ActorRef } from "../kernel/ref.ts";
import { fillError, makeError, type PackedError } from "./packed-error.ts";
import { setField } from "./set-field.ts";

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

export const REF = 1;
export const ERROR = 2;

/** What a connection knows of refs. */
export interface Refs {
  /** Numbers, and options, by which the other side finds the ref. */
  pack(ref: ActorRef, path: string): readonly unknown[];
  unpack(parts: readonly unknown[]): unknown;
}

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
    if (kind !== REF) return this.#errorOf(marker, parts[0] as PackedError);
    const ref = this.#refs.unpack(parts);
    this.#values.set(marker, ref);
    return ref;
  }

  /** Known before its parts are, for it may be one of them. */
  #errorOf(marker: object, packed: PackedError): Error {
    const error = makeError(packed);
    this.#values.set(marker, error);
    fillError(error, this.unpack(packed) as PackedError);
    return error;
  }

  /** The value as it was sent; a copy that is ours is mended in place. */
  unpack(value: unknown): unknown {
    return this.#mend(value, new Set());
  }

  #mend(value: unknown, seen: Set<object>): unknown {
    if (typeof value !== "object" || value === null) return value;
    const packed = this.#packed.get(value);
    if (packed !== undefined) return this.#valueOf(value, packed);
    if (this.#values.has(value)) return this.#values.get(value);
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
      this.#mendFields(value as Record<string, unknown>, seen);
    }
    return value;
  }

  #mendFields(value: Record<string, unknown>, seen: Set<object>): void {
    for (const [key, field] of Object.entries(value)) {
      const mended = this.#mend(field, seen);
      // A field of that name, which a clone may well have, is there already as what it is.
      if (mended !== field) setField(value, key, mended);
    }
  }
}

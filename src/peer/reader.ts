import type { Unpacker } from "../wire/codec.ts";
import { hasSpecials, lengthOf } from "../wire/ops.ts";

/** Reads the records of a batch, one after the other. */
export class Reader {
  readonly #records: readonly unknown[];
  readonly #unpacker: Unpacker | null;
  #at = 0;
  #end = 0;
  /** The header of the present record. */
  head = 0;

  constructor(records: readonly unknown[], unpacker: Unpacker | null) {
    this.#records = records;
    this.#unpacker = unpacker;
  }

  /** Goes on to the next record; false when there is none. */
  advance(): boolean {
    if (this.#end >= this.#records.length) return false;
    this.head = this.#records[this.#end] as number;
    this.#at = this.#end + 1;
    this.#end = this.#at + lengthOf(this.head);
    return true;
  }

  /** Parts of the present record that are not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** The next part, as it came: a number, a text, a list of such. */
  // oxlint-disable-next-line no-unnecessary-type-parameters -- what it is, the op of its record says
  next<T>(): T {
    return this.#records[this.#at++] as T;
  }

  /** The next part, which is a user's: refs and errors are put back into it. */
  value(): unknown {
    const value = this.#records[this.#at++];
    return hasSpecials(this.head) && this.#unpacker !== null ? this.#unpacker.unpack(value) : value;
  }

  /** The next parts, each a user's. */
  values(count: number): unknown[] {
    return Array.from({ length: count }, () => this.value());
  }
}

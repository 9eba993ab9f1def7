/**
 * Writes a whole store down, piece by piece, while it goes on being used.
 *
 * ```
 *   piece   a b c │       │ d e   │ f        every key that was there at the start, as it is when
 *   records       │ SET b │       │ DEL e    its turn comes; in between, whatever happened
 * ```
 *
 * Read in this order, the file rebuilds the store: a key's own records bring it up to date after its
 * turn. Those before its turn know only half of it, and its turn makes up for that by writing the
 * key anew. Keys made after the start have all they need in records.
 */
import { bulkArray } from "./resp.ts";
import { stringRecord } from "./log-record.ts";
import { Deque } from "./store/deque.ts";
import type { Entry } from "./store/entry.ts";
import type { Store } from "./store/store.ts";

/** Elements one record carries, as in Redis: bounds what replaying it takes at once. */
const ELEMENTS_PER_RECORD = 64;

export class Snapshot {
  readonly #store: Store;
  readonly #entries: Iterator<Entry>;
  readonly #newest: number;

  constructor(store: Store) {
    this.#store = store;
    this.#entries = store.entries();
    this.#newest = store.newestSerial;
  }

  /**
   * Hands about `chars` of records to `write`, whole keys only; false when that was all.
   *
   * What changed the store since the last piece must have been written before.
   */
  writePiece(chars: number, write: (records: string) => void): boolean {
    let total = 0;
    let text = "";
    while (total < chars) {
      const { done, value: entry } = this.#entries.next();
      if (done === true || entry.serial > this.#newest) {
        if (text !== "") write(text);
        return false;
      }
      for (const record of recordsOf(this.#store, entry)) {
        total += record.length;
        text += record;
        // A large list is handed over in parts, so that no string holds it whole.
        if (text.length < chars) continue;
        write(text);
        text = "";
      }
    }
    if (text !== "") write(text);
    return true;
  }
}

function* recordsOf(store: Store, entry: Entry): Generator<string, void> {
  const { key, value } = entry;
  if (typeof value === "string") {
    yield stringRecord(store, entry);
    return;
  }
  yield bulkArray(["DEL", key]);
  if (value instanceof Deque) yield* listRecords(key, value);
  else if (value instanceof Map) yield* hashRecords(key, value);
  const time = store.expiryOf(entry);
  if (time !== undefined) yield bulkArray(["PEXPIREAT", key, String(time)]);
}

function* listRecords(key: string, list: Deque): Generator<string, void> {
  for (let from = 0; from < list.length; from += ELEMENTS_PER_RECORD) {
    const values = list.slice(from, Math.min(from + ELEMENTS_PER_RECORD, list.length));
    yield bulkArray(["RPUSH", key, ...values]);
  }
}

function* hashRecords(key: string, hash: Map<string, string>): Generator<string, void> {
  let record = ["HSET", key];
  for (const [field, value] of hash) {
    record.push(field, value);
    if (record.length < 2 + 2 * ELEMENTS_PER_RECORD) continue;
    yield bulkArray(record);
    record = ["HSET", key];
  }
  if (record.length > 2) yield bulkArray(record);
}

import type { Entry, Value } from "./entry.ts";
import { Expiry, NEVER } from "./expiry.ts";
import { ScanOrder } from "./scan-order.ts";

/** A time at which nothing has expired yet: for reading keys as they are, and for replaying a log. */
export const BEFORE_ALL = Number.NEGATIVE_INFINITY;

/** The year 287396. A later expiry means then: numbers beyond lose their milliseconds. */
const LATEST_EXPIRY = Number.MAX_SAFE_INTEGER;

export interface StoreOptions {
  /** Remember which keys expired, for a log that must say so. Off, `takeExpired` is always empty. */
  readonly noteExpired?: boolean;
}

/**
 * One shard's keys, values and expiry times.
 *
 * Time comes in as an argument, milliseconds since 1970. A key whose time has come is gone for every
 * reader at once: whoever meets it removes it, and `expireSome` removes those nobody asks for.
 */
export class Store {
  /** Rises with every change a command makes, not with expiry: compare two readings to learn of one. */
  changes = 0;

  readonly #entries = new Map<string, Entry>();
  #serial = 0;
  #expired: string[] = [];
  readonly #order = new ScanOrder();
  readonly #expiry = new Expiry();
  readonly #noteExpired: boolean;

  constructor(options: StoreOptions = {}) {
    this.#noteExpired = options.noteExpired ?? false;
  }

  /** Keys stored, those included that expired and that nobody has met since. */
  get size(): number {
    return this.#entries.size;
  }

  /** The serial of the key made last; keys made from now on have greater ones. */
  get newestSerial(): number {
    return this.#serial;
  }

  get(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.due === NEVER) return entry;
    return this.isExpired(entry, now) ? this.#expire(entry) : entry;
  }

  /** Replaces whatever the key held and makes it live for ever; set an expiry afterwards. */
  set(key: string, value: Value): Entry {
    this.changes++;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { key, value, serial: ++this.#serial, due: NEVER };
      this.#entries.set(key, entry);
      this.#order.add(entry);
      return entry;
    }
    entry.value = value;
    if (entry.due !== NEVER) this.#expiry.remove(entry);
    return entry;
  }

  /** New value, same expiry. Call it also when a list or hash was changed in place. */
  update(entry: Entry, value: Value): void {
    this.changes++;
    entry.value = value;
  }

  delete(entry: Entry): void {
    this.changes++;
    this.#remove(entry);
  }

  clear(): void {
    this.changes++;
    // Not a new map: whoever walks the entries is to find that there are none left.
    this.#entries.clear();
    this.#order.clear();
    this.#expiry.clear();
  }

  /** When the key expires, undefined when it never will. */
  expiryOf(entry: Entry): number | undefined {
    return entry.due === NEVER ? undefined : this.#expiry.timeOf(entry);
  }

  isExpired(entry: Entry, now: number): boolean {
    return entry.due !== NEVER && this.#expiry.timeOf(entry) <= now;
  }

  expireAt(entry: Entry, time: number): void {
    this.changes++;
    this.#expiry.set(entry, Math.min(time, LATEST_EXPIRY));
  }

  /** False when the key had no expiry to lose. */
  persist(entry: Entry): boolean {
    if (entry.due === NEVER) return false;
    this.changes++;
    this.#expiry.remove(entry);
    return true;
  }

  /** When the next key expires; Infinity when none will. */
  nextExpiry(): number {
    return this.#expiry.next();
  }

  /** Removes expired keys, at most `most`, and says how many; `nextExpiry` tells if some are left. */
  expireSome(now: number, most: number): number {
    let removed = 0;
    while (removed < most && this.#expiry.next() <= now) {
      this.#expire(this.#expiry.first()!);
      removed++;
    }
    return removed;
  }

  /** The keys that expired since the last call, in order. */
  takeExpired(): string[] {
    const expired = this.#expired;
    if (expired.length > 0) this.#expired = [];
    return expired;
  }

  /** Walks the keys that have not expired, see `ScanOrder.walk`. */
  scan(cursor: number, count: number, now: number, visit: (entry: Entry) => void): number {
    return this.#order.walk(cursor, count, (entry) => {
      if (!this.isExpired(entry, now)) visit(entry);
    });
  }

  /** Every key in the order made, the expired ones nobody met included. The store may change meanwhile. */
  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  #expire(entry: Entry): undefined {
    if (this.#noteExpired) this.#expired.push(entry.key);
    this.#remove(entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key);
    if (entry.due !== NEVER) this.#expiry.remove(entry);
    entry.value = undefined;
    this.#order.removed();
  }
}

import type { Entry } from "./entry.ts";

/** `Entry.due` of a key that lives for ever. */
export const NEVER = -1;

const FEWEST_SLOTS = 16;

/**
 * The keys that will expire, soonest first: a binary heap in which every entry knows its place.
 *
 * ```
 *   #entries   [ a  b  c … ]      a.due = 0, b.due = 1: so a removal in the middle is O(log n),
 *   #times     [ 5  9  7 … ]      and no stale records pile up under a key that is touched often
 * ```
 *
 * The times stand here and not in the entries: a key without expiry pays nothing for them.
 */
export class Expiry {
  #entries: Entry[] = [];
  #times = new Float64Array(FEWEST_SLOTS);

  /** When the soonest key expires; Infinity when none will. */
  next(): number {
    return this.#entries.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  first(): Entry | undefined {
    return this.#entries[0];
  }

  /** For an entry whose `due` is not NEVER. */
  timeOf(entry: Entry): number {
    return this.#times[entry.due]!;
  }

  set(entry: Entry, time: number): void {
    let place = entry.due;
    if (place === NEVER) {
      place = this.#entries.length;
      this.#entries.push(entry);
      this.#grow();
    }
    this.#settle(entry, time, place);
  }

  remove(entry: Entry): void {
    const place = entry.due;
    if (place === NEVER) return;
    entry.due = NEVER;
    const lastTime = this.#times[this.#entries.length - 1]!;
    const last = this.#entries.pop()!;
    if (last !== entry) this.#settle(last, lastTime, place);
  }

  clear(): void {
    for (const entry of this.#entries) entry.due = NEVER;
    this.#entries = [];
    this.#times = new Float64Array(FEWEST_SLOTS);
  }

  /** Puts an entry at a free place, or where its order sends it from there. */
  #settle(entry: Entry, time: number, free: number): void {
    const place = this.#rise(time, free);
    this.#put(entry, time, place === free ? this.#sink(time, free) : place);
  }

  /** Moves later parents down along the way up, and returns the place left free. */
  #rise(time: number, from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#put(this.#entries[parent]!, this.#times[parent]!, place);
      place = parent;
    }
    return place;
  }

  #sink(time: number, from: number): number {
    const { length } = this.#entries;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) return place;
      if (child + 1 < length && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) return place;
      this.#put(this.#entries[child]!, this.#times[child]!, place);
      place = child;
    }
  }

  #put(entry: Entry, time: number, place: number): void {
    this.#entries[place] = entry;
    this.#times[place] = time;
    entry.due = place;
  }

  #grow(): void {
    if (this.#entries.length <= this.#times.length) return;
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
  }
}

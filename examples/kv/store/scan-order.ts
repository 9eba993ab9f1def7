import type { Entry } from "./entry.ts";

/** Below this, sweeping saves nothing worth the code path. */
const FEWEST_DEAD = 64;

/**
 * All keys in the order they were made, so that SCAN can walk backwards through time.
 *
 * ```
 *   serial    3   4   ×   6   7   ×   9         × is a deleted key, swept up later
 *                         ←──────────── 9       a scan begins at the newest …
 *   cursor 6  ←── the next call goes on below serial 6, wherever that is by then
 * ```
 *
 * Backwards, because then a scan ends however fast keys are added; and by serial, because a sweep
 * moves entries but never renumbers them. So a key that is there throughout is met exactly once.
 */
export class ScanOrder {
  #entries: Entry[] = [];
  #dead = 0;

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Call after the entry's value was taken away. */
  removed(): void {
    this.#dead++;
    while (this.#entries.length > 0 && this.#entries.at(-1)!.value === undefined) {
      this.#entries.pop();
      this.#dead--;
    }
    if (this.#dead > FEWEST_DEAD && this.#dead * 2 > this.#entries.length) this.#sweep();
  }

  clear(): void {
    this.#entries = [];
    this.#dead = 0;
  }

  /**
   * Shows `visit` up to `count` places below the cursor and returns the cursor to go on with.
   *
   * Cursor 0 asks for the beginning and, returned, tells the end. Places of deleted keys count, so one
   * call's work is bounded; that is why a call may show nothing and still not be the last.
   */
  walk(cursor: number, count: number, visit: (entry: Entry) => void): number {
    let place = (cursor === 0 ? this.#entries.length : this.#placeOf(cursor)) - 1;
    const last = Math.max(place - count, -1);
    for (; place > last; place--) {
      const entry = this.#entries[place]!;
      if (entry.value !== undefined) visit(entry);
    }
    return place < 0 ? 0 : this.#entries[place]!.serial + 1;
  }

  /** The first place with this serial or a later one. */
  #placeOf(serial: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.serial < serial) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes as long as there are keys, but only after as many deletions. */
  #sweep(): void {
    this.#entries = this.#entries.filter((entry) => entry.value !== undefined);
    this.#dead = 0;
  }
}

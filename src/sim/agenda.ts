import type { WheelEntry } from "../kernel/wheel.ts";

/** `WheelEntry.slot` of an entry that is in no agenda. */
const NOWHERE = -1;

/**
 * What is due later, in order of time: a binary heap whose entries know their place.
 *
 * It stands where a system on a host has its timing wheel: one timer there wakes all that are due,
 * and a simulation wants to choose which of them comes first.
 */
export class Agenda {
  readonly #heap: WheelEntry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the next is due; `Infinity` where there is none. */
  get nextDue(): number {
    return this.#heap[0]?.due ?? Infinity;
  }

  /** The order in which the next two entries were set decides where they are due at one time. */
  get next(): WheelEntry | undefined {
    return this.#heap[0];
  }

  /** Adds an entry, whose `due` and `order` have been set. */
  add(entry: WheelEntry): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** Takes an entry out; false when it is not here. */
  remove(entry: WheelEntry): boolean {
    const at = entry.slot;
    if (at < 0 || this.#heap[at] !== entry) return false;
    entry.slot = NOWHERE;
    const last = this.#heap.pop()!;
    if (last !== entry) this.#settle(last, at);
    return true;
  }

  shift(): WheelEntry {
    const first = this.#heap[0]!;
    this.remove(first);
    return first;
  }

  #settle(entry: WheelEntry, at: number): void {
    const parent = this.#heap[(at - 1) >> 1];
    if (at > 0 && isBefore(entry, parent!)) this.#rise(entry, at);
    else this.#sink(entry, at);
  }

  #rise(entry: WheelEntry, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above]!;
      if (!isBefore(entry, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(entry, at);
  }

  #sink(entry: WheelEntry, from: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, entry)) break;
      this.#put(heap[below]!, at);
      at = below;
    }
    this.#put(entry, at);
  }

  #put(entry: WheelEntry, at: number): void {
    this.#heap[at] = entry;
    entry.slot = at;
  }
}

function isBefore(a: WheelEntry, b: WheelEntry): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

const FEWEST_SLOTS = 8;

/**
 * A list with both ends within reach: a ring in an array whose length is a power of two.
 *
 * ```
 *   [ d  e  f  .  .  a  b  c ]      #head = 5, length = 6
 * ```
 *
 * Push and pop are O(1) at either end, an index is O(1) anywhere.
 */
export class Deque {
  #slots: (string | undefined)[] = Array.from<undefined>({ length: FEWEST_SLOTS });
  #head = 0;
  length = 0;

  pushFront(value: string): void {
    if (this.length === this.#slots.length) this.#resize(this.length * 2);
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = value;
    this.length++;
  }

  pushBack(value: string): void {
    if (this.length === this.#slots.length) this.#resize(this.length * 2);
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = value;
    this.length++;
  }

  popFront(): string | undefined {
    if (this.length === 0) return undefined;
    const value = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.length--;
    this.#shrink();
    return value;
  }

  popBack(): string | undefined {
    if (this.length === 0) return undefined;
    const last = (this.#head + this.length - 1) & (this.#slots.length - 1);
    const value = this.#slots[last];
    this.#slots[last] = undefined;
    this.length--;
    this.#shrink();
    return value;
  }

  /** The values at `from` up to but not including `to`, both within the list. */
  slice(from: number, to: number): string[] {
    const values: string[] = [];
    const mask = this.#slots.length - 1;
    for (let at = from; at < to; at++) values.push(this.#slots[(this.#head + at) & mask]!);
    return values;
  }

  /** Shrinking only at a quarter leaves room to grow again, so a list at the edge does not thrash. */
  #shrink(): void {
    const slots = this.#slots.length;
    if (slots > FEWEST_SLOTS && this.length * 4 <= slots) this.#resize(slots / 2);
  }

  #resize(slots: number): void {
    const values: (string | undefined)[] = this.slice(0, this.length);
    while (values.length < slots) values.push(undefined);
    this.#slots = values;
    this.#head = 0;
  }
}

/** Somebody, or something, that may run now. */
export abstract class InLine {
  /** For which command of a client, as far as that is known; 0 for none. */
  command = 0;
  /** Which time it is in line for that command, counted from 1. */
  nth = 0;
  /** How many others it is to let go first. */
  waits = 0;
  /** How many it has let go first. */
  passed = 0;
  /** Who it is, for people and for records. */
  abstract readonly label: string;
}

/** So many stand in one stretch of the line. */
const LONGEST = 64;

/** A stretch of the line: a few that are gone, those that are there, room for more. */
class Stretch<T extends InLine> {
  readonly #items: (T | undefined)[] = [];
  /** How many others each was still to let go first when `#let` was 0. */
  readonly #left = new Int32Array(LONGEST);
  #first = 0;
  /** How many all of them have let go first, those behind the stretch. */
  #let = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  get isFull(): boolean {
    return this.#items.length === LONGEST;
  }

  push(item: T, left: number): void {
    this.#left[this.#items.length] = left + this.#let;
    this.#items.push(item);
  }

  /** Somebody behind it goes first. */
  letGo(): void {
    this.#let++;
  }

  /** The first that waits no longer; -1 where all do. */
  get next(): number {
    const { length } = this.#items;
    for (let at = this.#first; at < length; at++) {
      if (this.#left[at]! <= this.#let) return at - this.#first;
    }
    return -1;
  }

  take(index: number): T {
    const at = this.#first + index;
    const item = this.#items[at]!;
    item.passed = item.waits - this.#left[at]! + this.#let;
    if (index === 0) {
      this.#items[this.#first++] = undefined;
      return item;
    }
    for (let ahead = this.#first; ahead < at; ahead++) this.#left[ahead]!--;
    this.#left.copyWithin(at, at + 1, this.#items.length);
    this.#items.splice(at, 1);
    return item;
  }

  /** Takes out one that goes without a turn, and before nobody; false when it is not here. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#first);
    if (at < 0) return false;
    item.passed = item.waits - this.#left[at]! + this.#let;
    this.#left.copyWithin(at, at + 1, this.#items.length);
    this.#items.splice(at, 1);
    return true;
  }

  /** Takes out everybody, into `visit`, with how many others each is still to let go first. */
  empty(visit: (item: T, left: number) => void): void {
    for (let at = this.#first; at < this.#items.length; at++) {
      visit(this.#items[at]!, this.#left[at]! - this.#let);
    }
    this.clear();
  }

  clear(): void {
    this.#first = this.#let = this.#items.length = 0;
  }
}

/**
 * Those who may run now, in the order in which they came.
 *
 * ```text
 *   a (waits 2)   b   c   d        b goes, then c; then a has let two go first and is next
 *
 *   ├─── stretch ───┤├─── stretch ───┤├── …
 * ```
 *
 * In stretches, so that taking one out of the middle touches 64 others, and a number of each stretch
 * before: a walk through 1,000 in line was three times as slow with one long array.
 */
export class Line<T extends InLine> {
  #head = new Stretch<T>();
  /** Those behind the head; most lines have none. */
  #rest: Stretch<T>[] = [];
  #tail = this.#head;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    this.#append(item, item.waits);
  }

  #append(item: T, left: number): void {
    if (this.#tail.isFull) this.#rest.push((this.#tail = new Stretch<T>()));
    this.#tail.push(item, left);
    this.#length++;
  }

  /** The first that waits no longer; the first at all, where everybody waits. */
  get next(): number {
    const first = this.#head.next;
    if (first >= 0) return first;
    let before = this.#head.length;
    for (const stretch of this.#rest) {
      const found = stretch.next;
      if (found >= 0) return before + found;
      before += stretch.length;
    }
    return 0;
  }

  /** Takes out the one at `index`, counted from who came first: it goes before those. */
  take(index: number): T {
    this.#length--;
    const head = this.#head;
    if (index >= head.length) return this.#takeBehind(head, index);
    const item = head.take(index);
    if (head.length === 0) this.#leaveHead();
    return item;
  }

  #takeBehind(head: Stretch<T>, index: number): T {
    let at = index - head.length;
    head.letGo();
    let place = 0;
    let stretch = this.#rest[0]!;
    while (at >= stretch.length) {
      at -= stretch.length;
      stretch.letGo();
      stretch = this.#rest[++place]!;
    }
    const item = stretch.take(at);
    if (stretch.length === 0) this.#leave(place);
    return item;
  }

  #leaveHead(): void {
    const second = this.#rest.shift();
    if (second === undefined) this.#head.clear();
    else this.#head = second;
  }

  #leave(place: number): void {
    this.#rest.splice(place, 1);
    this.#tail = this.#rest.at(-1) ?? this.#head;
  }

  /** Takes out one that is no longer wanted, and will have no turn. */
  remove(item: T): void {
    this.#length--;
    if (this.#head.remove(item)) {
      if (this.#head.length === 0) this.#leaveHead();
      return;
    }
    const place = this.#rest.findIndex((stretch) => stretch.remove(item));
    if (this.#rest[place]?.length === 0) this.#leave(place);
  }

  /** Keeps only those that are still wanted; answers the others. */
  keep(wanted: (item: T) => boolean): T[] {
    const dropped: T[] = [];
    const before = [this.#head, ...this.#rest];
    this.#head = this.#tail = new Stretch<T>();
    this.#rest = [];
    this.#length = 0;
    for (const stretch of before) {
      stretch.empty((item, left) => {
        item.passed = item.waits - left;
        if (wanted(item)) this.#append(item, left);
        else dropped.push(item);
      });
    }
    return dropped;
  }
}

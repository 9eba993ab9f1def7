/** One of those that are under way, as the list needs it. */
export interface Link<T> {
  before: T | null;
  after: T | null;
}

/**
 * Those that are under way, in no order that matters.
 *
 * A list through them, and no `Set`: a set that many come to and go from makes itself a new table
 * again and again, and each points to the next. One that has grown old keeps all later ones, and
 * what they hold, from being collected while they are young: a request would cost 4 µs more.
 */
export class UnderWay<T extends Link<T>> {
  #first: T | null = null;
  size = 0;

  add(one: T): void {
    const after = this.#first;
    one.after = after;
    if (after !== null) after.before = one;
    this.#first = one;
    this.size++;
  }

  delete(one: T): void {
    const { before, after } = one;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after !== null) after.before = before;
    one.before = one.after = null;
    this.size--;
  }

  /** All that are there now, whatever becomes of them meanwhile. */
  list(): T[] {
    const all: T[] = [];
    for (let one = this.#first; one !== null; one = one.after) all.push(one);
    return all;
  }
}

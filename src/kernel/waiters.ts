type Waiter<T> = (value: T) => void;

/**
 * Functions that wait to be called, once, in the order in which they came.
 *
 * Nearly always there is one at most, and a set for it would cost as much as a tenth of an actor.
 */
export class Waiters<T> {
  #only: Waiter<T> | null = null;
  #all: Set<Waiter<T>> | null = null;

  add(waiter: Waiter<T>): void {
    if (this.#all !== null) this.#all.add(waiter);
    else if (this.#only === null) this.#only = waiter;
    else this.#all = new Set([this.#only, waiter]);
  }

  forget(waiter: Waiter<T>): void {
    if (this.#only === waiter) this.#only = null;
    this.#all?.delete(waiter);
  }

  /** Calls them all, but for those that one of them makes it forget; it is of no use after that. */
  tell(value: T): void {
    if (this.#all === null) this.#only?.(value);
    else for (const waiter of this.#all) waiter(value);
  }
}

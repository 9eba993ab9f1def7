/** What the search for an order has to know of the time of an operation. */
export interface Span {
  readonly calledAt: number;
  /** By when it has to have its place in the order; `Infinity` where it can do without one. */
  readonly dueAt: number;
}

/**
 * Calls and due times of operations in one line, from which operations are lifted when they get
 * their place in the order, and to which they come back in reverse.
 *
 * What stands before the first due time can come next in an order: nothing that has no place yet
 * has to come before it.
 */
export class Timeline {
  /** Entries are numbered from 1 in the order of time; 0 is both ends. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #operation: Int32Array;
  readonly #call: Int32Array;
  /** 0 where it is never due. */
  readonly #due: Int32Array;

  constructor(spans: readonly Span[]) {
    const events = spans.flatMap(({ calledAt, dueAt }, operation) => [
      { at: calledAt, operation, isCall: true },
      ...(dueAt === Infinity ? [] : [{ at: dueAt, operation, isCall: false }]),
    ]);
    events.sort((one, other) => one.at - other.at);
    const size = events.length + 1;
    this.#next = Int32Array.from({ length: size }, (_, entry) => (entry + 1) % size);
    this.#previous = Int32Array.from({ length: size }, (_, entry) => (entry + size - 1) % size);
    this.#operation = new Int32Array(size);
    this.#call = new Int32Array(spans.length);
    this.#due = new Int32Array(spans.length);
    for (const [index, { operation, isCall }] of events.entries()) {
      this.#operation[index + 1] = operation;
      (isCall ? this.#call : this.#due)[operation] = index + 1;
    }
  }

  /** The first entry that is still there, or 0. */
  first(): number {
    return this.#next[0]!;
  }

  /** The entry after this one, or 0. */
  after(entry: number): number {
    return this.#next[entry]!;
  }

  operationAt(entry: number): number {
    return this.#operation[entry]!;
  }

  isCall(entry: number): boolean {
    return this.#call[this.#operation[entry]!] === entry;
  }

  lift(operation: number): void {
    this.#takeOut(this.#call[operation]!);
    const due = this.#due[operation]!;
    if (due !== 0) this.#takeOut(due);
  }

  /** Only for the operation that was lifted last. */
  putBack(operation: number): void {
    const due = this.#due[operation]!;
    if (due !== 0) this.#putIn(due);
    this.#putIn(this.#call[operation]!);
  }

  #takeOut(entry: number): void {
    this.#next[this.#previous[entry]!] = this.#next[entry]!;
    this.#previous[this.#next[entry]!] = this.#previous[entry]!;
  }

  #putIn(entry: number): void {
    this.#next[this.#previous[entry]!] = entry;
    this.#previous[this.#next[entry]!] = entry;
  }
}

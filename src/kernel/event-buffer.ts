import { Fifo } from "./fifo.ts";
import { checkNumber, checkOneOf } from "./options.ts";

/** How many events may wait for one reader, and which goes when there is one more. */
export interface BufferOptions {
  /** Default 1,000; `Infinity` loses nothing, and grows with a reader that is slow. */
  readonly capacity?: number;
  /** Default `dropOldest`. */
  readonly whenFull?: "dropOldest" | "dropNewest";
}

export function checkBuffer(what: string, options: BufferOptions): void {
  checkNumber(`${what}: capacity`, options.capacity, 1, "events");
  checkOneOf(`${what}: whenFull`, options.whenFull, ["dropOldest", "dropNewest"]);
}

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** Joins those who push, and cannot be made to wait, to one reader who pulls. */
export class EventBuffer<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #dropNewest: boolean;
  readonly #onDrop: () => void;
  #items = new Fifo<T>();
  readonly #waiting: Waiting<T>[] = [];
  #failure: { readonly error: unknown } | null = null;
  #over = false;
  /** Called once, when nobody reads any more. */
  onEnd: () => void = () => {};

  constructor({ capacity = 1_000, whenFull }: BufferOptions, onDrop: () => void) {
    this.#capacity = capacity;
    this.#dropNewest = whenFull === "dropNewest";
    this.#onDrop = onDrop;
  }

  push(item: T): void {
    if (this.#over) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item });
      return;
    }
    if (this.#items.size >= this.#capacity) {
      this.#onDrop();
      if (this.#dropNewest) return;
      this.#items.shift();
    }
    this.#items.push(item);
  }

  /** Ends it when all that waits has been read: with an error, where one is given. */
  end(failure?: { readonly error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.onEnd();
    if (failure !== undefined) this.#failure = failure;
    for (const reader of this.#waiting.splice(0))
      void this.next().then(reader.resolve, reader.reject);
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#items.size > 0) {
      return Promise.resolve({ done: false, value: this.#items.shift() as T });
    }
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) return Promise.reject(failure.error);
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The reader leaves: what waits is dropped with it, and not counted. */
  return(): Promise<IteratorResult<T>> {
    this.#items = new Fifo();
    this.end();
    this.#failure = null;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

import { checkBuffer, EventBuffer, type BufferOptions } from "./event-buffer.ts";

/**
 * An actor's own typed events, for all who read them.
 *
 * ```ts
 * init: () => ({ changes: port<Change>({ capacity: 100 }) }),
 * cast: { set(ctx, change: Change) { ctx.state.changes.emit(change); } },
 * stream: { changes: (ctx) => ctx.state.changes },
 * ```
 *
 * Each reader gets every event from the moment it began to read, at its own pace, and holds up
 * nobody: what it has not read yet waits in a buffer of its own. With `capacity: Infinity` nothing
 * is lost; else the slow lose what their buffer cannot hold, and it is counted.
 */
export class Port<T> implements AsyncIterable<T> {
  readonly #options: BufferOptions;
  readonly #readers = new Set<EventBuffer<T>>();
  #dropped = 0;
  #closed = false;

  constructor(options: BufferOptions) {
    checkBuffer("port", options);
    this.#options = options;
  }

  /** Tells all who read now; answers how many. */
  emit(event: T): number {
    for (const reader of this.#readers) reader.push(event);
    return this.#readers.size;
  }

  /** Ends every reader's loop, once it has read what waits; whoever begins to read later, at once. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#readers) reader.end();
  }

  /** Those who read now. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Events that a reader missed because its buffer was full, of all readers together. */
  get dropped(): number {
    return this.#dropped;
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    const reader = new EventBuffer<T>(this.#options, () => this.#dropped++);
    reader.onEnd = () => void this.#readers.delete(reader);
    if (this.#closed) reader.end();
    else this.#readers.add(reader);
    return reader;
  }
}

/** Makes a port: keep it in the state, and offer it as a stream. */
export function port<T>(options: BufferOptions = {}): Port<T> {
  return new Port<T>(options);
}

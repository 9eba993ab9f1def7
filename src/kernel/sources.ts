import { CLOSED } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { BadInputError } from "./errors.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import { checkFunction, checkOneOf } from "./options.ts";
import { EnvelopeQueue } from "./queue.ts";
import { besideActors } from "./running.ts";
import { failLater, runLater } from "./tasks.ts";
import { isThenable, Verb } from "./verb.ts";

/** A web stream, as far as it is read here; older browsers' are not async iterable. */
interface StreamLike<T> {
  getReader(): {
    read(): Promise<{ done: boolean; value?: T | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** What can be a source: anything that yields, Node streams among them, and web streams. */
export type Source<T> = AsyncIterable<T> | Iterable<T> | StreamLike<T>;

/** How what a source yields is taken. */
export interface SourceOptions {
  /**
   * Where items stand among what the actor has to do: `high` before all messages, `normal` in
   * the mailbox, in turn (default), `low` when no message waits.
   */
  readonly priority?: "high" | "normal" | "low";
  /** What a failing source does: gets the error as a message. Without it, the actor fails. */
  readonly onError?: (error: unknown) => unknown;
  /** Called, as a message, when the source has ended. */
  readonly onEnd?: () => unknown;
}

const ITEM = new Verb(
  "item",
  "cast",
  (_ctx: Incarnation, pump: Pump, item: unknown) => pump.handle(item),
  "source",
);

/**
 * Feeds an actor from a source.
 *
 * ```text
 *   next() ──► item ──► mailbox ──► handler ──┐
 *     ▲                                       │ only then
 *     └───────────────────────────────────────┘
 * ```
 */
export class Pump implements Belonging, Disposable {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #onItem: (item: never) => unknown;
  readonly #options: SourceOptions;
  readonly #source: Source<unknown>;
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  #over = false;
  /** The actor wants to hear no more of it. */
  #left = false;

  constructor(
    owner: Incarnation,
    source: Source<unknown>,
    onItem: (item: never) => unknown,
    options: SourceOptions,
  ) {
    checkFunction("source: onItem", onItem);
    checkOneOf("source: priority", options.priority, ["high", "normal", "low"]);
    this.#owner = owner;
    this.#onItem = onItem;
    this.#options = options;
    this.#source = source;
    this.#iterator = open(source);
  }

  /** Asks for the next item. */
  pull(): void {
    // An actor that drains admits nothing more: its sources have nothing more to say.
    if (this.#over || (this.#owner.cell.flags & CLOSED) !== 0) return;
    try {
      const next = besideActors(this.#owner.cell.kernel, () => this.#iterator.next());
      if (isThenable(next)) {
        next.then(
          (result) => this.#took(result),
          (error: unknown) => this.#failed(error),
        );
      } else this.#took(next);
    } catch (error) {
      this.#failed(error);
    }
  }

  #took(result: IteratorResult<unknown>): void {
    if (this.#over) return;
    if (typeof result !== "object" || result === null) {
      this.#failed(
        new BadInputError(`source: next() answered ${String(result)}, which is no step`),
      );
      return;
    }
    if (result.done === true) {
      this.#finish();
      this.#tell(this.#options.onEnd, undefined);
      return;
    }
    const { cell } = this.#owner;
    const args = [this, result.value];
    switch (this.#options.priority) {
      case "high":
        pushLane(cell, ITEM, args, null);
        break;
      case "low":
        (cell.extra.low ??= new EnvelopeQueue()).push(Envelope.of(cell, ITEM, args, null, cell));
        cell.wakeFor(0);
        break;
      default:
        cell.kernel.router.deliver(Envelope.of(cell, ITEM, args, null, cell));
    }
  }

  /** Runs in a turn of the actor. */
  handle(item: unknown): unknown {
    if (this.#over) return undefined;
    const failed = (error: unknown): never => {
      // Where the actor is told to resume, so does its source.
      runLater(this.#owner, () => this.pull(), undefined);
      throw error;
    };
    let result: unknown;
    try {
      result = this.#onItem(item as never);
    } catch (error) {
      return failed(error);
    }
    if (isThenable(result)) return result.then(() => this.pull(), failed);
    this.pull();
    return undefined;
  }

  #failed(error: unknown): void {
    if (this.#over) return;
    this.#finish();
    if (this.#options.onError === undefined) failLater(this.#owner, "source", error);
    else this.#tell(this.#options.onError, error);
  }

  /** Says how it ended, unless the actor disposes of it before the message has its turn. */
  #tell(fn: ((value: unknown) => unknown) | undefined, value: unknown): void {
    if (fn === undefined) return;
    runLater(this.#owner, (told: unknown) => (this.#left ? undefined : fn(told)), value);
  }

  /** Not polled again. */
  #finish(): void {
    this.#over = true;
    this.#owner.disown(this);
  }

  release(): void {
    if (this.#over) return;
    this.#over = true;
    try {
      const left = besideActors(this.#owner.cell.kernel, () => this.#iterator.return?.());
      if (isThenable(left)) left.then(undefined, () => {});
      // The iterator of a Node stream does not end before its step does, which may be never.
      // Of all that has a `destroy` only streams have a `pipe`: anything else outlives its reader.
      const { destroy, pipe } = this.#source as { destroy?: unknown; pipe?: unknown };
      if (typeof destroy === "function" && typeof pipe === "function") destroy.call(this.#source);
    } catch {
      // It ends because nobody reads it any more: there is nobody to tell.
    }
  }

  [Symbol.dispose](): void {
    this.#left = true;
    this.#owner.disown(this);
    this.release();
  }
}

function open(source: Source<unknown>): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof source === "object" && source !== null) {
    // First, for the iterator of a web stream does not end before its step does.
    if ("getReader" in source) return readStream(source);
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new BadInputError(
    `source: ${String(source)} yields nothing; give an iterable, an async iterable or a stream`,
  );
}

function readStream<T>(stream: StreamLike<T>): AsyncIterator<T> {
  const reader = stream.getReader();
  return {
    next: async () => (await reader.read()) as IteratorResult<T>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

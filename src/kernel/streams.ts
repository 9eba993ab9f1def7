import { openCall, type CallOptions } from "./calls.ts";
import type { Cell } from "./cell.ts";
import { ActorFailedError, ActorStoppedError, BadInputError, Refusal, refuse } from "./errors.ts";
import { Envelope } from "./envelope.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { besideActors } from "./running.ts";
import { failLater } from "./tasks.ts";
import { isThenable, Verb, type Loose } from "./verb.ts";

/**
 * Streaming replies: a verb that answers many times, at the reader's pace.
 *
 * ```text
 *   reader: for await … ──► next() ─ open, then PULL ─►  actor: the verb's iterator
 *                      ◄── value ◄──────────────────────   runs to its next `yield`
 *           break      ──► LEAVE ────────────────────►     iterator.return()
 * ```
 *
 * Each step is a call, so all that holds for calls holds here. A step starts in a turn of the
 * actor but does not hold it: while the iterator awaits something, other messages are handled.
 */
export function openStream(
  to: Cell,
  verb: Verb,
  args: readonly unknown[],
  options?: CallOptions,
): AsyncIterable<unknown> {
  return { [Symbol.asyncIterator]: () => new StreamReader(to, verb, args, options) };
}

/** The actor's side of one open stream. */
export class StreamWriter implements Belonging {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #verb: string;
  readonly #iterator: AsyncIterator<unknown>;
  #over = false;

  constructor(owner: Incarnation, verb: string, iterator: AsyncIterator<unknown>) {
    this.#owner = owner;
    this.#verb = verb;
    this.#iterator = iterator;
  }

  pull(): void {
    const reply = this.#owner.defer<IteratorResult<unknown>>();
    const { cell, endReason } = this.#owner;
    if (this.#over) {
      const reason = endReason ?? { kind: "normal" };
      reply.reject(new ActorStoppedError(cell.label, `stream ${this.#verb}`, reason));
      return;
    }
    // As nobody: the iterator does not hold the actor, so it may call it.
    besideActors(this.#owner.cell.kernel, () => this.#iterator.next()).then(
      (result) => {
        if (result.done === true) this.#finish();
        reply.resolve(result);
      },
      (error: unknown) => {
        this.#finish();
        if (error instanceof Refusal) {
          reply.reject(error.error);
          return;
        }
        reply.reject(new ActorFailedError(cell.label, this.#verb, error));
        failLater(this.#owner, "task", error);
      },
    );
  }

  #finish(): void {
    this.#over = true;
    this.#owner.disown(this);
  }

  leave(): void {
    this.#owner.disown(this);
    this.release();
  }

  release(): void {
    if (this.#over) return;
    this.#over = true;
    try {
      const left = besideActors(this.#owner.cell.kernel, () => this.#iterator.return?.());
      if (isThenable(left)) left.then(undefined, () => {});
    } catch {
      // The writer is ended because nobody reads: there is nobody to tell.
    }
  }
}

const openers = new WeakMap<Verb, Verb>();

/** Opens a stream: a message like any other, under the verb's own name, bound and admission. */
export function openerOf(verb: Verb): Verb {
  const known = openers.get(verb);
  if (known !== undefined) return known;
  const opener = new Verb(verb.name, "call", (ctx: Incarnation, ...args: unknown[]) => {
    const stream = (verb.handler as Loose)(ctx, ...args) as
      | Partial<AsyncIterable<unknown>>
      | undefined;
    const iterator = stream?.[Symbol.asyncIterator]?.();
    if (iterator === undefined) {
      throw new BadInputError(`stream verb ${verb.name} must return an async iterable`);
    }
    const writer = new StreamWriter(ctx, verb.name, iterator);
    ctx.own(writer);
    return writer;
  });
  openers.set(verb, opener);
  return opener;
}

export const PULL = new Verb(
  "stream.next",
  "call",
  (ctx: Incarnation, writer: StreamWriter) => {
    if (!ctx.owns(writer)) throw refuse(gone(ctx));
    writer.pull();
  },
  "message",
);

export const LEAVE = new Verb(
  "stream.leave",
  "cast",
  (_ctx: Incarnation, writer: StreamWriter) => writer.leave(),
  "message",
);

function gone({ cell }: Incarnation): ActorStoppedError {
  return new ActorStoppedError(cell.label, "stream", { kind: "shutdown", detail: "restarted" });
}

/** The reader's side: opens with the first `next`, so a stream that nobody reads costs nothing. */
class StreamReader implements AsyncIterator<unknown> {
  readonly #to: Cell;
  readonly #verb: Verb;
  readonly #args: readonly unknown[];
  readonly #options: CallOptions;
  #writer: Promise<StreamWriter> | null = null;
  #over = false;

  constructor(to: Cell, verb: Verb, args: readonly unknown[], options: CallOptions | undefined) {
    this.#to = to;
    this.#verb = verb;
    this.#args = args;
    // A quiet stream is no dead one: without a limit of its own, a step may take for ever. Options
    // that have one are kept as they are, for it may be one that is asked for at each step.
    this.#options = options?.timeout === undefined ? { ...options, timeout: Infinity } : options;
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (this.#over) return { done: true, value: undefined };
    try {
      const writer = await (this.#writer ??= this.#open());
      // Left while it was opened.
      if (this.#over) return { done: true, value: undefined };
      const pulled = await openCall(this.#to, PULL, [writer], this.#options);
      const result = pulled as IteratorResult<unknown>;
      if (result.done === true) this.#over = true;
      return result;
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  #open(): Promise<StreamWriter> {
    const opened = openCall(this.#to, openerOf(this.#verb), this.#args, this.#options);
    return opened as Promise<StreamWriter>;
  }

  return(): Promise<IteratorResult<unknown>> {
    if (!this.#over) void this.#writer?.then((writer) => this.#leave(writer), ignore);
    this.#over = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  /** As nobody: an actor that was killed leaves as well. */
  #leave(writer: StreamWriter): void {
    this.#to.kernel.router.deliver(Envelope.of(this.#to, LEAVE, [writer], null, null));
  }
}

function ignore(): void {}

import { Envelope } from "./envelope.ts";
import { ActorStoppedError } from "./errors.ts";
import { SHUTDOWN } from "./exit-reason.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import { besideActors } from "./running.ts";
import { Verb } from "./verb.ts";
import { pendingOf } from "./verb.ts";

/** What becomes of a task that fails. */
export interface TaskOptions {
  /** Gets a failure as a message, in place of supervision. */
  readonly onError?: (error: unknown) => unknown;
}

/** A message of the kernel's own that runs a function of the actor's, given at run time. */
const RUN: Verb = new Verb(
  "run",
  "cast",
  (_ctx: Incarnation, fn: (value: unknown) => unknown, value: unknown) => fn(value),
  "message",
);

/** Makes a failure outside of handlers the actor's own, once the running handler is done. */
const FAILED: Readonly<Record<"task" | "source" | "loop", Verb>> = {
  task: new Verb("task", "cast", rethrow, "task"),
  source: new Verb("source", "cast", rethrow, "source"),
  loop: new Verb("loop", "cast", rethrow, "loop"),
};

function rethrow(_ctx: Incarnation, error: unknown): never {
  throw error;
}

/** Fails an incarnation because of something that works for it. */
export function failLater(owner: Incarnation, phase: keyof typeof FAILED, error: unknown): void {
  if (owner.over) return;
  pushLane(owner.cell, FAILED[phase], [error], null);
}

/** Sends a function to be run as a message of the actor. */
export function runLater(owner: Incarnation, fn: (value: never) => unknown, value: unknown): void {
  const { cell } = owner;
  cell.kernel.router.deliver(Envelope.of(cell, RUN, [owner.guard(fn), value], null, cell));
}

/** Work beside an actor whose outcome is a message. */
export class Task implements Belonging {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #abort = new AbortController();

  constructor(owner: Incarnation) {
    this.#owner = owner;
  }

  /** The incarnation is over: the work is told so, and what it still does is not seen. */
  release(): void {
    const { cell, endReason } = this.#owner;
    const why = new ActorStoppedError(cell.label, "task", endReason ?? SHUTDOWN);
    besideActors(cell.kernel, () => this.#abort.abort(why));
  }

  run<T>(
    work: PromiseLike<T> | ((signal: AbortSignal) => T | PromiseLike<T>),
    onDone: ((result: Awaited<T>) => unknown) | undefined,
    onError: ((error: unknown) => unknown) | undefined,
  ): void {
    const failed = (error: unknown): void => {
      if (this.#isOver()) return;
      if (onError === undefined) failLater(this.#owner, "task", error);
      else runLater(this.#owner, onError, error);
    };
    const done = (result: unknown): void => {
      if (!this.#isOver() && onDone !== undefined) runLater(this.#owner, onDone, result);
    };
    const start = (): unknown => (typeof work === "function" ? work(this.#abort.signal) : work);
    try {
      // It works beside the handler, and may call the actor itself.
      const result = besideActors(this.#owner.cell.kernel, start);
      const pending = pendingOf(result);
      if (pending !== null) pending.then(done, failed);
      else done(result);
    } catch (error) {
      failed(error);
    }
  }

  #isOver(): boolean {
    if (this.#owner.over) return true;
    this.#owner.disown(this);
    return false;
  }
}

import type { AnyRef } from "../index.ts";
import { sender } from "../kernel/calls.ts";
import type { Cell } from "../kernel/cell.ts";
import { Envelope } from "../kernel/envelope.ts";
import { PendingCall, type Answers } from "../kernel/pending-call.ts";
import { ActorRef, addMethod, CELL, cellOf, WAYS, waysOf, type Way } from "../kernel/ref.ts";
import { sendBy } from "../kernel/sending.ts";
import type { Attempt } from "./runner.ts";

/** Calls that have settled since somebody looked, and whoever is to be told of their outcome. */
export class Outcomes {
  #settled: WorkerCall[] = [];
  readonly #later: (fn: () => void) => void;

  constructor(later: (fn: () => void) => void) {
    this.#later = later;
  }

  /** Not at once: that would be in the turn of the worker which answers. */
  add(call: WorkerCall): void {
    if (this.#settled.push(call) === 1) this.#later(() => this.#tell());
  }

  #tell(): void {
    const settled = this.#settled;
    this.#settled = [];
    for (const call of settled) call.tell();
  }
}

/**
 * A call to a worker, made by `run`: a promise, which becomes a real one where somebody treats it so.
 *
 * `run` nearly always returns it as it is. Then its outcome goes straight to the attempt, and a
 * promise, two closures and two jobs of the microtask queue are saved, a third of a job's cost.
 */
export class WorkerCall implements Promise<unknown>, Answers {
  readonly [Symbol.toStringTag] = "Promise";
  readonly remainingMs = Infinity;
  readonly #outcomes: Outcomes;
  #state: "open" | "done" | "failed" = "open";
  #value: unknown = undefined;
  #attempt: Attempt | null = null;
  #promise: Promise<unknown> | null = null;
  #settle: ((failed: boolean, value: unknown) => void) | null = null;

  constructor(outcomes: Outcomes) {
    this.#outcomes = outcomes;
  }

  /** Tells its outcome to `attempt`, once. */
  tellTo(attempt: Attempt): void {
    if (this.#attempt !== null) {
      // `run` has answered with one call for two jobs.
      this.#real().then(attempt.done, attempt.failed);
      return;
    }
    this.#attempt = attempt;
    if (this.#state !== "open") this.#outcomes.add(this);
  }

  tell(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    if (this.#state === "done") attempt?.done(this.#value);
    else attempt?.failed(this.#value);
  }

  resolve(value: unknown): void {
    this.#close("done", value);
  }

  reject(error: unknown): void {
    this.#close("failed", error);
  }

  #close(state: "done" | "failed", value: unknown): void {
    this.#state = state;
    this.#value = value;
    this.#settle?.(state === "failed", value);
    if (this.#attempt !== null) this.#outcomes.add(this);
  }

  #real(): Promise<unknown> {
    if (this.#promise !== null) return this.#promise;
    const promise = new Promise((resolve, reject) => {
      this.#settle = (failed, value) => (failed ? reject(value) : resolve(value));
    });
    if (this.#state !== "open") this.#settle!(this.#state === "failed", this.#value);
    return (this.#promise = promise);
  }

  // oxlint-disable-next-line no-thenable -- it is a promise to whoever treats it as one
  then<A = unknown, B = never>(
    done?: ((value: unknown) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#real().then(done, failed);
  }

  catch<B = never>(failed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.#real().catch(failed);
  }

  finally(fn?: (() => void) | null): Promise<unknown> {
    return this.#real().finally(fn);
  }
}

/** What `run` gets for a worker: a ref whose calls have no time limit, and are `WorkerCall`s. */
export type FaceClass = new (cell: Cell) => ActorRef;

/** Makes the one class of the faces of all workers of a factory. */
export function makeFaceClass(worker: AnyRef, outcomes: Outcomes): FaceClass {
  const ways = waysOf(worker);
  class Face extends ActorRef {}
  for (const [name, way] of ways) {
    const method = way.verb.kind === "call" ? callBy(way, outcomes) : sendAs(way);
    addMethod(Face, name, method);
  }
  const unlimited = Array.from(ways, ([name, way]): [string, Way] => [
    name,
    { ...way, options: { ...way.options, timeout: Infinity } },
  ]);
  Object.defineProperty(Face.prototype, WAYS, { value: new Map(unlimited) });
  return Face;
}

function callBy({ verb }: Way, outcomes: Outcomes) {
  return function (this: ActorRef, ...args: unknown[]): WorkerCall {
    const to = this[CELL];
    const call = new WorkerCall(outcomes);
    const pending = new PendingCall(to, verb, Infinity, call);
    to.kernel.router.deliver(Envelope.of(to, verb, args, pending, sender(to)));
    return call;
  };
}

function sendAs(way: Way) {
  return function (this: ActorRef, ...args: unknown[]): unknown {
    return sendBy(this[CELL], way, args, way.options);
  };
}

export function faceOf(worker: AnyRef, Face: FaceClass): AnyRef {
  return new Face(cellOf(worker));
}

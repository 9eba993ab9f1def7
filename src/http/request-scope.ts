import type { IncomingMessage, ServerResponse } from "node:http";
import { BadInputError, TimeoutError, type Ref } from "../index.ts";
import { Bounds, within } from "../kernel/options-view.ts";
import { WheelEntry, type Wheel } from "../kernel/wheel.ts";

/**
 * One request: how long it may take, whether anybody still waits for the answer, and actors seen
 * under that.
 *
 * ```text
 *   client gone ─┐
 *   time is up  ─┼─► signal ─► calls by `scope.ref(…)` reject, streams by it are left
 *   server ends ─┘
 * ```
 *
 * When the answer has been sent, nothing is ended: what the handler left behind goes on.
 */
export interface RequestScope<S = unknown> {
  /** What the server's `init` returned. */
  readonly state: S;
  /** Node's request; undefined where the request did not come through a server of ours. */
  readonly incoming: IncomingMessage | undefined;
  /** Node's response, likewise. */
  readonly outgoing: ServerResponse | undefined;
  /**
   * Aborts when the client is gone, the time is up, or the server ends without waiting longer.
   *
   * For `fetch` and the like. It is made when it is asked for, at 5 µs: actors do without.
   */
  readonly signal: AbortSignal;
  /** Time that is left, in ms; `Infinity` without a limit, 0 when it is up. */
  readonly remainingMs: number;
  /**
   * The same actor, whose calls and streams end with this request.
   *
   * In place of the system's 5,000 ms its calls have the time that is left; a ref that has a shorter
   * limit of its own keeps it. The handler of a call sees it as `ctx.request.remainingMs` and
   * `ctx.request.signal`. Costs 100 ns: make it where you use it.
   */
  ref<A>(ref: Ref<A>): Ref<A>;
  /** Sets another limit, in ms from now, for the rest of the request; `Infinity` for none. */
  limit(ms: number): void;
}

/** What a scope is made of, wherever its request came from; without a limit at first. */
export abstract class RequestLife<S> extends WheelEntry implements RequestScope<S> {
  readonly state: S;
  /** Why nobody waits for the answer any more. */
  reason: unknown;
  isOver = false;
  /** Its server is ending, and waits for it. */
  isEnding = false;
  #onEnding: (() => void) | null = null;
  #isClosed = false;
  readonly wheel: Wheel;
  #limitMs = Infinity;
  #bounds: RequestBounds | null = null;
  #abort: AbortController | null = null;
  abstract readonly incoming: IncomingMessage | undefined;
  abstract readonly outgoing: ServerResponse | undefined;

  constructor(wheel: Wheel, state: S) {
    super();
    this.wheel = wheel;
    this.state = state;
  }

  /** `GET /counter`: what it is called in errors and logs. */
  abstract describe(): string;
  /** Its answer could not be made, or was broken off. */
  abstract fail(error: unknown): void;

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.isOver) this.#abort.abort(this.reason);
    }
    return this.#abort.signal;
  }

  get remainingMs(): number {
    if (this.isOver) return 0;
    return this.#limitMs === Infinity ? Infinity : this.wheel.remaining(this);
  }

  ref<A>(ref: Ref<A>): Ref<A> {
    return within(ref, (this.#bounds ??= new RequestBounds(this)));
  }

  limit(ms: number): void {
    if (!(ms >= 0)) {
      throw new BadInputError(
        `${this.describe()}: a limit of ${ms} ms; it must be 0 or more, or Infinity for none`,
      );
    }
    this.wheel.cancel(this);
    this.#limitMs = ms;
    if (ms !== Infinity && !this.#isClosed) this.wheel.set(this, ms);
  }

  override expire(): void {
    this.abort(new TimeoutError(this.describe(), this.#limitMs));
  }

  /** Nobody waits any more: ends what is still done for the request. The first reason counts. */
  abort(reason: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.reason = reason;
    this.close();
    this.#bounds?.abort();
    this.#abort?.abort(reason);
  }

  /** Calls back when the server begins to end: for what would go on until it is cut. */
  whenEnding(fn: () => void): void {
    const before = this.#onEnding;
    this.#onEnding = (): void => {
      before?.();
      fn();
    };
  }

  end(): void {
    this.isEnding = true;
    this.#onEnding?.();
  }

  /** No more time is counted: it has its answer, or needs none. */
  close(): void {
    this.#isClosed = true;
    this.wheel.cancel(this);
  }
}

/** The request as its calls see it: a time and a signal. */
class RequestBounds extends Bounds {
  readonly #life: RequestLife<unknown>;
  /** Most requests have one call open at a time, which needs no set. */
  #listener: (() => void) | null = null;
  #others: Set<() => void> | null = null;

  constructor(life: RequestLife<unknown>) {
    super();
    this.#life = life;
  }

  get timeout(): number {
    return this.#life.remainingMs;
  }

  get aborted(): boolean {
    return this.#life.isOver;
  }

  get reason(): unknown {
    return this.#life.reason;
  }

  onAbort(fn: () => void): () => void {
    if (this.#listener === null) this.#listener = fn;
    else (this.#others ??= new Set()).add(fn);
    return () => {
      if (this.#listener === fn) this.#listener = null;
      else this.#others?.delete(fn);
    };
  }

  abort(): void {
    this.#listener?.();
    if (this.#others !== null) for (const fn of this.#others) fn();
  }
}

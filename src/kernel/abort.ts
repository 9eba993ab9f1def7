/**
 * What aborts once, as an `AbortSignal` does, at a tenth of its price: for what comes by the
 * thousands, as requests do.
 */
export abstract class Cancellation {
  abstract readonly aborted: boolean;
  abstract readonly reason: unknown;
  /** Calls `fn` when it aborts, which it has not yet; returns how to end that. */
  abstract onAbort(fn: () => void): () => void;

  /** Aborts with the first of two. */
  static either(a: Signal, b: Signal): Cancellation {
    return new Either(a, b);
  }
}

/** What calls may be ended by. */
export type Signal = AbortSignal | Cancellation;

class Either extends Cancellation {
  readonly #a: Signal;
  readonly #b: Signal;

  constructor(a: Signal, b: Signal) {
    super();
    this.#a = a;
    this.#b = b;
  }

  get aborted(): boolean {
    return this.#a.aborted || this.#b.aborted;
  }

  get reason(): unknown {
    return this.#a.aborted ? this.#a.reason : this.#b.reason;
  }

  onAbort(fn: () => void): () => void {
    const leaveA = onAbort(this.#a, fn);
    const leaveB = onAbort(this.#b, fn);
    return () => {
      leaveA();
      leaveB();
    };
  }
}

interface Waiting {
  readonly fns: Set<() => void>;
  readonly listener: () => void;
}

const waitingFor = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `fn` when the signal aborts; returns how to end that.
 *
 * One listener for all who wait for a signal: hosts warn of a leak from the eleventh on, and look
 * through all of them to remove one. It goes with the last of them, for as long as there is one
 * some signals stay in memory.
 */
export function onAbort(signal: Signal, fn: () => void): () => void {
  if (signal instanceof Cancellation) return signal.onAbort(fn);
  const waiting = waitingFor.get(signal) ?? listenTo(signal);
  waiting.fns.add(fn);
  return () => {
    if (!waiting.fns.delete(fn) || waiting.fns.size > 0) return;
    signal.removeEventListener("abort", waiting.listener);
    waitingFor.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const fns = new Set<() => void>();
  const listener = (): void => {
    waitingFor.delete(signal);
    for (const fn of fns) fn();
  };
  const waiting = { fns, listener };
  waitingFor.set(signal, waiting);
  signal.addEventListener("abort", listener, { once: true });
  return waiting;
}

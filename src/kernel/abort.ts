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
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
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

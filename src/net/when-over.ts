import { setMaxListeners } from "node:events";

/**
 * Calls `leave` when the signal of an incarnation aborts; at once where it has, for then nobody tells.
 *
 * Answers with what takes that back. An actor may have any number of sockets, so that Node is told not
 * to take many listeners for a leak.
 */
export function whenOver(signal: AbortSignal, leave: () => void): () => void {
  if (signal.aborted) {
    leave();
    return () => {};
  }
  setMaxListeners(0, signal);
  signal.addEventListener("abort", leave, { once: true });
  return () => signal.removeEventListener("abort", leave);
}

import type { Cell } from "./cell.ts";
import type { ExitReason } from "./exit-reason.ts";

/** A wish that an actor ends; acted upon in its next turn, once the running handler is done. */
export interface StopRequest {
  readonly reason: ExitReason;
  /** It shall stay ended: whoever looks after it is not asked. */
  order: boolean;
  /** Whoever takes it down to bring it up again, and waits for that. */
  onHeld: (() => void) | null;
}

/** Two that wait for the same: both are told. */
export function both(a: (() => void) | null, b: (() => void) | null): (() => void) | null {
  if (a === null || b === null) return a ?? b;
  return () => {
    a();
    b();
  };
}

/**
 * Asks an actor to end. The first reason wins; a later order makes it final.
 *
 * Nothing happens here but that it is noted: the actor acts on it in a turn of its own, so that no
 * caller runs it, however deep the tree.
 */
export function requestStop(
  cell: Cell,
  reason: ExitReason,
  order: boolean,
  onHeld: (() => void) | null = null,
): void {
  if (cell.status === "stopped") return;
  const rare = cell.extra;
  if (rare.stop === null) {
    rare.stop = { reason, order, onHeld };
  } else {
    rare.stop.order ||= order;
    rare.stop.onHeld = both(rare.stop.onHeld, onHeld);
  }
  cell.wakeFor(0);
}

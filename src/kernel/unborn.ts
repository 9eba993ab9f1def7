import type { PendingCall } from "./pending-call.ts";
import type { Cell } from "./cell.ts";
import { StartError, type StartFailure } from "./errors.ts";

/** Notes, and tells, why an actor never comes to life. */
export function neverStarts(cell: Cell, why: StartFailure, detail: string, cause?: unknown): void {
  const { kernel } = cell;
  const options = cause === undefined ? undefined : { cause };
  cell.extra.startError = new StartError(cell.label, why, detail, options);
  if (kernel.events.wants("startFailed") && why !== "stopped") {
    kernel.events.emit({ type: "startFailed", actor: cell.label, error: cell.extra.startError });
  }
}

const NONE: readonly PendingCall[] = [];

/** The replies that an incarnation was handed before it began. */
export function takeOwed({ rare }: Cell): readonly PendingCall[] {
  if (rare === null || rare.owedNext === null) return NONE;
  const owed = rare.owedNext;
  rare.owedNext = null;
  return owed.filter(({ settled }) => !settled);
}

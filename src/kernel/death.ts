import { callHook, type Hook } from "./behaviour.ts";
import { BUSY, CLOSED, DRAINING, MUST_BEGIN, MUST_END, type Cell, type Family } from "./cell.ts";
import { KilledError, StartError } from "./errors.ts";
import { describeReason, KILLED, type ExitReason } from "./exit-reason.ts";
import { Incarnation } from "./incarnation.ts";
import { identityOf } from "./door.ts";
import { clearLane } from "./lane.ts";
import { discard, refuseWaiters } from "./mailbox.ts";
import { runAs } from "./running.ts";
import { inScope, noteWait } from "./scope.ts";
import { fireLinks, fireMonitors } from "./signals.ts";
import { both } from "./stop.ts";
import { neverStarts, takeOwed } from "./unborn.ts";
import { isAsync, pendingOf } from "./verb.ts";

/**
 * An incarnation on its way out. The way itself is drawn in `birth.ts`: door, children, exit hook,
 * replies owed, and what is told to whom.
 */
export interface Ending {
  reason: ExitReason;
  /** It does not come back. */
  final: boolean;
  /** Its `exit` hook is not run. */
  killed: boolean;
  /** Where it is: what it waits for. */
  step: "children" | "exit";
  /** Told when the incarnation has ended and the actor waits to be begun again. */
  onHeld: (() => void) | null;
}

/**
 * Acts on a request to stop, where that can be done now.
 *
 * A running handler is waited for. A pending `init` is not: it might hang, and nobody has seen
 * anything of the actor yet. An actor that waits to be begun again has nothing to wait for.
 */
export function actOnStop(cell: Cell): boolean {
  const rare = cell.extra;
  const { reason, order, onHeld } = rare.stop!;
  if (rare.ending !== null) {
    rare.stop = null;
    if (order) makeFinal(cell, rare.ending);
    rare.ending.onHeld = both(rare.ending.onHeld, onHeld);
    return true;
  }
  if (cell.incarnation === null) {
    // An `init` that has not begun is run: it may well be over at once.
    if ((cell.flags & MUST_BEGIN) !== 0) return false;
    if (cell.status === "starting") {
      // Its supervisor has not come to begin it.
      if (!order) return false;
      neverStarts(cell, "stopped", `stopped before init had begun (${describeReason(reason)})`);
    }
    rare.stop = null;
    if (order) buryHeld(cell, reason);
    else onHeld?.();
    return true;
  }
  if (cell.status === "running" && (cell.flags & BUSY) !== 0) return false;
  rare.stop = null;
  if (cell.status !== "running") {
    cell.incarnation.fence(KILLED);
    if (cell.status === "starting" && onHeld === null) {
      neverStarts(cell, "stopped", `stopped before init was done (${describeReason(reason)})`);
      endIncarnation(cell, reason, { final: true });
      return true;
    }
  }
  if (order) endIncarnation(cell, reason, { final: true });
  else if (onHeld !== null) endIncarnation(cell, reason, { final: false, onHeld });
  else cell.keeper?.leaving(cell, reason);
  return true;
}

/**
 * Kills: fences the incarnation off and ends it without its `exit` hook.
 *
 * By order it stays ended; otherwise its keeper decides, as about any failure.
 */
export function kill(cell: Cell, order: boolean): void {
  if (cell.status === "stopped") return;
  const { rare, incarnation, keeper } = cell;
  if (rare?.ending != null) {
    killEnding(cell, rare.ending, order);
    return;
  }
  if (incarnation === null) {
    // Between two incarnations there is nothing to kill: it comes back as it would have.
    if (cell.status === "restarting" && !order) return;
    if (cell.status === "starting") neverStarts(cell, "killed", "killed before init");
    buryHeld(cell, KILLED);
    return;
  }
  // Cut off already: somebody is about to end it, and what is told of that has called this.
  if (incarnation.over) return;
  const onHeld = rare?.stop?.onHeld ?? null;
  incarnation.fence(KILLED);
  if (cell.status === "starting") neverStarts(cell, "killed", "killed during init");
  if (order || rare?.stop?.order === true || cell.status === "starting") {
    endIncarnation(cell, KILLED, { final: true, killed: true });
  } else if (onHeld !== null) {
    endIncarnation(cell, KILLED, { final: false, killed: true, onHeld });
  } else {
    const error = new KilledError(cell.label, "kill");
    keeper?.failed(cell, { error, phase: "message", reason: KILLED, killed: true });
  }
}

function killEnding(cell: Cell, ending: Ending, order: boolean): void {
  if (order) makeFinal(cell, ending);
  if (ending.killed) return;
  ending.killed = true;
  ending.reason = KILLED;
  cell.incarnation?.fence(KILLED);
  if (ending.step === "exit") finish(cell);
}

function makeFinal(cell: Cell, ending: Ending): void {
  if (ending.final) return;
  ending.final = true;
  closeDoor(cell);
}

/** Ends the present incarnation: for good, or to come back when its keeper says so. */
export function endIncarnation(
  cell: Cell,
  reason: ExitReason,
  how: { final: boolean; killed?: boolean; onHeld?: () => void },
): void {
  const { final, killed = false, onHeld = null } = how;
  const rare = cell.extra;
  rare.ending = { reason, final, killed, step: "children", onHeld };
  rare.stop = null;
  cell.flags |= BUSY;
  if (final) closeDoor(cell);
  else cell.status = "restarting";
  cell.incarnation?.release();
  if (cell.family === null) return runExit(cell);
  cell.family.abandonPlans();
  if (cell.family.size === 0) return runExit(cell);
  stopChildren(cell, cell.family);
}

function stopChildren(cell: Cell, family: Family): void {
  family.stopAll(() => cell.wakeFor(MUST_END));
}

/** From now on nobody finds the actor, and nothing is admitted. */
function closeDoor(cell: Cell): void {
  cell.status = "stopping";
  cell.flags |= CLOSED;
  const { registry, groups } = cell.kernel;
  registry.release(cell);
  groups.leaveAll(identityOf(cell));
}

/** Takes the step after the children: called in a turn of the cell. */
export function runExit(cell: Cell): void {
  const ending = cell.extra.ending!;
  ending.step = "exit";
  const { exit } = cell.behaviour;
  if (exit === undefined || ending.killed) finish(cell);
  else runExitHook(cell, exit, ending.reason);
}

function runExitHook(cell: Cell, exit: Hook, reason: ExitReason): void {
  // An abandoned `init` keeps its fenced context; the hook gets one of its own.
  if (cell.incarnation === null || cell.incarnation.over) cell.incarnation = new Incarnation(cell);
  const { incarnation } = cell;
  const hookFailed = (error: unknown): void => {
    const { label, kernel } = cell;
    kernel.events.emit({ type: "hookFailed", actor: label, hook: "exit", error });
  };
  let returned: unknown;
  try {
    // A failure behind an `await` ends it outside of its turns, and its last words are still its own.
    returned = runAs(cell, () =>
      inScope(incarnation, isAsync(exit), () => callHook(exit, incarnation, reason)),
    );
  } catch (error) {
    hookFailed(error);
  }
  if (incarnation.over) return;
  const pending = pendingOf(returned);
  if (pending === null) return finish(cell);
  noteWait(cell, exit);
  pending.then(
    () => {
      if (!incarnation.over) finish(cell);
    },
    (error: unknown) => {
      if (incarnation.over) return;
      hookFailed(error);
      finish(cell);
    },
  );
}

/** The incarnation is over: nothing of it is left but its props and what waits. */
function finish(cell: Cell): void {
  const rare = cell.extra;
  const ending = rare.ending!;
  // Asked for on its way down, and it had no turn since: it is for this incarnation, not the next.
  if (rare.stop !== null) actOnStop(cell);
  const { reason } = ending;
  cell.incarnation?.close(reason);
  rare.lastState = cell.incarnation?.lastState;
  cell.incarnation = null;
  cell.current = null;
  // A new incarnation is a new parent: with no children, and all its restarts to spend.
  cell.family = null;
  rare.ending = null;
  rare.selector = rare.scanned = null;
  clearLane(cell);
  if (rare.stash !== null) cell.mailbox.prepend(rare.stash);
  if (ending.final) return bury(cell, reason);
  cell.kernel.groups.recount(identityOf(cell));
  fireLinks(cell, reason);
  tellDown(cell);
  ending.onHeld?.();
}

function tellDown(cell: Cell): void {
  const waiters = cell.rare?.downWaiters;
  if (waiters == null) return;
  cell.rare!.downWaiters = null;
  waiters.tell();
}

/** Ends an actor that has no incarnation at the moment. */
function buryHeld(cell: Cell, reason: ExitReason): void {
  cell.flags &= ~MUST_BEGIN;
  // A supervisor that was asked for its children before its first turn has some already.
  if (cell.family !== null && cell.family.size > 0) {
    endIncarnation(cell, reason, { final: true, killed: true });
    return;
  }
  closeDoor(cell);
  bury(cell, reason);
}

/** The last things: whoever hears of the death finds the name free and the queue empty. */
export function bury(cell: Cell, reason: ExitReason, wasSpawned = true): void {
  const rare = cell.extra;
  cell.reason = reason;
  cell.status = "stopped";
  cell.flags = (cell.flags | BUSY) & ~(MUST_BEGIN | MUST_END | DRAINING);
  const { kernel } = cell;
  if (cell.parent !== null) kernel.stats.ended++;
  // One that waited to be begun may have messages in the lane, before an event that came.
  clearLane(cell);
  discard(cell, cell.mailbox);
  discard(cell, rare.low);
  for (const call of takeOwed(cell)) call.receiverGone(cell.label, reason);
  refuseWaiters(cell);
  // One that never was is not said to end: its label may be the name of one that lives.
  if (wasSpawned && kernel.events.wants("ended")) {
    kernel.events.emit({ type: "ended", actor: cell.label, reason });
  }
  cell.keeper?.gone(cell, reason, rare.startError !== null);
  rare.lastState = undefined;
  fireLinks(cell, reason);
  fireMonitors(cell, reason);
  const { startWaiters, exitWaiters } = rare;
  rare.startWaiters = rare.exitWaiters = null;
  if (startWaiters !== null) {
    const error = rare.startError ?? new StartError(cell.label, "stopped", describeReason(reason));
    startWaiters.tell(error);
  }
  tellDown(cell);
  exitWaiters?.tell(reason);
}

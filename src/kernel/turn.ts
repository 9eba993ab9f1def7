import {
  AWAY,
  BUSY,
  DRAINING,
  HAS_WAITED,
  MUST_BEGIN,
  MUST_END,
  QUEUED,
  SENDERS_WAIT,
  URGENT,
  type Cell,
} from "./cell.ts";
import type { Envelope } from "./envelope.ts";
import { ActorFailedError, Refusal } from "./errors.ts";
import { NORMAL } from "./exit-reason.ts";
import { STASHED, type Incarnation } from "./incarnation.ts";
import { inScope } from "./scope.ts";
import { begin } from "./birth.ts";
import { actOnStop, runExit } from "./death.ts";
import { admitWaiters } from "./mailbox.ts";
import { running } from "./running.ts";
import { dropStashed } from "./stash.ts";
import { requestStop } from "./stop.ts";
import { invoke, KernelThenable, pendingOf } from "./verb.ts";

/** Nothing to do now. */
const IDLE = 0;
/** Something other than a message was done. */
const AGAIN = 1;

/**
 * Takes one turn: up to `budget` messages of one actor; answers how many it took.
 *
 * The way of almost every message is the three lines under `ordinary`. All else, the lanes above
 * messages included, hides behind one test of flags.
 */
export function takeTurn(cell: Cell, budget: number): number {
  const { stopwatch } = cell.kernel;
  stopwatch?.start();
  running.cell = cell;
  let handled = 0;
  let idle = false;
  while (handled < budget) {
    let next: Envelope | null | typeof IDLE | typeof AGAIN;
    if ((cell.flags & (BUSY | URGENT | SENDERS_WAIT)) === 0) {
      next = cell.mailbox.shift(); // ordinary
    } else {
      // A replacement is begun in a turn of its own, so that a crash loop starves nobody.
      if ((cell.flags & MUST_BEGIN) !== 0 && handled > 0) break;
      next = pickUnusual(cell);
      if (next === AGAIN) {
        handled++;
        continue;
      }
    }
    if (next === null || next === IDLE) {
      idle = true;
      break;
    }
    handle(cell, next);
    handled++;
    stopwatch?.lap(cell, next);
  }
  running.cell = null;
  cell.flags &= ~QUEUED;
  if (!idle || (cell.flags & (MUST_BEGIN | MUST_END)) !== 0) cell.kernel.scheduler.enqueue(cell);
  return handled;
}

/** What to do when something may stand before the next message in the mailbox. */
function pickUnusual(cell: Cell): Envelope | typeof IDLE | typeof AGAIN {
  const { rare } = cell;
  if ((cell.flags & MUST_BEGIN) !== 0) {
    cell.flags &= ~MUST_BEGIN;
    // It may have been begun by hand, or killed, since it was put in line.
    if (cell.incarnation === null && cell.status !== "stopped") begin(cell);
    return AGAIN;
  }
  if ((cell.flags & MUST_END) !== 0) {
    cell.flags &= ~MUST_END;
    runExit(cell);
    return AGAIN;
  }
  if (rare?.stop != null && cell.status !== "stopped" && actOnStop(cell)) return AGAIN;
  if ((cell.flags & BUSY) !== 0) return IDLE;
  const event = rare?.lane?.shift();
  if (event != null) return event;
  // Before, for what has made room since the last look: a cleared mailbox, a message that went ahead.
  if ((cell.flags & SENDERS_WAIT) !== 0) admitWaiters(cell);
  const message = rare?.selector == null ? cell.mailbox.shift() : takeSelected(cell);
  if ((cell.flags & SENDERS_WAIT) !== 0) admitWaiters(cell);
  if (message !== null) return message;
  const item = rare?.low?.shift();
  if (item != null) return item;
  // What runs elsewhere is told so there, where its messages are.
  if ((cell.flags & (DRAINING | AWAY)) === DRAINING) {
    requestStop(cell, NORMAL, true);
    return AGAIN;
  }
  if (rare?.selector == null) cell.flags &= ~URGENT;
  return IDLE;
}

/** The first message that the loop's selector wants; what it does not want stays in place. */
function takeSelected(cell: Cell): Envelope | null {
  const rare = cell.rare!;
  const wanted = rare.selector!;
  // Asked for first: it brings back what is far, to which the last that was looked at leads.
  const { head } = cell.mailbox;
  let previous = rare.scanned;
  let envelope = previous === null ? head : previous.next;
  while (envelope !== null) {
    if (envelope.verb.internal || wanted(envelope)) {
      cell.mailbox.removeAfter(previous, envelope);
      return envelope;
    }
    previous = rare.scanned = envelope;
    envelope = envelope.next;
  }
  return null;
}

/** Handles one message: does what it asks, and settles its call. */
function handle(cell: Cell, envelope: Envelope): void {
  const { call, verb } = envelope;
  if (call !== null && call.settled) {
    cell.kernel.stats.skippedCalls++;
    return;
  }
  const incarnation = cell.incarnation!;
  cell.current = envelope;
  let result: unknown;
  try {
    result =
      verb.waits && cell.kernel.scope !== undefined
        ? invokeInScope(envelope, incarnation)
        : invoke(envelope, incarnation);
  } catch (error) {
    // What it takes to tell of a failure, stack and all, is not the handler's time.
    const { stopwatch } = cell.kernel;
    stopwatch?.lap(cell, envelope);
    threw(cell, incarnation, envelope, error);
    stopwatch?.start();
    return;
  }
  const pending = pendingOf(result);
  if (pending === null) finished(cell, incarnation, envelope, result);
  else suspend(cell, incarnation, envelope, pending);
}

/** On its own, because a function with a closure in it makes a scope object at every call. */
function invokeInScope(envelope: Envelope, incarnation: Incarnation): unknown {
  return inScope(incarnation, true, () => invoke(envelope, incarnation));
}

/** Waits for an async handler; until it is done the actor takes no other ordinary message. */
function suspend(
  cell: Cell,
  incarnation: Incarnation,
  envelope: Envelope,
  pending: PromiseLike<unknown>,
): void {
  cell.flags |= BUSY;
  if (cell.kernel.scope === undefined || !envelope.verb.waits) cell.flags |= HAS_WAITED;
  envelope.verb.waits = true;
  const reactions = (incarnation.extra.reactions ??= new Reactions(incarnation));
  if (pending instanceof KernelThenable) pending.then(reactions.done);
  else pending.then(reactions.returned, reactions.threw);
}

/**
 * What an incarnation does when its async handler is done.
 *
 * Two functions for all its messages and not for each: it handles one at a time, and the cell
 * knows which.
 */
export class Reactions {
  readonly #incarnation: Incarnation;

  constructor(incarnation: Incarnation) {
    this.#incarnation = incarnation;
  }

  readonly returned = (result: unknown): void => this.#goOn(finished, result);
  readonly threw = (error: unknown): void => this.#goOn(threw, error);
  /** For a thenable of the kernel's own: code of the actor may be on the stack. */
  readonly done = (): void => {
    if (this.#end(finished, undefined)) this.#incarnation.cell.resume();
  };

  #goOn(end: typeof finished, outcome: unknown): void {
    if (this.#end(end, outcome)) this.#incarnation.cell.resumeNow();
  }

  /** False when it is none of this incarnation's business any more. */
  #end(end: typeof finished, outcome: unknown): boolean {
    const incarnation = this.#incarnation;
    if (incarnation.over) return false;
    const { cell } = incarnation;
    cell.flags &= ~BUSY;
    end(cell, incarnation, cell.current!, outcome);
    return true;
  }
}

/** Gives the reply, unless the handler kept it, passed it on or stashed the message. */
function finished(cell: Cell, incarnation: Incarnation, envelope: Envelope, result: unknown): void {
  if (incarnation.over) return;
  // Returned where it was to be thrown: it means the same.
  if (result instanceof Refusal) return threw(cell, incarnation, envelope, result);
  cell.current = null;
  if (incarnation.taken === 0) envelope.call?.resolve(result);
  else incarnation.taken = 0;
}

/** A refusal is the sender's, where there is one; anything else is the actor's failure. */
function threw(cell: Cell, incarnation: Incarnation, envelope: Envelope, thrown: unknown): void {
  if (incarnation.over) return;
  const { verb, call } = envelope;
  cell.current = null;
  const { taken } = incarnation;
  incarnation.taken = 0;
  // Nobody hears it any more, and the handler has done as it was asked to.
  if (call !== null && incarnation.extra.wasLeftWith(call, thrown)) return call.reject(thrown);
  if (thrown instanceof Refusal && (call !== null || !verb.internal)) {
    if (call !== null) call.reject(thrown.error);
    else cell.kernel.router.deadLetter(envelope, "refused");
    return;
  }
  // Nobody sent a tick, an outcome or an event, so there is nobody to refuse it to.
  const error = thrown instanceof Refusal ? thrown.error : thrown;
  // What is handled when an actor fails is not handled again, stashed or not.
  if (taken === STASHED) dropStashed(cell, envelope);
  call?.reject(new ActorFailedError(cell.label, verb.name, error));
  cell.keeper?.failed(cell, {
    error,
    phase: verb.phase,
    ...(verb.internal ? {} : { verb: verb.name }),
    reason: { kind: "failed", error },
    killed: false,
  });
}

import { onAbort, type Signal } from "./abort.ts";
import { CLOSED, type Cell } from "./cell.ts";
import { Envelope, HELD } from "./envelope.ts";
import { DeadlockError } from "./errors.ts";
import { isFull, waitForRoom } from "./mailbox.ts";
import { PendingCall } from "./pending-call.ts";
import { running, type Handling } from "./running.ts";
import type { Verb } from "./verb.ts";
import { chainOf, farCircle, waitsForOthers } from "./waiting-chain.ts";

/** How one call differs from the usual. */
export interface CallOptions {
  /** Time limit in ms; `Infinity` for none. */
  readonly timeout?: number | undefined;
  /** The call rejects with the signal's reason when it aborts. */
  readonly signal?: Signal | undefined;
  /** `wait`: it is sent when there is room for it. */
  readonly whenFull?: "policy" | "wait" | undefined;
}

/** Who is sending: the actor on the stack, or the one that the async scope remembers. */
export function sender(to: Cell): Cell | null {
  if (running.cell !== null) return running.cell;
  return to.kernel.scope?.current()?.incarnation.senderOf(to) ?? null;
}

/** The handler, hook or loop on whose behalf `from` is sending; null when it has finished. */
function sendingFor(from: Cell): Handling | null {
  const { incarnation } = from;
  const now = from.atWork;
  if (incarnation === null || now === null) return null;
  const started = running.cell === from ? null : from.kernel.scope?.current()?.work;
  // A loop is one function for all its messages: whatever it is at work on is what waits.
  return started == null || started === now ? { incarnation, work: now } : null;
}

/** Sends without waiting for an answer. Throws `MailboxFullError` where the receiver rejects. */
export function send(to: Cell, verb: Verb, count: number, first: unknown, second: unknown): void {
  to.kernel.router.deliver(new Envelope(to, verb, count, first, second, null, sender(to)));
}

/** The same with the arguments in an array. */
export function cast(to: Cell, verb: Verb, args: readonly unknown[]): void {
  to.kernel.router.deliver(Envelope.of(to, verb, args, null, sender(to)));
}

/** Sends and promises the reply; the promise always settles. */
export function openCall(
  to: Cell,
  verb: Verb,
  args: readonly unknown[],
  options?: CallOptions,
): Promise<unknown> {
  const { length } = args;
  return ask(to, verb, length, length > HELD ? args : args[0], args[1], options);
}

/** The same with the arguments as an envelope holds them. */
export function ask(
  to: Cell,
  verb: Verb,
  count: number,
  first: unknown,
  second: unknown,
  options?: CallOptions,
): Promise<unknown> {
  const from = sender(to);
  const call = new PendingCall(
    to,
    verb,
    options?.timeout ?? verb.callTimeout ?? to.kernel.callTimeout,
  );
  const { promise } = call;
  // Without an async scope only the circle of one can be seen.
  const watched = from !== null && (from === to || to.kernel.scope !== undefined);
  const handling = watched ? sendingFor(from) : null;
  if (handling !== null && closesCircle(call, handling, to)) return promise;
  const signal = options?.signal;
  if (signal !== undefined && !listenForAbort(call, signal)) return promise;
  if (call.timeoutMs !== Infinity) to.kernel.deadlines.note(call);
  if (handling !== null && to.kernel.scope !== undefined) noteWait(call, handling);
  deliver(new Envelope(to, verb, count, first, second, call, from), options?.whenFull === "wait");
  // No turn is about to end: its receiver is at work on something else, or gone.
  if (!to.kernel.scheduler.scheduled) to.kernel.deadlines.begin();
  return promise;
}

/** Sends a call, where the caller wants that as soon as there is room for it. */
function deliver(envelope: Envelope, wait: boolean): void {
  const { to } = envelope;
  if (wait && isFull(to) && (to.flags & CLOSED) === 0) deliverWhenRoom(envelope);
  else to.kernel.router.deliver(envelope);
}

function deliverWhenRoom(envelope: Envelope): void {
  const { to, call } = envelope;
  waitForRoom(to, () => {
    if (call?.settled !== true) to.kernel.router.deliver(envelope);
  });
}

/** False when the signal has aborted already; then the call is settled and nothing is sent. */
function listenForAbort(call: PendingCall, signal: Signal): boolean {
  if (signal.aborted) {
    call.leave(signal.reason);
    return false;
  }
  call.extra.unlisten = onAbort(signal, () => call.leave(signal.reason));
  return true;
}

/** Remembers that a handler waits for the call, until it settles. */
function noteWait(call: PendingCall, waiter: Handling): void {
  call.extra.waiter = waiter;
  (waiter.incarnation.cell.extra.waitsFor ??= new Set()).add(call);
}

/** Makes another actor the one whose reply it is; rejects when its caller could wait for ever. */
export function passOn(call: PendingCall, to: Cell): boolean {
  const { extra } = call;
  if (extra.waiter !== null && closesCircle(call, extra.waiter, to)) return false;
  // Whoever owed it may end before the other has answered.
  extra.owed?.delete(call);
  extra.passedTo = to;
  return true;
}

/** Rejects the call when its handler, by waiting for `to`, would wait for itself. */
function closesCircle(call: PendingCall, { incarnation, work }: Handling, to: Cell): boolean {
  const { cell } = incarnation;
  // What has finished since waits for nothing, though its call may still be open.
  if (cell.atWork !== work) return false;
  const circle = waitingCircle(cell, to)?.map(({ label }) => label);
  const labels =
    circle ?? (waitsForOthers(to) ? farCircle(chainOf({ incarnation, work }), to) : null);
  if (labels === null) return false;
  call.reject(new DeadlockError(`call ${call.describe()}`, labels));
  return true;
}

/**
 * Finds out whether `from` waiting for `to` would close a circle of actors that wait for each other.
 *
 * A handler counts as waiting for every call it made that is still open, while it runs; without
 * an async scope only the circle of one is seen. Answers the circle from `from` back to `from`.
 */
function waitingCircle(from: Cell, to: Cell): Cell[] | null {
  const seen = new Set<Cell>();
  const path: Cell[] = [from];
  const search = (cell: Cell): boolean => {
    if (cell === from) return true;
    const waitsFor = cell.rare?.waitsFor;
    if (waitsFor == null || waitsFor.size === 0 || seen.has(cell)) return false;
    seen.add(cell);
    path.push(cell);
    for (const call of waitsFor) {
      if (call.more!.waiter!.work === cell.atWork && search(call.at)) return true;
    }
    path.pop();
    return false;
  };
  return search(to) ? [...path, from] : null;
}

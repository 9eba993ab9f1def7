import { onAbort } from "./abort.ts";
import { CLOSED, type Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { ActorStoppedError, DeadlockError, TimeoutError } from "./errors.ts";
import type { DownReason } from "./exit-reason.ts";
import { isFull, waitForRoom } from "./mailbox.ts";
import { running, type Handling } from "./running.ts";
import type { Verb } from "./verb.ts";
import { WheelEntry } from "./wheel.ts";

/** How one call differs from the usual. */
export interface CallOptions {
  /** Time limit in ms; `Infinity` for none. */
  readonly timeout?: number | undefined;
  /** The call rejects with the signal's reason when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** `wait`: it is sent when there is room for it. */
  readonly whenFull?: "policy" | "wait" | undefined;
}

/**
 * A caller that waits for a reply.
 *
 * Settles exactly once: with the reply, with the refusal or failure of the handler, when the
 * receiver ends, when its time is up, or when the caller's signal aborts. What comes after that is
 * late: dropped and counted. It is its own entry in the timing wheel, so a call costs one object.
 */
export class PendingCall extends WheelEntry {
  readonly to: Cell;
  readonly verb: Verb;
  readonly timeoutMs: number;
  settled = false;
  /** Set when the caller gave up before there was an answer. */
  left = false;
  promise: Promise<unknown> | null = null;
  resolvePromise: ((value: unknown) => void) | null = null;
  rejectPromise: ((error: unknown) => void) | null = null;
  /** Told once when the caller leaves: the running handler's `ctx.request.signal`. */
  onLeave: (() => void) | null = null;
  /** The replies that an incarnation owes; this call is among them while its reply is deferred. */
  owed: Set<PendingCall> | null = null;
  /** Whose reply it is now: the receiver's, or that of the actor it was passed on to. */
  at: Cell;
  /** The handler that waits; development only. */
  waiter: Handling | null = null;
  unlisten: (() => void) | null = null;

  constructor(to: Cell, verb: Verb, timeoutMs: number) {
    super();
    this.to = this.at = to;
    this.verb = verb;
    this.timeoutMs = timeoutMs;
  }

  /** Time that the caller still waits, in ms. */
  get remainingMs(): number {
    if (this.settled) return 0;
    return this.timeoutMs === Infinity ? Infinity : this.to.kernel.wheel.remaining(this);
  }

  /** Gives the reply. */
  resolve(value: unknown): void {
    if (this.#close()) this.resolvePromise!(value);
  }

  /** Gives an error for an answer. */
  reject(error: unknown): void {
    if (!this.#close()) return;
    // A call that nobody awaits must not end the process: the failure is the actor's, is reported
    // as such, and reaches whoever does await.
    this.promise!.catch(ignore);
    this.rejectPromise!(error);
  }

  /** Rejects because the receiver is gone. */
  receiverGone(label: string, reason: DownReason): void {
    this.reject(new ActorStoppedError(label, `call ${describe(this)}`, reason));
  }

  /** Rejects on the caller's behalf: what the receiver still answers is late. */
  leave(error: unknown): void {
    if (this.settled) return;
    this.left = true;
    const { onLeave } = this;
    this.reject(error);
    onLeave?.();
  }

  override expire(): void {
    const { kernel, mailbox } = this.to;
    kernel.stats.timeouts++;
    const { size } = mailbox;
    const waiting = `; ${size} message${size === 1 ? " was" : "s were"} waiting`;
    this.leave(new TimeoutError(`call ${describe(this)}`, this.timeoutMs, waiting));
  }

  #close(): boolean {
    if (this.settled) {
      const { kernel } = this.to;
      kernel.stats.lateReplies++;
      if (kernel.events.wants("lateReply")) {
        kernel.events.emit({ type: "lateReply", actor: this.to.label, verb: this.verb.name });
      }
      return false;
    }
    this.settled = true;
    this.onLeave = null;
    if (this.slot >= 0) this.to.kernel.wheel.cancel(this);
    if (this.owed !== null) this.owed.delete(this);
    if (this.unlisten !== null) this.unlisten();
    if (this.waiter !== null) this.waiter.incarnation.cell.rare?.waitsFor?.delete(this);
    return true;
  }
}

function ignore(): void {}

/** `Stock.take to stock#17` */
function describe(call: PendingCall): string {
  return `${call.to.behaviour.name}.${call.verb.name} to ${call.to.label}`;
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
export function cast(to: Cell, verb: Verb, args: readonly unknown[]): void {
  to.kernel.router.deliver(new Envelope(to, verb, args, null, sender(to)));
}

/** Sends and promises the reply; the promise always settles. */
export function openCall(
  to: Cell,
  verb: Verb,
  args: readonly unknown[],
  options?: CallOptions,
): Promise<unknown> {
  const from = sender(to);
  const call = new PendingCall(to, verb, options?.timeout ?? to.kernel.callTimeout);
  const promise = new Promise((resolve, reject) => {
    call.resolvePromise = resolve;
    call.rejectPromise = reject;
  });
  call.promise = promise;
  // Without an async scope only the circle of one can be seen.
  const watched = from !== null && (from === to || to.kernel.scope !== undefined);
  const handling = watched ? sendingFor(from) : null;
  if (handling !== null && closesCircle(call, handling, to)) return promise;
  const signal = options?.signal;
  if (signal !== undefined && !listenForAbort(call, signal)) return promise;
  if (call.timeoutMs !== Infinity) to.kernel.wheel.set(call, call.timeoutMs);
  if (handling !== null && to.kernel.scope !== undefined) noteWait(call, handling);
  deliver(new Envelope(to, verb, args, call, from), options?.whenFull === "wait");
  return promise;
}

/** Sends a call, where the caller wants that as soon as there is room for it. */
function deliver(envelope: Envelope, wait: boolean): void {
  const { to, call } = envelope;
  const { router } = to.kernel;
  if (!wait || !isFull(to) || (to.flags & CLOSED) !== 0) return router.deliver(envelope);
  waitForRoom(to, () => {
    if (call?.settled !== true) router.deliver(envelope);
  });
}

/** False when the signal has aborted already; then the call is settled and nothing is sent. */
function listenForAbort(call: PendingCall, signal: AbortSignal): boolean {
  if (signal.aborted) {
    call.leave(signal.reason);
    return false;
  }
  call.unlisten = onAbort(signal, () => call.leave(signal.reason));
  return true;
}

/** Remembers that a handler waits for the call, until it settles. */
function noteWait(call: PendingCall, waiter: Handling): void {
  call.waiter = waiter;
  (waiter.incarnation.cell.extra.waitsFor ??= new Set()).add(call);
}

/** Makes another actor the one whose reply it is; rejects when its caller could wait for ever. */
export function passOn(call: PendingCall, to: Cell): boolean {
  if (call.waiter !== null && closesCircle(call, call.waiter, to)) return false;
  // Whoever owed it may end before the other has answered.
  call.owed?.delete(call);
  call.owed = null;
  call.at = to;
  return true;
}

/** Rejects the call when its handler, by waiting for `to`, would wait for itself. */
function closesCircle(call: PendingCall, { incarnation, work }: Handling, to: Cell): boolean {
  const { cell } = incarnation;
  // What has finished since waits for nothing, though its call may still be open.
  const circle = cell.atWork === work ? waitingCircle(cell, to) : null;
  if (circle === null) return false;
  const labels = circle.map(({ label }) => label);
  call.reject(new DeadlockError(`call ${describe(call)}`, labels));
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
      if (call.waiter!.work === cell.atWork && search(call.at)) return true;
    }
    path.pop();
    return false;
  };
  return search(to) ? [...path, from] : null;
}

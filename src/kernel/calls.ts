import type { Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { ActorStoppedError, DeadlockError, TimeoutError } from "./errors.ts";
import type { DownReason } from "./exit-reason.ts";
import { running } from "./running.ts";
import type { Verb } from "./verb.ts";
import { WheelEntry } from "./wheel.ts";

/** How one call differs from the usual. */
export interface CallOptions {
  /** Time limit in ms; `Infinity` for none. */
  readonly timeout?: number | undefined;
  /** The call rejects with the signal's reason when it aborts. */
  readonly signal?: AbortSignal | undefined;
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
  /** The actor whose handler waits; development only. */
  waiter: Cell | null = null;
  unlisten: (() => void) | null = null;

  constructor(to: Cell, verb: Verb, timeoutMs: number) {
    super();
    this.to = to;
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
    const waiting = `; ${mailbox.size} messages were waiting`;
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
    if (this.waiter !== null) this.waiter.rare?.waitsFor?.delete(this.to);
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
  const { scope } = to.kernel;
  return scope === undefined ? null : (scope.current()?.senderOf(to) ?? null);
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
  const circle = from === null ? null : waitingCircle(from, to);
  if (circle !== null) {
    call.reject(
      new DeadlockError(
        `call ${describe(call)}`,
        circle.map((cell) => cell.label),
      ),
    );
    return promise;
  }
  const signal = options?.signal;
  if (signal !== undefined && !listenForAbort(call, signal)) return promise;
  if (call.timeoutMs !== Infinity) to.kernel.wheel.set(call, call.timeoutMs);
  if (from !== null && to.kernel.scope !== undefined) noteWait(call, from);
  to.kernel.router.deliver(new Envelope(to, verb, args, call, from));
  return promise;
}

/** False when the signal has aborted already; then the call is settled and nothing is sent. */
function listenForAbort(call: PendingCall, signal: AbortSignal): boolean {
  if (signal.aborted) {
    call.leave(signal.reason);
    return false;
  }
  const onAbort = (): void => call.leave(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  call.unlisten = () => signal.removeEventListener("abort", onAbort);
  return true;
}

/** Remembers that `from`'s running handler waits for the call, until it settles. */
function noteWait(call: PendingCall, from: Cell): void {
  if (from.current === null) return;
  call.waiter = from;
  (from.extra.waitsFor ??= new Set()).add(call.to);
}

/**
 * Finds out whether `from` calling `to` would close a circle of actors that wait for each other.
 *
 * A handler counts as waiting for every call it made and that is still open; without an async
 * scope only the circle of one is seen. Answers the circle from `from` back to `from`.
 */
function waitingCircle(from: Cell, to: Cell): Cell[] | null {
  if (from === to) return from.current === null ? null : [from, from];
  if (to.rare?.waitsFor == null) return null;
  const seen = new Set<Cell>();
  const path: Cell[] = [from];
  const search = (cell: Cell): boolean => {
    if (cell === from) return true;
    if (seen.has(cell) || cell.current === null) return false;
    seen.add(cell);
    path.push(cell);
    for (const next of cell.rare?.waitsFor ?? []) if (search(next)) return true;
    path.pop();
    return false;
  };
  return search(to) ? [...path, from] : null;
}

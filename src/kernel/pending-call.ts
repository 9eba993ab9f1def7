import type { Cell } from "./cell.ts";
import type { CallDeadline } from "./deadlines.ts";
import { ActorStoppedError, TimeoutError } from "./errors.ts";
import type { DownReason } from "./exit-reason.ts";
import type { Owed } from "./owed.ts";
import type { Handling } from "./running.ts";
import type { Verb } from "./verb.ts";
import type { Chain } from "./waiting-chain.ts";

/** What few calls ever need, so that the many do not carry it. */
class CallExtra {
  /** The caller gave up before there was an answer. */
  left = false;
  /** Told once when the caller leaves: the running handler's `ctx.request.signal`. */
  onLeave: (() => void) | null = null;
  /** The replies that an incarnation owes; this call is among them while its reply is deferred. */
  owed: Owed | null = null;
  owedBefore: PendingCall | null = null;
  owedAfter: PendingCall | null = null;
  /** Whose reply it is, where it was passed on to another actor than the receiver. */
  passedTo: Cell | null = null;
  /** Who waits for the handler that waits, in other nodes; development only. */
  chain: Chain | null = null;
  /** The handler that waits; development only. */
  waiter: Handling | null = null;
  unlisten: (() => void) | null = null;
  /** Where it was not answered at once. */
  deadline: CallDeadline | null = null;
}

/** Who waits for the reply in another node, and how to tell. */
export interface Answers {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Time that the caller still waits, in ms. */
  readonly remainingMs: number;
}

/** Of calls that came from another node: nobody awaits it. */
const NOBODYS = Promise.resolve();

/**
 * A caller that waits for a reply.
 *
 * Settles exactly once: with the reply, with the refusal or failure of the handler, when the
 * receiver ends, when its time is up, or when the caller's signal aborts. What comes after that is
 * late: dropped and counted.
 */
export class PendingCall {
  readonly to: Cell;
  readonly verb: Verb;
  readonly timeoutMs: number;
  readonly promise: Promise<unknown>;
  readonly answers: Answers | null;
  #resolve: (value: unknown) => void = ignore;
  #reject: (error: unknown) => void = ignore;
  settled = false;
  more: CallExtra | null = null;

  /** With `answers`, the caller is in another node, which sees to its time limit. */
  constructor(to: Cell, verb: Verb, timeoutMs: number, answers: Answers | null = null) {
    this.to = to;
    this.verb = verb;
    this.timeoutMs = timeoutMs;
    this.answers = answers;
    if (answers !== null) {
      this.promise = NOBODYS;
      return;
    }
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get extra(): CallExtra {
    return (this.more ??= new CallExtra());
  }

  /** Whose reply it is now: the receiver's, or that of the actor it was passed on to. */
  get at(): Cell {
    return this.more?.passedTo ?? this.to;
  }

  /** Time that the caller still waits, in ms. */
  get remainingMs(): number {
    if (this.settled) return 0;
    if (this.answers !== null) return this.answers.remainingMs;
    const deadline = this.more?.deadline;
    return deadline == null ? this.timeoutMs : this.to.kernel.wheel.remaining(deadline);
  }

  /** Gives the reply. */
  resolve(value: unknown): void {
    if (!this.#close()) return;
    if (this.answers === null) this.#resolve(value);
    else this.answers.resolve(value);
  }

  /** Gives an error for an answer. */
  reject(error: unknown): void {
    if (!this.#close()) return;
    if (this.answers !== null) return this.answers.reject(error);
    // A call that nobody awaits must not end the process: the failure is the actor's, is reported
    // as such, and reaches whoever does await.
    this.promise.catch(ignore);
    this.#reject(error);
  }

  /** Rejects because the receiver is gone. */
  receiverGone(label: string, reason: DownReason): void {
    this.reject(new ActorStoppedError(label, `call ${this.describe()}`, reason));
  }

  /** Rejects on the caller's behalf: what the receiver still answers is late. */
  leave(error: unknown): void {
    if (this.settled) return;
    const { extra } = this;
    const { onLeave } = extra;
    extra.left = true;
    this.reject(error);
    onLeave?.();
  }

  timeIsUp(): void {
    const { kernel, mailbox } = this.to;
    kernel.stats.timeouts++;
    const { size } = mailbox;
    const waiting = `; ${size} message${size === 1 ? " was" : "s were"} waiting`;
    this.leave(new TimeoutError(`call ${this.describe()}`, this.timeoutMs, waiting));
  }

  /** `Stock.take to stock#17` */
  describe(): string {
    return `${this.to.behaviour.name}.${this.verb.name} to ${this.to.label}`;
  }

  #close(): boolean {
    if (this.settled) {
      this.#countLate();
      return false;
    }
    this.settled = true;
    if (this.more !== null) this.#release(this.more);
    return true;
  }

  #release(more: CallExtra): void {
    more.onLeave = null;
    if (more.deadline !== null) this.to.kernel.wheel.cancel(more.deadline);
    more.owed?.delete(this);
    more.unlisten?.();
    more.waiter?.incarnation.cell.rare?.waitsFor?.delete(this);
  }

  #countLate(): void {
    const { kernel } = this.to;
    kernel.stats.lateReplies++;
    if (kernel.events.wants("lateReply")) {
      kernel.events.emit({ type: "lateReply", actor: this.to.label, verb: this.verb.name });
    }
  }
}

function ignore(): void {}

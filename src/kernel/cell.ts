import type { FailurePhase } from "../supervision/child-spec.ts";
import type { RestartBudget } from "../supervision/restart-intensity.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Address } from "./address.ts";
import type { Door } from "./door.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Envelope } from "./envelope.ts";
import type { StartError } from "./errors.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Fifo } from "./fifo.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Kernel } from "./kernel.ts";
import type { CellOptions } from "./options.ts";
import { EnvelopeQueue } from "./queue.ts";
import type { ActorRef } from "./ref.ts";
import type { Ending } from "./death.ts";
import type { Watch } from "./signals.ts";
import type { StopRequest } from "./stop.ts";
import type { Waiters } from "./waiters.ts";

/**
 * Where an actor is in its life.
 *
 * ```text
 * starting ──► running ──► stopping ──► stopped
 *                │  ▲          (for good)
 *                ▼  │
 *             restarting   the incarnation ends, a new one begins; ref, name and mailbox stay
 * ```
 */
export type Status = "starting" | "running" | "restarting" | "stopping" | "stopped";

/** In the scheduler's run queue. */
export const QUEUED = 1;
/** May take no message: a hook is pending, or there is no incarnation to take it. */
export const BUSY = 2;
/** Something above messages waits, or the way messages are taken has changed: see `turn.ts`. */
export const URGENT = 4;
/** Admits nothing any more. */
export const CLOSED = 8;
/** Ends when all that was admitted is handled. */
export const DRAINING = 16;
/** Senders wait for room in the mailbox. */
export const SENDERS_WAIT = 32;
/** `init` is to be run in the next turn. */
export const MUST_BEGIN = 64;
/** The next step of the ending is to be taken in the next turn. */
export const MUST_END = 128;

/**
 * Code of its has been pending where no async scope knew whose it is: in production, or as it was
 * the first time. A message without a known sender may be from there.
 */
export const HAS_WAITED = 256;
/** Its messages go by its door, for it runs in another node. */
export const AWAY = 512;
/** Its home is another node: what is done to it is done there. */
export const FOREIGN = 1024;

/** An incarnation that failed or was killed. */
export interface Failure {
  readonly error: unknown;
  readonly phase: FailurePhase;
  /** The verb whose handler threw, where it was one. */
  readonly verb?: string;
  readonly reason: ExitReason;
  readonly killed: boolean;
}

/** Who looks after a cell: its parent's family. */
export interface Keeper {
  /** Decides about a failure; unless it is to resume, ends the incarnation. */
  failed(child: Cell, failure: Failure): void;
  /** The child wants to end, or a link makes it: ends the incarnation, for good or not. */
  leaving(child: Cell, reason: ExitReason): void;
  /** An incarnation has started. */
  started(child: Cell, again: boolean): void;
  /** The child waits to be begun again, and somebody wants it now. */
  beginByHand(child: Cell): void;
  /** The child has ended for good. */
  gone(child: Cell, reason: ExitReason, neverStarted: boolean): void;
}

/** What few actors ever need, so that the many do not carry it. */
export class Rare {
  name: string | null = null;
  /** The id under which it was added to a supervisor that runs. */
  startedAs: string | null = null;
  /** The first request to stop, until it is acted upon. */
  stop: StopRequest | null = null;
  ending: Ending | null = null;
  /** Lifecycle events: child, down, exit, group. */
  lane: EnvelopeQueue | null = null;
  /** Items of sources that give way to every message. */
  low: EnvelopeQueue | null = null;
  /** Picks the message that a loop wants next; the others stay where they are. */
  selector: ((envelope: Envelope) => boolean) | null = null;
  /** The last in the mailbox that `selector` did not want. */
  scanned: Envelope | null = null;
  stash: EnvelopeQueue | null = null;
  monitors: Set<Watch> | null = null;
  links: Set<Cell> | null = null;
  /** Called when the first incarnation has started, or never will. */
  startWaiters: Waiters<unknown> | null = null;
  exitWaiters: Waiters<ExitReason> | null = null;
  /** Called when the present incarnation has ended, for good or not. */
  downWaiters: Waiters<void> | null = null;
  roomWaiters: Fifo<() => void> | null = null;
  /** The calls that its handlers made and that are open; development only. */
  waitsFor: Set<PendingCall> | null = null;
  /** Replies that the next incarnation is to give. */
  owedNext: PendingCall[] | null = null;
  startError: StartError | null = null;
  /** The state that the last incarnation left, for whoever looks after the actor. */
  lastState: unknown = undefined;
  restarts = 0;
  /** Only for children of the root: others share the budget of their parent. */
  ownBudget: RestartBudget | null = null;
  /** Failures in a row, for the backoff. */
  attempts = 0;
  startedAt = 0;
  /** Refs that the host has not collected; only counted with `stopWhenUnreferenced`. */
  refs = 0;
  /** Another node is asked whether it may have its name: it does not begin before the answer. */
  waitsForName = false;
  /** It would have begun, if it had not waited for that. */
  mayBegin = false;
  /** The way to where it runs, while it is `AWAY`. */
  door: Door | null = null;
  /** Of what is `FOREIGN`: where its home is. */
  far: Address | null = null;
  /** Of a cell that runs the code of an actor whose home is elsewhere: the stub of that actor. */
  identity: Cell | null = null;
}

/**
 * One actor: what stays the same over its restarts.
 *
 * ```text
 *   kernel ─ shared by all cells of a system
 *      ▲
 *      │        behaviour ─ shared by all actors of a kind
 *    Cell ────► options   ─ shared where nothing special was asked for
 *      │ │      mailbox   ─ kept over restarts
 *      │ └────► incarnation: state, timers, tasks … replaced at each restart
 *      └──────► family: its children, once it has any
 * ```
 *
 * Small on purpose: a million idle actors are a million of these.
 */
export class Cell {
  // In this order: what each message touches comes first, so that it shares a line of the cache.
  flags: number = BUSY;
  readonly kernel: Kernel;
  readonly options: CellOptions;
  readonly mailbox: EnvelopeQueue = new EnvelopeQueue();
  incarnation: Incarnation | null = null;
  /** The message that is being handled. */
  current: Envelope | null = null;
  /** The next in the scheduler's queue. */
  nextInLine: Cell | null = null;
  rare: Rare | null = null;
  readonly behaviour: Behaviour;
  readonly parent: Cell | null;
  readonly id: number;
  props: unknown;
  status: Status = "starting";
  /** Why it ended; set once. */
  reason: ExitReason | null = null;
  family: Family | null = null;
  olderSibling: Cell | null = null;
  youngerSibling: Cell | null = null;
  #ref: ActorRef | WeakRef<ActorRef> | null = null;

  constructor(
    kernel: Kernel,
    behaviour: Behaviour,
    options: CellOptions,
    parent: Cell | null,
    props: unknown,
  ) {
    this.kernel = kernel;
    this.behaviour = behaviour;
    this.options = options;
    this.parent = parent;
    this.props = props;
    this.id = kernel.nextId();
  }

  get extra(): Rare {
    return (this.rare ??= new Rare());
  }

  /** `db` where it has a name, `counter#17` where not. Made when asked for: most never are. */
  get label(): string {
    return this.rare?.name ?? `${this.behaviour.name}#${this.id}`;
  }

  /** The top of its tree, which ends with the system. */
  get root(): Cell {
    let root = this.parent ?? this;
    while (root.parent !== null) root = root.parent;
    return root;
  }

  /** Who decides about this cell: its parent's family; only the root has none. */
  get keeper(): Keeper | null {
    return this.parent === null ? null : this.parent.family;
  }

  /** What keeps it from taking a message: the one at hand, or its `init` or `exit` hook. */
  get atWork(): object | null {
    return this.current ?? (this.status === "running" ? null : this.incarnation);
  }

  get ref(): ActorRef {
    if (this.rare !== null && this.rare.identity !== null) return this.rare.identity.ref;
    if (this.options.stopWhenUnreferenced) return this.#countedRef();
    return (this.#ref ??= new this.behaviour.Ref(this as never)) as ActorRef;
  }

  /** A ref that this cell does not keep alive, so that the host can tell when nobody holds it. */
  #countedRef(): ActorRef {
    const held = (this.#ref as WeakRef<ActorRef> | null)?.deref();
    if (held !== undefined) return held;
    const ref = new this.behaviour.Ref(this as never);
    this.#ref = new WeakRef(ref);
    return ref;
  }

  /** Counts a ref of any class, views among them, until the host has collected it. */
  countRef(ref: ActorRef): void {
    this.extra.refs++;
    this.kernel.watchRef(ref, this);
  }

  /** Takes up work again, if there is some. */
  resume(): void {
    if (this.mailbox.size > 0 || (this.flags & (URGENT | SENDERS_WAIT)) !== 0) this.wake();
  }

  /** The same for who has no code of an actor on the stack: its turn may be taken at once. */
  resumeNow(): void {
    if (this.mailbox.size === 0 || (this.flags & (QUEUED | BUSY)) !== 0) this.resume();
    else this.kernel.scheduler.enqueueNow(this);
  }

  /** Puts the cell in line for a turn, unless it is or may not have one. */
  wake(): void {
    if ((this.flags & (QUEUED | BUSY)) === 0) this.kernel.scheduler.enqueue(this);
  }

  /** Puts the cell in line for a turn that is not about messages, busy or not. */
  wakeFor(flag: number): void {
    this.flags |= URGENT | flag;
    if ((this.flags & QUEUED) === 0) this.kernel.scheduler.enqueue(this);
  }
}

/** What a cell needs to know of its children; `family.ts` has the rest. */
export interface Family extends Keeper {
  /** Stops all children, in reverse start order, then calls `done` in a turn of the parent. */
  stopAll(done: () => void): void;
  /** Drops every plan to bring children back. */
  abandonPlans(): void;
  list(): Cell[];
  readonly size: number;
}

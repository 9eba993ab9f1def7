import type { Belonging } from "../kernel/belonging.ts";
import { AWAY, DRAINING, type Cell, type Failure, type Family } from "../kernel/cell.ts";
import { endIncarnation } from "../kernel/death.ts";
import type { Door } from "../kernel/door.ts";
import type { Envelope } from "../kernel/envelope.ts";
import { refuseWaiters } from "../kernel/mailbox.ts";
import type { StartFailure } from "../kernel/errors.ts";
import { KILLED, type ExitReason } from "../kernel/exit-reason.ts";
import type { LinkedExit } from "../kernel/signals.ts";
import { neverStarts } from "../kernel/unborn.ts";
import { KernelThenable } from "../kernel/verb.ts";
import { registeredName } from "../wire/definitions.ts";
import * as ops from "../wire/ops.ts";
import type { Peer } from "./peer.ts";
import { Road } from "./road.ts";
import type { StandIns } from "./stand-ins.ts";
import type { Window } from "./window.ts";

/** Nodes that an actor may take down, or be taken down with, before it has not started. */
const LOST_STARTS = 3;

/** Who knows of nodes that can run actors. */
export interface Lodging {
  /**
   * The node for an actor that is about to begin; a promise, after which it is asked again, where
   * there is none yet. Throws, or rejects, where there will be none.
   */
  lodge(cell: Cell): StandIns | Promise<unknown>;
  /** Called when an actor on a node is to be killed, which a blocked node does not see to. */
  urge(node: StandIns, cell: Cell): void;
}

/**
 * The `init` that waits for the body's.
 *
 * No promise: what is said behind `STARTED` in the same batch must find the actor started.
 */
class Starting extends KernelThenable {
  resolve: () => void = () => {};
  reject: (error: unknown) => void = () => {};

  // oxlint-disable-next-line no-thenable -- it is one, and made without a promise on purpose
  override then(done: () => void, failed: (error: unknown) => void = () => {}): void {
    this.resolve = done;
    this.reject = failed;
  }
}

/** Kills the body when the incarnation is killed on its way out. */
class Kill implements Belonging {
  place: Belonging["place"] = null;
  readonly release: () => void;

  constructor(release: () => void) {
    this.release = release;
  }
}

/**
 * What stands for one actor in the tree of its parent, while its code runs in another node.
 *
 * An ordinary cell, whose life is the kernel's business as any other's. In place of a family of
 * children it has the body, which therefore ends before it does, and is begun before it has begun.
 */
export class StandIn implements Door {
  readonly cell: Cell;
  readonly #lodging: Lodging;
  #node: StandIns | null = null;
  #road: Road | null = null;
  #number = 0;
  /** The body waits to be begun again. */
  #isHeld = false;
  #props: unknown = undefined;
  #starting: Starting | null = null;
  /** Nodes in a row that were lost while it was starting there. */
  #lostStarts = 0;
  /** Settles when the node that it ran on is gone: until then its code may still run there. */
  #former: Promise<unknown> | null = null;
  /** Orders to end, so far. */
  #orders = 0;
  /** Whom to tell when the body has ended. */
  #whenEnded: (() => void) | null = null;

  constructor(cell: Cell, lodging: Lodging) {
    this.cell = cell;
    this.#lodging = lodging;
  }

  // --- its life, as the kernel asks for it -----------------------------------------------------

  /** Begins the body, or begins it again. */
  begin(): KernelThenable {
    this.cell.family = new BodyAsFamily(this);
    const starting = new Starting();
    this.#starting = starting;
    if (this.#isHeld) this.#beginAgain(this.#node!.peer);
    else this.#find();
    return starting;
  }

  #find(): void {
    const { incarnation } = this.cell;
    const node = this.#whenFormerIsGone() ?? this.#lodging.lodge(this.cell);
    if (!(node instanceof Promise)) return this.#spawn(node);
    // Stopped, or killed, since?
    const waits = (): boolean =>
      incarnation?.over === false && this.cell.incarnation === incarnation;
    node
      .then(() => {
        if (waits()) this.#find();
      })
      .catch((error: unknown) => {
        if (waits()) this.#failStart(error);
      });
  }

  /** It may own a file, or a port: it is never begun beside what is left of it. */
  #whenFormerIsGone(): Promise<unknown> | null {
    const former = this.#former;
    this.#former = null;
    return former === null ? null : former.catch(() => {});
  }

  #spawn(node: StandIns): void {
    const { cell } = this;
    const { peer } = node;
    const { capacity, whenFull, stash, priority } = cell.options;
    this.#number = peer.exports.numberOf(cell);
    peer.outbox.tell(
      ops.SPAWN,
      `props of ${cell.label}`,
      this.#number,
      registeredName(cell.behaviour.definition),
      cell.props,
      { capacity, whenFull, stash, priority },
    );
    this.#node = node;
    this.#props = cell.props;
    node.add(this.#number, this);
    this.#road = new Road(peer, cell, -this.#number);
    cell.extra.door = this;
    cell.flags |= AWAY;
    this.#sendWaiting(peer.window, this.#road);
    if ((cell.flags & DRAINING) !== 0) this.drain();
  }

  /** What came while there was no node to send it to goes before what comes from now on. */
  #sendWaiting(window: Window, road: Road): void {
    const { mailbox } = this.cell;
    // They were under the mailbox's bound; that they leave it together is no fault of theirs.
    window.letsIn = true;
    for (let next = mailbox.shift(); next !== null; next = mailbox.shift()) {
      this.#sendLate(road, next);
    }
    // Senders that wait for room came before all who send from now on.
    refuseWaiters(this.cell);
    window.letsIn = false;
  }

  /** Its sender has gone on: what it cannot be told any more is counted. */
  #sendLate(road: Road, envelope: Envelope): void {
    try {
      road.deliver(envelope);
    } catch (error) {
      this.cell.kernel.router.deadLetter(envelope, String(error));
    }
  }

  #beginAgain({ outbox }: Peer): void {
    const { props, label } = this.cell;
    this.#isHeld = false;
    if (props === this.#props) return outbox.say(ops.BEGIN, this.#number);
    this.#props = props;
    outbox.tell(ops.BEGIN, `props of ${label}`, this.#number, props);
  }

  /** The body is its family: it ends before its actor does. */
  stopAll(done: () => void): void {
    if (!this.hasBody) return done();
    this.#whenEnded = done;
    const { ending } = this.cell.extra;
    this.#end(ending!.killed);
    if (!ending!.killed) this.cell.incarnation?.own(new Kill(() => this.#killWhileEnding()));
  }

  /** Its time to end is over, or somebody has no patience. */
  #killWhileEnding(): void {
    if (this.#whenEnded !== null) this.#end(true);
  }

  #end(killed: boolean): void {
    const { reason, final } = this.cell.extra.ending!;
    const node = this.#node!;
    node.peer.outbox.report(ops.END, this.#number, reason, final, killed, ++this.#orders);
    if (killed) this.#lodging.urge(node, this.cell);
  }

  get hasBody(): boolean {
    return this.#node !== null && !this.#isHeld;
  }

  // --- what the body says ----------------------------------------------------------------------

  started(): void {
    const starting = this.#starting;
    this.#starting = null;
    this.#lostStarts = 0;
    starting?.resolve();
  }

  failed(failure: Failure): void {
    const { cell } = this;
    if (this.#whenEnded !== null) return this.#failedOnTheWay(failure);
    if (this.#starting !== null) return this.#failStart(failure.error);
    const life = cell.incarnation;
    cell.keeper?.failed(cell, failure);
    const goesOn = cell.rare?.ending == null && cell.incarnation === life;
    if (goesOn) this.#node?.peer.outbox.say(ops.RESUME, this.#number);
  }

  /** It was to end already, and would have when its handler was done. */
  #failedOnTheWay({ error, phase, verb, reason }: Failure): void {
    const { kernel, label, rare } = this.cell;
    kernel.stats.failures++;
    const decision = rare!.ending!.final ? "stop" : "restart";
    const where = verb === undefined ? {} : { verb };
    kernel.events.emit({ type: "failed", actor: label, error, phase, ...where, decision });
    this.#endsBy(reason);
  }

  /** What ends it came before what was to end it, and is the reason. */
  #endsBy(reason: ExitReason): void {
    const { ending } = this.cell.extra;
    if (ending !== null && !ending.killed) ending.reason = reason;
  }

  #failStart(error: unknown): void {
    const starting = this.#starting;
    this.#starting = null;
    starting?.reject(error);
  }

  /** The props cannot go there after all: a buffer in them was moved elsewhere before, say. */
  propsRefused(error: unknown, isThere: boolean): void {
    // One that waits to be begun again goes on waiting.
    if (isThere) this.#isHeld = true;
    else this.#forget();
    if (this.#starting !== null) this.#failStart(error);
  }

  /** Its node will not come to be, nor another for it. */
  neverLodged(error: Error): void {
    if (this.#whenEnded === null && this.#starting !== null) this.#failStart(error);
  }

  leaving(reason: ExitReason): void {
    const { cell } = this;
    if (this.#whenEnded !== null) return this.#endsBy(reason);
    if (this.#starting !== null) cell.incarnation?.fence(KILLED);
    this.#starting = null;
    cell.keeper?.leaving(cell, reason);
  }

  /** An answer to an earlier order crossed the last one: it is of an incarnation that is long over. */
  held(order: number): void {
    if (this.#whenEnded === null || order !== this.#orders) return;
    this.#isHeld = true;
    this.#ended();
  }

  gone(reason: ExitReason, why: StartFailure | null, detail: string, cause: unknown): void {
    const { cell } = this;
    this.#forget();
    if (this.#whenEnded !== null) {
      if (reason.kind === "killed") this.#endsBy(reason);
      return this.#ended();
    }
    if (cell.rare?.ending != null || cell.status === "stopped") return;
    if (this.#starting !== null && (why === null || why === "failed")) {
      return this.#failStart(cause ?? new Error(detail));
    }
    if (this.#starting !== null) {
      cell.incarnation?.fence(KILLED);
      neverStarts(cell, why!, detail, cause);
    }
    this.#starting = null;
    endIncarnation(cell, reason, { final: true });
  }

  /** Its node is gone, or about to be, and the body with it. */
  lost(reason: ExitReason, error: Error, gone: Promise<unknown> | null): void {
    const { cell } = this;
    const wasHeld = this.#isHeld;
    this.#former = gone;
    this.#forget();
    if (this.#whenEnded !== null) return this.#ended();
    if (wasHeld || cell.status === "stopped" || cell.rare?.ending != null) return;
    if (this.#starting !== null) return this.#tryAgain(error);
    const killed = reason.kind === "killed";
    if (killed) cell.incarnation?.fence(KILLED);
    cell.keeper?.failed(cell, { error, phase: "thread", reason, killed });
  }

  /** Its thread ended while it was starting there, for another's sake as likely as for its own. */
  #tryAgain(error: Error): void {
    if (++this.#lostStarts >= LOST_STARTS) return this.#failStart(error);
    try {
      this.#find();
    } catch (why) {
      this.#failStart(why);
    }
  }

  #ended(): void {
    const done = this.#whenEnded;
    this.#whenEnded = null;
    this.#starting = null;
    done?.();
  }

  #forget(): void {
    this.#node?.delete(this.#number);
    this.#node = null;
    this.#road = null;
    this.#isHeld = false;
    this.cell.flags &= ~AWAY;
  }

  // --- the road to it --------------------------------------------------------------------------

  deliver(envelope: Envelope): void {
    this.#road!.deliver(envelope);
  }

  get isFull(): boolean {
    return this.#road!.peer.window.isFull;
  }

  waitForRoom(onRoom: () => void): void {
    this.#road!.peer.window.waitForRoom(onRoom);
  }

  drain(): void {
    this.#road!.peer.outbox.say(ops.DRAIN, -this.#number);
  }

  tellExit({ ref, name, reason }: LinkedExit): void {
    this.#node?.peer.outbox.report(ops.HEAR_EXIT, this.#number, ref, name, reason);
  }
}

/** What the kernel takes a body for: one child, that is never asked about, as its keeper is elsewhere. */
class BodyAsFamily implements Family {
  readonly #standIn: StandIn;

  constructor(standIn: StandIn) {
    this.#standIn = standIn;
  }

  get size(): number {
    return this.#standIn.hasBody ? 1 : 0;
  }

  list(): Cell[] {
    return [];
  }

  stopAll(done: () => void): void {
    this.#standIn.stopAll(done);
  }

  abandonPlans(): void {}
  failed(): void {}
  leaving(): void {}
  started(): void {}
  beginByHand(): void {}
  gone(): void {}
}

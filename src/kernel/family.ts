import { backoffDelay, quietTime } from "../supervision/backoff.ts";
import { comesBack, type FailureDecision } from "../supervision/child-spec.ts";
import { DEFAULT_INTENSITY, RestartBudget } from "../supervision/restart-intensity.ts";
import { affectedSiblings, type AutoShutdown, type Strategy } from "../supervision/strategy.ts";
import { Alarm } from "./alarm.ts";
import type { Supervision } from "./behaviour.ts";
import { cutOffInit } from "./birth.ts";
import { MUST_BEGIN, type Cell, type Failure, type Family } from "./cell.ts";
import { tellParent } from "./child-event.ts";
import { KilledError, RestartIntensityError } from "./errors.ts";
import { SHUTDOWN, type ExitReason } from "./exit-reason.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import { endIncarnation, kill } from "./death.ts";
import { killInTurn } from "./kill-in-turn.ts";
import { RestartPlan } from "./restart-plan.ts";
import { both, requestStop } from "./stop.ts";
import { decide, mayRestart } from "./verdict.ts";
import { Verb } from "./verb.ts";
import { Waiters } from "./waiters.ts";

/** A child's error that its parent was told to take for its own. */
const ESCALATED = new Verb(
  "escalated",
  "cast",
  (_ctx: Incarnation, error: unknown) => {
    throw error;
  },
  "children",
);

/** The restart budget is spent: the parent ends with `shutdown`, which counts as a failure. */
const GAVE_UP = new Verb(
  "gaveUp",
  "cast",
  ({ cell }: Incarnation, error: RestartIntensityError) => {
    const reason: ExitReason = { kind: "shutdown", detail: error };
    cell.keeper?.failed(cell, { error, phase: "children", reason, killed: false });
  },
  "children",
);

/** What a family has of both until something goes wrong in it: nothing is ever put into these. */
const NO_PLANS: Map<Cell, RestartPlan> = new Map();
const NOBODY: Set<Cell> = new Set();

/** The children of one actor: who they are, and what becomes of those that fail. */
export class ChildFamily implements Family {
  readonly #parent: Cell;
  readonly #strategy: Strategy;
  readonly #autoShutdown: AutoShutdown;
  readonly #isRoot: boolean;
  /** Of all its children together, and made for the first restart. */
  #budget: RestartBudget | null = null;
  #plans = NO_PLANS;
  /** Those that are ended by their parent: their end does not end it in turn. */
  #dismissed = NOBODY;
  readonly maxChildren: number;
  size = 0;
  #youngest: Cell | null = null;
  /** Children that are being stopped with their parent, and whom to tell when none is left. */
  #whenEmpty: (() => void) | null = null;

  /** The root counts restarts for each child apart: its children have nothing to do with each other. */
  constructor(parent: Cell, supervision: Supervision, isRoot: boolean) {
    this.#parent = parent;
    this.#strategy = supervision.strategy ?? "oneForOne";
    this.#autoShutdown = supervision.autoShutdown ?? "never";
    this.maxChildren = supervision.maxChildren ?? Infinity;
    this.#isRoot = isRoot;
  }

  /** Adds a child as the youngest, or as the next older one of `before`. */
  add(child: Cell, before: Cell | null): void {
    const older = before === null ? this.#youngest : before.olderSibling;
    child.olderSibling = older;
    child.youngerSibling = before;
    if (older !== null) older.youngerSibling = child;
    if (before === null) this.#youngest = child;
    else before.olderSibling = child;
    this.size++;
  }

  /** The children in start order. */
  list(): Cell[] {
    const children: Cell[] = [];
    for (let child = this.#youngest; child !== null; child = child.olderSibling)
      children.push(child);
    return children.toReversed();
  }

  started(child: Cell, again: boolean): void {
    if (this.#parentListens) {
      const kind = again ? "restarted" : "started";
      tellParent(this.#parent, child, { kind, ref: child.ref, name: child.label });
    }
    // One that has started on its way down is still on its way down.
    if (this.#plans.get(child)?.phase === "up") this.#leavePlan(child);
  }

  get #parentListens(): boolean {
    return this.#parent.behaviour.onChild !== undefined;
  }

  beginByHand(child: Cell): void {
    const plan = this.#plans.get(child);
    if (plan === undefined) child.wakeFor(MUST_BEGIN);
    else if (plan.phase !== "down") plan.bringUp();
  }

  failed(child: Cell, failure: Failure): void {
    const { error, phase, verb, reason, killed } = failure;
    const { kernel } = child;
    kernel.stats.failures++;
    const life = child.incarnation;
    const decision = this.#decidedAlready(child) ?? decide(child, failure);
    // `onFailure` may itself have killed it: that has been seen to.
    if (child.rare?.ending != null || child.incarnation !== life) return;
    const verdict = typeof decision === "object" ? "restart" : decision;
    if (kernel.events.wants("failed")) {
      kernel.events.emit({
        type: "failed",
        actor: child.label,
        error,
        phase,
        ...(verb === undefined ? {} : { verb }),
        decision: verdict,
      });
    }
    if (this.#parentListens) {
      const { ref, label: name } = child;
      tellParent(this.#parent, child, { kind: "failed", ref, name, error, decision: verdict });
    }
    if (verdict === "resume") return;
    if (typeof decision === "object") child.props = decision.props;
    if (verdict === "restart") {
      this.#restart(child, reason, killed, error);
      return;
    }
    endIncarnation(child, reason, { final: true, killed });
    if (verdict === "escalate" && !this.#isRoot) {
      pushLane(this.#parent, ESCALATED, [error], child);
    }
  }

  leaving(child: Cell, reason: ExitReason): void {
    if (reason.kind === "failed" || reason.kind === "killed") {
      const error = reason.kind === "failed" ? reason.error : new KilledError(child.label, "link");
      this.failed(child, { error, phase: "lifecycle", reason, killed: false });
    } else if (
      this.#whenEmpty === null &&
      comesBack(child.options.restart, false) &&
      mayRestart(child)
    ) {
      this.#restart(child, reason, false, reason);
    } else {
      endIncarnation(child, reason, { final: true });
    }
  }

  gone(child: Cell, reason: ExitReason, neverStarted: boolean): void {
    this.#remove(child);
    if (this.#parentListens) {
      const { ref, label: name } = child;
      const state = child.rare?.lastState;
      tellParent(this.#parent, child, { kind: "ended", ref, name, reason, state });
    }
    if (this.#whenEmpty !== null) {
      if (this.size === 0) this.#whenEmpty();
      else if (this.#strategy !== "dynamic") this.#stopYoungest();
      return;
    }
    this.#leavePlan(child);
    const byItself = !this.#dismissed.delete(child) && !neverStarted;
    if (child.options.significant && byItself) this.#significantGone();
  }

  #remove(child: Cell): void {
    const { olderSibling: older, youngerSibling: younger } = child;
    if (younger === null) this.#youngest = older;
    else younger.olderSibling = older;
    if (older !== null) older.youngerSibling = younger;
    child.olderSibling = child.youngerSibling = null;
    this.size--;
  }

  #significantGone(): void {
    if (this.#autoShutdown === "never") return;
    if (this.#autoShutdown === "all" && this.list().some((c) => c.options.significant)) return;
    requestStop(this.#parent, SHUTDOWN, false);
  }

  // --- what becomes of a child that failed ---------------------------------------------------

  /** Whoever has asked it to end, or to come down with its siblings, has decided. */
  #decidedAlready(child: Cell): FailureDecision | undefined {
    const stop = child.rare?.stop;
    if (this.#whenEmpty !== null || stop?.order === true) return "stop";
    if (stop?.onHeld != null) return "restart";
    if (this.#plans.get(child)?.phase !== "down") return undefined;
    return child.options.restart === "temporary" ? "stop" : "restart";
  }

  /** Ends the child and those it takes with it, and brings them up again, budget permitting. */
  #restart(child: Cell, reason: ExitReason, killed: boolean, cause: unknown): void {
    const { kernel } = child;
    const waiting = child.rare?.stop?.onHeld ?? null;
    const present = this.#plans.get(child);
    if (waiting !== null || present?.phase === "down") {
      // On its way down already: what befalls it there costs no restart.
      const onHeld = both(waiting, () => present?.takeDownNext())!;
      endIncarnation(child, reason, { final: false, killed, onHeld });
      return;
    }
    const budget = this.#budgetFor(child);
    if (!budget.spend(kernel.world.now())) {
      // Those that wait to come back do not: their parent ends.
      const isAwaited = [...this.#plans.keys()].some(({ rare }) => rare?.startWaiters != null);
      if (!this.#isRoot) this.abandonPlans();
      endIncarnation(child, reason, { final: true, killed });
      const { max, within } = budget.intensity;
      const label = this.#isRoot ? kernel.name : this.#parent.label;
      const error = new RestartIntensityError(label, child.label, max, within, cause);
      kernel.events.emit({ type: "gaveUp", actor: label, error });
      if (!this.#isRoot) this.#giveUp(error, child, isAwaited);
      return;
    }
    const members = this.#concerned(child);
    const plan = new RestartPlan(child, members, this.#pauseBefore(child), (member) =>
      this.#takeDown(member, () => plan.takeDownNext()),
    );
    this.#adopt(plan);
    endIncarnation(child, reason, { final: false, killed, onHeld: () => plan.takeDownNext() });
  }

  /** Once what it does is done, unless it begins and waits for a child that will not start any more. */
  #giveUp(error: RestartIntensityError, child: Cell, isAwaited: boolean): void {
    const { status, incarnation, rare } = this.#parent;
    const isBeginning = status !== "running" && incarnation !== null && rare?.ending == null;
    if (isBeginning && isAwaited) cutOffInit(this.#parent, error, "failed");
    else pushLane(this.#parent, GAVE_UP, [error], child);
  }

  #budgetFor(child: Cell): RestartBudget {
    if (this.#isRoot) return (child.extra.ownBudget ??= new RestartBudget(DEFAULT_INTENSITY));
    const { intensity } = this.#parent.behaviour.supervision;
    return (this.#budget ??= new RestartBudget({ ...DEFAULT_INTENSITY, ...intensity }));
  }

  /** The child, and those that go down and come up with it, in start order. */
  #concerned(child: Cell): Set<Cell> {
    // Not worth a look at all children, who may be many.
    if (this.#strategy === "oneForOne" || this.#strategy === "dynamic") return new Set([child]);
    const children = this.list();
    const concerned = new Set(affectedSiblings(this.#strategy, children, child)).add(child);
    return new Set(children.filter((each) => concerned.has(each)));
  }

  /** Moves its members into a plan, out of those that they were in. */
  #adopt(plan: RestartPlan): void {
    if (this.#plans === NO_PLANS) this.#plans = new Map();
    for (const member of plan.members) {
      const former = this.#plans.get(member);
      this.#plans.set(member, plan);
      former?.members.delete(member);
      if (former?.members.size === 0) former.abandon(member);
    }
  }

  #pauseBefore(child: Cell): number {
    const { kernel, options } = child;
    const rare = child.extra;
    rare.restarts++;
    kernel.stats.restarts++;
    const { backoff } = options;
    const calm = backoff.kind !== "none" && child.status === "running";
    if (calm && kernel.world.now() - rare.startedAt >= quietTime(backoff)) rare.attempts = 0;
    rare.attempts++;
    const delayMs = backoffDelay(backoff, rare.attempts, kernel.world.random());
    if (kernel.events.wants("restarting")) {
      const { restarts } = rare;
      kernel.events.emit({ type: "restarting", actor: child.label, delayMs, restarts });
    }
    return delayMs;
  }

  #takeDown(member: Cell, onHeld: () => void): void {
    if (member.options.restart === "temporary") {
      // It leaves the plan when it is gone.
      this.stopChild(member);
      return;
    }
    if (member.status === "starting" && member.incarnation === null) {
      member.flags &= ~MUST_BEGIN;
      member.status = "restarting";
      onHeld();
      return;
    }
    requestStop(member, SHUTDOWN, false, onHeld);
    this.#limitShutdown(member, false);
  }

  #leavePlan(child: Cell): void {
    const plan = this.#plans.get(child);
    this.#plans.delete(child);
    plan?.leave(child);
  }

  // --- stopping children ---------------------------------------------------------------------

  abandonPlans(): void {
    for (const plan of this.#plans.values()) plan.abandon(this.#parent);
    this.#plans.clear();
  }

  stopAll(done: () => void): void {
    this.#whenEmpty = () => {
      this.#whenEmpty = null;
      done();
    };
    if (this.#strategy === "dynamic") for (const child of this.list()) this.stopChild(child);
    else this.#stopYoungest();
  }

  #stopYoungest(): void {
    if (this.#youngest !== null) this.stopChild(this.#youngest);
  }

  /** Stops one child as its parent: in its shutdown time, then by force. */
  stopChild(child: Cell): void {
    if (this.#dismissed === NOBODY) this.#dismissed = new Set();
    this.#dismissed.add(child);
    requestStop(child, SHUTDOWN, true);
    this.#limitShutdown(child, true);
  }

  #limitShutdown(child: Cell, order: boolean): void {
    const { shutdown } = child.options;
    if (shutdown === "kill") return killInTurn(child, order);
    if (shutdown === "infinity" || shutdown === Infinity) return;
    const { wheel } = child.kernel;
    const limit = new Alarm(() => {
      const { events } = child.kernel;
      events.emit({ type: "overdue", actor: child.label, shutdownMs: shutdown });
      kill(child, order);
    });
    wheel.set(limit, shutdown);
    (child.extra.downWaiters ??= new Waiters()).add(() => wheel.cancel(limit));
  }
}

import { BadInputError } from "../kernel/errors.ts";
import { toReason, type ExitReason, type ReasonInput } from "../kernel/exit-reason.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { checkLimit, checkReason } from "../kernel/options.ts";
import type { MachineRun } from "./machine-run.ts";
import { END } from "./machine-plan.ts";

/** What handlers of a machine have of an actor's context, as it is. */
// prettier-ignore
const OF_ACTORS = [
  "props", "self", "name", "signal", "request", "log", "timers", "children",
  "now", "date", "random", "sleep", "spawn", "monitor", "link", "unlink", "task", "source",
  "clearMailbox", "defer", "forward", "group", "join", "leave", "watchGroup",
  "subscribe", "publish",
] as const;

/** An event that a machine sends to itself. */
export interface Raised {
  readonly event: string;
  readonly args: readonly unknown[];
}

/**
 * One handler or hook of a machine at work: what it knows as `ctx`, and what it has asked for.
 *
 * Most of that is done when it is done and has not thrown: a handler that refuses leaves the machine
 * where it was. A class for all of them, so that what a handler left behind cannot speak for the next.
 */
export class Step {
  readonly #ctx: Incarnation;
  readonly #run: MachineRun;
  readonly #to: readonly string[];
  /** The change of the state, counted, after which it began. */
  readonly #visit: number;
  /** What it is called in messages: the event, or the part of the state. */
  readonly what: string;
  /** Of an event; null where it is something else that is done. */
  readonly args: readonly unknown[] | null;
  isDone = false;

  goal: { readonly state: string; readonly data: unknown } | null = null;
  again = false;
  /** Set aside; only of an event. */
  postponed = false;
  ending: ExitReason | null = null;
  /** Null for nothing, as of most handlers. */
  raised: Raised[] | null = null;
  /** What it wants the timeouts of the state to be. */
  afterMs: number | undefined = undefined;
  idleMs: number | undefined = undefined;

  constructor(
    ctx: Incarnation,
    run: MachineRun,
    what: string,
    to: readonly string[] = [],
    args: readonly unknown[] | null = null,
  ) {
    this.#ctx = ctx;
    this.#run = run;
    this.#visit = run.visit;
    this.what = what;
    this.#to = to;
    this.args = args;
  }

  get state(): unknown {
    this.#checkThere("ctx.state");
    return this.#run.state;
  }

  get data(): unknown {
    this.#checkThere("ctx.data");
    return this.#run.data;
  }

  set data(data: unknown) {
    this.#checkThere("ctx.data");
    this.#run.data = data;
  }

  get timeouts(): StepTimeouts {
    return new StepTimeouts(this, this.#run);
  }

  next(event: string, ...args: readonly unknown[]): void {
    this.check("ctx.next");
    this.#run.checkRaisable("ctx.next", event);
    if (this.isDone) this.#run.raiseLate({ event, args });
    else (this.raised ??= []).push({ event, args });
  }

  goto(state: string, data?: unknown): void {
    this.#checkMay("ctx.goto", state);
    this.goal = { state, data };
  }

  repeat(): void {
    this.#checkMay("ctx.repeat", this.#run.state);
    this.again = true;
  }

  stop(reason?: ReasonInput): void {
    this.#checkMay("ctx.stop", END);
    checkReason("ctx.stop: reason", reason);
    this.ending = toReason(reason);
  }

  postpone(): void {
    this.#checkAtWork("ctx.postpone");
    if (this.args === null) {
      throw new BadInputError(`ctx.postpone in ${this.#ctx.name}: ${this.what} is no event`);
    }
    this.#run.checkPostponable(this);
    this.postponed = true;
  }

  /** Refuses the use of what belongs to an incarnation that is over. */
  check(what: string): void {
    this.#ctx.check(what);
  }

  setTimed(which: "after" | "idle", ms: number): void {
    this.#checkThere(`ctx.timeouts.${which === "after" ? "state" : "event"}`);
    if (this.isDone) this.#run.startTimed(which, ms);
    else this[`${which}Ms`] = ms;
  }

  #checkThere(what: string): void {
    this.check(what);
    if (this.#visit === this.#run.visit) return;
    throw new BadInputError(
      `${what} in ${this.#ctx.name}: the state that ${this.what} began in has been left for ${this.#run.state}; send an event, with ctx.next`,
    );
  }

  #checkAtWork(what: string): void {
    this.check(what);
    if (!this.isDone) return;
    throw new BadInputError(
      `${what} in ${this.#ctx.name}: ${this.what} is done; send an event, with ctx.next`,
    );
  }

  #checkMay(what: string, target: string | undefined): void {
    this.#checkAtWork(what);
    if (this.#to.includes(target!)) return;
    throw new BadInputError(
      `${what} in ${this.#ctx.name}: ${this.what} may not go to ${target} from ${this.#run.state}; a handler may, where it says so under "to"`,
    );
  }

  static {
    for (const name of OF_ACTORS) {
      const get = function (this: Step): unknown {
        const value: unknown = this.#ctx[name];
        return typeof value === "function" ? value.bind(this.#ctx) : value;
      };
      Object.defineProperty(this.prototype, name, { get });
    }
  }
}

/** The timeouts of a machine, as one of its handlers sees them. */
class StepTimeouts {
  readonly #step: Step;
  readonly #run: MachineRun;

  constructor(step: Step, run: MachineRun) {
    this.#step = step;
    this.#run = run;
  }

  set(event: string, ms: number, ...args: readonly unknown[]): void {
    this.#check("set", event, ms);
    this.#run.timeouts.set(event, ms, args, (latest) => this.#run.receive(event, latest));
  }

  update(event: string, ...args: readonly unknown[]): boolean {
    this.#check("update", event);
    return this.#run.timeouts.update(event, args);
  }

  cancel(event: string): boolean {
    this.#check("cancel", event);
    return this.#run.timeouts.cancel(event);
  }

  state(ms: number): void {
    this.#checkMs("state", ms);
    this.#step.setTimed("after", ms);
  }

  event(ms: number): void {
    this.#checkMs("event", ms);
    this.#step.setTimed("idle", ms);
  }

  #check(what: string, event: string, ms = 0): void {
    this.#step.check(`ctx.timeouts.${what}`);
    this.#run.checkRaisable(`ctx.timeouts.${what}`, event);
    this.#checkMs(what, ms);
  }

  #checkMs(what: string, ms: number): void {
    checkLimit(`ctx.timeouts.${what}: ms`, ms ?? NaN);
  }
}

import { Envelope } from "../kernel/envelope.ts";
import {
  BadInputError,
  Refusal,
  refuse,
  StashFullError,
  WrongStateError,
} from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { checkLimit } from "../kernel/options.ts";
import { EnvelopeQueue } from "../kernel/queue.ts";
import { requestStop } from "../kernel/stop.ts";
import { pendingOf, type Loose } from "../kernel/verb.ts";
import type { Verdict } from "./machine-definition.ts";
import { isVerdict, type Plan, type StatePlan } from "./machine-plan.ts";
import { RaisedEvents } from "./machine-raised.ts";
import { Step, type Raised } from "./machine-step.ts";
import { AFTER, IDLE, MachineTimeouts } from "./machine-timeouts.ts";

/**
 * A machine at work, from `init` to the end of its incarnation.
 *
 * ```text
 *   event ─► handler ─► goto? ─► enter ─► postponed? set it aside
 *     │                                   state changed? its timeout ends, what was postponed
 *     │ cancels the event timeout                        comes back, before what waits
 *     │                                   what was raised, before that
 *     │                                   timeouts of the state begin
 *     └─────────────────────────────────► the reply
 * ```
 *
 * All of that is the handling of one message: no other comes in between. The order is that of OTP's
 * gen_statem. Its two fields are what the parent of the actor sees as its state.
 */
export class MachineRun {
  state: string | undefined = undefined;
  data: unknown = undefined;
  readonly #ctx: Incarnation;
  readonly #plan: Plan;
  readonly #raised: RaisedEvents;
  readonly #timeouts: MachineTimeouts;
  #at!: StatePlan;
  #visit = 0;

  constructor(ctx: Incarnation, plan: Plan) {
    this.#ctx = ctx;
    this.#plan = plan;
    this.#raised = new RaisedEvents(ctx);
    this.#timeouts = new MachineTimeouts(ctx, this.#raised);
  }

  get timeouts(): MachineTimeouts {
    return this.#timeouts;
  }

  /** Counts changes of the state. */
  get visit(): number {
    return this.#visit;
  }

  /** Takes what `init` made, and enters the first state; answers with itself, or a promise of that. */
  begin(start: unknown): unknown {
    const { name, initial } = this.#plan;
    const [state, data] = Array.isArray(start) ? (start as unknown[]) : [];
    if (!initial.includes(state as string)) {
      throw new BadInputError(
        `machine ${name}: init gave ${Array.isArray(start) ? describe(state) : describe(start)}; it must give [state, data], with a state of ${initial.join(", ")}`,
      );
    }
    const step = new Step(this.#ctx, this, "init");
    step.goal = { state: state as string, data };
    return this.#settle(step, this);
  }

  /** Handles an event, as a message or by a timeout; what it returns is the reply. */
  receive(event: string, args: readonly unknown[]): unknown {
    const { on, otherwise } = this.#at;
    const found = on.get(event);
    const run = found?.run ?? otherwise!;
    const step = new Step(this.#ctx, this, event, found?.to, args);
    if (found === undefined || typeof run !== "function") {
      return this.#react(step, () => this.#decide(step, run));
    }
    return this.#react(step, () => run(step, ...args));
  }

  /** Puts an event behind what is ahead already: asked for by code that is no handler of its. */
  raiseLate(raised: Raised): void {
    this.#raised.add(this.#envelope(raised));
  }

  /** Starts the state timeout, or the event timeout, of the state that it is in. */
  startTimed(which: "after" | "idle", ms: number): void {
    const timed = this.#at[which];
    if (timed === undefined) {
      throw new BadInputError(
        `ctx.timeouts.${which === "after" ? "state" : "event"} in ${this.#ctx.name}: state ${this.state} does not say under "${which}" what to do then`,
      );
    }
    const key = which === "after" ? AFTER : IDLE;
    this.#timeouts.set(key, ms, [], () => {
      const step = new Step(this.#ctx, this, which, timed.to);
      return this.#react(step, () => timed.run(step));
    });
  }

  checkRaisable(what: string, event: string): void {
    const kind = this.#plan.events.get(event)?.kind;
    if (kind === "cast" || kind === "internal") return;
    const why = kind === undefined ? "there is no such event" : "nobody would get its reply";
    throw new BadInputError(`${what} in ${this.#ctx.name}: ${event}: ${why}`);
  }

  /** Refuses one event too many; calls whose callers have left make room. */
  checkPostponable({ what }: Step): void {
    const { rare, options, label, kernel } = this.#ctx.cell;
    const stash = rare?.stash;
    if ((stash?.size ?? 0) < options.stash) return;
    const left = stash?.extract(({ call }) => call?.settled === true).length ?? 0;
    kernel.stats.skippedCalls += left;
    if (left > 0) return;
    throw refuse(
      new StashFullError(
        `${what} not postponed: ${label} has postponed ${options.stash} events, the most it may`,
      ),
    );
  }

  /** Runs what a state does with an event, or when a time is up. */
  #react(step: Step, run: () => unknown): unknown {
    this.#raised.took(this.#ctx.cell.current);
    this.#timeouts.cancel(IDLE);
    return follow(
      run,
      (result) =>
        result instanceof Refusal ? this.#forget(step, result) : this.#settle(step, result),
      (error) => this.#forget(step, error),
    );
  }

  /** What becomes of an event that the state has no handler for. */
  #decide(step: Step, run: Loose | Verdict): undefined {
    const event = step.what;
    const verdict = typeof run === "function" ? run(step, event) : run;
    const { kind } = this.#plan.events.get(event)!;
    if (verdict === "postpone") {
      step.postpone();
      return undefined;
    }
    if (verdict === "ignore" && kind !== "call") return undefined;
    if (!isVerdict(verdict)) {
      throw new BadInputError(
        `machine ${this.#plan.name}: otherwise of state ${this.state} gave ${describe(verdict)}; it can give "refuse", "postpone" or "ignore"`,
      );
    }
    throw refuse(new WrongStateError(this.#ctx.cell.label, event, this.state!));
  }

  /** What a handler had asked for is not done: it threw. Should the actor go on, it goes on as before. */
  #forget(step: Step, thrown: unknown): undefined {
    step.isDone = true;
    const { cell, over } = this.#ctx;
    if (!over) this.#startDeclared("idle");
    const isOwn = cell.current?.verb.internal === true && step.args !== null;
    if (over || !isOwn || !(thrown instanceof Refusal)) throw thrown;
    // It has sent that itself: there is nobody who could be refused, and no reason to fail.
    const { raised } = this.#plan.events.get(step.what)!;
    cell.kernel.router.deadLetter(Envelope.of(cell, raised, step.args, null, cell), "refused");
    return undefined;
  }

  /** Does what a handler has asked for; answers with `result`, or with a promise of it. */
  #settle(step: Step, result: unknown): unknown {
    step.isDone = true;
    if (this.#ctx.over) return result;
    const from = this.state;
    const isMoved = step.ending === null && this.#move(step);
    const isEntered = isMoved || (step.ending === null && step.again);
    const { enter } = this.#at;
    if (!isEntered || enter === undefined) {
      this.#finish(step, null, isEntered, isMoved);
      return result;
    }
    const entry = new Step(this.#ctx, this, "enter");
    const finish = (): void => {
      entry.isDone = true;
      if (!this.#ctx.over) this.#finish(step, entry, isEntered, isMoved);
    };
    return follow(
      () => enter(entry, from),
      (entered) => {
        finish();
        if (entered instanceof Refusal) throw entered.error;
        return result;
      },
      (error) => {
        try {
          finish();
        } catch {
          // What `enter` has thrown is why this one could not work.
        }
        // The state has changed: it is too late for a refusal, which would leave all as it was.
        throw error instanceof Refusal ? error.error : error;
      },
    );
  }

  /** Changes the state, if that was asked for; true when it is another than before. */
  #move({ goal, what }: Step): boolean {
    if (goal === null) return false;
    const from = this.state;
    this.data = goal.data;
    if (goal.state === from) return false;
    this.state = goal.state;
    this.#at = this.#plan.states.get(goal.state)!;
    this.#visit++;
    const { kernel, label } = this.#ctx.cell;
    if (kernel.events.wants("transition")) {
      kernel.events.emit({
        type: "transition",
        actor: label,
        from: from ?? null,
        to: goal.state,
        by: what,
      });
    }
    return true;
  }

  #finish(step: Step, entry: Step | null, isEntered: boolean, isMoved: boolean): void {
    if (step.postponed) this.#setAside(step);
    const raised = [...(step.raised ?? []), ...(entry?.raised ?? [])];
    this.#raised.putFirst(
      raised.map((one) => this.#envelope(one)),
      isMoved,
    );
    if (step.ending !== null) return requestStop(this.#ctx.cell, step.ending, false);
    if (isEntered) this.#timeouts.cancel(AFTER);
    const afterMs = entry?.afterMs ?? step.afterMs;
    if (afterMs !== undefined) this.startTimed("after", afterMs);
    else if (isEntered) this.#startDeclared("after");
    const idleMs = entry?.idleMs ?? step.idleMs;
    if (idleMs !== undefined) this.startTimed("idle", idleMs);
    else this.#startDeclared("idle");
  }

  #startDeclared(which: "after" | "idle"): void {
    const { ms } = this.#at[which] ?? {};
    if (ms === undefined) return;
    const step = new Step(this.#ctx, this, `${which}.ms`);
    const given = typeof ms === "function" ? ms(step) : ms;
    step.isDone = true;
    if (typeof ms === "function") {
      checkLimit(`machine ${this.#plan.name}: ${which}.ms of state ${this.state}`, given ?? NaN);
    }
    this.startTimed(which, given);
  }

  /** Puts the event at hand aside, its call unanswered; room for it was looked for before. */
  #setAside({ what, args }: Step): void {
    const { current, extra } = this.#ctx.cell;
    if (current?.verb.internal === false) return this.#ctx.stash();
    // A tick comes once: the event that it stood for is what waits.
    (extra.stash ??= new EnvelopeQueue()).keep(this.#envelope({ event: what, args: args! }));
  }

  #envelope({ event, args }: Raised): Envelope {
    return this.#raised.make(this.#plan.events.get(event)!.raised, () => this.receive(event, args));
  }
}

/**
 * Calls `run`, and then what follows: at once, or when the promise that it returned has settled.
 *
 * What `failed` gives stands for what was thrown, unless it throws that again.
 */
export function follow(
  run: () => unknown,
  done: (result: unknown) => unknown,
  failed: (error: unknown) => unknown,
): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    return failed(error);
  }
  const pending = pendingOf(result);
  return pending === null ? done(result) : pending.then(done, failed);
}

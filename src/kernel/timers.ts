import type { Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { BadInputError } from "./errors.ts";
import type { ReasonInput } from "./exit-reason.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { checkFunction, checkOneOf, checkReason, checkTime } from "./options.ts";
import { Verb } from "./verb.ts";
import { WheelEntry } from "./wheel.ts";

/** How a timer is set. */
export interface TimerOptions {
  /** A new timer with the same key takes the place of the old one. */
  readonly key?: string;
}

/** How a repeating timer is set. */
export interface EveryOptions extends TimerOptions {
  /**
   * What becomes of ticks that were due while the actor, or the host, was busy: `skip` (default)
   * drops them, `deliver` makes up for them.
   */
  readonly missed?: "skip" | "deliver";
}

/** A timer that has been set. */
export interface Timer extends Disposable {
  /** Ends it: no tick is seen from now on, not even one that is queued already. */
  cancel(): void;
}

/**
 * An actor's own timers. A tick is a message: it waits its turn, and its function may use the
 * state. All of them end with the incarnation. Times in ms; nothing happens early.
 */
export interface Timers {
  after(delayMs: number, tick: () => unknown, options?: TimerOptions): Timer;
  /** At a time of the wall clock, in ms since the epoch; one that is past ticks at once. */
  at(epochMs: number, tick: () => unknown, options?: TimerOptions): Timer;
  /** First after one period. Does not drift: the next is due one period after the last was due. */
  every(periodMs: number, tick: () => unknown, options?: EveryOptions): Timer;
  /** Cancels the timer with this key; false when there is none. */
  cancel(key: string): boolean;
  /** Stops this actor after a while. */
  stopAfter(delayMs: number, reason?: ReasonInput): Timer;
  /** Kills this actor after a while, whatever it does. */
  killAfter(delayMs: number): Timer;
}

const TICK = new Verb(
  "tick",
  "cast",
  (_ctx: Incarnation, timer: ActorTimer) => timer.tick(),
  "message",
);

class ActorTimer extends WheelEntry implements Timer, Belonging {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #fn: () => unknown;
  readonly key: string | undefined;
  readonly #periodMs: number;
  readonly #deliverMissed: boolean;
  #over = false;
  /** When it is due, by the world's clock, not by when it came; only of one that comes again. */
  #dueAt = 0;
  /** Ticks in the mailbox. */
  #queued = 0;
  /** The message whose handler set it; development only. */
  #setBy: Envelope | null = null;

  constructor(
    owner: Incarnation,
    fn: () => unknown,
    key: string | undefined,
    every?: {
      periodMs: number;
      deliverMissed: boolean;
    },
  ) {
    super();
    this.#owner = owner;
    this.#fn = fn;
    this.key = key;
    this.#periodMs = every?.periodMs ?? 0;
    this.#deliverMissed = every?.deliverMissed ?? false;
  }

  start(delayMs: number): void {
    const { current, kernel } = this.#owner.cell;
    const { world, wheel } = kernel;
    if (kernel.stopwatch !== null) this.#setBy = current;
    if (this.#periodMs > 0) this.#dueAt = world.now() + delayMs;
    wheel.set(this, delayMs);
  }

  override expire(): void {
    const { cell } = this.#owner;
    if (this.#periodMs > 0) this.#startNext(cell);
    // With `skip`, a tick that nobody has looked at yet stands for this one too.
    if (this.#queued > 0 && !this.#deliverMissed) return;
    this.#queued++;
    if (this.#setBy !== null && this.#setBy === cell.current) {
      const { verb } = this.#setBy;
      cell.kernel.events.emit({ type: "selfWait", actor: cell.label, verb: verb.name });
    }
    cell.kernel.router.deliver(new Envelope(cell, TICK, 1, this, undefined, null, cell));
  }

  #startNext(cell: Cell): void {
    const { world, wheel } = cell.kernel;
    const now = world.now();
    this.#dueAt += this.#periodMs;
    if (!this.#deliverMissed && this.#dueAt <= now) {
      this.#dueAt += Math.floor((now - this.#dueAt) / this.#periodMs + 1) * this.#periodMs;
    }
    wheel.set(this, Math.max(0, this.#dueAt - now));
  }

  /** Runs in a turn of the actor. */
  tick(): unknown {
    this.#queued--;
    if (this.#over) return undefined;
    if (this.#periodMs === 0) this.cancel();
    return this.#fn();
  }

  cancel(): void {
    this.release();
    this.#owner.disown(this);
    if (this.key !== undefined) this.#owner.forgetTimer(this.key, this);
  }

  release(): void {
    this.#over = true;
    this.#owner.cell.kernel.wheel.cancel(this);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

export type KeyedTimer = ActorTimer;

/** The timers of one incarnation. */
export class IncarnationTimers implements Timers {
  readonly #owner: Incarnation;

  constructor(owner: Incarnation) {
    this.#owner = owner;
  }

  after(delayMs: number, tick: () => unknown, options?: TimerOptions): Timer {
    checkTime("timers.after: delay", delayMs);
    checkFunction("timers.after: tick", tick);
    return this.#set(new ActorTimer(this.#owner, tick, options?.key), delayMs);
  }

  at(epochMs: number, tick: () => unknown, options?: TimerOptions): Timer {
    if (!Number.isFinite(epochMs)) {
      throw new BadInputError(`timers.at: ${epochMs} is no time; give ms since the epoch`);
    }
    const { world } = this.#owner.cell.kernel;
    return this.after(Math.max(0, epochMs - world.date()), tick, options);
  }

  every(periodMs: number, tick: () => unknown, options?: EveryOptions): Timer {
    checkTime("timers.every: period", periodMs);
    checkFunction("timers.every: tick", tick);
    checkOneOf("timers.every: missed", options?.missed, ["skip", "deliver"]);
    if (periodMs < 1) throw new BadInputError(`timers.every: period is ${periodMs}; at least 1 ms`);
    const every = { periodMs, deliverMissed: options?.missed === "deliver" };
    return this.#set(new ActorTimer(this.#owner, tick, options?.key, every), periodMs);
  }

  cancel(key: string): boolean {
    this.#owner.checkRevoked("timers.cancel");
    const timer = this.#owner.timerNamed(key);
    timer?.cancel();
    return timer !== undefined;
  }

  stopAfter(delayMs: number, reason?: ReasonInput): Timer {
    checkReason("timers.stopAfter: reason", reason);
    return this.after(delayMs, () => this.#owner.stop(reason));
  }

  killAfter(delayMs: number): Timer {
    checkTime("timers.killAfter: delay", delayMs);
    return this.#set(new KillTimer(this.#owner), delayMs);
  }

  #set<T extends ActorTimer | KillTimer>(timer: T, delayMs: number): T {
    this.#owner.check("timers");
    if (timer instanceof ActorTimer && timer.key !== undefined) {
      this.cancel(timer.key);
      this.#owner.nameTimer(timer.key, timer);
    }
    this.#owner.own(timer);
    timer.start(delayMs);
    return timer;
  }
}

/** Does not wait in the mailbox: it is for an actor that hangs. */
class KillTimer extends WheelEntry implements Timer, Belonging {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;

  constructor(owner: Incarnation) {
    super();
    this.#owner = owner;
  }

  start(delayMs: number): void {
    this.#owner.cell.kernel.wheel.set(this, delayMs);
  }

  override expire(): void {
    this.#owner.cell.kernel.kill(this.#owner.cell);
  }

  cancel(): void {
    this.release();
    this.#owner.disown(this);
  }

  release(): void {
    this.#owner.cell.kernel.wheel.cancel(this);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

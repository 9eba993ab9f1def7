import type { TimerHandle, World } from "../../src/world/world.ts";

interface Armed {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A world with a clock that is moved by hand, whose timers may be early or late. */
export class FakeHost implements World {
  readonly origin: number;
  /** By how much timers miss their time, in ms; less than 0 is early. */
  readonly #late: number;
  #now: number;
  #orders = 0;
  readonly #timers = new Set<Armed>();
  readonly #deferred: (() => void)[] = [];
  readonly #yielded: (() => void)[] = [];
  timersMade = 0;
  /** How often the clock was read, deferral and yielding were asked for. */
  readings = 0;
  deferrals = 0;
  yields = 0;

  constructor(origin = 0, late = 0) {
    this.origin = this.#now = origin;
    this.#late = late;
  }

  now(): number {
    this.readings++;
    return this.#now;
  }

  date(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  id(): string {
    return "fake";
  }

  setTimer(delayMs: number, fn: () => void): TimerHandle {
    this.timersMade++;
    const at = this.#now + Math.max(0, delayMs);
    // However early, never in no time at all: real timers wait a little, too.
    const armed = { at: Math.max(this.#now + 0.1, at + this.#late), order: this.#orders++, fn };
    this.#timers.add(armed);
    return armed;
  }

  clearTimer(handle: TimerHandle): void {
    this.#timers.delete(handle as Armed);
  }

  /** How long each armed timer has still to wait. */
  get armed(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now);
  }

  /** Moves the clock without serving timers: the host is busy. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** Moves the clock, serving each timer at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#first(end); next !== undefined; next = this.#first(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
    }
    this.#now = Math.max(this.#now, end);
  }

  #first(end: number): Armed | undefined {
    return [...this.#timers]
      .filter(({ at }) => at <= end)
      .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  defer(fn: () => void): void {
    this.deferrals++;
    this.#deferred.push(fn);
  }

  yieldToHost(fn: () => void): void {
    this.yields++;
    this.#yielded.push(fn);
  }

  /** Runs what was deferred, as the host does when the present code ends. */
  runDeferred(): void {
    for (let fn = this.#deferred.shift(); fn !== undefined; fn = this.#deferred.shift()) fn();
  }

  /** Runs what yielded to the host, and what was deferred by that; false when there was nothing. */
  runYielded(): boolean {
    const fn = this.#yielded.shift();
    fn?.();
    this.runDeferred();
    return fn !== undefined;
  }
}

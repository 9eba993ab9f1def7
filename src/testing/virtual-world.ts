import { createHostWorld } from "../world/host-world.ts";
import type { TimerHandle, World } from "../world/world.ts";

interface VirtualTimer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** The first of January 2020, so that dates look like dates; the same in every run. */
const EPOCH = 1_577_836_800_000;
/** Each is up to 65,000 messages: far more than any test means to send at one time. */
const MOST_ROUNDS = 300;

/**
 * A world whose clock moves only when it is told to, and whose chance is seeded.
 *
 * Turns still run as microtasks of the host, so promises that the code under test awaits settle as
 * they always do. What it waits for outside of this world (a socket, a real timer) is not waited
 * for.
 */
export class VirtualWorld implements World {
  readonly #host = createHostWorld();
  readonly #timers = new Set<VirtualTimer>();
  #now = 0;
  #orders = 0;
  #ids = 0;
  #seed: number;
  /** Jobs that were deferred and have not run. */
  #jobs = 0;

  constructor(seed = 1) {
    this.#seed = seed;
  }

  now(): number {
    return this.#now;
  }

  date(): number {
    return EPOCH + this.#now;
  }

  /** Mulberry32: small, and the same everywhere. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  id(): string {
    return `virtual-${++this.#ids}`;
  }

  setTimer(delayMs: number, fn: () => void): TimerHandle {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#orders++, fn };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    this.#timers.delete(handle as VirtualTimer);
  }

  defer(fn: () => void): void {
    this.#jobs++;
    this.#host.defer(() => this.#runJob(fn));
  }

  yieldToHost(fn: () => void): void {
    this.#jobs++;
    this.#host.yieldToHost(() => this.#runJob(fn));
  }

  #runJob(fn: () => void): void {
    this.#jobs--;
    fn();
  }

  /**
   * Resolves when nothing is left to do at the present time.
   *
   * Rejects when that does not come about: somebody keeps busy without letting time pass.
   */
  async settle(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      // A macrotask: every microtask, also of code that is not ours, has run when it comes.
      await new Promise<void>((resolve) => this.#host.yieldToHost(resolve));
      if (this.#jobs === 0) return;
    }
    throw new Error(
      `virtual time stands still at ${this.#now} ms: after millions of messages there is still work; an actor that sends to itself without end never lets time pass`,
    );
  }

  /** Lets `ms` pass: every timer fires at its time, and everything settles in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let timer = this.#nextTimer(end); timer !== undefined; timer = this.#nextTimer(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.fn();
      await this.settle();
    }
    this.#now = end;
  }

  #nextTimer(end: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (
        next === undefined ||
        timer.at < next.at ||
        (timer.at === next.at && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

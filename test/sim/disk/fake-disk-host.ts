import { Chance } from "../../../src/sim/chance.ts";
import type { DiskHost } from "../../../src/sim/disk/disk-types.ts";

interface Waiting {
  readonly at: number;
  readonly fn: () => void;
}

/** Time that is moved by hand, and decisions that are drawn, or told beforehand. */
export class FakeDiskHost implements DiskHost {
  readonly chance: Chance;
  /** What was decided, in order, where it was not: nothing. */
  readonly decisions: { kind: string; place: string; value: unknown }[] = [];
  /** How often each kind was asked for. */
  readonly asked = new Map<string, number>();
  /** Told beforehand; what is drawn otherwise. */
  told: Record<string, unknown> | undefined;
  nowMs = 0;
  #waiting: Waiting[] = [];

  constructor(seed = 1) {
    this.chance = new Chance(seed);
  }

  after(delayMs: number, fn: () => void): void {
    this.#waiting.push({ at: this.nowMs + delayMs, fn });
  }

  decide<T>(kind: string, place: string, draw: (chance: Chance) => T | undefined): T | undefined {
    this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1);
    const value = this.told === undefined ? draw(this.chance) : (this.told[kind] as T | undefined);
    if (value !== undefined) this.decisions.push({ kind, place, value });
    return value;
  }

  /** Lets time pass, and all that is asked for meanwhile. */
  async advance(byMs: number): Promise<void> {
    const end = this.nowMs + byMs;
    for (;;) {
      await settle();
      const due = this.#waiting.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((waiting) => waiting !== due);
      this.nowMs = due.at;
      due.fn();
    }
    this.nowMs = end;
  }

  /** Lets as much time pass as it takes. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const watch = { isSettled: false };
    const watched = promise.finally(() => (watch.isSettled = true));
    // Who awaits it hears of the failure.
    watched.catch(() => {});
    while (!watch.isSettled) await this.advance(1);
    return watched;
  }
}

/** Everything that needs no time is done: a macrotask comes after all microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

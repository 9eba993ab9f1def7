import type { InitContext } from "../index.ts";
import type { PoolStats } from "./stats.ts";

/** Time in which those who read the counts may read the last ones, in ms. */
const LAST_LOOK_MS = 1_000;

/** The counts as streams, of which each ends by itself behind the last ones. */
export class Progress {
  readonly #ctx: InitContext;
  readonly #stats: () => PoolStats;
  readonly #asleep = new Set<() => void>();
  #readers = 0;
  #isFinished = false;
  #whenRead: (() => void) | null = null;

  constructor(ctx: InitContext, stats: () => PoolStats) {
    this.#ctx = ctx;
    this.#stats = stats;
  }

  async *read(everyMs: number): AsyncGenerator<PoolStats> {
    this.#readers++;
    try {
      for (let last = ""; ;) {
        const isLast = this.#isFinished;
        const stats = this.#stats();
        const text = JSON.stringify(stats);
        if (text !== last) yield stats;
        last = text;
        if (isLast) return;
        await this.#sleep(everyMs);
      }
    } finally {
      this.#readers--;
      this.#look();
    }
  }

  /** There is nothing more to count; calls back when all have read that, or had the time for it. */
  finish(tell: () => void): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#whenRead = tell;
    for (const wake of this.#asleep) wake();
    if (this.#readers > 0) this.#ctx.timers.after(LAST_LOOK_MS, tell);
    this.#look();
  }

  #look(): void {
    if (this.#readers === 0) this.#whenRead?.();
  }

  #sleep(ms: number): Promise<void> | undefined {
    if (this.#isFinished) return undefined;
    return new Promise((resolve) => {
      const timer = this.#ctx.timers.after(ms, () => wake());
      const wake = (): void => {
        timer.cancel();
        this.#asleep.delete(wake);
        resolve();
      };
      this.#asleep.add(wake);
    });
  }
}

import type { InitContext, Timer } from "../index.ts";
import { checkQueueLimit, type Discard } from "./settings.ts";
import type { PoolStats } from "./stats.ts";

/** How many jobs may wait in one queue, as it is now. */
export class Limit {
  max = Infinity;
  /** The oldest makes room, and not the newest. */
  oldest = false;
  readonly #ctx: InitContext;
  readonly #stats: () => PoolStats;
  #timer: Timer | null = null;

  constructor(ctx: InitContext, stats: () => PoolStats) {
    this.#ctx = ctx;
    this.#stats = stats;
  }

  /** A limit that cannot be had changes nothing. */
  set(discard: Discard | null): void {
    const limit = discard?.limit ?? Infinity;
    const max = typeof limit === "number" ? limit : this.#ask(limit);
    this.#timer?.cancel();
    this.#timer = null;
    this.max = max;
    this.oldest = discard?.mode === "oldest";
    if (typeof limit === "function") {
      // One that cannot be had, or is none, fails the factory: it would go on with an old one.
      const everyMs = discard?.everyMs ?? 1_000;
      this.#timer = this.#ctx.timers.every(everyMs, () => void (this.max = this.#ask(limit)));
    }
  }

  #ask(limit: (stats: PoolStats) => number): number {
    return checkQueueLimit(
      `${this.#ctx.name}: discard.limit answered, which`,
      limit(this.#stats()),
    );
  }
}

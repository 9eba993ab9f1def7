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

  set(discard: Discard | null): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.oldest = discard?.mode === "oldest";
    if (discard === null) this.max = Infinity;
    else if (typeof discard.limit === "number") this.max = discard.limit;
    else this.#follow(discard.limit, discard.everyMs ?? 1_000);
  }

  /** A limit that cannot be had, or is none, fails the factory: it would go on with an old one. */
  #follow(ask: (stats: PoolStats) => number, everyMs: number): void {
    const renew = (): void => {
      this.max = checkQueueLimit(
        `${this.#ctx.name}: discard.limit answered, which`,
        ask(this.#stats()),
      );
    };
    renew();
    this.#timer = this.#ctx.timers.every(everyMs, renew);
  }
}

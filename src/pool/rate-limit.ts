import { BadInputError } from "../index.ts";
import { given } from "./settings.ts";

/** Says whether one more job may come in. */
export interface RateLimiter {
  /** Whether there is room for one now; takes nothing. */
  check(now: number): boolean;
  /** One has come in. */
  bump(now: number): void;
}

/** Makes a limiter; each factory has one of its own. */
export type LimiterMaker = () => RateLimiter;

/** A bucket of so many jobs, into which room comes back over time. */
export interface LeakyBucketOptions {
  /** Jobs for which there is room at most: how large a burst may be. */
  readonly max: number;
  /** Jobs for which room comes back in each interval. */
  readonly refill: number;
  /** In ms. */
  readonly everyMs: number;
  /** Room at the beginning. Default `max`. */
  readonly initial?: number;
}

/**
 * Lets in `refill` jobs per `everyMs`, and up to `max` at once (ractor's leaky bucket).
 *
 * Room comes back at the end of each whole interval, not bit by bit.
 */
export function leakyBucket(options: LeakyBucketOptions): LimiterMaker {
  const { max, refill, everyMs, initial = max } = options;
  if (!(typeof max === "number" && max >= 1)) {
    throw new BadInputError(`leakyBucket: max is ${given(max)}; it must be at least 1, a job`);
  }
  for (const [name, value] of Object.entries({ refill, everyMs })) {
    if (typeof value === "number" && value > 0) continue;
    throw new BadInputError(`leakyBucket: ${name} is ${given(value)}; it must be more than 0`);
  }
  // There would never be room for one.
  if (max < 1) throw new BadInputError(`leakyBucket: max is ${max}; it must be at least 1`);
  if (!(typeof initial === "number" && initial >= 0)) {
    throw new BadInputError(
      `leakyBucket: initial is ${given(initial)}; it must be a number, at least 0`,
    );
  }
  return () => new LeakyBucket(max, refill, everyMs, initial);
}

class LeakyBucket implements RateLimiter {
  readonly #max: number;
  readonly #refill: number;
  readonly #everyMs: number;
  #room: number;
  /** When the present interval began; unknown before the first look. */
  #since: number | undefined;

  constructor(max: number, refill: number, everyMs: number, initial: number) {
    this.#max = max;
    this.#refill = refill;
    this.#everyMs = everyMs;
    this.#room = Math.min(max, initial);
  }

  check(now: number): boolean {
    this.#refillUntil(now);
    return this.#room >= 1;
  }

  bump(now: number): void {
    this.#refillUntil(now);
    this.#room--;
  }

  #refillUntil(now: number): void {
    this.#since ??= now;
    const intervals = Math.floor((now - this.#since) / this.#everyMs);
    if (intervals <= 0) return;
    this.#since += intervals * this.#everyMs;
    this.#room = Math.min(this.#max, this.#room + intervals * this.#refill);
  }
}

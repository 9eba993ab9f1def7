import { BadInputError } from "../index.ts";

/**
 * Seeded chance: the same seed gives the same numbers in every process and on every engine.
 *
 * Mulberry32, in 32-bit integer arithmetic only; its 2^32 states are enough for choosing, and no
 * use for secrets.
 */
export class Chance {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds would begin alike: mix them first.
    this.#state = mix(seed | 0);
  }

  /** A number in [0, 1). */
  next(): number {
    return this.bits() / 2 ** 32;
  }

  /** 32 random bits, as a whole number from 0. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    const state = this.#state;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** True with probability `p`; nothing is drawn where the answer is certain. */
  bool(p: number): boolean {
    return p > 0 && (p >= 1 || this.next() < p);
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of them. Throws `BadInputError` when there is none. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new BadInputError("chance.pick: there is nothing to pick from");
    return from[this.int(0, from.length - 1)]!;
  }

  /** All of them, in any order. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.int(0, last);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled;
  }
}

/** Spreads the bits of a whole number over all 32 (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

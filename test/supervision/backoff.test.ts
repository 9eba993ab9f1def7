import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffDelay, quietTime, type Backoff } from "../../src/supervision/backoff.ts";

const attempts = fc.integer({ min: 1, max: 5_000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function delays(backoff: Backoff, count: number, random = 0.5): number[] {
  return Array.from({ length: count }, (_, i) => backoffDelay(backoff, i + 1, random));
}

test("none does not wait", () => {
  expect(delays({ kind: "none" }, 3)).toEqual([0, 0, 0]);
});

test("fixed waits the same each time", () => {
  expect(delays({ kind: "fixed", delay: 250 }, 3)).toEqual([250, 250, 250]);
});

describe("incremental", () => {
  test("waits a step longer each time", () => {
    expect(delays({ kind: "incremental", step: 100 }, 4)).toEqual([100, 200, 300, 400]);
  });

  test("stays between min and max", () => {
    const backoff: Backoff = { kind: "incremental", step: 100, min: 150, max: 350 };
    expect(delays(backoff, 5)).toEqual([150, 200, 300, 350, 350]);
  });

  test("is speare's max(min, min(max, step × n)) for every n", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.nat(10_000),
        fc.nat(10_000),
        attempts,
        (step, min, more, n) => {
          const max = min + more;
          const waited = backoffDelay({ kind: "incremental", step, min, max }, n, 0.5);
          expect(waited).toBe(Math.max(min, Math.min(max, step * n)));
        },
      ),
    );
  });
});

describe("exponential", () => {
  test("doubles from min to max, and stays there", () => {
    const backoff: Backoff = { kind: "exponential", min: 100, max: 1_000 };
    expect(delays(backoff, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test("jitter 0.2 spreads a wait over 20 % less to 20 % more", () => {
    const backoff: Backoff = { kind: "exponential", min: 100, max: 10_000, jitter: 0.2 };
    expect(backoffDelay(backoff, 1, 0)).toBeCloseTo(80);
    expect(backoffDelay(backoff, 1, 0.5)).toBeCloseTo(100);
    expect(backoffDelay(backoff, 1, 1 - Number.EPSILON)).toBeCloseTo(120);
  });

  test("jitter spreads waits at the limit as well, below it", () => {
    const backoff: Backoff = { kind: "exponential", min: 100, max: 1_000, jitter: 0.2 };
    const waits = [0.1, 0.6, 0.7, 0.8, 0.9].map((random) => backoffDelay(backoff, 10, random));
    expect(waits.map(Math.round)).toEqual([840, 960, 920, 880, 840]);
  });

  test("is a number between 0 and max, however many attempts and whatever the chance", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.nat(100_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        attempts,
        chance,
        (min, more, jitter, n, random) => {
          const max = min + more;
          const waited = backoffDelay({ kind: "exponential", min, max, jitter }, n, random);
          expect(waited).toBeGreaterThanOrEqual(0);
          expect(waited).toBeLessThanOrEqual(max);
        },
      ),
    );
  });

  test("from 0 it stays 0, also at an attempt whose power of two is no number any more", () => {
    expect(backoffDelay({ kind: "exponential", min: 0, max: 1_000 }, 5_000, 0.5)).toBe(0);
  });

  test("never waits less at a later attempt, without jitter", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(100_000), attempts, (min, more, n) => {
        const backoff: Backoff = { kind: "exponential", min, max: min + more };
        expect(backoffDelay(backoff, n + 1, 0)).toBeGreaterThanOrEqual(backoffDelay(backoff, n, 0));
      }),
    );
  });
});

describe("the quiet time after which a failure counts as the first", () => {
  test("is resetAfter where that is given", () => {
    expect(quietTime({ kind: "exponential", min: 1, max: 100, resetAfter: 7 })).toBe(7);
    expect(quietTime({ kind: "incremental", step: 1, resetAfter: 9 })).toBe(9);
  });

  test("is else the longest wait", () => {
    expect(quietTime({ kind: "exponential", min: 1, max: 100 })).toBe(100);
    expect(quietTime({ kind: "incremental", step: 1, max: 50 })).toBe(50);
  });

  test("is ten steps where no longest wait is given", () => {
    expect(quietTime({ kind: "incremental", step: 30 })).toBe(300);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_INTENSITY, RestartBudget } from "../../src/supervision/restart-intensity.ts";

/** What OTP's rule says, in the plainest words: restarts in `[now - within, now]`, this one included. */
function borneByTheRule(times: readonly number[], max: number, within: number): boolean[] {
  return times.map((now, index) => {
    const inWindow = times.slice(0, index + 1).filter((time) => now - time <= within);
    return inWindow.length <= max;
  });
}

const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 });
const intensities = fc.record({
  max: fc.integer({ min: 0, max: 6 }),
  within: fc.integer({ min: 0, max: 6_000 }),
});

function timesOf(steps: readonly number[]): number[] {
  let now = 0;
  return steps.map((step) => (now += step));
}

test("the default is 3 restarts within 5,000 ms", () => {
  expect(DEFAULT_INTENSITY).toEqual({ max: 3, within: 5_000 });
});

test("as many restarts as the limit are borne, one more is not", () => {
  const budget = new RestartBudget({ max: 3, within: 5_000 });
  expect([budget.spend(0), budget.spend(1), budget.spend(2)]).toEqual([true, true, true]);
  expect(budget.spend(3)).toBe(false);
});

test("with a limit of 0 the first restart is one too many", () => {
  expect(new RestartBudget({ max: 0, within: 5_000 }).spend(0)).toBe(false);
});

describe("the window slides by the millisecond", () => {
  test("a restart exactly as long ago as the window still counts", () => {
    const budget = new RestartBudget({ max: 1, within: 1_000 });
    expect(budget.spend(10_500)).toBe(true);
    expect(budget.spend(11_500)).toBe(false);
  });

  test("a restart one millisecond longer ago does not", () => {
    const budget = new RestartBudget({ max: 1, within: 1_000 });
    expect(budget.spend(10_500)).toBe(true);
    expect(budget.spend(11_501)).toBe(true);
  });

  test("a gap of 1,850 ms empties a window of 1 s, where OTP's whole seconds keep it", () => {
    const budget = new RestartBudget({ max: 1, within: 1_000 });
    expect(budget.spend(100)).toBe(true);
    expect(budget.spend(1_950)).toBe(true);
  });

  test("it slides and does not tumble: two bursts on both sides of a border are one burst", () => {
    const budget = new RestartBudget({ max: 3, within: 1_000 });
    expect([900, 950, 1_000].map((now) => budget.spend(now))).toEqual([true, true, true]);
    expect(budget.spend(1_050)).toBe(false);
  });
});

test("agrees with the rule for every sequence of restarts", () => {
  fc.assert(
    fc.property(gaps, intensities, (steps, { max, within }) => {
      const budget = new RestartBudget({ max, within });
      const times = timesOf(steps);
      expect(times.map((now) => budget.spend(now))).toEqual(borneByTheRule(times, max, within));
    }),
  );
});

test("restarts further apart than the window are borne for ever", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 1, max: 200 }),
      (max, within, count) => {
        const budget = new RestartBudget({ max, within });
        for (let i = 0; i < count; i++) expect(budget.spend(i * (within + 1))).toBe(true);
      },
    ),
  );
});

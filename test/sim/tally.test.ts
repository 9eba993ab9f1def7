import { expect, test } from "vitest";
import type { RunResult } from "../../src/sim/run-result.ts";
import { number, Tally } from "../../src/sim/tally.ts";

const result = (given: Partial<RunResult> = {}): RunResult => ({
  failure: undefined,
  escaped: false,
  decisions: { workload: [], faults: [], turns: [], random: 0 },
  hash: "a",
  orders: 1,
  turns: 100,
  steps: 120,
  simulatedMs: 1_000,
  commands: { done: 3, rejected: 2, cutOff: 1, rejections: { Error: 2 } },
  undecided: [],
  strangers: [],
  ...given,
});
const crash = { kind: "crash", place: "bank#1", command: 0, nth: 1, value: "before" };

test("runs are added up", () => {
  const tally = new Tally();
  tally.add(result());
  tally.add(result({ decisions: { ...result().decisions, faults: [crash, crash] } }));
  expect(tally).toMatchObject({
    seeds: 2,
    turns: 200,
    simulatedMs: 2_000,
    commands: { done: 6, rejected: 4, cutOff: 2 },
    faults: { crash: 2 },
  });
});

test("schedules are counted by trace, and orders by what each actor handled", () => {
  const tally = new Tally();
  tally.add(result({ hash: "a", orders: 1 }));
  tally.add(result({ hash: "b", orders: 1 }));
  tally.add(result({ hash: "b", orders: 1 }));
  tally.add(result({ hash: "c", orders: 2 }));
  expect(tally.interleavings).toEqual({ schedules: 3, orders: 2 });
});

test("the line tells how far it is and how fast, counting that each seed ran twice", () => {
  const tally = new Tally();
  tally.add(result({ turns: 500_000, simulatedMs: 60_000 }));
  expect(tally.line("bank", 1_000, 2_000)).toBe(
    "sim bank: 1 of 1,000 seeds in 2.0 s, 500,000 turns/s, 60 × real time, 1 orders, 1 schedules",
  );
});

test("no time at all is no reason to divide by it", () => {
  expect(new Tally().line("bank", 1, 0)).not.toMatch(/NaN|Infinity/);
});

test("the details tell of commands, faults and what was not decided", () => {
  const tally = new Tally();
  expect(tally.details("00ff")).toBe(
    "commands: 0 done, 0 rejected, 0 cut off; faults: none; trace 00ff",
  );
  tally.add(
    result({ decisions: { ...result().decisions, faults: [crash] }, undecided: ["too long"] }),
  );
  expect(tally.details("00ff")).toBe(
    "commands: 3 done, 2 rejected (Error 2), 1 cut off; faults: crash 1; too long; trace 00ff",
  );
});

test("numbers are written with commas", () => {
  expect(number(1_234_567)).toBe("1,234,567");
});

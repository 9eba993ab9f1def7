import { simulate } from "troupe/sim";
import { expect, test } from "vitest";
import { kvAlways, kvEverySecond } from "./scenario.ts";

const seeds = Number(process.env["SIM_SEEDS"] ?? 1_000);

test.each([
  [
    kvAlways,
    ["crash", "kill", "process", "disk.lost", "disk.full", "disk.short", "disk.failedSync"],
  ],
  [kvEverySecond, ["crash", "kill", "process", "disk.full", "disk.short", "disk.failedWrite"]],
])(
  "no acknowledged write is lost, and no reply is wrong: $name",
  async (scenario, kinds) => {
    const report = await simulate({ ...scenario, seeds, print: false });
    const { commands, faults, interleavings, undecided } = report;
    expect(commands.done).toBeGreaterThan(20 * seeds);
    expect(kinds.filter((kind) => faults[kind] === undefined)).toEqual([]);
    expect(interleavings.orders).toBeGreaterThan(0.9 * seeds);
    expect(undecided).toEqual([]);
  },
  120 * Math.max(1_000, seeds),
);

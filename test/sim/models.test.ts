import { expect, test } from "vitest";
import { simulate } from "troupe/sim";
import { sightsOf } from "./models/book.ts";
import { models } from "./models/all.ts";

/** `SIM_SEEDS=100000` looks longer. */
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 1_000);

interface Expected {
  /** Kinds of faults that must have happened. */
  readonly faults: readonly string[];
  /** What a model must have come across, lest it promise nothing. */
  readonly sights: readonly string[];
}

const EXPECTED: Readonly<Record<keyof typeof models, Expected>> = {
  calls: {
    faults: ["crash", "kill", "slow", "stall", "message.lost", "message.late", "process"],
    sights: [
      ...["now", "later", "deferred", "handed", "forwarded", "stashed"].map(
        (manner) => `answered ${manner}`,
      ),
      "refused",
      "fails",
      "aborted",
      "late",
      "TimeoutError",
      "ActorFailedError",
      "ActorStoppedError",
      "MailboxFullError",
      "DeadlockError",
      "KilledError",
    ],
  },
};

const names = Object.keys(EXPECTED) as (keyof typeof EXPECTED)[];

test.each(names)(
  "what is promised of %s holds under every seed",
  { timeout: 60_000 },
  async (name) => {
    const report = await simulate({ ...models[name], seeds: SEEDS, print: false });
    const { faults, sights } = EXPECTED[name];
    expect(report.seeds).toBe(SEEDS);
    expect(report.commands.done).toBeGreaterThan(SEEDS);
    expect(Object.keys(report.faults)).toEqual(expect.arrayContaining([...faults]));
    expect(Object.keys(sightsOf(name))).toEqual(expect.arrayContaining([...sights]));
    expect(report.interleavings.orders).toBeGreaterThan(0.9 * SEEDS);
  },
);

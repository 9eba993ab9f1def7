import { describe, expect, test } from "vitest";
import { actor, createSystem } from "troupe";
import type { Chance } from "../../src/sim/chance.ts";
import { Explorer } from "../../src/sim/choices.ts";
import { inMacrotask } from "../../src/sim/host/macrotask.ts";
import { Run } from "../../src/sim/run.ts";
import { once } from "./once.ts";

const Worker = actor({
  name: "worker",
  init: () => ({ done: 0 }),
  call: {
    async work(ctx) {
      const { state } = ctx;
      await ctx.sleep(Math.floor(Math.random() * 20));
      setTimeout(() => state.done++, 5);
      return state.done;
    },
  },
});
const scenario = {
  boot: () => {
    const system = createSystem();
    return [1, 2, 3].map(() => system.spawn(Worker, undefined, { restart: "permanent" }));
  },
  workload: {
    clients: 3,
    commands: {
      work: ({ app, chance }: { app: { work(): Promise<number> }[]; chance: Chance }) =>
        chance.pick(app).work(),
    },
  },
  faults: {
    crash: 0.05,
    kill: 0.05,
    process: { crash: 0.03 },
    messages: { delay: { chance: 0.2, ms: [1, 9] as const } },
  },
};

/** Goes a few steps at a time, and lets the host's event loop turn in between. */
async function inSlices(seed: number, steps: number): Promise<string> {
  const choices = new Explorer(seed, "walk");
  const run = await inMacrotask(() => new Run(scenario, { seed, choices }));
  while (!run.isDone) {
    let left = steps;
    await inMacrotask(() => run.advance(() => --left <= 0));
  }
  expect(run.result().failure).toBeUndefined();
  return run.result().hash;
}

describe("a run that is left for the host's other work", () => {
  test("goes on as if it had not been left, wherever that is", async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const { hash } = await once(scenario, seed);
      expect([await inSlices(seed, 1), await inSlices(seed, 7)]).toEqual([hash, hash]);
    }
  });

  test("may have another run in between", async () => {
    const alone = [(await once(scenario, 1)).hash, (await once(scenario, 2)).hash];
    expect(await Promise.all([inSlices(1, 3), inSlices(2, 5)])).toEqual(alone);
  });
});

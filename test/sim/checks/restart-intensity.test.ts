import { describe, expect, test, vi } from "vitest";
import { actor, createSystem, type RefOf, type Strategy } from "troupe";
import { restartIntensity } from "troupe/sim";
import { RestartBudget } from "../../../src/supervision/restart-intensity.ts";
import { runSeeds, once } from "../once.ts";

const Child = actor({
  name: "child",
  init: () => 0,
  call: {
    fail() {
      throw new Error("as told");
    },
  },
});

/** A parent with three children that clients have fail. */
function crew(strategy: Strategy, max: number, within: number) {
  const Parent = actor({
    name: "parent",
    supervision: { strategy, intensity: { max, within } },
    init: (ctx) => [1, 2, 3].map(() => ctx.spawn(Child, undefined, { restart: "permanent" })),
    call: { refs: (ctx) => ctx.state },
  });
  return {
    boot: async () => {
      const parent = createSystem().spawn(Parent, undefined, { restart: "permanent" });
      return { parent, children: await parent.refs() };
    },
    workload: {
      clients: 2,
      steps: 10,
      commands: {
        fail: async ({ app, chance }: Parameters<typeof failOne>[0]) => failOne({ app, chance }),
      },
    },
    always: { intensity: restartIntensity() },
  };
}
async function failOne({
  app,
  chance,
}: {
  app: { children: RefOf<typeof Child>[] };
  chance: { pick<T>(from: readonly T[]): T };
}): Promise<void> {
  await chance.pick(app.children).fail();
}

describe("supervisors that keep to their intensity are let be", () => {
  test.each(["oneForOne", "oneForAll", "restForOne"] as const)("%s", async (strategy) => {
    for (const [max, within] of [
      [3, 20],
      [1, 5],
      [100, 1_000],
    ] as const) {
      const results = await runSeeds(
        { ...crew(strategy, max, within), faults: { kill: 0.05 } },
        10,
      );
      expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
    }
  });

  test("children of the root, with a budget each", async () => {
    const results = await runSeeds(
      {
        boot: () => {
          const system = createSystem();
          return [1, 2, 3].map(() => system.spawn(Child, undefined, { restart: "permanent" }));
        },
        workload: {
          steps: 9,
          pauseMs: [0, 800],
          commands: { fail: ({ app, chance }) => chance.pick(app).fail() },
        },
        always: { intensity: restartIntensity() },
      },
      10,
    );
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
  });

  test("restarts that lie as far apart as the window is long", async () => {
    const scenario = crew("oneForOne", 1, 10);
    const results = await runSeeds(
      { ...scenario, workload: { ...scenario.workload, clients: 1, pauseMs: [9, 12] } },
      20,
    );
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
  });
});

test("a supervisor that restarts more often than it may is told, with what it may", async () => {
  const spend = vi.spyOn(RestartBudget.prototype, "spend").mockReturnValue(true);
  const { failure } = await once(crew("oneForOne", 2, 1_000));
  spend.mockRestore();
  expect(failure?.invariant).toBe("intensity");
  expect(failure?.message).toMatch(
    /^parent#\d restarts child#\d: 3 restarts within 1000 ms, and it allows 2$/,
  );
});

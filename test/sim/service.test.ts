import { describe, expect, test } from "vitest";
import { actor, buggify, createSystem, defaultSystem, type RefOf } from "troupe";
import { simulate, type Faults, type Sim } from "troupe/sim";
import { again, runSeeds, faultsOf, once } from "./once.ts";

const Keeper = actor({
  name: "keeper",
  init: (_ctx, log: (what: string) => void) => ({ log, kept: 0 }),
  call: {
    async keep(ctx) {
      ctx.state.log("begins");
      await ctx.sleep(5);
      ctx.state.kept++;
      ctx.state.log("ends");
      return ctx.state.kept;
    },
  },
  exit: (ctx) => ctx.state?.log("exit"),
});

const crashing: Faults = { process: { crash: 0.1, downMs: [50, 100] } };

/** A keeper whose every act is logged with the life that it belongs to, and the life at the time. */
function keeping(faults: Faults = crashing) {
  const logs: { own: number; at: number; what: string }[][] = [];
  const outcomes: unknown[] = [];
  return {
    logs,
    outcomes,
    scenario: {
      boot: (sim: Sim) => {
        const own = sim.life;
        if (own === 1) logs.push([]);
        const log = logs.at(-1)!;
        return createSystem().spawn(Keeper, (what: string) => {
          log.push({ own, at: sim.life, what });
        });
      },
      workload: {
        clients: 3,
        steps: 5,
        commands: {
          keep: async ({ app }: { app: RefOf<typeof Keeper> }) => {
            try {
              await app.keep();
            } catch (error) {
              outcomes.push(error);
              throw error;
            } finally {
              outcomes.push("settled");
            }
          },
        },
      },
      faults,
    },
  };
}

describe("a crash of the process", () => {
  test("cuts off the commands that are under way; the clients go on when the service is up", async () => {
    const { scenario } = keeping();
    const results = await runSeeds(scenario, 20);
    const crashed = results.filter((result) => faultsOf(result, "process") > 0);
    expect(crashed.length).toBeGreaterThan(5);
    for (const { commands, failure } of results) {
      expect(failure).toBeUndefined();
      expect(commands.done + commands.rejected + commands.cutOff).toBe(15);
    }
    expect(crashed.some(({ commands }) => commands.cutOff > 0)).toBe(true);
    expect(crashed.every(({ commands }) => commands.rejected === 0)).toBe(true);
  });

  test("is no error that the command gets to see: its client's code is gone with the connection", async () => {
    const { scenario, outcomes } = keeping();
    await runSeeds(scenario, 20);
    expect(outcomes.filter((outcome) => outcome !== "settled")).toEqual([]);
  });

  test("has boot called again, in a new life, after the time that the process is down", async () => {
    const lives: { life: number; at: number }[][] = [];
    const results = await runSeeds(
      {
        boot: (sim) => {
          if (sim.life === 1) lives.push([]);
          lives.at(-1)!.push({ life: sim.life, at: sim.now() });
          return createSystem().spawn(Keeper, () => {});
        },
        workload: { steps: 20, commands: { keep: ({ app }) => app.keep() } },
        faults: crashing,
      },
      20,
    );
    for (const [i, result] of results.entries()) {
      expect(lives[i]!.map(({ life }) => life)).toEqual(
        Array.from({ length: 1 + faultsOf(result, "process") }, (_, before) => before + 1),
      );
      const times = lives[i]!.map(({ at }) => at);
      const between = times.slice(1).map((at, j) => at - times[j]!);
      expect(Math.min(Infinity, ...between)).toBeGreaterThanOrEqual(50);
    }
  });

  test("ends the old life for good: none of its code ever acts in a later one", async () => {
    const { scenario, logs } = keeping();
    await runSeeds({ ...scenario, faults: { ...crashing, kill: 0.05 } }, 40);
    const all = logs.flat();
    expect(all.some(({ own }) => own > 1)).toBe(true);
    expect(all.filter(({ own, at }) => own !== at)).toEqual([]);
    // An end that is as sudden as that leaves no time for hooks.
    for (const log of logs) {
      const last = Math.max(...log.map(({ own }) => own));
      expect(log.filter(({ own, what }) => own < last && what === "exit")).toEqual([]);
    }
  });

  test("lets no handler of the old life hear of the death of others that were to be killed", async () => {
    const heard: { own: number; at: number }[] = [];
    const Asking = actor({
      name: "asking",
      init: (_ctx, { keeper, sim }: { keeper: RefOf<typeof Keeper>; sim: Sim }) => ({
        keeper,
        sim,
        own: sim.life,
      }),
      call: {
        async ask(ctx) {
          const { keeper, sim, own } = ctx.state;
          await keeper.keep().catch(() => void heard.push({ own, at: sim.life }));
        },
      },
    });
    await runSeeds(
      {
        boot: (sim) => {
          const system = createSystem();
          const keeper = system.spawn(Keeper, () => {}, { restart: "permanent" });
          return [1, 2, 3].map(() => system.spawn(Asking, { keeper, sim }));
        },
        workload: {
          clients: 3,
          steps: 10,
          commands: { ask: ({ app, client }) => app[client - 1]!.ask() },
        },
        faults: { process: { crash: 0.1, downMs: [0, 5] }, kill: { chance: 0.3, who: "keeper" } },
      },
      60,
    );
    expect(heard.length).toBeGreaterThan(10);
    expect(heard.filter(({ own, at }) => own !== at)).toEqual([]);
  });

  test("takes timers and delayed messages along", async () => {
    const fired: { own: number; at: number }[] = [];
    await runSeeds(
      {
        boot: (sim) => {
          const own = sim.life;
          setInterval(() => fired.push({ own, at: sim.life }), 7);
          return createSystem().spawn(Keeper, () => {});
        },
        workload: { clients: 2, steps: 10, commands: { keep: ({ app }) => app.keep() } },
        faults: { ...crashing, messages: { delay: { chance: 0.5, ms: [1, 100] } } },
      },
      20,
    );
    expect(fired.some(({ own }) => own > 1)).toBe(true);
    expect(fired.filter(({ own, at }) => own !== at)).toEqual([]);
  });

  test("gives a new default system to each life", async () => {
    const systems: unknown[][] = [];
    await runSeeds(
      {
        boot: (sim) => {
          if (sim.life === 1) systems.push([]);
          expect(defaultSystem()).toBe(defaultSystem());
          systems.at(-1)!.push(defaultSystem());
          return defaultSystem().spawn(Keeper, () => {});
        },
        workload: { clients: 2, steps: 10, commands: { keep: ({ app }) => app.keep() } },
        faults: crashing,
      },
      10,
    );
    const all = systems.flat();
    expect(all.length).toBeGreaterThan(10);
    expect(new Set(all).size).toBe(all.length);
    expect(all).not.toContain(defaultSystem());
  });

  test("runs the same again by its decisions, also step by step", async () => {
    const { scenario } = keeping();
    for (let seed = 1; seed <= 10; seed++) {
      const first = await once(scenario, seed);
      expect((await again(scenario, first.decisions, seed)).hash).toBe(first.hash);
    }
  });
});

describe("boot", () => {
  test("that fails at first fails the run", async () => {
    const thrown = await once({
      boot: () => {
        throw new Error("no port");
      },
    });
    const rejected = await once({ boot: () => Promise.reject(new Error("no port")) });
    for (const { failure } of [thrown, rejected]) {
      expect(failure).toMatchObject({ invariant: "boot succeeds", message: "Error: no port" });
    }
  });

  test.each(["throws", "rejects"])(
    "that %s after a crash is tried again, as a service manager would",
    async (how) => {
      const seen = new Set<boolean>();
      const results = await runSeeds(
        {
          boot: (sim: Sim) => {
            const isOut = sim.life > 1 && buggify("no port");
            if (sim.life > 1) seen.add(isOut);
            if (isOut && how === "throws") throw new Error("no port");
            if (isOut) return Promise.reject(new Error("no port"));
            return createSystem().spawn(Keeper, () => {});
          },
          workload: { clients: 2, steps: 5, commands: { keep: ({ app }) => app.keep() } },
          faults: { ...crashing, buggify: { sites: 1, fires: 0.5 } },
        },
        20,
      );
      expect(seen).toEqual(new Set([true, false]));
      for (const { failure, commands } of results) {
        expect(failure).toBeUndefined();
        expect(commands.done + commands.cutOff).toBe(10);
      }
    },
  );

  test("that never ends fails the run", async () => {
    const { failure } = await once({ boot: () => new Promise(() => {}) });
    expect(failure).toMatchObject({ invariant: "boot ends" });
  });

  test("that returns nothing has its clients served all the same", async () => {
    const { commands } = await once({
      boot: () => void createSystem(),
      workload: { steps: 3, commands: { nothing: () => undefined } },
    });
    expect(commands.done).toBe(3);
  });
});

test("several systems live side by side, and all of them end", async () => {
  const Sayer = actor({ name: "sayer", init: () => 0, call: { hello: () => "hello" } });
  const { failure, commands } = await once({
    boot: () => [1, 2].map((i) => createSystem({ name: `node${i}` }).spawn(Sayer)),
    workload: { commands: { hello: ({ app, chance }) => chance.pick(app).hello() } },
  });
  expect(failure).toBeUndefined();
  expect(commands.done).toBe(10);
});

test("a system made outside of a run is none of it", async () => {
  const outside = createSystem();
  const Sayer = actor({ name: "sayer", init: () => 0, call: { now: (ctx) => ctx.date() } });
  const sayer = outside.spawn(Sayer);
  await once({ boot: () => createSystem(), workload: { commands: { none: () => undefined } } });
  expect(new Date(await sayer.now()).getFullYear()).toBeGreaterThan(2020);
  await outside.stop();
});

test("checks look when whoever boot has spawned has begun, at the start and after a crash", async () => {
  const Shelf = actor({
    name: "shelf",
    async init(ctx) {
      await ctx.sleep(5);
      return { books: 3 };
    },
    call: { count: (ctx) => ctx.state.books },
  });
  const lives = new Set<number>();
  const report = await simulate({
    seeds: 20,
    print: false,
    boot: () => createSystem().spawn(Shelf),
    workload: { steps: 20, pauseMs: [0, 20], commands: { count: ({ app }) => app.count() } },
    faults: { process: { crash: 0.1, downMs: [0, 10] } },
    always: {
      "a shelf has books": ({ app, sim }) => {
        lives.add(sim.life);
        return sim.state<{ books: number }>(app)?.books === 3;
      },
    },
  });
  expect(report.faults["process"]).toBeGreaterThan(20);
  expect(Math.max(...lives)).toBeGreaterThan(1);
});

import { describe, expect, test } from "vitest";
import { actor, type ActorFailedError, buggify, createSystem, type RefOf } from "troupe";
import { InjectedCrash, type Faults } from "troupe/sim";
import { runSeeds, faultsOf } from "./once.ts";

/** What an actor has done, over all its lives; each run has its own. */
interface Journal {
  readonly entries: string[];
}

const Worker = actor({
  name: "hand",
  init: async (ctx, props: Journal & { readonly slowInit?: boolean }) => {
    props.entries.push("begins");
    if (props.slowInit === true) await ctx.sleep(20);
    props.entries.push("begun");
    return props.entries;
  },
  call: {
    work(ctx) {
      ctx.state.push("works");
      return "worked";
    },
    async workLong(ctx) {
      ctx.state.push("starts");
      await ctx.sleep(5);
      ctx.state.push("goes on");
      await ctx.sleep(5);
      ctx.state.push("ends");
    },
  },
  exit: async (ctx) => {
    ctx.state?.push("leaves");
    await ctx.sleep(5);
    ctx.state?.push("left");
  },
});

interface App {
  readonly worker: RefOf<typeof Worker>;
  readonly other: RefOf<typeof Worker>;
}

/** A worker and another that clients have work; answers a scenario and what became of each run. */
function working(faults: Faults, options: { slowInit?: boolean } = {}) {
  const journals: { worker: string[]; other: string[]; errors: unknown[] }[] = [];
  const scenario = {
    boot: async (): Promise<App> => {
      const journal = { worker: [] as string[], other: [] as string[], errors: [] as unknown[] };
      journals.push(journal);
      const Lenient = actor({
        name: "boss",
        supervision: { intensity: { max: 1_000, within: 1_000 } },
        init: (ctx) => {
          const spawn = (name: "worker" | "other") =>
            ctx.spawn(
              Worker,
              { entries: journal[name], ...options },
              { name, restart: "permanent" },
            );
          return { worker: spawn("worker"), other: spawn("other") };
        },
        call: { refs: (ctx) => ctx.state },
      });
      return createSystem().spawn(Lenient).refs();
    },
    workload: {
      clients: 2,
      steps: 10,
      commands: {
        work: ({ app, client }: { app: App; client: number }) => run(app, client, "work"),
        workLong: ({ app, client }: { app: App; client: number }) => run(app, client, "workLong"),
      },
    },
    faults,
  };
  async function run(app: App, client: number, verb: "work" | "workLong"): Promise<void> {
    try {
      await (client === 1 ? app.worker : app.other)[verb]();
    } catch (error) {
      if (client === 1) journals.at(-1)!.errors.push(error);
      throw error;
    }
  }
  return { scenario, journals };
}

const count = (entries: readonly string[], entry: string) =>
  entries.filter((each) => each === entry).length;

describe("a crash", () => {
  test("fails a handler before it does anything, or after it has done its work", async () => {
    const { scenario, journals } = working({ crash: 0.1 });
    const results = await runSeeds(scenario, 20);
    const whens = results.flatMap(({ decisions }) => decisions.faults.map(({ value }) => value));
    expect(new Set(whens)).toEqual(new Set(["before", "after"]));
    const errors = journals.flatMap((journal) => journal.errors);
    const causes = errors.map((error) => (error as ActorFailedError).cause);
    expect(causes.length).toBeGreaterThan(10);
    expect(causes.every((cause) => cause instanceof InjectedCrash)).toBe(true);
    const texts = new Set(causes.map((cause) => (cause as Error).message));
    expect(texts).toContain("the simulation made work fail, before it did its work");
    expect(texts).toContain("the simulation made workLong fail, after it did its work");
  });

  test("before its work leaves no trace of it, and after it leaves all", async () => {
    for (const when of ["before", "after"]) {
      const { scenario, journals } = working({ crash: { chance: 0.2, who: "worker" } });
      const results = await runSeeds(scenario, 30);
      const only = results.findIndex(
        ({ decisions }) =>
          decisions.faults.length > 0 && decisions.faults.every(({ value }) => value === when),
      );
      expect(only).toBeGreaterThanOrEqual(0);
      const { worker, errors } = journals[only]!;
      const done = count(worker, "works") + count(worker, "ends");
      const succeeded = 10 - errors.length;
      expect(done).toBe(when === "before" ? succeeded : succeeded + errors.length);
    }
  });

  test("begins a new life", async () => {
    const { scenario, journals } = working({ crash: { chance: 0.1, who: Worker } });
    const results = await runSeeds(scenario, 10);
    for (const [i, result] of results.entries()) {
      const { worker, other } = journals[i]!;
      const lives = count(worker, "begun") + count(other, "begun");
      // All stop when the clients are done: who failed last may have no time to come back.
      const [least, most] = [faultsOf(result, "crash"), 2 + faultsOf(result, "crash")];
      expect(lives).toBeGreaterThanOrEqual(Math.max(2, least));
      expect(lives).toBeLessThanOrEqual(most);
    }
  });
});

describe("a fault hits those only that it names", () => {
  test.each([
    { who: "worker", hit: ["worker"] },
    { who: ["other"], hit: ["other"] },
    { who: Worker, hit: ["other", "worker"] },
    { who: (label: string) => label.startsWith("w"), hit: ["worker"] },
  ])("$who", async ({ who, hit }) => {
    const faults: Faults = {
      crash: { chance: 0.1, who },
      kill: { chance: 0.1, who },
      slow: { chance: 0.1, who, ms: [1, 2] },
    };
    const results = await runSeeds(working(faults).scenario, 15);
    const places = new Set(
      results.flatMap(({ decisions }) => decisions.faults.map((f) => f.place)),
    );
    expect([...places].toSorted()).toEqual(hit);
    const kinds = new Set(results.flatMap(({ decisions }) => decisions.faults.map((f) => f.kind)));
    expect([...kinds].toSorted()).toEqual(["crash", "kill", "slow"]);
  });
});

/** Where lives of the worker broke off. */
async function breaksOff(options: { slowInit?: boolean } = {}, seeds = 60) {
  const { scenario, journals } = working({ kill: { chance: 0.05, who: "worker" } }, options);
  const results = await runSeeds(scenario, seeds);
  const places = new Set<string>();
  for (const { worker } of journals) {
    for (const [i, entry] of worker.entries()) {
      if (worker[i + 1] === "begins") places.add(entry);
    }
  }
  return { places, results, journals };
}

describe("a kill", () => {
  test("comes between messages, and in the middle of an async handler", async () => {
    const { places, results } = await breaksOff();
    expect(places).toContain("begun");
    expect(places).toContain("works");
    expect(places).toContain("starts");
    expect(places).toContain("goes on");
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
  });

  test("comes in the middle of an async init", async () => {
    const { places } = await breaksOff({ slowInit: true });
    expect(places).toContain("begins");
  });

  test("leaves no time for exit", async () => {
    const { journals } = await breaksOff();
    // Whoever is killed does not leave; at the end, when all stop, each leaves once.
    for (const { worker } of journals) expect(count(worker, "leaves")).toBeLessThanOrEqual(1);
  });

  test("comes in the middle of an async exit as well", async () => {
    const Leaver = actor({
      name: "leaver",
      init: (_ctx, entries: string[]) => entries,
      cast: { go: (ctx) => ctx.stop() },
      exit: async (ctx) => {
        ctx.state?.push("leaves");
        await ctx.sleep(50);
        ctx.state?.push("left");
      },
    });
    const journals: string[][] = [];
    await runSeeds(
      {
        boot: () => {
          const entries: string[] = [];
          journals.push(entries);
          return { system: createSystem(), entries };
        },
        workload: {
          steps: 4,
          commands: {
            leave: async ({ app: { system, entries } }) => {
              const leaver = system.spawn(Leaver, entries);
              leaver.go();
              await system.deadline(new Promise(() => {}), 100).catch(() => {});
            },
          },
        },
        faults: { kill: { chance: 0.3, who: "leaver" } },
      },
      20,
    );
    const cutShort = journals.filter((one) => count(one, "leaves") > count(one, "left"));
    expect(cutShort.length).toBeGreaterThan(0);
    expect(journals.some((one) => count(one, "left") === 4)).toBe(true);
  });
});

const lateness = async (faults: Faults) => {
  const late: number[] = [];
  const results = await runSeeds(
    {
      boot: () => createSystem(),
      workload: {
        steps: 20,
        pauseMs: [10, 10],
        commands: { look: ({ sim }) => void late.push(sim.now() % 10) },
      },
      faults,
    },
    10,
  );
  return { late: Math.max(...late), results };
};

describe("time", () => {
  test("of a slow handler is nobody else's", async () => {
    const { scenario } = working({ slow: { chance: 0.1, ms: [100, 100] } });
    const results = await runSeeds(scenario, 10);
    for (const result of results) {
      expect(result.simulatedMs).toBeGreaterThanOrEqual(100 * faultsOf(result, "slow"));
    }
    expect(results.some((result) => faultsOf(result, "slow") > 3)).toBe(true);
  });

  test("in which the process stands still makes timers late", async () => {
    expect((await lateness({})).late).toBe(0);
    const stalled = await lateness({ stall: { chance: 0.2, ms: [3, 7] } });
    expect(stalled.late).toBeGreaterThan(0);
    expect(stalled.results.some((result) => faultsOf(result, "stall") > 0)).toBe(true);
  });

  test("of the wall clock jumps, to and fro; the monotonic clock does not", async () => {
    const jumps: number[] = [];
    await runSeeds(
      {
        boot: () => createSystem(),
        workload: {
          steps: 20,
          pauseMs: [10, 10],
          commands: {
            look: ({ sim }) => void jumps.push(Date.now() - 1_577_836_800_000 - sim.now()),
          },
        },
        faults: { clock: { chance: 0.2, jumpMs: [-1_000, 1_000] } },
      },
      10,
    );
    expect(Math.min(...jumps)).toBeLessThan(0);
    expect(Math.max(...jumps)).toBeGreaterThan(0);
  });
});

const marked = (taken: Set<string>, faults: Faults) => ({
  boot: () => createSystem(),
  workload: {
    steps: 20,
    commands: {
      look: () => {
        for (const name of ["a", "b", "c", "d"]) if (buggify(name)) taken.add(name);
      },
    },
  },
  faults,
});

describe("a branch that is marked with buggify", () => {
  test("is never taken outside of a simulation", () => {
    expect(Array.from({ length: 100 }, () => buggify("outside"))).not.toContain(true);
  });

  test("is not taken where that is not asked for", async () => {
    const taken = new Set<string>();
    await runSeeds(marked(taken, {}), 5);
    expect([...taken]).toEqual([]);
  });

  test("is taken now and then; each run leaves some of them alone", async () => {
    const runs: Set<string>[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const taken = new Set<string>();
      runs.push(taken);
      await runSeeds({ ...marked(taken, { buggify: { sites: 0.5, fires: 0.5 } }) }, 1);
    }
    const all = new Set<string>();
    await runSeeds(marked(all, { buggify: { sites: 0.5, fires: 0.5 } }), 20);
    expect([...all].toSorted()).toEqual(["a", "b", "c", "d"]);
    expect(runs.every(({ size }) => size < 4)).toBe(true);
  });
});

test("a kind of fault is left out of some runs, so that others are not hidden by it", async () => {
  const results = await runSeeds(working({ crash: 0.2, kill: 0.05 }).scenario, 40);
  const sorts = results.map(
    (result) => `${faultsOf(result, "crash") > 0} ${faultsOf(result, "kill") > 0}`,
  );
  expect(new Set(sorts)).toContain("true false");
  expect(new Set(sorts)).toContain("false true");
  expect(new Set(sorts)).toContain("true true");
});

test("faults stop when the clients are done", async () => {
  const ticks: boolean[][] = [];
  const results = await runSeeds(
    {
      boot: () => {
        const entries: boolean[] = [];
        ticks.push(entries);
        const Ticker = actor({
          name: "ticker",
          init: (ctx) => {
            ctx.timers.every(10, () => void entries.push(buggify("tick")));
          },
        });
        createSystem().spawn(Ticker);
      },
      workload: { steps: 5, pauseMs: [10, 10], commands: { wait: () => undefined } },
      faults: {
        buggify: 1,
        stall: { chance: 0.5, ms: [1, 2] },
        clock: { chance: 1, jumpMs: [1, 1] },
      },
      eventually: { later: ({ sim }) => sim.now() > 1_000 },
    },
    10,
  );
  for (const [i, entries] of ticks.entries()) {
    // The clients are done after 50 ms, and a bit where the process stood still.
    expect(entries.lastIndexOf(true)).toBeLessThan(15);
    expect(entries.length).toBeGreaterThan(80);
    expect(results[i]!.decisions.faults.length).toBeLessThan(60);
  }
  expect(ticks.some((entries) => entries.includes(true))).toBe(true);
});

import { randomInt } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { actor, BadInputError, createSystem, type RefOf } from "troupe";
import { NondeterminismError, simulate, type Exploration, type SimulateOptions } from "troupe/sim";
import { hostNow } from "../../src/sim/host/host-globals.ts";
import { again, runSeeds, failing, once, quiet } from "./once.ts";

const Counter = actor({
  name: "counter",
  init: () => ({ total: 0 }),
  call: {
    async add(ctx, by: number) {
      const { total } = ctx.state;
      await ctx.sleep(1);
      ctx.state.total = total + by;
      return ctx.state.total;
    },
    total: (ctx) => ctx.state.total,
  },
});

/** Clients who add to some counters, in whatever order. */
function counting(options: Partial<SimulateOptions<RefOf<typeof Counter>[]>> = {}) {
  return {
    ...quiet,
    seeds: 5,
    boot: () => {
      const system = createSystem();
      return [1, 2, 3].map(() => system.spawn(Counter));
    },
    workload: {
      clients: 3,
      steps: 5,
      commands: {
        add: ({ app, chance }) => chance.pick(app).add(chance.int(1, 9)),
        total: ({ app, chance }) => chance.pick(app).total(),
      },
    },
    ...options,
  } satisfies SimulateOptions<RefOf<typeof Counter>[]>;
}

describe("the same seed", () => {
  test("runs the same, twice", async () => {
    const [first, second] = [await simulate(counting()), await simulate(counting())];
    expect(first.hash).toBe(second.hash);
    expect({ ...first, tookMs: 0 }).toEqual({ ...second, tookMs: 0 });
  });

  test("runs the same by its decisions", async () => {
    for (const explore of ["walk", "bounded"] as const) {
      const first = await once(counting(), 3, explore);
      const second = await again(counting(), first.decisions, 3);
      expect(second).toEqual(first);
    }
  });
});

test("other seeds run otherwise", async () => {
  const hashes = (await runSeeds(counting(), 20)).map((result) => result.hash);
  expect(new Set(hashes).size).toBe(20);
});

test("the report's hash is that of all seeds in their order", async () => {
  expect(await hash([1, 2], "mixed")).not.toBe(await hash([2, 1], "mixed"));
  expect(await hash([1, 2], "mixed")).toBe((await simulate(counting({ seeds: 2 }))).hash);
});

async function turns(explore: "walk" | "bounded"): Promise<number[]> {
  return (await runSeeds(counting(), 30, explore)).map(({ decisions }) => decisions.turns.length);
}

async function hash(seeds: number[], explore: Exploration | "mixed"): Promise<string> {
  return (await simulate(counting({ seeds, explore }))).hash;
}

describe("exploration", () => {
  test("bounded leaves the order of coming at most eight times, and walking many more", async () => {
    const bounded = await turns("bounded");
    expect(Math.max(...bounded)).toBeLessThanOrEqual(8);
    expect(Math.max(...bounded)).toBeGreaterThan(0);
    expect(Math.max(...(await turns("walk")))).toBeGreaterThan(8);
  });

  test("mixed walks on odd seeds and is bounded on even ones", async () => {
    expect(await hash([3], "mixed")).toBe(await hash([3], "walk"));
    expect(await hash([4], "mixed")).toBe(await hash([4], "bounded"));
    expect(await hash([3], "walk")).not.toBe(await hash([3], "bounded"));
  });
});

describe("the report", () => {
  test("tells how many seeds, turns, commands and orders there were", async () => {
    const report = await simulate(counting());
    expect(report.seeds).toBe(5);
    expect(report.commands).toMatchObject({ done: 75, rejected: 0, cutOff: 0 });
    expect(report.turns).toBeGreaterThanOrEqual(75);
    expect(report.simulatedMs).toBeGreaterThan(0);
    expect(report.interleavings.schedules).toBe(5);
    expect(report.faults).toEqual({});
    expect(report.undecided).toEqual([]);
  });

  test("counts the faults that happened, by kind", async () => {
    const report = await simulate(counting({ seeds: 10, faults: { crash: 0.2 } }));
    expect(Object.keys(report.faults)).toEqual(["crash"]);
    expect(report.faults["crash"]).toBeGreaterThan(0);
  });
});

describe("lines are printed", () => {
  test("two at the end", async () => {
    const lines: string[] = [];
    await simulate(counting({ seeds: 3, print: (line) => void lines.push(line) }));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^sim simulation: 3 of 3 seeds in [\d.]+ s, /);
    expect(lines[1]).toMatch(/^sim simulation: commands: 45 done, .*; trace [0-9a-f]{16}$/);
  });

  test("and one for each second that it takes", async () => {
    const lines: string[] = [];
    const until = hostNow() + 1_100;
    await simulate(
      counting({
        seeds: 3,
        print: (line) => void lines.push(line),
        boot: () => {
          // A first seed that really takes that long: what is printed goes by the host's clock.
          while (hostNow() < until);
          return [createSystem().spawn(Counter)];
        },
      }),
    );
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^sim simulation: 1 of 3 seeds in /);
  });

  test("not at all, where they are not wanted", async () => {
    const write = vi.spyOn(process.stderr, "write");
    await simulate(counting({ print: false }));
    expect(write).not.toHaveBeenCalled();
    write.mockRestore();
  });
});

test("two simulations at once run one after the other", async () => {
  const log: string[] = [];
  const named = (name: string) =>
    counting({
      boot: () => {
        log.push(name);
        return [createSystem().spawn(Counter)];
      },
    });
  const [a, b] = await Promise.all([simulate(named("a")), simulate(named("b"))]);
  expect(log.join("")).toMatch(/^a+b+$/);
  expect(a.hash).toBe(b.hash);
});

test("a simulation that fails does not keep the next from running", async () => {
  const fails = simulate(counting({ always: { never: () => false } }));
  const next = simulate(counting());
  await expect(fails).rejects.toThrow("never");
  await expect(next).resolves.toMatchObject({ seeds: 5 });
});

describe("a run that is not the same twice", () => {
  const Sayer = actor({
    name: "sayer",
    init: () => 0,
    cast: { say(_ctx, _what: unknown) {}, more() {} },
  });
  const saying = (act: (sayer: RefOf<typeof Sayer>) => void) => ({
    ...quiet,
    seeds: 1,
    boot: () => createSystem().spawn(Sayer),
    workload: { steps: 3, commands: { say: ({ app }: { app: RefOf<typeof Sayer> }) => act(app) } },
  });

  test("is an error that names the first difference: module state that survives", async () => {
    let survivor = 0;
    const error = await simulate(saying((app) => app.say(survivor++))).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NondeterminismError);
    expect(error).toMatchObject({
      code: "TROUPE_NONDETERMINISM",
      seed: 1,
      message: expect.stringMatching(/first at step \d+: .*sayer#.*"say".*, then .*"say"/),
    });
  });

  test("is an error that names the first difference: a clock that is not simulated", async () => {
    const error = await simulate(saying((app) => app.say(randomInt(2 ** 40)))).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(NondeterminismError);
    expect(String(error)).toMatch(/first at step \d+: .*"say"/);
  });

  test("is an error that says so, where it differs the first time only", async () => {
    let warm = false;
    const error = await simulate(
      saying((app) => {
        if (!warm) app.more();
        warm = true;
        app.say(1);
      }),
    ).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NondeterminismError);
    expect(String(error)).toMatch(/something differs the first time only/);
  });

  test("is an error: what is collected as garbage", async () => {
    const { gc } = globalThis;
    expect(gc).toBeTypeOf("function");
    let cached: WeakRef<object> | undefined;
    const error = await simulate(
      saying((app) => {
        if (cached?.deref() === undefined) app.more();
        else gc!();
        cached = new WeakRef({});
        app.say(1);
      }),
    ).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NondeterminismError);
  });

  test("sets and maps of objects are no reason for that", async () => {
    const seen = new Set<object>();
    await expect(
      simulate(
        saying((app) => {
          const own = new Set<object>([{}, {}, {}]);
          for (const item of own) seen.add(item);
          for (const [i] of [...own].entries()) app.say(i);
        }),
      ),
    ).resolves.toMatchObject({ seeds: 1 });
  });
});

test("a handler that turns out to wait counts as one that waits from the first run on", async () => {
  const Sink = actor({ name: "sink", init: () => 0, cast: { note() {} }, call: { ask: () => 1 } });
  for (let seed = 1; seed <= 10; seed++) {
    // No `async` function: that it waits, the kernel finds out when it is called.
    const Relay = actor({
      name: "relay",
      init: (_ctx, sink: RefOf<typeof Sink>) => sink,
      call: { pass: (ctx) => ctx.state.ask().then(() => ctx.state.note()) },
    });
    const report = await simulate({
      ...quiet,
      seeds: [seed],
      boot: () => {
        const system = createSystem();
        return system.spawn(Relay, system.spawn(Sink));
      },
      workload: { steps: 2, commands: { pass: ({ app }) => app.pass() } },
      faults: { messages: { to: "sink", delay: { chance: 0.5, ms: [1, 5] } } },
    });
    expect(report.seeds).toBe(1);
  }
});

test("the first failing seed is reported, and no other runs", async () => {
  let boots = 0;
  const error = await failing(
    counting({
      seeds: [4, 5, 6],
      boot: (sim) => {
        boots++;
        expect(sim.seed).toBe(4);
        return [createSystem().spawn(Counter)];
      },
      always: { never: () => false },
    }),
  );
  expect(error).toMatchObject({ seed: 4, invariant: "never" });
  expect(boots).toBeGreaterThan(1);
});

describe("options that make no sense are refused by name", () => {
  const wrong: Readonly<Record<string, [unknown, RegExp]>> = {
    seeds: [0, /seeds is 0/],
    "seeds that are no number": ["many", /seeds is "many"/],
    "seeds in fractions": [[1.5], /seeds/],
    "no seeds": [[], /seeds/],
    explore: ["random", /explore is "random"/],
    shrinkRuns: [-1, /shrinkRuns is -1/],
    directory: [true, /directory is true/],
    print: ["yes", /print is "yes"/],
  };
  test.each(Object.entries(wrong))("%s", async (what, [value, message]) => {
    const name = what.includes("seeds") ? "seeds" : what;
    const options: object = { ...counting(), [name]: value };
    const outcome = await simulate(options as ReturnType<typeof counting>).catch((e: unknown) => e);
    expect(outcome).toBeInstanceOf(BadInputError);
    expect((outcome as Error).message).toMatch(message);
  });
});

import { AsyncLocalStorage } from "node:async_hooks";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { actor, createSystem, implement } from "troupe";
import { EscapedAwaitError, simulate } from "troupe/sim";
import { runSeeds, failing, once, quiet } from "./once.ts";

/** Boots a service without actors, and has one client run `work` once, 5 ms later. */
function doing(work: () => unknown) {
  return {
    boot: () => createSystem(),
    workload: { steps: 1, pauseMs: [5, 5] as const, commands: { work } },
  };
}

/** Runs `work` as the code of a service; answers what it answered. */
async function inside<T>(work: () => T | Promise<T>, seed = 1): Promise<T> {
  const answers: T[] = [];
  const { failure } = await once(
    doing(async () => void answers.push(await work())),
    seed,
  );
  expect(failure).toBeUndefined();
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

/** What a host has of those globals that a simulation replaces. */
function globals(): unknown[] {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const { setImmediate, clearImmediate, queueMicrotask, Date: SomeDate, fetch } = globalThis;
  return [
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    setImmediate,
    clearImmediate,
    queueMicrotask,
    SomeDate,
    fetch,
    Math.random,
    // Only looked at, and never called.
    Reflect.get(performance, "now"),
    Reflect.get(AbortSignal, "timeout"),
    Reflect.get(crypto, "randomUUID"),
    Reflect.get(crypto, "getRandomValues"),
    Reflect.get(process, "nextTick"),
    promisify(setTimeout),
  ];
}
const ofHost = globals();

const describeAll = () => [
  Object.getOwnPropertyDescriptor(globalThis, "setTimeout"),
  Object.getOwnPropertyDescriptor(performance, "now"),
  Object.getOwnPropertyDescriptor(crypto, "randomUUID"),
  Object.getOwnPropertyDescriptor(Math, "random"),
];

describe("outside of runs the globals are the host's own", () => {
  afterEach(() => {
    // oxlint-disable-next-line vitest/no-standalone-expect -- holds behind each of them
    expect(globals()).toEqual(ofHost);
  });

  test("within a run they are not", async () => {
    const within = await inside(globals);
    expect(within.filter((each, i) => each === ofHost[i])).toEqual([]);
  });

  test("after a run that fails", async () => {
    const { failure } = await once({
      ...doing(() => undefined),
      always: { never: () => false },
    });
    expect(failure?.invariant).toBe("never");
  });

  test("after a throw out of boot", async () => {
    const { failure } = await once({
      boot: () => {
        throw new Error("no");
      },
    });
    expect(failure).toMatchObject({ invariant: "boot succeeds", message: "Error: no" });
  });

  test("for what the host does between two slices of a run", async () => {
    const seen: unknown[][] = [];
    const look = setInterval(() => seen.push(globals()), 0);
    const Busy = implement<{ go(): void }>()({
      name: "busy",
      init: (ctx) => ctx.self.go(),
      cast: {
        go(ctx) {
          if (ctx.now() < 2_000) ctx.timers.after(1, () => ctx.self.go());
          let sum = 0;
          for (let i = 0; i < 100_000; i++) sum += i % 7;
          return void sum;
        },
      },
    });
    await once({ boot: () => createSystem().spawn(Busy), virtualTime: 2_000 });
    clearInterval(look);
    expect(seen.length).toBeGreaterThan(0);
    for (const each of seen) expect(each).toEqual(ofHost);
  });

  test("with the same descriptors as before", async () => {
    const before = describeAll();
    await inside(() => 1);
    expect(describeAll()).toEqual(before);
  });
});

describe("time", () => {
  test("of Date is simulated, and goes with the clock", async () => {
    const seen = await inside(async () => {
      const start = Date.now();
      await promisify(setTimeout)(1_000);
      return [Date.now() - start, Number(new Date()) - start, new Date(start).toISOString()];
    });
    expect(seen).toEqual([1_000, 1_000, "2020-01-01T00:00:00.005Z"]);
  });

  test("of Date is a date like any other", async () => {
    const [date, text, utc, parsed, given] = await inside(() => [
      new Date() instanceof Date,
      // oxlint-disable-next-line unicorn/new-for-builtins -- without `new` it is a text
      typeof (Date as unknown as () => string)(),
      Date.UTC(2021, 0),
      Date.parse("2021-01-01"),
      new Date(2021, 5, 1).getMonth(),
    ]);
    expect([date, text, utc, parsed, given]).toEqual([
      true,
      "string",
      1_609_459_200_000,
      1_609_459_200_000,
      5,
    ]);
  });

  test("of performance is simulated", async () => {
    const took = await inside(async () => {
      const start = performance.now();
      await promisify(setTimeout)(250);
      return performance.now() - start;
    });
    expect(took).toBe(250);
  });

  test("of process.hrtime is simulated", async () => {
    const took = await inside(async () => {
      const [pair, nanoseconds] = [process.hrtime(), process.hrtime.bigint()];
      await promisify(setTimeout)(1_250);
      return [process.hrtime(pair), process.hrtime.bigint() - nanoseconds];
    });
    expect(took).toEqual([[1, 250_000_000], 1_250_000_000n]);
  });

  test("jumps to what is due next: a minute takes no time", async () => {
    const start = performance.now();
    await inside(() => promisify(setTimeout)(59_000));
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe("timers", () => {
  test("come at their time, and not early", async () => {
    const times = await inside(async () => {
      const start = performance.now();
      const came: number[] = [];
      for (const delayMs of [30, 10, 20.7, 0, -5]) {
        setTimeout(() => came.push(performance.now() - start), delayMs);
      }
      await promisify(setTimeout)(50);
      return came;
    });
    expect(times).toEqual([1, 1, 10, 20, 30]);
  });

  test("pass their arguments on, and can be cleared", async () => {
    const seen = await inside(async () => {
      const log: unknown[] = [];
      setTimeout((...args) => log.push(...args), 1, "a", "b");
      clearTimeout(setTimeout(() => log.push("cleared"), 1));
      clearInterval(setInterval(() => log.push("cleared"), 1));
      clearImmediate(setImmediate(() => log.push("cleared")));
      setImmediate((what) => log.push(what), "soon");
      await promisify(setTimeout)(10);
      return log.map(String).toSorted((a, b) => a.localeCompare(b));
    });
    expect(seen).toEqual(["a", "b", "soon"]);
  });

  test("of an interval come again until they are cleared", async () => {
    const seen = await inside(async () => {
      const start = performance.now();
      const log: number[] = [];
      const timer = setInterval(() => {
        log.push(performance.now() - start);
        if (log.length === 3) clearInterval(timer);
      }, 10);
      await promisify(setTimeout)(100);
      return log;
    });
    expect(seen).toEqual([10, 20, 30]);
  });

  test("can be refreshed, closed and disposed of", async () => {
    const seen = await inside(async () => {
      const start = performance.now();
      const log: unknown[] = [];
      const timer = setTimeout(() => log.push(performance.now() - start), 10);
      setTimeout(() => timer.refresh(), 5);
      const gone = setTimeout(() => log.push("gone"), 10);
      log.push(gone.unref().ref().hasRef());
      gone[Symbol.dispose]();
      log.push(gone.hasRef());
      await promisify(setTimeout)(50);
      return log;
    });
    expect(seen).toEqual([true, false, 15]);
  });

  test("that were set at once for one time keep their order; others come in one or another", async () => {
    const orders = new Set<string>();
    await runSeeds(
      doing(async () => {
        let order = "";
        for (const name of ["a", "b"]) setTimeout(() => (order += name), 10);
        await promisify(setTimeout)(5);
        setTimeout(() => (order += "c"), 5);
        await promisify(setTimeout)(20);
        orders.add(order);
      }),
      60,
    );
    expect([...orders].toSorted()).toEqual(["abc", "acb", "cab"]);
  });

  test("come in the order of time, however late they all are", async () => {
    const orders = new Set<string>();
    const scenario = doing(async () => {
      let order = "";
      setTimeout(() => (order += "late"), 30);
      setTimeout(() => (order += "early "), 15);
      await promisify(setTimeout)(200);
      orders.add(order);
    });
    await runSeeds({ ...scenario, faults: { stall: { chance: 0.5, ms: [50, 60] } } }, 60);
    expect([...orders]).toEqual(["early late"]);
  });

  test("go on in the async context that set them, as on the host", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = await inside(async () => {
      const log: unknown[] = [];
      storage.run("mine", () => {
        setTimeout(() => log.push(storage.getStore()), 1);
        setImmediate(() => log.push(storage.getStore()));
      });
      await promisify(setTimeout)(5);
      return log;
    });
    expect(seen).toEqual(["mine", "mine"]);
  });

  test("an AbortSignal.timeout aborts at its time", async () => {
    const [at, name] = await inside(async () => {
      const start = performance.now();
      const signal = AbortSignal.timeout(40);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return [performance.now() - start, (signal.reason as Error).name];
    });
    expect([at, name]).toEqual([40, "TimeoutError"]);
  });

  test("a promisified setImmediate resolves with its value", async () => {
    expect(await inside(() => promisify(setImmediate)("x"))).toBe("x");
  });
});

const draw = () => [
  Math.random(),
  crypto.randomUUID(),
  [...crypto.getRandomValues(new Uint32Array(2))].join(),
];

describe("chance", () => {
  test("is the seed's: the same for one, another for others", async () => {
    const [first, second, other] = [
      await inside(draw, 1),
      await inside(draw, 1),
      await inside(draw, 2),
    ];
    expect(first).toEqual(second);
    for (const [i, drawn] of other.entries()) expect(drawn).not.toBe(first[i]);
  });

  test("makes UUIDs of version 4", async () => {
    const uuids = await inside(() => Array.from({ length: 50 }, () => crypto.randomUUID()));
    expect(new Set(uuids).size).toBe(50);
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});

function fail(where: string): never {
  throw new Error(where);
}

describe("what nobody can catch fails the run, and does not reach the host", () => {
  const failures: Readonly<Record<string, [() => void, string]>> = {
    "a throw in a timer's callback": [
      () => void setTimeout(() => fail("in a timer"), 1),
      "no uncaught error",
    ],
    "a throw in a microtask": [
      () => queueMicrotask(() => fail("in a microtask")),
      "no uncaught error",
    ],
    "a throw in a tick": [() => process.nextTick(() => fail("in a tick")), "no uncaught error"],
    "a rejection that nobody listens to": [
      () => void Promise.reject(new Error("in a promise")),
      "no unhandled rejection",
    ],
  };

  test.each(Object.entries(failures))("%s", async (_what, [work, invariant]) => {
    const Orphans = actor({ name: "orphans", init: () => 0, cast: { leave: () => work() } });
    const error = await failing({
      seeds: 1,
      boot: () => createSystem().spawn(Orphans),
      workload: {
        steps: 1,
        commands: {
          leave: async ({ app }) => {
            app.leave();
            await promisify(setTimeout)(10);
          },
        },
      },
    });
    expect(error).toMatchObject({ seed: 1, invariant, cause: expect.any(Error) });
    expect(error.message).toMatch(/in a (timer|microtask|tick|promise)/);
  });

  test("an error event that nobody hears", async () => {
    const { PassThrough } = await import("node:stream");
    const error = await failing({
      seeds: 1,
      ...doing(async () => {
        new PassThrough().destroy(new Error("in a stream"));
        await promisify(setTimeout)(10);
      }),
    });
    expect(error).toMatchObject({ invariant: "no uncaught error" });
  });

  test("listeners of the host's are there afterwards, those for once as well", async () => {
    const [always, first] = [() => {}, () => {}];
    const before = process.rawListeners("unhandledRejection").length;
    process.on("unhandledRejection", always);
    process.once("unhandledRejection", first);
    await inside(() => 1);
    const after = process.rawListeners("unhandledRejection");
    expect(after).toHaveLength(before + 2);
    expect(after.at(-2)).toBe(always);
    expect(after.at(-1)).toHaveProperty("listener", first);
    process.off("unhandledRejection", always).off("unhandledRejection", first);
  });
});

describe("what a run leaves behind", () => {
  test("is no listener for signals, though its process crashes before it can take them back", async () => {
    const before = process.listenerCount("SIGTERM");
    const during: number[] = [];
    await runSeeds(
      {
        boot: () => {
          createSystem().shutdownOnSignals();
          during.push(process.listenerCount("SIGTERM"));
        },
        workload: { steps: 5, commands: { wait: () => undefined } },
        always: { never: () => false },
      },
      3,
    );
    expect([process.listenerCount("SIGTERM"), ...during]).toEqual(
      during.map(() => before).concat(before),
    );
  });

  test("is no code that goes on in the host's world", async () => {
    const years: number[] = [];
    const { failure } = await once({
      ...doing(() => undefined),
      always: {
        never: () => {
          void Promise.resolve().then(() => years.push(new Date().getFullYear()));
          return false;
        },
      },
    });
    await new Promise((resolve) => void setImmediate(resolve));
    expect(failure?.invariant).toBe("never");
    expect(years).toEqual([2020]);
  });
});

describe("fetch", () => {
  test("is refused at once, and the simulation says so, though the service copes", async () => {
    const outcome = await simulate({
      ...quiet,
      seeds: 1,
      ...doing(async () => fetch("http://localhost:1").catch(() => "no luck")),
    }).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(EscapedAwaitError);
    expect((outcome as Error).message).toMatch(/^fetch was called in a simulation/);
    expect((outcome as Error).stack).toMatch(/host-globals\.test\.ts/);
  });
});

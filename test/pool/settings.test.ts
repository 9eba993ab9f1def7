import { kill } from "troupe";
import {
  byPriority,
  custom,
  factory,
  queuer,
  rateLimited,
  type FactorySpec,
  type LiveSettings,
} from "troupe/pool";
import { expect, test } from "vitest";
import { Fate, now, Stage } from "./stage.ts";

test.each<[string, object]>([
  ["factory f: size is -1; it must be a whole number from 0 to 1000000", { size: -1 }],
  ["factory f: size is 1.5", { size: 1.5 }],
  ['factory f: size is "4"', { size: "4" }],
  [
    "factory f: discard.limit is -1; it must be a number of jobs, at least 0",
    { discard: { limit: -1 } },
  ],
  ["factory f: discard.limit is undefined", { discard: {} }],
  ["factory f: discard.everyMs is 0", { discard: { limit: 1, everyMs: 0 } }],
  ["factory f: discard.mode", { discard: { limit: 1, mode: "eldest" } }],
  ["factory f: retry is -1; it must be a number of times, at least 0", { retry: -1 }],
  ["factory f: retry is NaN", { retry: NaN }],
  ["factory f: retry is undefined", { retry: {} }],
  ["factory f: retry is undefined", { retry: null }],
  ["factory f: retry.when", { retry: { max: 1, when: true } }],
  ["factory f: stuck.afterMs is NaN", { stuck: {} }],
  ["factory f: stuck.afterMs is 0", { stuck: { afterMs: 0 } }],
  ["factory f: capacity.size", { capacity: {} }],
  ["factory f: capacity.everyMs is -5", { capacity: { everyMs: -5, size: () => 1 } }],
  ["factory f: onDiscard", { onDiscard: "log" }],
  ["factory f: onEvent", { onEvent: {} }],
  ["factory f: run", { run: "job" }],
  ["factory f: router", { router: {} }],
  ["factory f: queue", { queue: [] }],
  ["factory f: props", { props: 1 }],
  ["factory f: onStarted", { onStarted: 1 }],
  [
    "factory f: start.giveUpAfter is 0; it must be a number of starts, at least 1",
    { start: { giveUpAfter: 0 } },
  ],
  ["factory f: start.backoff.kind", { start: { backoff: { kind: "linear" } } }],
  ["factory f: child", { child: { shutdown: -1 } }],
  ['factory f: there is no option "workers"; there are worker, run,', { workers: 3 }],
])("what cannot work is refused as a factory is defined: %s", (message, options) => {
  const { worker } = { worker: new Stage().define() };
  const spec = { name: "f", worker, run: () => 1, ...options };
  expect(() => factory(spec as unknown as FactorySpec<unknown, void, string, unknown>)).toThrow(
    message,
  );
});

test("what routers and queues are made from is refused as they are made", () => {
  expect(() => custom(undefined as never)).toThrow("custom: choose");
  expect(() => rateLimited(queuer, undefined as never)).toThrow("rateLimited: limiter");
  expect(() => rateLimited(queuer() as never, undefined as never)).toThrow("rateLimited: inner");
  expect(() => byPriority({ classes: 0, of: () => 0 })).toThrow(
    "byPriority: classes is 0; it must be a whole number, at least 1",
  );
  expect(() => byPriority({ classes: 2 } as never)).toThrow("byPriority: of");
  expect(() => byPriority({ classes: 2, of: () => 0, mayDiscard: 1 } as never)).toThrow(
    "byPriority: mayDiscard",
  );
});

test.each<[string, unknown]>([
  ["factory#1: a job is undefined; it must be an object with a body", undefined],
  ['factory#1: a job is "cat.png"', "cat.png"],
  ["factory#1: a job is null", null],
  ["it must be an object with a body", {}],
  ["factory#1: a job's key is", { body: "a", key: {} }],
  ["factory#1: a job's ttlMs is -1", { body: "a", ttlMs: -1 }],
  ["factory#1: a job's ttlMs is NaN", { body: "a", ttlMs: NaN }],
  ['factory#1: a job\'s ttlMs is "5"', { body: "a", ttlMs: "5" }],
])("what is no job is refused, counted nowhere, and harms nobody: %s", async (message, job) => {
  const stage = new Stage();
  const pool = await stage.open();
  for (const verb of ["submit", "enqueue"] as const) {
    const fate = new Fate(pool[verb](job as never));
    await stage.kit.run();
    expect(fate.now).toBe("BadInputError");
    expect(String(fate.error)).toContain(message);
  }
  pool.dispatch(job as never);
  await stage.kit.run();
  expect(stage.kit.log).toMatchObject([{ level: "error", message: "dispatch: no job" }]);
  expect(await pool.stats()).toMatchObject({ submitted: 0, idle: 1 });
  await stage.end();
});

test("a body may be undefined, where there is one", async () => {
  const stage = new Stage();
  const pool = await stage.open({}, () => "done");
  expect(await pool.submit({ body: undefined as never })).toBe("done");
  await stage.end();
});

test.each<[string, unknown]>([
  ["factory#1: update: size is 0.5", { size: 0.5 }],
  ["factory#1: update: discard.limit is NaN", { discard: { limit: NaN } }],
  ['factory#1: update: "router" cannot be changed; size, discard, retry,', { router: queuer }],
  ["factory#1: update got undefined; it takes settings, as { size: 8 }", undefined],
  ["factory#1: update got 8", 8],
  [
    "no limit today",
    {
      size: 4,
      discard: {
        limit: () => {
          throw new Error("no limit today");
        },
      },
    },
  ],
  ["factory#1: discard.limit answered, which is NaN", { discard: { limit: () => NaN } }],
])(
  "settings that cannot work change nothing, and the factory goes on: %s",
  async (message, settings) => {
    const stage = new Stage();
    const pool = await stage.open({ discard: { limit: 1 } });
    await expect(pool.update(settings as LiveSettings)).rejects.toThrow(message);
    const fates = await stage.submit(pool, "a", "b", "c");
    expect(now(fates)).toEqual(["open", "open", "JobDiscardedError: overload"]);
    expect(await pool.stats()).toMatchObject({ size: 1 });
    await stage.end();
  },
);

test("a size that is none is refused, and stays as it was", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2 });
  await expect(pool.resize(-1)).rejects.toThrow("factory#1: resize: size is -1");
  await expect(pool.resize(1_000_001)).rejects.toThrow("resize: size is 1000001");
  expect(await pool.stats()).toMatchObject({ size: 2, idle: 2 });
  await stage.end();
});

test("settings change while it runs: what is given, and nothing else", async () => {
  const stage = new Stage();
  const seen: string[] = [];
  const pool = await stage.open({ retry: 1, discard: { limit: 0 } });
  await pool.update({ discard: { limit: 1 } });
  const fates = await stage.submit(pool, "fail", "a", "b", "c");
  expect(now(fates).slice(2)).toEqual([
    "JobDiscardedError: overload",
    "JobDiscardedError: overload",
  ]);
  await pool.update({
    discard: null,
    retry: 0,
    onEvent: null,
    onDiscard: () => void seen.push("x"),
  });
  const before = stage.ledger.lines.length;
  await stage.passAll();
  const more = await stage.submit(pool, "b", "c", "d", "fail");
  expect(stage.ledger.lines).toHaveLength(before);
  await pool.update({ onEvent: ({ type }) => void seen.push(type) });
  await stage.passAll();
  expect(now(more)).toEqual(["b done", "c done", "d done", "ActorFailedError"]);
  expect(seen).toEqual([
    "done",
    "begun",
    "done",
    "begun",
    "done",
    "begun",
    "failed",
    "workerEnded",
    "workerStarted",
  ]);
  await stage.end();
});

test("a limit that is a function is asked again, and is in force at once", async () => {
  const stage = new Stage();
  let limit = 1;
  const asked: number[] = [];
  const pool = await stage.open({
    discard: {
      limit({ queued }) {
        asked.push(queued);
        return limit;
      },
      everyMs: 100,
    },
  });
  const fates = await stage.submit(pool, "a", "b", "c");
  expect(now(fates)).toEqual(["open", "open", "JobDiscardedError: overload"]);
  limit = 2;
  await stage.kit.advance(100);
  expect(asked).toEqual([0, 1]);
  const more = await stage.submit(pool, "d", "e");
  expect(now(more)).toEqual(["open", "JobDiscardedError: overload"]);
  await pool.update({ discard: { limit: 5 } });
  await stage.kit.advance(1_000);
  expect(asked).toHaveLength(2);
  await stage.end();
});

test("a limit that cannot be had any more fails the factory, and everybody is told", async () => {
  const stage = new Stage();
  let limit = 5;
  const Pool = stage.define({ discard: { limit: () => limit, everyMs: 100 } });
  const pool = stage.kit.system.spawn(Pool, undefined, { restart: "permanent" });
  await stage.kit.run();
  const fates = await stage.submit(pool, "a", "b");
  limit = NaN;
  await stage.kit.advance(100);
  limit = 5;
  expect(now(fates)).toEqual(["open", "JobDiscardedError: shutdown"]);
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done", "JobDiscardedError: shutdown"]);
  const again = await stage.submit(pool, "c");
  await stage.pass("c");
  expect(now(again)).toEqual(["c done"]);
  await stage.end();
});

test("onEvent and onDiscard may throw: that is logged, and the factory goes on", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    discard: { limit: 0 },
    retry: 1,
    onEvent() {
      throw new Error("deaf");
    },
    onDiscard() {
      throw new Error("deaf too");
    },
  });
  const fates = await stage.submit(pool, "a", "b");
  void kill(stage.workers[0]!);
  await stage.kit.run();
  await stage.passAll();
  await pool.resize(2);
  expect(now(fates)).toEqual(["a done", "JobDiscardedError: overload"]);
  expect(stage.kit.log.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      "onEvent threw; the factory goes on",
      "onDiscard threw; the factory goes on",
    ]),
  );
  expect(await pool.stats()).toMatchObject({ done: 1, retried: 1 });
  await stage.end();
});

test("the capacity controller sets the size, now and then", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    capacity: { everyMs: 100, size: ({ queued, running }) => Math.min(3, queued + running) },
  });
  await stage.submit(pool, "a", "b", "c", "d");
  await stage.kit.advance(100);
  expect(await pool.stats()).toMatchObject({ size: 3, running: 3, queued: 1 });
  await stage.passAll();
  await stage.kit.advance(100);
  expect(await pool.stats()).toMatchObject({ size: 0, idle: 0 });
  expect(stage.ledger.lines.filter((line) => line.startsWith("resized"))).toEqual([
    "resized 1 to 3",
    "resized 3 to 0",
  ]);
  await stage.end();
});

test("a capacity controller that thinks is waited for, and not asked meanwhile", async () => {
  const stage = new Stage();
  let asked = 0;
  let answer: ((size: number) => void) | undefined;
  const size = (): Promise<number> => {
    asked++;
    return new Promise((resolve) => (answer = resolve));
  };
  const pool = await stage.open({ capacity: { everyMs: 100, size } });
  await stage.kit.advance(500);
  expect(asked).toBe(1);
  answer!(2);
  await stage.kit.run();
  expect(await pool.stats()).toMatchObject({ size: 2 });
  await stage.kit.advance(100);
  expect(asked).toBe(2);
  // One that never answers is in nobody's way, and its answer is not what is asked for now.
  await pool.update({ capacity: { everyMs: 100, size: () => 3 } });
  await stage.kit.advance(100);
  answer!(1);
  await stage.kit.run();
  expect(await pool.stats()).toMatchObject({ size: 3 });
  await pool.update({ capacity: null });
  await pool.resize(1);
  await stage.kit.advance(1_000);
  expect(await pool.stats()).toMatchObject({ size: 1 });
  await stage.end();
});

test.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("no idea");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no idea"))],
  ["answers nonsense", () => -3],
  ["promises nonsense", () => Promise.resolve("many")],
])("a capacity controller that %s is logged, and the size stays", async (_, size) => {
  const stage = new Stage();
  const pool = await stage.open({
    size: 2,
    capacity: { everyMs: 100, size: size as () => number },
  });
  await stage.kit.advance(250);
  expect(stage.kit.log.map(({ level }) => level)).toEqual(["error", "error"]);
  expect(await pool.stats()).toMatchObject({ size: 2, idle: 2 });
  await stage.end();
});

test("room resolves at once while there is some, and when there is again", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 1, discard: { limit: 1 } });
  await pool.room();
  await stage.submit(pool, "a");
  await pool.room();
  await stage.submit(pool, "b");
  const room = new Fate(pool.room());
  await stage.kit.run();
  expect(room.now).toBe("open");
  expect(await pool.availableCapacity()).toBe(0);
  await stage.pass("a");
  expect(room.now).toBe("undefined");
  await stage.end();
});

test("without a limit there is room while fewer jobs wait than there are workers", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2 });
  let submitted = 0;
  void (async () => {
    for (; submitted < 10; submitted++) {
      await pool.room();
      pool.dispatch({ body: `${submitted}` });
    }
  })();
  await stage.kit.run();
  expect(submitted).toBe(4);
  await stage.pass("0");
  expect(submitted).toBe(5);
  await stage.passAll();
  expect(submitted).toBe(10);
  expect(stage.ledger.begun).toHaveLength(10);
  await stage.end();
});

test("those who wait for room are told when the factory ends", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 0, discard: { limit: 0 } });
  const room = new Fate(pool.room());
  await stage.kit.run();
  expect(room.now).toBe("open");
  void kill(pool);
  await stage.kit.run();
  expect(room.now).not.toBe("open");
  await stage.end();
});

test("the counts, the depth, the capacity and the workers can be asked for", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, discard: { limit: 4 }, stuck: { afterMs: 10_000 } });
  expect(await pool.availableCapacity()).toBe(6);
  await stage.submit(pool, "a", "b", "c");
  await stage.kit.advance(30);
  expect(await pool.queueDepth()).toBe(1);
  expect(await pool.activeWorkers()).toBe(2);
  expect(await pool.availableCapacity()).toBe(3);
  await stage.pass("a");
  await stage.pass("c");
  expect(await pool.stats()).toEqual({
    submitted: 3,
    queued: 0,
    running: 1,
    done: 2,
    failed: 0,
    discarded: { ttl: 0, overload: 0, rateLimited: 0, shutdown: 0, abandoned: 0 },
    retried: 0,
    size: 2,
    idle: 1,
    starting: 0,
    replaced: 0,
    stuck: 0,
    capacity: 5,
  });
  expect(await pool.workers()).toEqual([
    {
      worker: 0,
      name: "hand#2",
      status: "idle",
      draining: false,
      queued: 0,
      busyMs: 0,
      replaced: 0,
    },
    {
      worker: 1,
      name: "hand#3",
      status: "busy",
      draining: false,
      queued: 0,
      busyMs: 30,
      replaced: 0,
    },
  ]);
  await stage.end();
});

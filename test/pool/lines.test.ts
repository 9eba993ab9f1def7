import { kill, withOptions, type JobDiscardedError } from "troupe";
import { byPriority, keyPersistent, roundRobin, type FactoryOptions } from "troupe/pool";
import { expect, test } from "vitest";
import { Fate, now, Stage } from "./stage.ts";

const OVERLOAD = "JobDiscardedError: overload";
const TTL = "JobDiscardedError: ttl";

/** What becomes of jobs that come to one worker, and in which order the others are done. */
async function jam(options: FactoryOptions<string>, ...names: string[]) {
  const stage = new Stage();
  const pool = await stage.open(options);
  const fates = await stage.submit(pool, ...names);
  const before = now(fates);
  await stage.passAll();
  stage.ledger.check(await pool.stats());
  const { begun } = stage.ledger;
  await stage.end();
  return { before, after: now(fates), begun };
}

test("jobs are begun in the order in which they came", async () => {
  const { begun } = await jam({}, "a", "b", "c", "d");
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("more than may wait are refused: the newest goes", async () => {
  const { before, after } = await jam({ discard: { limit: 2 } }, "a", "b", "c", "d", "e");
  expect(before).toEqual(["open", "open", "open", OVERLOAD, OVERLOAD]);
  expect(after).toEqual(["a done", "b done", "c done", OVERLOAD, OVERLOAD]);
});

test("the oldest may go instead: the next in line makes room", async () => {
  const { before, begun } = await jam(
    { discard: { limit: 2, mode: "oldest" } },
    "a",
    "b",
    "c",
    "d",
    "e",
  );
  expect(before).toEqual(["open", OVERLOAD, OVERLOAD, "open", "open"]);
  expect(begun).toEqual(["a", "d", "e"]);
});

test("with a limit of 0 none waits", async () => {
  for (const mode of ["newest", "oldest"] as const) {
    const { before } = await jam({ discard: { limit: 0, mode } }, "a", "b");
    expect(before).toEqual(["open", OVERLOAD]);
  }
});

test("a discarded job's error says what was full, and onDiscard hears of it first", async () => {
  const stage = new Stage();
  const told: string[] = [];
  const pool = await stage.open({
    discard: { limit: 0 },
    onDiscard: ({ body, key }, reason) => void told.push([body, key, reason].join(" ")),
  });
  await stage.submit(pool, "a");
  const failure = pool.submit({ body: "b", key: "k" }).catch((error: JobDiscardedError) => {
    told.push("submitter");
    return error;
  });
  expect(await failure).toMatchObject({
    name: "JobDiscardedError",
    code: "TROUPE_JOB_DISCARDED",
    factory: "factory#1",
    reason: "overload",
    message:
      'factory#1 discarded a job: the one with key "k" was one too many: 0 jobs waited, and 0 may in a line',
  });
  expect(told).toEqual(["b k overload", "submitter"]);
  await stage.end();
});

test("the limit is of each line: the workers' own, where the router has them", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const { before } = await jam({ size: 2, router: roundRobin, discard: { limit: 2 } }, ...names);
  expect(before).toEqual([...Array(6).fill("open"), OVERLOAD, OVERLOAD]);
});

const classes = byPriority<string>({
  classes: 3,
  of: ({ body }) => Number(body[0]),
  mayDiscard: ({ body }) => !body.endsWith("!"),
});

test("by priority, lower classes wait for higher ones, and each is in its order", async () => {
  const { begun } = await jam({ queue: classes }, "2a", "2b", "1a", "0a", "2c", "0b", "1b");
  expect(begun).toEqual(["2a", "0a", "0b", "1a", "1b", "2b", "2c"]);
});

test("the lowest class makes room first, its oldest before the others", async () => {
  const { begun } = await jam(
    { queue: classes, discard: { limit: 3, mode: "oldest" } },
    "1-",
    "0a",
    "2a",
    "2b",
    "0b",
    "0c",
  );
  expect(begun).toEqual(["1-", "0a", "0b", "0c"]);
  const self = await jam(
    { queue: classes, discard: { limit: 1, mode: "oldest" } },
    "1-",
    "0a",
    "2a",
  );
  expect(self.before).toEqual(["open", "open", OVERLOAD]);
});

test("those that may not be discarded are taken however many wait, and never make room", async () => {
  const newest = await jam(
    { queue: classes, discard: { limit: 1 } },
    "1-",
    "2a",
    "2b!",
    "2c",
    "0!",
  );
  expect(newest.before).toEqual(["open", "open", "open", OVERLOAD, "open"]);
  expect(newest.begun).toEqual(["1-", "0!", "2a", "2b!"]);
  const oldest = await jam(
    { queue: classes, discard: { limit: 2, mode: "oldest" } },
    "1-",
    "2a!",
    "2b",
    "2c!",
    "2d",
    "1!",
  );
  expect(oldest.before).toEqual(["open", "open", OVERLOAD, "open", OVERLOAD, "open"]);
});

test("a class that there is not refuses its job, and a throw does", async () => {
  const stage = new Stage();
  const queue = byPriority<string>({
    classes: 2,
    of({ body }) {
      if (body === "throws") throw new RangeError("no class");
      return body === "far" ? 7 : 0;
    },
    mayDiscard({ body }) {
      if (body === "asks") throw new RangeError("do not ask");
      return true;
    },
  });
  const pool = await stage.open({ queue, discard: { limit: 1, mode: "oldest" } });
  const fates = await stage.submit(pool, "a", "far", "throws", "asks", "b", "c");
  expect(now(fates)).toEqual([
    "open",
    "BadInputError",
    "RangeError",
    "RangeError",
    OVERLOAD,
    "open",
  ]);
  expect(String(fates[1]!.error)).toContain("byPriority: of answered 7; the classes are 0 to 1");
  await stage.passAll();
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a class that a job loses while it is begun again fails it, and nothing else", async () => {
  const stage = new Stage();
  const queue = byPriority<string>({ classes: 1, of: ({ attempts }) => attempts });
  const pool = await stage.open({ queue, retry: 1 });
  const fates = await stage.submit(pool, "fail", "a");
  await stage.pass("a");
  expect(now(fates)).toEqual(["BadInputError", "a done"]);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a job whose time to live is over is discarded within 100 ms, also where nobody comes for it", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 0 });
  const fates = await stage.submit(pool, { body: "a", ttlMs: 50 }, { body: "b", ttlMs: 150 }, "c");
  await stage.kit.advance(99);
  expect(now(fates)).toEqual(["open", "open", "open"]);
  await stage.kit.advance(1);
  expect(now(fates)).toEqual([TTL, "open", "open"]);
  expect(await pool.queueDepth()).toBe(2);
  await stage.kit.advance(100);
  expect(now(fates)).toEqual([TTL, TTL, "open"]);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a job that is late is not begun when its turn comes, between two looks", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const fates = await stage.submit(pool, "a", { body: "b", ttlMs: 30 }, { body: "c", ttlMs: 31 });
  await stage.kit.advance(30);
  await stage.pass("a");
  await stage.pass("c");
  expect(now(fates)).toEqual(["a done", TTL, "c done"]);
  expect((fates[1]!.error as Error).message).toBe(
    "factory#1 discarded a job: the time to live of it was over before a worker took it",
  );
  await stage.end();
});

test("a job that has begun is never cut off for its time to live, nor when it is begun again", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 1, start: { backoff: { kind: "fixed", delay: 500 } } });
  const fates = await stage.submit(pool, { body: "a", ttlMs: 50 });
  await stage.kit.advance(1_000);
  expect(now(fates)).toEqual(["open"]);
  stage.onInit = () => {
    stage.onInit = () => undefined;
    throw new Error("once");
  };
  void kill(stage.workers[0]!);
  await stage.kit.advance(1_000);
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done"]);
  expect(await pool.stats()).toMatchObject({ retried: 1 });
  await stage.end();
});

test("with a time to live of 0 a job is never taken, not even by a free worker", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const fates = await stage.submit(pool, { body: "a", ttlMs: 0 }, { body: "b", ttlMs: Infinity });
  expect(now(fates)).toEqual([TTL, "open"]);
  await stage.pass("b");
  await stage.end();
});

test("a job whose submitter waits no more is not begun", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const [first] = await stage.submit(pool, "a");
  const left = new Fate(withOptions(pool, { timeout: 50 }).submit({ body: "b" }));
  await stage.submit(pool, "c");
  await stage.kit.advance(50);
  expect(left.now).toBe("TimeoutError");
  await stage.pass("a");
  expect(first!.now).toBe("a done");
  expect(stage.ledger.begun).toEqual(["a", "c"]);
  expect(stage.ledger.of("discarded")).toMatchObject([{ reason: "abandoned", job: { body: "b" } }]);
  await stage.pass("c");
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("enqueue resolves when the job has been taken, into a line or by a worker, and rejects when not", async () => {
  const stage = new Stage();
  const pool = await stage.open({ discard: { limit: 1 } });
  const fates = ["a", "b", "c"].map((body) => new Fate(pool.enqueue({ body })));
  await stage.kit.run();
  expect(now(fates)).toEqual(["undefined", "undefined", OVERLOAD]);
  await stage.passAll();
  expect(await pool.stats()).toMatchObject({ done: 2, discarded: { overload: 1 } });
  // What becomes of it is nobody's then, and is logged.
  await pool.enqueue({ body: "fail" });
  await stage.kit.run();
  expect(stage.kit.log.map(({ message }) => message)).toContain(
    "a job failed that nobody waits for",
  );
  await stage.end();
});

test("a key's line is worked off by one worker, with retried jobs first", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 3, router: keyPersistent, retry: 1 });
  let attempts = 0;
  stage.deeds.set("b", () => {
    if (++attempts === 1) throw new Error("once");
    return "b done";
  });
  const fates = await stage.submit(pool, ...["a", "b", "c"].map((body) => ({ body, key: "k" })));
  await stage.pass("a");
  await stage.pass("c");
  expect(stage.ledger.begun).toEqual(["a", "b", "b", "c"]);
  expect(new Set(stage.ledger.of("begun").map(({ worker }) => worker)).size).toBe(1);
  expect(now(fates)).toEqual(["a done", "b done", "c done"]);
  await stage.end();
});

test("a full line makes room for who waits: those whose callers have left give up their places", async () => {
  const stage = new Stage();
  const pool = await stage.open({ discard: { limit: 2 } });
  const patient = withOptions(pool, { timeout: 50 });
  await stage.submit(pool, "a");
  await stage.submit(patient, "b", "c");
  await stage.kit.advance(50);
  const [next] = await stage.submit(pool, "d");
  expect(next!.now).toBe("open");
  expect(await pool.stats()).toMatchObject({ queued: 1, discarded: { abandoned: 2, overload: 0 } });
  await stage.pass("a");
  await stage.pass("d");
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("jobs whose callers have left do not pile up where there is no worker to take them", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 0 });
  await stage.submit(withOptions(pool, { timeout: 50 }), "a", "b");
  await stage.kit.advance(1_000);
  expect(await pool.stats()).toMatchObject({ queued: 0, discarded: { abandoned: 2 } });
  await stage.end();
});

import {
  custom,
  keyPersistent,
  leakyBucket,
  queuer,
  rateLimited,
  roundRobin,
  stickyQueuer,
  type Floor,
  type RouterMaker,
} from "troupe/pool";
import { kill, started } from "troupe";
import { expect, test } from "vitest";
import { now, Stage } from "./stage.ts";

const LIMITED = "JobDiscardedError: rateLimited";

/** Where jobs are begun, as `a 0`, in their order. */
function places(stage: Stage): string[] {
  return stage.ledger.of("begun").map(({ job, worker }) => `${String(job.body)} ${worker}`);
}

test("queuer: to the worker that has been free for longest, else to the next that is free", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 3, router: queuer });
  await stage.submit(pool, "a", "b", "c");
  await stage.pass("b");
  await stage.pass("a");
  await stage.submit(pool, "d", "e", "f");
  await stage.pass("c");
  expect(places(stage)).toEqual(["a 0", "b 1", "c 2", "d 1", "e 0", "f 2"]);
  await stage.end();
});

test("roundRobin: to each in turn, whether it is free or not", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router: roundRobin });
  await stage.submit(pool, "a", "b", "c", "d", "e");
  await stage.pass("b");
  await stage.pass("d");
  expect(places(stage)).toEqual(["a 0", "b 1", "d 1"]);
  expect((await pool.workers()).map(({ queued }) => queued)).toEqual([2, 0]);
  await stage.passAll();
  expect(places(stage).slice(3)).toEqual(["c 0", "e 0"]);
  await stage.end();
});

test("keyPersistent: one key, one worker, in the order in which its jobs came", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 4, router: keyPersistent });
  const jobs = Array.from({ length: 40 }, (_, n) => ({ body: `${n}`, key: `key ${n % 8}` }));
  await stage.submit(pool, ...jobs);
  await stage.passAll();
  for (let key = 0; key < 8; key++) {
    const mine = stage.ledger.of("begun").filter(({ job }) => job.key === `key ${key}`);
    expect(new Set(mine.map(({ worker }) => worker)).size).toBe(1);
    expect(mine.map(({ job }) => Number(job.body) % 8)).toEqual(Array(5).fill(key));
    const numbers = mine.map(({ job }) => Number(job.body));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
  await stage.end();
});

test("keyPersistent: the same key goes to the same worker in each factory and each life", async () => {
  const first = new Stage();
  const pool = await first.open({ size: 7, router: keyPersistent });
  const jobs = ["ann", "bob", "cid", 1, 2, 3].map((key) => ({ body: String(key), key }));
  await first.submit(pool, ...jobs);
  await first.passAll();
  const second = new Stage();
  const other = await second.open({ size: 7, router: keyPersistent });
  await second.submit(other, ...jobs.toReversed());
  await second.passAll();
  expect(places(second).toSorted()).toEqual(places(first).toSorted());
  await first.end();
  await second.end();
});

test("keyPersistent: a job without a key goes to whoever has the least to do", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 3, router: keyPersistent });
  await stage.submit(pool, "a", "b", "c", "d", "e", "f", "g");
  expect((await pool.workers()).map(({ queued }) => queued)).toEqual([2, 1, 1]);
  await stage.end();
});

test("stickyQueuer: one key is never at two workers, and other jobs do not wait for it", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router: stickyQueuer });
  const keyed = ["a", "b", "c"].map((body) => ({ body, key: "k" }));
  await stage.submit(pool, ...keyed, "d", "e");
  expect(stage.held).toEqual(["a", "d"]);
  await stage.pass("d");
  expect(stage.held).toEqual(["a", "e"]);
  await stage.pass("a", "e");
  await stage.pass("b");
  await stage.pass("c");
  expect(places(stage).filter((place) => /[abc]/.test(place))).toEqual(["a 0", "b 0", "c 0"]);
  await stage.end();
});

test("stickyQueuer: jobs of one key that waited for any worker are done by one", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router: stickyQueuer });
  await stage.submit(pool, "x", "y", ...["a", "b"].map((body) => ({ body, key: "k" })));
  await stage.pass("x");
  await stage.pass("y");
  expect(stage.held).toEqual(["a"]);
  await stage.pass("a");
  await stage.pass("b");
  expect(stage.ledger.begun).toEqual(["x", "y", "a", "b"]);
  await stage.end();
});

test("stickyQueuer: a job does not pass one of its key that waits for any worker", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router: stickyQueuer });
  const [k1, k2, k3] = ["k1", "k2", "k3"].map((body) => ({ body, key: "k" }));
  await stage.submit(pool, "x", "y", k1!, k2!, "z");
  await stage.pass("x");
  await stage.submit(pool, k3!);
  expect(stage.held).toEqual(["y", "k1"]);
  await stage.pass("y");
  await stage.pass("k1");
  await stage.passAll();
  expect(stage.ledger.begun.filter((name) => name.startsWith("k"))).toEqual(["k1", "k2", "k3"]);
  await stage.end();
});

test("stickyQueuer: a key that never runs out does not keep the others waiting", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 1, router: stickyQueuer });
  const flood = ["k1", "k2", "k3", "k4"].map((body) => ({ body, key: "k" }));
  await stage.submit(pool, ...flood, "x", "y");
  await stage.passAll();
  expect(stage.ledger.begun).toEqual(["k1", "k2", "x", "k3", "y", "k4"]);
  await stage.end();
});

test("custom: to the number that is chosen, modulo their count, whole or not, also below 0", async () => {
  const stage = new Stage();
  const router = custom<string>(({ body }) => (body === "any" ? undefined : Number(body)));
  const pool = await stage.open({ size: 3, router });
  await stage.submit(pool, "4", "2.9", "-3", "any");
  expect(places(stage)).toEqual(["4 1", "2.9 2", "-3 0"]);
  await stage.pass("2.9");
  expect(places(stage).at(-1)).toBe("any 2");
  await stage.end();
});

test("a router sees the floor as it is", async () => {
  const stage = new Stage();
  const seen: unknown[] = [];
  const look: RouterMaker<string> = () => ({
    followsKeys: true,
    route({ body, key }, floor: Floor) {
      const at = key === undefined ? undefined : floor.workerOf(key);
      seen.push([body, floor.size, floor.idle(), floor.load(0), floor.load(9), at, floor.now]);
      return 0;
    },
  });
  const pool = await stage.open({ size: 2, router: look });
  await stage.kit.advance(5);
  await stage.submit(pool, { body: "a", key: "k" }, { body: "b", key: "k" });
  await stage.pass("a");
  await stage.pass("b");
  await stage.submit(pool, { body: "c", key: "k" });
  expect(seen).toEqual([
    ["a", 2, 0, 0, 0, undefined, 5],
    ["b", 2, 1, 1, 0, 0, 5],
    ["c", 2, 1, 0, 0, undefined, 5],
  ]);
  await stage.end();
});

test("what a router throws, or answers that is no worker, fails its job and nothing else", async () => {
  const stage = new Stage();
  const answers: Readonly<Record<string, unknown>> = {
    nan: NaN,
    far: 2,
    below: -1,
    text: "0",
    half: 0.5,
  };
  const router: RouterMaker<string> = () => ({
    route({ body }) {
      if (body === "throws") throw new RangeError("no way");
      return body in answers ? (answers[body] as number) : 1;
    },
  });
  const pool = await stage.open({ size: 2, router });
  const fates = await stage.submit(pool, "throws", ...Object.keys(answers), "good");
  expect(now(fates)).toEqual(["RangeError", ...Array(5).fill("BadInputError"), "open"]);
  expect(String(fates[2]!.error)).toContain(
    "factory#1: the router answered 2; it must be the number of a worker, below 2, or undefined",
  );
  await stage.pass("good");
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("what is no router, or no queue, fails the start, and says what would do", async () => {
  const stage = new Stage();
  const bad = (options: object) => started(stage.kit.system.spawn(stage.define(options)));
  await expect(bad({ router: () => queuer })).rejects.toThrow(
    /router\(\) answered .* has no route/,
  );
  await expect(bad({ router: () => undefined })).rejects.toThrow("router must be as queuer");
  await expect(bad({ queue: () => [] })).rejects.toThrow(/queue\(\) answered .* has no putBack/);
  await stage.end();
});

test("a job that is rate-limited is discarded; others are routed as ever", async () => {
  const stage = new Stage();
  const router = rateLimited(roundRobin, leakyBucket({ max: 2, refill: 1, everyMs: 100 }));
  const pool = await stage.open({ size: 3, router });
  const fates = await stage.submit(pool, "a", "b", "c");
  expect(now(fates)).toEqual(["open", "open", LIMITED]);
  await stage.kit.advance(100);
  const more = await stage.submit(pool, "d", "e");
  expect(now(more)).toEqual(["open", LIMITED]);
  expect(places(stage)).toEqual(["a 0", "b 1", "d 2"]);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a job that is not taken for another reason costs the rate limit nothing", async () => {
  const stage = new Stage();
  const router = rateLimited<string>(
    () => ({
      route({ body }) {
        if (body === "throws") throw new RangeError("no way");
        return 0;
      },
    }),
    leakyBucket({ max: 2, refill: 1, everyMs: 1_000 }),
  );
  const pool = await stage.open({ router, discard: { limit: 0 } });
  const fates = await stage.submit(pool, "a", "b", "throws", { body: "c", ttlMs: 0 });
  expect(now(fates)).toEqual([
    "open",
    "JobDiscardedError: overload",
    "RangeError",
    "JobDiscardedError: ttl",
  ]);
  await stage.pass("a");
  // The second of two is still there.
  expect(now(await stage.submit(pool, "d"))).toEqual(["open"]);
  await stage.pass("d");
  expect(now(await stage.submit(pool, "e"))).toEqual([LIMITED]);
  await stage.end();
});

test("jobs that are begun again, or routed anew, are not counted by the rate limit again", async () => {
  const stage = new Stage();
  const router = rateLimited(queuer, leakyBucket({ max: 2, refill: 1, everyMs: 60_000 }));
  const pool = await stage.open({ router, retry: 3, size: 0 });
  const fates = await stage.submit(pool, "a", "b");
  await pool.resize(1);
  await stage.kit.run();
  for (let times = 0; times < 3; times++) {
    void kill(stage.workers[0]!);
    await stage.kit.run();
  }
  await stage.pass("a");
  await stage.pass("b");
  expect(now(fates)).toEqual(["a done", "b done"]);
  await stage.end();
});

test("a limiter that throws once its job is taken is logged, and the job goes on", async () => {
  const stage = new Stage();
  const router = rateLimited(queuer, () => ({
    check: () => true,
    bump() {
      throw new Error("no bump");
    },
  }));
  const pool = await stage.open({ router });
  const fates = await stage.submit(pool, "a", "b");
  await stage.passAll();
  expect(now(fates)).toEqual(["a done", "b done"]);
  expect(stage.kit.log).toMatchObject([{ level: "error" }, { level: "error" }]);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

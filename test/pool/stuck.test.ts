import { withOptions } from "troupe";
import type { RunningJob } from "troupe/pool";
import { expect, test } from "vitest";
import { now, Stage } from "./stage.ts";

test("a worker that is stuck is killed and replaced, and its job fails with what it waited for", async () => {
  const stage = new Stage();
  const pool = await stage.open({ stuck: { afterMs: 100 } });
  const fates = await stage.submit(pool, "hang", "b");
  await stage.kit.advance(99);
  expect(now(fates)).toEqual(["open", "open"]);
  await stage.kit.advance(26);
  expect(now(fates)).toEqual(["TimeoutError", "open"]);
  expect(String(fates[0]!.error)).toContain("its worker was killed for being stuck");
  await stage.pass("b");
  expect(now(fates)).toEqual(["TimeoutError", "b done"]);
  const stats = await pool.stats();
  expect(stats).toMatchObject({ stuck: 1, replaced: 1, done: 1, failed: 1 });
  stage.ledger.check(stats);
  expect(stage.ledger.of("workerStuck")).toMatchObject([{ worker: 0, job: { body: "hang" } }]);
  await stage.end();
});

test("what is stuck may be run, and not the worker: it ends all the same", async () => {
  const stage = new Stage();
  const pool = await stage.open({ stuck: { afterMs: 100 } }, (worker, name) =>
    name === "hang" ? new Promise(() => {}) : worker.job(name),
  );
  const fates = await stage.submit(pool, "hang", "b");
  await stage.kit.advance(125);
  await stage.pass("b");
  expect(now(fates)).toEqual(["TimeoutError", "b done"]);
  await stage.end();
});

test.each([
  ["the worker hangs", true],
  ["run hangs", false],
])("a stuck job is begun again as one whose worker has died: %s", async (_, inWorker) => {
  const stage = new Stage();
  stage.deeds.set("once", () => "at last");
  const pool = await stage.open(
    { stuck: { afterMs: 100 }, retry: 1 },
    (worker, _name, { attempt }) => {
      if (attempt === 2) return worker.job("once");
      return inWorker ? worker.job("hang") : new Promise(() => {});
    },
  );
  const fates = await stage.submit(pool, "a");
  await stage.kit.advance(125);
  expect(now(fates)).toEqual(["at last"]);
  expect(await pool.stats()).toMatchObject({ retried: 1, failed: 0, stuck: 1 });
  await stage.end();
});

test("each attempt has its own time", async () => {
  const stage = new Stage();
  const pool = await stage.open({ stuck: { afterMs: 100 }, retry: 1 });
  const fates = await stage.submit(pool, "hang");
  await stage.kit.advance(125);
  expect(now(fates)).toEqual(["open"]);
  await stage.kit.advance(74);
  expect(now(fates)).toEqual(["open"]);
  await stage.kit.advance(26);
  expect(now(fates)).toEqual(["TimeoutError"]);
  await stage.end();
});

test("a stuck worker that its onFailure brings back loses its job all the same", async () => {
  const stage = new Stage();
  const pool = await stage.open(
    { stuck: { afterMs: 100 }, child: { onFailure: () => "restart" } },
    (worker, name) => (name === "hang" ? new Promise(() => {}) : worker.job(name)),
  );
  const fates = await stage.submit(pool, "hang", "b");
  await stage.kit.advance(125);
  await stage.pass("b");
  expect(now(fates)).toEqual(["TimeoutError", "b done"]);
  await stage.end();
});

test("a stuck job whose worker cannot be started again ends all the same", async () => {
  const stage = new Stage();
  const pool = await stage.open(
    { stuck: { afterMs: 100 }, start: { backoff: { kind: "fixed", delay: 10_000 } } },
    (worker) => worker.job("fail").catch(() => new Promise(() => {})),
  );
  stage.onInit = () => Promise.reject(new Error("no"));
  const fates = await stage.submit(pool, "hang");
  expect((await pool.workers())[0]).toMatchObject({ status: "busy", name: null });
  await stage.kit.advance(125);
  expect(now(fates)).toEqual(["TimeoutError"]);
  await stage.end();
});

test("it may be told only, once for each attempt", async () => {
  const stage = new Stage();
  const pool = await stage.open({ stuck: { afterMs: 100, action: "report" } });
  const fates = await stage.submit(pool, "a");
  await stage.kit.advance(1_000);
  expect(stage.ledger.of("workerStuck")).toHaveLength(1);
  expect(stage.kit.log.map(({ message }) => message)).toEqual(["a worker is stuck"]);
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done"]);
  // Told only: from now on it is acted upon, also where it was told before.
  const more = await stage.submit(pool, "b");
  await stage.kit.advance(1_000);
  await pool.update({ stuck: { afterMs: 100 } });
  await stage.kit.advance(25);
  expect(now(more)).toEqual(["TimeoutError"]);
  expect(await pool.stats()).toMatchObject({ stuck: 3, replaced: 1 });
  await stage.end();
});

test("jobs that run when somebody begins to look count from then", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, stuck: { afterMs: 100 } });
  await stage.submit(pool, "a");
  await stage.pass("a");
  await pool.update({ stuck: null });
  const fates = await stage.submit(pool, "b", "c");
  await stage.kit.advance(10_000);
  await pool.update({ stuck: { afterMs: 100 } });
  await stage.kit.advance(75);
  expect(now(fates)).toEqual(["open", "open"]);
  await stage.pass("c");
  await stage.kit.advance(50);
  expect(now(fates)).toEqual(["TimeoutError", "c done"]);
  await stage.end();
});

test("the signal of a job aborts when its worker is replaced for being stuck", async () => {
  const stage = new Stage();
  const reasons: string[] = [];
  const pool = await stage.open({ stuck: { afterMs: 100 } }, (worker, name, { signal }) => {
    signal.addEventListener("abort", () => reasons.push((signal.reason as Error).name));
    return worker.job(name);
  });
  await stage.submit(pool, "a");
  await stage.pass("a");
  await stage.submit(pool, "hang");
  await stage.kit.advance(125);
  expect(reasons).toEqual(["TimeoutError"]);
  await stage.end();
});

test("the signal of a job aborts when its submitter leaves, and is never the next job's", async () => {
  const stage = new Stage();
  const jobs: RunningJob[] = [];
  const pool = await stage.open({}, (worker, name, job) => {
    jobs.push(job);
    return worker.job(name);
  });
  const leave = new AbortController();
  const first = withOptions(pool, { signal: leave.signal }).submit({ body: "a" });
  first.catch(() => {});
  await stage.kit.run();
  expect(jobs[0]!.signal.aborted).toBe(false);
  leave.abort();
  await stage.kit.run();
  expect(jobs[0]!.signal.aborted).toBe(true);
  await stage.pass("a");
  await stage.submit(pool, "b");
  expect(jobs[0]!.signal).not.toBe(jobs[1]!.signal);
  expect(jobs[1]!.signal.aborted).toBe(false);
  await stage.end();
});

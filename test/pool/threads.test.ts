import { actor, kill } from "troupe";
import { factory, type FactoryOptions, type PoolEvent, type PoolStats } from "troupe/pool";
import { thread, threads } from "troupe/threads";
import { expect, test } from "vitest";
import { bundleForThreads } from "../support/bundle-for-threads.ts";
import { quietSystem, rejection } from "../threads/stage.ts";
import { Client, Cruncher } from "./thread-actors.ts";

const module = bundleForThreads(new URL("./thread-actors.ts", import.meta.url));

type Deed = "fail" | "no" | "block" | "exit" | "hold" | number;
type Sum = { sum: number; thread: number };

function crunchers(options: FactoryOptions<Deed>) {
  return factory({
    worker: Cruncher,
    run: (worker, deed: Deed): Promise<Sum> =>
      typeof deed === "number" ? worker.sum(deed) : worker[deed](),
    ...options,
  });
}

function checkCounts({ submitted, done, failed, discarded, queued, running }: PoolStats): void {
  const given = Object.values(discarded).reduce((sum, each) => sum + each, 0);
  expect(done + failed + given + queued + running).toBe(submitted);
}

test("jobs that compute are done on all threads of a pool, each with its result", async () => {
  await using system = quietSystem();
  const pool = threads({ size: 2, module, watchdog: false });
  const sums = system.spawn(crunchers({ size: 4, on: pool }));
  const numbers = Array.from({ length: 200 }, (_, n) => 10_000 + n);
  const results = await Promise.all(numbers.map((body) => sums.submit({ body })));
  expect(results.map(({ sum }) => sum)).toEqual(numbers.map((n) => (n * (n + 1)) / 2));
  expect(new Set(results.map((result) => result.thread)).size).toBe(2);
  expect(await sums.finish()).toMatchObject({ submitted: 200, done: 200, failed: 0 });
});

test("failures and refusals come back from threads as from here, and the worker is replaced", async () => {
  await using system = quietSystem();
  const sums = system.spawn(crunchers({ on: threads({ size: 1, module, watchdog: false }) }));
  expect(await rejection(sums.submit({ body: "no" }))).toMatchObject({
    name: "RangeError",
    message: "told to refuse",
  });
  expect(await rejection(sums.submit({ body: "fail" }))).toMatchObject({
    name: "ActorFailedError",
    cause: { message: "told to fail" },
  });
  expect(await sums.submit({ body: 3 })).toMatchObject({ sum: 6 });
  expect(await sums.stats()).toMatchObject({ done: 1, failed: 2, replaced: 1 });
});

test("a thread that ends takes the jobs that run on it, and no other", async () => {
  await using system = quietSystem();
  const events: PoolEvent[] = [];
  const sums = system.spawn(
    crunchers({ size: 2, on: thread({ module, watchdog: false }), onEvent: (e) => events.push(e) }),
  );
  const lost = rejection(sums.submit({ body: "exit" }));
  const others = Array.from({ length: 20 }, (_, n) => sums.submit({ body: n }));
  expect(await lost).toMatchObject({
    name: "ActorStoppedError",
    reason: { kind: "failed", error: { name: "ThreadError" } },
  });
  expect((await Promise.all(others)).map(({ sum }) => sum)).toEqual(
    others.map((_, n) => (n * (n + 1)) / 2),
  );
  const stats = await sums.stats();
  expect(stats).toMatchObject({ submitted: 21, done: 20, failed: 1 });
  checkCounts(stats);
  const ends = events.filter(({ type }) => ["done", "failed", "discarded"].includes(type));
  expect(ends).toHaveLength(21);
});

test("jobs that ran on a thread that ended are begun again, where they may be", async () => {
  await using system = quietSystem();
  let exits = 0;
  const Sums = factory({
    worker: Cruncher,
    size: 3,
    retry: 1,
    on: threads({ size: 1, module, watchdog: false }),
    run: (worker, body: number, { attempt }): Promise<Sum> => {
      if (body !== 0 || attempt > 1) return worker.sum(body);
      exits++;
      return worker.exit();
    },
  });
  const sums = system.spawn(Sums);
  const results = await Promise.all([3, 0, 4, 5, 6].map((body) => sums.submit({ body })));
  expect(results.map(({ sum }) => sum)).toEqual([6, 0, 10, 15, 21]);
  expect(exits).toBe(1);
  const stats = await sums.finish();
  expect(stats).toMatchObject({ done: 5, failed: 0 });
  checkCounts(stats);
});

test("a worker that blocks its thread is replaced when it is stuck, and jobs go on", async () => {
  await using system = quietSystem();
  const sums = system.spawn(
    crunchers({
      size: 1,
      stuck: { afterMs: 200 },
      on: thread({ module, watchdog: false }),
    }),
  );
  const stuck = rejection(sums.submit({ body: "block" }));
  const next = sums.submit({ body: 4 });
  expect(await stuck).toMatchObject({ name: "TimeoutError", code: "TROUPE_TIMEOUT" });
  expect(await next).toMatchObject({ sum: 10 });
  const stats = await sums.stats();
  expect(stats).toMatchObject({ stuck: 1, replaced: 1, done: 1, failed: 1 });
  checkCounts(stats);
});

test("a factory that is killed tells of jobs that run on threads", async () => {
  await using system = quietSystem();
  const on = threads({ size: 1, module, watchdog: false });
  const sums = system.spawn(crunchers({ on, child: { shutdown: 50 } }));
  const running = rejection(sums.submit({ body: "hold" }));
  const waiting = rejection(sums.submit({ body: 1 }));
  while ((await sums.stats()).running === 0);
  void kill(sums);
  expect(await running).toMatchObject({ name: "ActorStoppedError", reason: { kind: "killed" } });
  expect(await waiting).toMatchObject({ name: "JobDiscardedError", reason: "shutdown" });
});

test("an actor on a thread can use a factory that is here", async () => {
  await using system = quietSystem();
  const Doubler = actor({ name: "doubler", call: { double: (_ctx, n: number) => n * 2 } });
  const pool = system.spawn(
    factory({ name: "doubles", worker: Doubler, run: (worker, n: number) => worker.double(n) }),
  );
  const client = system.spawn(Client, { pool }, { on: thread({ module, watchdog: false }) });
  expect(await client.double(21)).toBe(42);
  expect(await client.counts()).toBe(1);
  const label = (await client.refused(1)) as { factory: string };
  expect(label).toMatchObject({
    name: "JobDiscardedError",
    code: "TROUPE_JOB_DISCARDED",
    reason: "ttl",
    message: `${label.factory} discarded a job: the time to live of the one with key "k" was over before a worker took it`,
  });
  expect(label.factory).toMatch(/^doubles#\d+$/);
});

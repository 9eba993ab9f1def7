import { keyPersistent, queuer, roundRobin, stickyQueuer } from "troupe/pool";
import { kill } from "troupe";
import { expect, test } from "vitest";
import { now, Stage } from "./stage.ts";

test("it grows at once: what waits goes to the new workers", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  await stage.submit(pool, "a", "b", "c");
  await pool.resize(3);
  await stage.kit.run();
  expect(stage.ledger.begun).toEqual(["a", "b", "c"]);
  expect(await pool.stats()).toMatchObject({ size: 3, running: 3 });
  await stage.end();
});

test("it shrinks from the highest number: free workers leave at once, busy ones when they are done", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 4 });
  await stage.submit(pool, "a", "b", "c");
  await pool.resize(1);
  await stage.kit.run();
  const places = await pool.workers();
  expect(places.map(({ status, draining }) => `${status} ${draining}`)).toEqual([
    "busy false",
    "busy true",
    "busy true",
  ]);
  const fates = await stage.submit(pool, "d");
  await stage.pass("c", "b");
  expect(await pool.workers()).toHaveLength(1);
  expect(stage.ledger.begun).toEqual(["a", "b", "c"]);
  await stage.pass("a");
  await stage.pass("d");
  expect(now(fates)).toEqual(["d done"]);
  expect(await pool.stats()).toMatchObject({ size: 1, idle: 1, replaced: 0, done: 4 });
  await stage.end();
});

test("a worker that was to leave stays when the factory grows before it has", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2 });
  await stage.submit(pool, "a", "b");
  const [, second] = stage.workers;
  await pool.resize(1);
  await pool.resize(2);
  await stage.pass("b");
  const fates = await stage.submit(pool, "c");
  expect(stage.ledger.lines.at(-1)).toBe("begun c at 1");
  expect(stage.workers[1]).toBe(second);
  await stage.pass("a", "c");
  expect(now(fates)).toEqual(["c done"]);
  await stage.end();
});

test("a worker that is leaving already is followed by another one", async () => {
  const stage = new Stage();
  stage.onExit = () => stage.gate("exit");
  const pool = await stage.open({ size: 1 });
  await pool.resize(0);
  await pool.resize(1);
  const fates = await stage.submit(pool, "a");
  expect(stage.ledger.begun).toEqual([]);
  stage.onExit = () => undefined;
  await stage.pass("exit");
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done"]);
  await stage.end();
});

test.each([
  ["queuer", queuer],
  ["roundRobin", roundRobin],
  ["keyPersistent", keyPersistent],
  ["stickyQueuer", stickyQueuer],
])(
  "with no workers jobs wait, and are done in their order when there are some: %s",
  async (_, router) => {
    const stage = new Stage();
    const pool = await stage.open({ size: 0, router });
    const fates = await stage.submit(pool, { body: "a", key: 1 }, { body: "b", key: 1 }, "c");
    expect(await pool.stats()).toMatchObject({ size: 0, queued: 3, running: 0 });
    await pool.resize(1);
    await stage.kit.run();
    for (const name of ["a", "b", "c"]) await stage.pass(name);
    expect(now(fates)).toEqual(["a done", "b done", "c done"]);
    expect(stage.ledger.begun).toEqual(["a", "b", "c"]);
    await stage.end();
  },
);

test.each([
  ["queuer", queuer],
  ["roundRobin", roundRobin],
  ["keyPersistent", keyPersistent],
  ["stickyQueuer", stickyQueuer],
])("resized to none and back, nothing is lost: %s", async (_, router) => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router });
  const fates = await stage.submit(
    pool,
    ...["a", "b", "c", "d"].map((body) => ({ body, key: body })),
  );
  await pool.resize(0);
  const late = await stage.submit(pool, { body: "e", key: "e" });
  await stage.passAll();
  // Those that had begun to wait at a worker are done there; others wait.
  expect(await pool.stats()).toMatchObject({ running: 0, size: 0 });
  expect(await pool.workers()).toEqual([]);
  await pool.resize(2);
  await stage.kit.run();
  await stage.passAll();
  expect(now([...fates, ...late])).toEqual(["a", "b", "c", "d", "e"].map((name) => `${name} done`));
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("jobs of a key are done in their order over resizes, at one worker at a time", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 4, router: keyPersistent });
  const jobs = Array.from({ length: 12 }, (_, n) => ({ body: `${n % 3}-${n}`, key: n % 3 }));
  const sizes = [1, 5, 0, 2, 7, 3, 1, 4, 6, 2, 1, 3];
  const fates = [];
  for (const [n, job] of jobs.entries()) {
    fates.push(...(await stage.submit(pool, job)));
    await pool.resize(sizes[n]!);
    if (n % 2 === 0) continue;
    const [next] = stage.held;
    if (next !== undefined) await stage.pass(next);
  }
  await stage.passAll();
  expect(now(fates)).toEqual(jobs.map(({ body }) => `${body} done`));
  for (const key of [0, 1, 2]) {
    const mine = jobs.filter((job) => job.key === key).map(({ body }) => body);
    expect(stage.ledger.begun.filter((name) => name.startsWith(`${key}-`))).toEqual(mine);
  }
  await stage.end();
});

test("a job whose time is over is not begun because the factory grows", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 0, router: roundRobin });
  const abort = new AbortController();
  const fates = await stage.submit(pool, { body: "late", ttlMs: 150 }, "b");
  abort.abort();
  await stage.kit.advance(100);
  await stage.kit.advance(60);
  await pool.resize(1);
  await stage.kit.run();
  expect(now(fates)).toEqual(["JobDiscardedError: ttl", "open"]);
  expect(stage.ledger.begun).toEqual(["b"]);
  await stage.end();
});

test("a worker that leaves and dies on its job is not replaced, but where jobs wait for it", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router: keyPersistent, retry: 1 });
  // Two keys at two workers.
  const jobs = [1, 2, 3, 4, 5].map((key) => ({ body: `k${key}`, key }));
  await stage.submit(pool, ...jobs);
  const at = (name: string): number =>
    stage.ledger.of("begun").find(({ job }) => job.body === name)!.worker;
  const second = stage.ledger.begun.find((name) => at(name) === 1)!;
  await pool.resize(1);
  void kill(stage.workers[1]!);
  await stage.kit.run();
  expect(stage.ledger.of("retried").map(({ job }) => job.body)).toEqual([second]);
  await stage.passAll();
  expect(await pool.stats()).toMatchObject({ done: 5, failed: 0, size: 1 });
  expect(await pool.workers()).toHaveLength(1);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

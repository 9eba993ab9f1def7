import { exited, kill, restart, started, stop, type ActorStoppedError } from "troupe";
import { expect, test } from "vitest";
import { now, Stage } from "./stage.ts";

test("a worker that stops itself costs no job that waits, however long its exit takes", async () => {
  const stage = new Stage();
  stage.onExit = () => stage.gate("exit");
  stage.deeds.set("last", (ctx) => {
    ctx.stop();
    return "my last";
  });
  const pool = await stage.open();
  const fates = await stage.submit(pool, "last", "a");
  expect(now(fates)).toEqual(["my last", "open"]);
  expect(stage.ledger.begun).toEqual(["last"]);
  stage.onExit = () => undefined;
  await stage.pass("exit");
  await stage.pass("a");
  expect(now(fates)).toEqual(["my last", "a done"]);
  const stats = await pool.stats();
  expect(stats).toMatchObject({ done: 2, failed: 0, replaced: 1 });
  stage.ledger.check(stats);
  await stage.end();
});

test("a free worker that fails is given no job until another one is in its place", async () => {
  const stage = new Stage();
  stage.onExit = () => stage.gate("exit");
  const pool = await stage.open({ size: 2 });
  await stage.submit(pool, "a");
  // Not through the factory: it hears of the failure only.
  void stage.workers[1]!.job("fail").catch(() => {});
  await stage.kit.run();
  const fates = await stage.submit(pool, "b");
  expect(stage.ledger.begun).toEqual(["a"]);
  expect(await pool.availableCapacity()).toBe(Infinity);
  expect((await pool.workers()).map(({ status }) => status)).toEqual(["busy", "down"]);
  await stage.pass("exit");
  expect(stage.ledger.begun).toEqual(["a", "b"]);
  await stage.pass("b");
  expect(now(fates)).toEqual(["b done"]);
  stage.onExit = () => undefined;
  await stage.end();
});

test("a worker that others kill, stop or restart comes back, and what waits is done", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  for (const end of [kill, stop, restart]) {
    void end(stage.workers[0]!);
    const [fate] = await stage.submit(pool, "a");
    await stage.pass("a");
    expect(fate!.now).toBe("a done");
  }
  expect(await pool.stats()).toMatchObject({ done: 3, failed: 0 });
  await stage.end();
});

test("a job whose worker is killed fails with the reason of the worker's end", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const fates = await stage.submit(pool, "a", "b");
  void kill(stage.workers[0]!);
  await stage.kit.run();
  expect(now(fates)).toEqual(["ActorStoppedError", "open"]);
  expect((fates[0]!.error as ActorStoppedError).reason).toEqual({ kind: "killed" });
  await stage.pass("b");
  expect(now(fates)).toEqual(["ActorStoppedError", "b done"]);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a worker that is stopped or restarted finishes the job that it is at", async () => {
  for (const end of [stop, restart]) {
    const stage = new Stage();
    const pool = await stage.open();
    const fates = await stage.submit(pool, "a", "b");
    void end(stage.workers[0]!);
    await stage.kit.run();
    expect(now(fates)).toEqual(["open", "open"]);
    await stage.pass("a");
    await stage.pass("b");
    expect(now(fates)).toEqual(["a done", "b done"]);
    await stage.end();
  }
});

test("onFailure decides about workers: resumed and restarted ones go on with the next job", async () => {
  for (const decision of ["resume", "restart"] as const) {
    const stage = new Stage();
    const pool = await stage.open({ child: { onFailure: () => decision } });
    const before = stage.workers[0];
    const fates = await stage.submit(pool, "fail", "a", "fail", "b");
    await stage.pass("a");
    await stage.pass("b");
    expect(now(fates)).toEqual(["ActorFailedError", "a done", "ActorFailedError", "b done"]);
    expect(stage.workers[0]).toBe(before);
    expect(await pool.stats()).toMatchObject({ replaced: 0, failed: 2, done: 2, idle: 1 });
    await stage.end();
  }
});

test("onFailure may escalate: the factory fails, and all that waits is told", async () => {
  const stage = new Stage();
  const Pool = stage.define({ child: { onFailure: () => "escalate" } });
  const pool = stage.kit.system.spawn(Pool, undefined, { restart: "permanent" });
  const fates = await stage.submit(pool, "fail", "a");
  expect(now(fates)).toEqual(["ActorFailedError", "JobDiscardedError: shutdown"]);
  // It comes back, as its own keeper says.
  const again = await stage.submit(pool, "b");
  await stage.pass("b");
  expect(now(again)).toEqual(["b done"]);
  await stage.end();
});

test("a restart with a pause keeps its worker's jobs waiting, and no longer", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    child: { onFailure: () => "restart", backoff: { kind: "fixed", delay: 500 } },
  });
  const fates = await stage.submit(pool, "fail", "a");
  expect(stage.ledger.begun).toEqual(["fail"]);
  await stage.kit.advance(500);
  expect(stage.ledger.begun).toEqual(["fail", "a"]);
  await stage.pass("a");
  expect(now(fates)).toEqual(["ActorFailedError", "a done"]);
  await stage.end();
});

test("a factory has started when all of its workers have", async () => {
  const stage = new Stage();
  stage.onInit = (worker) => (worker === 2 ? stage.gate("init") : undefined);
  let isUp = false;
  const pool = stage.kit.system.spawn(stage.define({ size: 3 }));
  void started(pool).then(() => (isUp = true));
  await stage.kit.run();
  expect(isUp).toBe(false);
  await stage.pass("init");
  expect(isUp).toBe(true);
  expect(stage.ledger.lines).toEqual(["started 0", "started 1", "started 2"]);
  await stage.end();
});

test("a factory whose first workers cannot start does not start", async () => {
  const stage = new Stage();
  stage.onInit = () => Promise.reject(new Error("no key"));
  const pool = stage.kit.system.spawn(stage.define({ size: 2 }));
  await expect(started(pool)).rejects.toMatchObject({ name: "StartError" });
  await exited(pool);
  await stage.end();
});

function noProps(): number {
  throw new Error("no props");
}

test("props that cannot be made fail the start, and later are a start that is tried again", async () => {
  const stage = new Stage();
  let props: (worker: number) => number = noProps;
  const Pool = stage.define({ props: (worker: number) => props(worker) } as object);
  await expect(started(stage.kit.system.spawn(Pool))).rejects.toThrow("no props");
  props = (worker) => worker;
  const pool = stage.kit.system.spawn(Pool);
  await started(pool);
  const fates = await stage.submit(pool, "a", "b");
  props = noProps;
  void kill(stage.workers[0]!);
  await stage.kit.run();
  expect(now(fates)).toEqual(["ActorStoppedError", "open"]);
  props = (worker) => worker;
  await stage.kit.advance(20);
  await stage.pass("b");
  expect(now(fates)).toEqual(["ActorStoppedError", "b done"]);
  await stage.end();
});

test("a worker that cannot start again is tried with growing pauses, and its jobs wait", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    start: { backoff: { kind: "exponential", min: 100, max: 1_000, jitter: 0 } },
  });
  let attempts = 0;
  stage.onInit = () => {
    attempts++;
    return attempts < 4 ? Promise.reject(new Error("not yet")) : undefined;
  };
  const fates = await stage.submit(pool, "fail", "a");
  const counts: number[] = [attempts];
  for (const ms of [99, 1, 199, 1, 399, 1]) {
    await stage.kit.advance(ms);
    counts.push(attempts);
  }
  expect(counts).toEqual([1, 1, 2, 2, 3, 3, 4]);
  await stage.pass("a");
  expect(now(fates)).toEqual(["ActorFailedError", "a done"]);
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a worker that cannot start again so often in a row fails the factory, and all are told", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    start: { giveUpAfter: 3, backoff: { kind: "fixed", delay: 10 } },
  });
  stage.onInit = () => Promise.reject(new Error("gone for good"));
  const fates = await stage.submit(pool, "fail", "a");
  await stage.kit.advance(19);
  expect(now(fates)).toEqual(["ActorFailedError", "open"]);
  await stage.kit.advance(1);
  expect(now(fates)).toEqual(["ActorFailedError", "JobDiscardedError: shutdown"]);
  expect(stage.kit.eventsOf("failed").map(({ error }) => String(error))).toContain(
    "Error: factory#1: worker 0 could not be started 3 times in a row",
  );
  await exited(pool);
  await stage.end();
});

test("starts that fail are counted for each worker, and anew once it has started", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    start: { giveUpAfter: 2, backoff: { kind: "fixed", delay: 10 } },
  });
  for (let round = 0; round < 4; round++) {
    stage.onInit = () => {
      stage.onInit = () => undefined;
      throw new Error("once");
    };
    await stage.submit(pool, "fail");
    await stage.kit.advance(10);
    expect(await pool.stats()).toMatchObject({ idle: 1, failed: round + 1 });
  }
  await stage.end();
});

test("a child's options reach the workers", async () => {
  const stage = new Stage();
  const pool = await stage.open({ child: { initTimeout: 50 } });
  stage.onInit = () => stage.gate("init");
  await stage.submit(pool, "fail");
  stage.onInit = () => undefined;
  expect(await pool.stats()).toMatchObject({ starting: 1 });
  await stage.kit.advance(100);
  expect(await pool.stats()).toMatchObject({ starting: 0, idle: 1 });
  await stage.end();
});

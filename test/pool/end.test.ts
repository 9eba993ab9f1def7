import {
  drain,
  exited,
  kill,
  restart,
  started,
  stop,
  type ActorStoppedError,
  type JobDiscardedError,
} from "troupe";
import { keyPersistent, type PoolStats } from "troupe/pool";
import { expect, test, vi } from "vitest";
import { Fate, now, Stage } from "./stage.ts";

test("finish takes no more jobs, does those that it has, and ends with the last counts", async () => {
  const stage = new Stage();
  const calls: string[] = [];
  const pool = await stage.open({
    onDraining: () => void calls.push("draining"),
    onStopped: () => void calls.push("stopped"),
  });
  const fates = await stage.submit(pool, "a", "b");
  let last: PoolStats | undefined;
  void pool.finish().then((stats) => (last = stats));
  const late = await stage.submit(pool, "c");
  expect(now(late)).toEqual(["JobDiscardedError: shutdown"]);
  expect((late[0]!.error as Error).message).toBe(
    "factory#1 discarded a job: the factory finishes what it has",
  );
  expect(await pool.availableCapacity()).toBe(0);
  await stage.pass("a");
  expect(last).toBe(undefined);
  expect(calls).toEqual(["draining"]);
  await stage.pass("b");
  expect(now(fates)).toEqual(["a done", "b done"]);
  expect(last).toMatchObject({ submitted: 3, done: 2, discarded: { shutdown: 1 }, queued: 0 });
  expect(await exited(pool)).toEqual({ kind: "normal" });
  expect(calls).toEqual(["draining", "stopped"]);
  stage.ledger.check(last!);
  await stage.end();
});

test("finish ends at once where there is nothing to do, and may be asked for twice", async () => {
  const stage = new Stage();
  let drained = 0;
  const pool = await stage.open({ onDraining: () => void drained++ });
  await stage.submit(pool, "a");
  const both = Promise.all([pool.finish(), pool.finish()]);
  await stage.pass("a");
  expect((await both).map(({ done }) => done)).toEqual([1, 1]);
  expect(drained).toBe(1);
  expect(stage.ledger.of("draining")).toHaveLength(1);
  await stage.end();

  const other = new Stage();
  const idle = await other.open();
  expect(await idle.finish()).toMatchObject({ submitted: 0 });
  await exited(idle);
  await other.end();
});

test("finish does what is to be begun again, too", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 1 });
  const fates = await stage.submit(pool, "a", "b");
  const finished = pool.finish();
  void kill(stage.workers[0]!);
  await stage.kit.run();
  await stage.passAll();
  expect(now(fates)).toEqual(["a done", "b done"]);
  expect(await finished).toMatchObject({ done: 2, retried: 1 });
  await stage.end();
});

test("finish with no workers waits until there are some", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 0 });
  const fates = await stage.submit(pool, "a");
  const finished = pool.finish();
  await stage.kit.advance(60_000);
  await pool.resize(1);
  await stage.kit.run();
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done"]);
  expect(await finished).toMatchObject({ done: 1 });
  await stage.end();
});

test("whoever asked it to finish hears when somebody stops or kills it first", async () => {
  for (const [end, kind] of [
    [stop, "normal"],
    [kill, "killed"],
  ] as const) {
    const stage = new Stage();
    const pool = await stage.open({ child: { shutdown: 100 } });
    const fates = await stage.submit(pool, "a", "b");
    const finished = new Fate(pool.finish());
    void end(pool);
    await stage.kit.advance(2_000);
    expect(finished.now).toBe("ActorStoppedError");
    expect((finished.error as ActorStoppedError).reason).toMatchObject({ kind });
    expect(now(fates)).toEqual(["ActorStoppedError", "JobDiscardedError: shutdown"]);
    await stage.end();
  }
});

test("stopped, it discards what waits at once, and what runs may end in the workers' time", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, router: keyPersistent, child: { shutdown: 1_000 } });
  const jobs = ["a", "b", "c", "d", "e", "f"].map((body) => ({ body, key: body }));
  const fates = await stage.submit(pool, ...jobs);
  const [first, second] = stage.held;
  void stop(pool);
  await stage.kit.run();
  expect(now(fates).filter((fate) => fate === "JobDiscardedError: shutdown")).toHaveLength(4);
  expect(
    (fates.find((fate) => fate.error !== undefined)!.error as JobDiscardedError).message,
  ).toMatch(/^factory#1 discarded a job: the factory has ended/);
  await stage.kit.advance(900);
  await stage.pass(first!);
  expect(now(fates).filter((fate) => fate === `${first} done`)).toHaveLength(1);
  await stage.kit.advance(200);
  // Its worker was killed when its time was up.
  expect(now(fates).filter((fate) => fate === "ActorStoppedError")).toHaveLength(1);
  expect(stage.ledger.of("failed").map(({ job }) => job.body)).toEqual([second]);
  await exited(pool);
  await stage.end();
});

test("what run still does when its workers have gone may end within a second", async () => {
  for (const ms of [900, 1_100]) {
    const stage = new Stage();
    const pool = await stage.open({}, async (worker, name) => {
      await worker.job(name);
      await stage.gate("after");
      return "after all";
    });
    const fates = await stage.submit(pool, "a");
    void stop(pool);
    await stage.pass("a");
    await stage.kit.advance(ms);
    if (ms === 900) await stage.pass("after");
    expect(now(fates)).toEqual([ms === 900 ? "after all" : "ActorStoppedError"]);
    await exited(pool);
    expect(stage.ledger.of(ms === 900 ? "done" : "failed")).toHaveLength(1);
    await stage.end();
  }
});

test("killed, it tells everybody: what waits is discarded, what runs has failed", async () => {
  const stage = new Stage();
  let stopped = 0;
  const pool = await stage.open({ size: 2, onStopped: () => void stopped++ });
  const fates = await stage.submit(pool, "a", "b", "c");
  pool.dispatch({ body: "d" });
  const enqueued = new Fate(pool.enqueue({ body: "e" }));
  await stage.kit.run();
  void kill(pool);
  await stage.kit.run();
  expect(now(fates)).toEqual([
    "ActorStoppedError",
    "ActorStoppedError",
    "JobDiscardedError: shutdown",
  ]);
  expect(enqueued.now).toBe("undefined");
  expect(stage.ledger.lines.slice(-5)).toEqual([
    "discarded c: shutdown",
    "discarded d: shutdown",
    "discarded e: shutdown",
    "failed a at 0",
    "failed b at 1",
  ]);
  await stage.kit.advance(10_000);
  expect(stopped).toBe(0);
  await stage.end();
});

test("killed by run itself, or by who hears of its jobs, it counts each of them once", async () => {
  for (const how of ["run", "begun", "submitted"]) {
    const stage = new Stage();
    const kills = (): void => void kill(pool);
    const pool = await stage.open(
      {
        size: 2,
        onEvent(event) {
          stage.ledger.events.push(event);
          const isEarly = event.type === "submitted" || event.type === "begun";
          if (isEarly && event.type === how && event.job.body === "a") kills();
        },
      },
      (worker, name) => {
        if (how === "run") kills();
        return worker.job(name);
      },
    );
    const fates = await stage.submit(pool, "a", "b");
    await stage.kit.advance(10_000);
    expect(now(fates)[1]).toBe("ActorStoppedError");
    expect(fates[0]!.now).not.toBe("open");
    const ends = [...stage.ledger.of("failed"), ...stage.ledger.of("discarded")];
    expect(ends.map(({ job }) => job.body)).toEqual(["a"]);
    expect(stage.ledger.of("done")).toEqual([]);
    expect(stage.kit.eventsOf("hookFailed")).toEqual([]);
    await stage.end();
  }
});

test("killed while it ends, it tells those that still run", async () => {
  const stage = new Stage();
  const pool = await stage.open({ child: { shutdown: "infinity" } });
  const fates = await stage.submit(pool, "a", "b");
  void stop(pool);
  await stage.kit.run();
  expect(now(fates)).toEqual(["open", "JobDiscardedError: shutdown"]);
  void kill(pool);
  await stage.kit.run();
  expect(now(fates)).toEqual(["ActorStoppedError", "JobDiscardedError: shutdown"]);
  expect(stage.ledger.lines.at(-1)).toBe("failed a at 0");
  await stage.pass("a");
  expect(stage.ledger.of("done")).toEqual([]);
  await stage.end();
});

test("restarted, it tells all, and begins anew with the settings that it was defined with", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2 });
  await pool.resize(3);
  const fates = await stage.submit(pool, "a", "b", "c", "d");
  void restart(pool);
  await stage.kit.run();
  await stage.passAll();
  expect(now(fates)).toEqual(["a done", "b done", "c done", "JobDiscardedError: shutdown"]);
  expect(await pool.stats()).toMatchObject({ submitted: 0, size: 2, idle: 2 });
  const again = await stage.submit(pool, "e");
  await stage.pass("e");
  expect(now(again)).toEqual(["e done"]);
  await stage.end();
});

test("an order to drain discards what waits: finish is what does it", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const fates = await stage.submit(pool, "a", "b");
  void drain(pool);
  await stage.kit.run();
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done", "JobDiscardedError: shutdown"]);
  await exited(pool);
  await stage.end();
});

test("a job that is to be begun again when the factory ends has failed with what it failed with", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 5, start: { backoff: { kind: "fixed", delay: 10_000 } } });
  stage.onInit = () => Promise.reject(new Error("no"));
  const fates = await stage.submit(pool, "fail");
  expect(now(fates)).toEqual(["open"]);
  void stop(pool);
  await stage.kit.run();
  expect(now(fates)).toEqual(["ActorFailedError"]);
  expect(stage.ledger.of("discarded")).toEqual([]);
  await stage.end();
});

test("jobs that come when it is gone are refused as any call, and are nobody's", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  void stop(pool);
  await stage.kit.run();
  const fates = await stage.submit(pool, "a");
  expect(now(fates)).toEqual(["ActorStoppedError"]);
  pool.dispatch({ body: "b" });
  await stage.kit.run();
  expect(stage.kit.deadLetters).toEqual(["dispatch to factory#1"]);
  expect(stage.ledger.of("submitted")).toEqual([]);
  await stage.end();
});

test("hooks run where they are said to; a throw of onStarted fails the start", async () => {
  const stage = new Stage();
  const calls: string[] = [];
  const pool = await stage.open({
    size: 2,
    onStarted: () => void calls.push(`started behind ${stage.ledger.of("workerStarted").length}`),
  });
  expect(calls).toEqual(["started behind 2"]);
  await pool.finish();
  const broken = stage.define({
    onStarted: () => Promise.reject(new Error("not today")),
  });
  await expect(started(stage.kit.system.spawn(broken))).rejects.toThrow("not today");
  await stage.end();
});

test("a throw of onDraining fails the factory, and everybody is told", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    onDraining() {
      throw new Error("not now");
    },
  });
  const fates = await stage.submit(pool, "a", "b");
  await expect(pool.finish()).rejects.toMatchObject({
    name: "ActorFailedError",
    cause: { message: "not now" },
  });
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done", "JobDiscardedError: shutdown"]);
  await exited(pool);
  await stage.end();
});

test("a throw of onStopped is told of, and the factory has ended", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    onStopped: () => Promise.reject(new Error("no goodbye")),
  });
  expect(await pool.finish()).toMatchObject({ done: 0 });
  await exited(pool);
  expect(stage.kit.eventsOf("hookFailed")).toMatchObject([{ hook: "exit" }]);
  await stage.end();
});

test("an idle factory leaves virtual time quiet: nothing is set that would go off", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 3, discard: { limit: 5 }, retry: 2 });
  await stage.submit(pool, { body: "a", ttlMs: 50 }, { body: "b", ttlMs: 500 }, "c", "d");
  await stage.pass("a", "b", "c");
  await stage.pass("d");
  await stage.kit.advance(1_000);
  const set = vi.spyOn(stage.kit.world, "setTimer");
  await stage.kit.advance(3_600_000);
  expect(set).not.toHaveBeenCalled();
  await stage.end();
});

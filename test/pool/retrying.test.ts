import { kill, withOptions } from "troupe";
import { roundRobin } from "troupe/pool";
import { expect, test } from "vitest";
import { now, Stage } from "./stage.ts";

test("without a policy a job whose worker has died fails", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const fates = await stage.submit(pool, "fail");
  expect(now(fates)).toEqual(["ActorFailedError"]);
  await stage.end();
});

test("it is begun again as often as it may be, and fails with the last error then", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 2 });
  let times = 0;
  stage.deeds.set("fail", () => {
    throw new Error(`time ${++times}`);
  });
  const fates = await stage.submit(pool, "fail");
  expect(fates[0]!.error).toMatchObject({ name: "ActorFailedError", cause: { message: "time 3" } });
  const stats = await pool.stats();
  expect(stats).toMatchObject({ retried: 2, failed: 1, replaced: 3 });
  stage.ledger.check(stats);
  await stage.end();
});

test("for ever, where it says so", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: { max: Infinity } });
  let times = 0;
  stage.deeds.set("fail", () => {
    if (++times < 50) throw new Error("not yet");
    return times;
  });
  const fates = await stage.submit(pool, "fail");
  expect(now(fates)).toEqual(["50"]);
  await stage.end();
});

test("what is refused, or what run throws, is not begun again by itself: the worker lives", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 5 }, (worker, name) => {
    if (name === "run") throw new TypeError("no");
    return worker.job(name);
  });
  const fates = await stage.submit(pool, "no", "run");
  expect(now(fates)).toEqual(["RangeError", "TypeError"]);
  expect(await pool.stats()).toMatchObject({ retried: 0, failed: 2, replaced: 0 });
  await stage.end();
});

test("when decides, and is told whether the worker died", async () => {
  const stage = new Stage();
  const asked: string[] = [];
  const pool = await stage.open({
    retry: {
      max: 1,
      when(error, { body, attempts }, died) {
        asked.push([(error as Error).name, body, attempts, died].join(" "));
        return body === "no";
      },
    },
  });
  const fates = await stage.submit(pool, "no", "fail");
  expect(now(fates)).toEqual(["RangeError", "ActorFailedError"]);
  expect(asked).toEqual(["RangeError no 1 false", "ActorFailedError fail 1 true"]);
  expect(await pool.stats()).toMatchObject({ retried: 1 });
  await stage.end();
});

test("a when that throws is logged, and the job fails", async () => {
  const stage = new Stage();
  const pool = await stage.open({
    retry: {
      max: 1,
      when() {
        throw new Error("do not ask");
      },
    },
  });
  const fates = await stage.submit(pool, "no", "a");
  expect(now(fates)).toEqual(["RangeError", "open"]);
  expect(stage.kit.log.map(({ message }) => message)).toEqual(["retry.when threw; the job fails"]);
  await stage.end();
});

test("a job that is begun again does so before all that waits, and at any worker that is free", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, retry: 1 });
  await stage.submit(pool, "a", "b", "c", "d");
  void kill(stage.workers[0]!);
  await stage.kit.run();
  expect(stage.ledger.begun).toEqual(["a", "b", "a"]);
  await stage.passAll();
  expect(stage.ledger.begun.slice(3)).toEqual(["c", "d"]);

  stage.onInit = () => stage.gate("init");
  await stage.submit(pool, "e");
  const { worker } = stage.ledger.of("begun").at(-1)!;
  void kill(stage.workers[worker]!);
  await stage.kit.run();
  expect(stage.ledger.of("begun").at(-1)!.worker).toBe(1 - worker);
  stage.onInit = () => undefined;
  await stage.pass("init");
  await stage.end();
});

test("a job that is begun again goes before those that came to its worker's own line since", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2, retry: 1, router: roundRobin });
  await stage.submit(pool, "a", "b");
  stage.onInit = () => stage.gate("init");
  void kill(stage.workers[0]!);
  await stage.submit(pool, "c", "d", "e", "f");
  expect((await pool.workers()).map(({ queued }) => queued)).toEqual([2, 2]);
  await stage.pass("b");
  expect(stage.ledger.begun).toEqual(["a", "b", "a"]);
  stage.onInit = () => undefined;
  await stage.pass("init");
  await stage.passAll();
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a job whose submitter has left is not begun again", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 5 });
  withOptions(pool, { timeout: 10 })
    .submit({ body: "a" })
    .catch(() => {});
  await stage.kit.advance(10);
  void kill(stage.workers[0]!);
  await stage.kit.run();
  const stats = await pool.stats();
  expect(stats).toMatchObject({ retried: 0, failed: 1 });
  stage.ledger.check(stats);
  await stage.end();
});

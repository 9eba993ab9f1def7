import { actor, withOptions } from "troupe";
import { expect, test } from "vitest";
import { now, Stage } from "./stage.ts";

type Run = NonNullable<Parameters<Stage["define"]>[1]>;

/** What becomes of a job that `run` does so, and whether a good one is done behind it. */
async function fateOf(run: Run, name = "a"): Promise<string> {
  const stage = new Stage();
  stage.deeds.set("a", () => "a done");
  const pool = await stage.open({}, (worker, body, job) =>
    body === "next" ? "next" : run(worker, body, job),
  );
  const fates = await stage.submit(pool, name, "next");
  await stage.kit.run();
  expect(fates[1]!.now).toBe("next");
  stage.ledger.check(await pool.stats());
  await stage.end();
  return fates[0]!.now;
}

test("what run returns is the result, whether it has come or is to come", async () => {
  expect(await fateOf((worker, name) => worker.job(name))).toBe("a done");
  expect(await fateOf(async (worker, name) => await worker.job(name))).toBe("a done");
  expect(await fateOf((_, name) => name)).toBe("a");
  expect(await fateOf(() => undefined)).toBe("undefined");
  expect(await fateOf(() => Promise.resolve(7))).toBe("7");
});

test("a call to the worker is a promise to whoever treats it as one", async () => {
  const log: string[] = [];
  expect(
    await fateOf((worker, name) => worker.job(name).then((value) => `${String(value)}!`)),
  ).toBe("a done!");
  expect(await fateOf((worker) => worker.job("fail").catch((error: Error) => error.name))).toBe(
    "ActorFailedError",
  );
  expect(await fateOf((worker) => worker.job("no").finally(() => log.push("over")))).toBe(
    "RangeError",
  );
  expect(log).toEqual(["over"]);
  expect(
    await fateOf((worker, name) => Promise.all([worker.job(name), worker.job(name)]).then(String)),
  ).toBe("a done,a done");
  expect(
    await fateOf((worker, name) => Promise.race([worker.job(name), new Promise(() => {})])),
  ).toBe("a done");
  expect(
    await fateOf(async (worker, name) => {
      const call = worker.job(name);
      return [await call, await call].join(" and ");
    }),
  ).toBe("a done and a done");
  expect(await fateOf((worker, name) => Promise.resolve(worker.job(name)))).toBe("a done");
});

test("a call that is listened to and returned has told both", async () => {
  const heard: unknown[] = [];
  const result = await fateOf((worker, name) => {
    const call = worker.job(name);
    void call.then((value) => heard.push(value));
    return call;
  });
  expect(result).toBe("a done");
  expect(heard).toEqual(["a done"]);
});

test("one call that is returned for two jobs ends both", async () => {
  const stage = new Stage();
  let shared: Promise<unknown> | undefined;
  const pool = await stage.open({ size: 2 }, (worker, name) =>
    name === "fresh" ? worker.job(name) : (shared ??= worker.job("a")),
  );
  const fates = await stage.submit(pool, "b", "c");
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done", "a done"]);
  const later = await stage.submit(pool, "d", "e");
  expect(now(later)).toEqual(["a done", "a done"]);
  expect(await pool.stats()).toMatchObject({ done: 4, running: 0, idle: 2 });
  await stage.end();
});

test("a call that nobody waits for may fail, and only its worker is the worse for it", async () => {
  const stage = new Stage();
  const pool = await stage.open({}, (worker, name) => {
    void worker.job("no").catch(() => {});
    void worker.job("fail");
    return name;
  });
  const fates = await stage.submit(pool, "a", "b");
  await stage.kit.run();
  expect(now(fates)).toEqual(["a", "b"]);
  expect(await pool.stats()).toMatchObject({ done: 2, failed: 0, idle: 1 });
  await stage.end();
});

test("a throw of run fails its job, and the worker goes on", async () => {
  expect(
    await fateOf(() => {
      throw new RangeError("no");
    }),
  ).toBe("RangeError");
  expect(await fateOf(() => Promise.reject(new TypeError("no")))).toBe("TypeError");
  // What is thrown need not be an error.
  const stage = new Stage();
  const pool = await stage.open({}, () => {
    throw undefined;
  });
  await expect(pool.submit({ body: "a" })).rejects.toBe(undefined);
  expect(await pool.stats()).toMatchObject({ failed: 1, replaced: 0 });
  await stage.end();
});

test("a thenable that tells twice, at once, or both ways ends its job once", async () => {
  const twice = {
    // oxlint-disable-next-line no-thenable -- it is one, and a bad one
    then(done: (value: string) => void, failed: (error: Error) => void) {
      done("first");
      done("second");
      failed(new Error("third"));
    },
  };
  expect(await fateOf(() => twice)).toBe("first");
  const broken = {
    // oxlint-disable-next-line no-thenable -- it is one, and a bad one
    get then(): never {
      throw new RangeError("no then");
    },
  };
  expect(await fateOf(() => broken)).toBe("RangeError");
});

test("a failure of another actor that run has called is the job's, and the worker lives", async () => {
  const stage = new Stage();
  const Other = actor({
    name: "other",
    call: {
      fail(): string {
        throw new Error("other's");
      },
    },
  });
  const other = stage.kit.system.spawn(Other);
  const pool = await stage.open({ retry: 3 }, () => other.fail());
  const fates = await stage.submit(pool, "a");
  expect(now(fates)).toEqual(["ActorFailedError"]);
  expect(await pool.stats()).toMatchObject({ failed: 1, retried: 0, replaced: 0 });
  await stage.end();
});

test("run may set a time limit of its own; the worker lives on where it is over", async () => {
  const stage = new Stage();
  const pool = await stage.open({}, (worker, name) =>
    name === "slow" ? withOptions(worker, { timeout: 50 }).job(name) : worker.job(name),
  );
  const fates = await stage.submit(pool, "slow");
  await stage.kit.advance(49);
  expect(now(fates)).toEqual(["open"]);
  await stage.kit.advance(1);
  expect(now(fates)).toEqual(["TimeoutError"]);
  expect(await pool.stats()).toMatchObject({ failed: 1, replaced: 0, idle: 1 });
  await stage.pass("slow");
  await stage.end();
});

test("calls to a worker have no time limit of their own", async () => {
  const stage = new Stage({ callTimeout: 100 });
  const pool = await stage.open();
  const fates = await stage.submit(pool, "a");
  await stage.kit.advance(3_600_000);
  expect(now(fates)).toEqual(["open"]);
  await stage.pass("a");
  expect(now(fates)).toEqual(["a done"]);
  await stage.end();
});

test("a run that never settles holds its worker's place, and nothing else", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2 }, (worker, name) =>
    name === "never" ? new Promise(() => {}) : worker.job(name),
  );
  const fates = await stage.submit(pool, "never", "a", "b");
  await stage.pass("a");
  await stage.pass("b");
  expect(now(fates)).toEqual(["open", "a done", "b done"]);
  expect(await pool.stats()).toMatchObject({ running: 1, idle: 1 });
  await stage.end();
  expect(now(fates)).toEqual(["ActorStoppedError", "a done", "b done"]);
  expect(stage.ledger.of("failed")).toHaveLength(1);
});

test("what run does after its worker has died does not count as the next job's", async () => {
  const stage = new Stage();
  const pool = await stage.open({}, (worker, name) =>
    name === "caught" ? worker.job("fail").catch(() => stage.gate("late")) : worker.job(name),
  );
  const fates = await stage.submit(pool, "caught", "a");
  expect(await pool.stats()).toMatchObject({ running: 1, replaced: 1 });
  await stage.pass("late");
  await stage.pass("a");
  expect(now(fates)).toEqual(["undefined", "a done"]);
  await stage.end();
});

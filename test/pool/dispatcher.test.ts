import { actor, createSystem, exited, withOptions, type Ref } from "troupe";
import { factory, fifo, type Factory, type JobQueue, type RunningJob } from "troupe/pool";
import { expect, test } from "vitest";
import { Fate, now, Stage } from "./stage.ts";

/** A queue of which one method throws when it is told to. */
function breakable(method: "shift" | "shed" | "push" | "putBack" | "remove") {
  const broken = { now: false };
  const queue = (): JobQueue<string> => {
    const inner = fifo<string>();
    return new Proxy(inner, {
      get(_, key) {
        const found: unknown = Reflect.get(inner, key);
        if (typeof found !== "function") return found;
        if (key === method && broken.now) {
          return () => {
            throw new Error(`${method} is broken`);
          };
        }
        return found.bind(inner) as unknown;
      },
    });
  };
  return { broken, queue };
}

test("a queue of one's own that throws as a job ends fails the factory, and everybody is told", async () => {
  const stage = new Stage();
  const { broken, queue } = breakable("shift");
  const pool = await stage.open({ queue });
  const fates = await stage.submit(pool, "a", "b");
  broken.now = true;
  await stage.pass("a");
  await exited(pool);
  expect(now(fates)).toEqual(["a done", "JobDiscardedError: shutdown"]);
  expect(stage.kit.eventsOf("failed").map(({ error }) => String(error))).toContain(
    "Error: shift is broken",
  );
  await stage.end();
});

test("a queue that cannot give up its jobs is told of, and their callers hear of the end", async () => {
  const stage = new Stage();
  const { broken, queue } = breakable("remove");
  const pool = await stage.open({ queue });
  const fates = await stage.submit(pool, "a", "b");
  broken.now = true;
  const ended = exited(pool);
  void stage.kit.system.stop();
  await stage.pass("a");
  await stage.kit.advance(1_000);
  await ended;
  expect(now(fates)).toEqual(["a done", "ActorStoppedError"]);
  expect(stage.kit.log.map(({ message }) => message)).toContain(
    "the jobs that wait could not be discarded",
  );
});

test("a queue that takes no job fails that job, when it comes and when it comes back", async () => {
  for (const method of ["push", "putBack"] as const) {
    const stage = new Stage();
    const { broken, queue } = breakable(method);
    const pool = await stage.open({ queue, retry: 1 });
    broken.now = true;
    const fates =
      method === "push"
        ? await stage.submit(pool, "a", "b")
        : [...(await stage.submit(pool, "a")), ...(await stage.submit(pool, "fail"))];
    await stage.passAll();
    expect(now(fates)).toEqual(["a done", "Error"]);
    const stats = await pool.stats();
    expect(stats).toMatchObject({ done: 1, failed: 1, queued: 0, idle: 1 });
    stage.ledger.check(stats);
    await stage.end();
  }
});

test("a queue that cannot shed fails the factory, and each job has one end", async () => {
  const stage = new Stage();
  const { broken, queue } = breakable("shed");
  const pool = await stage.open({ queue, discard: { limit: 1, mode: "oldest" } });
  broken.now = true;
  const fates = [...(await stage.submit(pool, "a")), ...(await stage.submit(pool, "b", "c"))];
  expect(now(fates)).toEqual([
    "open",
    "JobDiscardedError: shutdown",
    "JobDiscardedError: shutdown",
  ]);
  await stage.pass("a");
  await exited(pool);
  const ends = [...stage.ledger.of("done"), ...stage.ledger.of("discarded")];
  expect(ends).toHaveLength(3);
  await stage.end();
});

test("everything that happens to a job is told in its order", async () => {
  const stage = new Stage();
  const pool = await stage.open({ retry: 1, discard: { limit: 1 } });
  await stage.submit(pool, "a", "b", "c", "fail");
  await stage.pass("a");
  await stage.submit(pool, "fail");
  await stage.pass("b");
  expect(stage.ledger.lines).toEqual([
    "started 0",
    "submitted a",
    "begun a at 0",
    "submitted b",
    "submitted c",
    "discarded c: overload",
    "submitted fail",
    "discarded fail: overload",
    "done a at 0",
    "begun b at 0",
    "submitted fail",
    "done b at 0",
    "begun fail at 0",
    "retried fail at 0",
    "ended 0: failed",
    "started 0",
    "begun fail at 0",
    "failed fail at 0",
    "ended 0: failed",
    "started 0",
  ]);
  await stage.end();
});

test("ten thousand jobs that need no waiting are done, however deep one follows the other", async () => {
  const stage = new Stage();
  const pool = await stage.open({}, (_, name) => name);
  const fates = Array.from({ length: 10_000 }, (__, n) => new Fate(pool.submit({ body: `${n}` })));
  await stage.kit.run();
  expect(now(fates)).toEqual(fates.map((__, n) => `${n}`));
  stage.ledger.check(await pool.stats());
  await stage.end();
});

test("a caller who leaves while the job runs costs nobody anything, and its result is dropped", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const left = new Fate(withOptions(pool, { timeout: 50 }).submit({ body: "a" }));
  const [next] = await stage.submit(pool, "b");
  await stage.kit.advance(50);
  expect(left.now).toBe("TimeoutError");
  await stage.pass("a");
  await stage.pass("b");
  expect(next!.now).toBe("b done");
  expect(await pool.stats()).toMatchObject({ done: 2, failed: 0 });
  await stage.end();
});

test("a job that fails by itself and is begun again for ever leaves the host its turns", async () => {
  await using system = createSystem({ logger: false });
  let isOver = false;
  const Stubborn = factory({
    worker: actor({ name: "idler", call: { nothing: () => undefined } }),
    retry: { max: Infinity, when: () => !isOver },
    run: (_worker, _body: string) => Promise.reject(new Error("again")),
  });
  const fate = new Fate(system.spawn(Stubborn).submit({ body: "a" }));
  // The host's timer comes, which it would not where promises alone follow each other.
  await new Promise((resolve) => setTimeout(resolve, 1));
  isOver = true;
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(fate.now).toBe("Error");
});

test("run may ask the factory itself, and gives it jobs while others are free", async () => {
  const stage = new Stage({ development: true });
  let pool: Ref<Factory<string, unknown>> | undefined;
  pool = await stage.open({ size: 2 }, (worker, name) =>
    name === "outer" ? pool!.submit({ body: "inner" }) : worker.job(name),
  );
  const [outer] = await stage.submit(pool, "outer");
  await stage.pass("inner");
  expect(outer!.now).toBe("inner done");
  await stage.end();
});

test("a run that takes the rest of its arguments gets the job among them", async () => {
  const stage = new Stage();
  const attempts: unknown[] = [];
  const Loose = factory({
    worker: actor({ name: "idler", call: { nothing: () => undefined } }),
    run: (...args: [unknown, string, RunningJob]) => void attempts.push(args[2].attempt),
  });
  await stage.submit(stage.kit.system.spawn(Loose), "a");
  expect(attempts).toEqual([1]);
  await stage.end();
});

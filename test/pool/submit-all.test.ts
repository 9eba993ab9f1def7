import { actor, BadInputError, JobDiscardedError, kill, refuse, stop, type Ref } from "troupe";
import { factory, submitAll, type Factory, type Job, type JobOutcome } from "troupe/pool";
import { createTestSystem } from "troupe/testing";
import { expect, expectTypeOf, test } from "vitest";

const Worker = actor({
  name: "worker",
  call: {
    double: (_ctx, n: number) => n * 2,
    async wait(ctx, ms: number) {
      await ctx.sleep(ms);
      return ms;
    },
    no: (): number => {
      throw refuse(new RangeError("too big"));
    },
    fail: (): number => {
      throw new Error("dropped it");
    },
  },
});

const Doubles = factory({ worker: Worker, size: 2, run: (worker, n: number) => worker.double(n) });
const Waits = factory({ worker: Worker, size: 2, run: (worker, ms: number) => worker.wait(ms) });

const jobs = (...bodies: readonly number[]): Job<number>[] => bodies.map((body) => ({ body }));

async function all<B, R>(
  outcomes: AsyncIterable<JobOutcome<B, R>>,
): Promise<readonly JobOutcome<B, R>[]> {
  const list: JobOutcome<B, R>[] = [];
  for await (const each of outcomes) list.push(each);
  return list;
}

/** Numbers without an end; tells how many were taken, and whether they were given back. */
function endless(body: number) {
  const seen = { taken: 0, returned: 0 };
  function* source(): Generator<Job<number>> {
    try {
      for (;;) {
        seen.taken++;
        yield { body };
      }
    } finally {
      seen.returned++;
    }
  }
  return { seen, source };
}

async function* twoOnly(): AsyncGenerator<Job<number>> {
  yield { body: 10 };
  yield { body: 20 };
  throw new Error("no such directory");
}

async function* oneAnd(later: Promise<unknown>): AsyncGenerator<Job<number>> {
  yield { body: 1 };
  await later;
  yield { body: 2 };
}

test("each job has one outcome, which says what it was and how it ended", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const Mixed = factory({
    worker: Worker,
    run: (worker, how: "fail" | "no" | "double") => worker[how](21),
  });
  const bodies = ["double", "no", "fail", "double"] as const;
  const outcomes = submitAll(
    system.spawn(Mixed),
    bodies.map((body) => ({ body })),
  );
  const list = await all(outcomes);
  expect(list).toMatchObject([
    { index: 0, job: { body: "double" }, status: "done", result: 42 },
    { index: 1, job: { body: "no" }, status: "failed", error: new RangeError("too big") },
    { index: 2, status: "failed", error: { name: "ActorFailedError" } },
    { index: 3, status: "done", result: 42 },
  ]);
  await kit.stop();
});

test("outcomes come as jobs end, and not in the order in which the jobs came", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const outcomes = all(submitAll(system.spawn(Waits), jobs(30, 10, 10)));
  await kit.advance(100);
  const list = await outcomes;
  expect(list.map(({ index }) => index)).toEqual([1, 2, 0]);
  await kit.stop();
});

test("no jobs at all have no outcomes", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  expect(await all(submitAll(system.spawn(Doubles), []))).toEqual([]);
  await kit.stop();
});

test("ten thousand jobs are all done, and never more of them under way than were asked for", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const doubles = system.spawn(Doubles);
  let most = 0;
  let sum = 0;
  const { seen, source } = endless(1);
  let ended = 0;
  for await (const outcome of submitAll(doubles, source(), { inFlight: 7 })) {
    most = Math.max(most, seen.taken - ended);
    ended++;
    if (outcome.status === "done") sum += outcome.result;
    if (ended === 10_000) break;
  }
  expect(sum).toBe(20_000);
  expect(most).toBeLessThanOrEqual(8);
  await kit.stop();
});

test("a number far over what a mailbox holds fills no mailbox, and the loop is begun all the same", async () => {
  const kit = createTestSystem();
  const Small = factory({
    worker: Worker,
    mailbox: { capacity: 100 },
    run: (worker, n: number) => worker.double(n),
  });
  const { seen, source } = endless(1);
  const statuses = new Set<string>();
  let ended = 0;
  for await (const { status } of submitAll(kit.system.spawn(Small), source(), { inFlight: 1e9 })) {
    statuses.add(status);
    if (++ended === 1_000) break;
  }
  expect([...statuses]).toEqual(["done"]);
  expect(seen.taken).toBeLessThan(100_000);
  await kit.stop();
});

test("where nothing is said, what waits in the factory is as much as it has room for", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const waits = system.spawn(Waits);
  const { seen, source } = endless(10);
  const outcomes = submitAll(waits, source());
  const first = outcomes.next();
  await kit.run();
  // Two at work, two behind them, and the one that is held back.
  expect(await waits.stats()).toMatchObject({ running: 2, queued: 2 });
  expect(seen.taken).toBe(5);
  await waits.resize(4);
  await kit.run();
  expect(await waits.stats()).toMatchObject({ running: 4, queued: 4 });
  await kit.advance(10);
  expect(await first).toMatchObject({ value: { status: "done" } });
  await outcomes.return();
  await kit.stop();
});

test("a loop that is slow holds the source back, for outcomes that wait for it count", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const { seen, source } = endless(1);
  const outcomes = submitAll(system.spawn(Doubles), source(), { inFlight: 5 });
  await outcomes.next();
  await kit.run();
  expect(seen.taken).toBe(6);
  await kit.run();
  expect(seen.taken).toBe(6);
  await outcomes.return();
  expect(seen.returned).toBe(1);
  await kit.stop();
});

test("nothing is begun before somebody asks for the first outcome", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const { seen, source } = endless(1);
  submitAll(system.spawn(Doubles), source());
  await kit.run();
  expect(seen.taken).toBe(0);
  await kit.stop();
});

test("a loop that is left abandons what waits, and gives the source back", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const waits = system.spawn(Waits);
  const { seen, source } = endless(10);
  const loop = (async () => {
    for await (const _ of submitAll(waits, source(), { inFlight: 10 })) break;
  })();
  await kit.advance(10);
  await loop;
  expect(seen).toEqual({ taken: 11, returned: 1 });
  await kit.run();
  await kit.advance(100);
  const { discarded, done, submitted, ...others } = await waits.stats();
  expect(others).toMatchObject({ queued: 0, running: 0, failed: 0 });
  expect(discarded.abandoned).toBeGreaterThan(0);
  expect(done + discarded.abandoned).toBe(submitted);
  await kit.stop();
});

test("a loop that throws abandons what waits as well", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const waits = system.spawn(Waits);
  const loop = (async () => {
    for await (const _ of submitAll(waits, jobs(10, 20, 30, 40), { inFlight: 4 })) {
      throw new Error("enough");
    }
  })();
  const end = loop.catch(String);
  await kit.advance(10);
  expect(await end).toBe("Error: enough");
  await kit.advance(100);
  expect(await waits.stats()).toMatchObject({ running: 0, queued: 0 });
  await kit.stop();
});

test("a source that fails ends the loop, when what it gave before has ended", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const seen: number[] = [];
  const loop = (async () => {
    for await (const { job } of submitAll(system.spawn(Waits), twoOnly())) seen.push(job.body);
  })();
  const end = loop.catch(String);
  await kit.advance(50);
  expect(await end).toBe("Error: no such directory");
  expect(seen).toEqual([10, 20]);
  await kit.stop();
});

test("outcomes do not wait for a source that is slow", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const gate = { open: () => {} };
  const opened = new Promise<void>((resolve) => (gate.open = resolve));
  const outcomes = submitAll(system.spawn(Doubles), oneAnd(opened));
  expect(await outcomes.next()).toMatchObject({ value: { result: 2 } });
  await kit.run();
  gate.open();
  expect(await outcomes.next()).toMatchObject({ value: { result: 4 } });
  expect(await outcomes.next()).toEqual({ done: true, value: undefined });
  await kit.stop();
});

test("a loop can be left while its source never answers", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const never = new Promise(() => {});
  let outcomes = 0;
  for await (const _ of submitAll(system.spawn(Doubles), oneAnd(never))) {
    outcomes++;
    break;
  }
  expect(outcomes).toBe(1);
  await kit.stop();
});

test("discarded jobs are told apart from those that failed, with the reason", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const Tight = factory({
    worker: Worker,
    run: (worker, ms: number) => worker.wait(ms),
    discard: { limit: 1 },
  });
  const outcomes = all(submitAll(system.spawn(Tight), jobs(10, 10, 10), { inFlight: 3 }));
  await kit.advance(100);
  const [first] = await outcomes;
  expect(first).toMatchObject({ index: 2, status: "discarded", reason: "overload" });
  expect(first?.status === "discarded" && first.error).toBeInstanceOf(JobDiscardedError);
  await kit.stop();
});

test("where nothing is said, a limit of the factory discards nothing", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  for (const limit of [0, 1, 3]) {
    const Tight = factory({
      worker: Worker,
      size: 2,
      run: (worker, ms: number) => worker.wait(ms),
      discard: { limit },
    });
    const tight = system.spawn(Tight);
    const outcomes = all(submitAll(tight, jobs(10, 5, 10, 5, 10, 5, 10, 5)));
    await kit.advance(200);
    expect(await outcomes).toHaveLength(8);
    expect(await tight.stats()).toMatchObject({ done: 8, discarded: { overload: 0 } });
  }
  await kit.stop();
});

test("a factory that is stopped ends what it had, and nothing that comes after is done", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const waits = system.spawn(Waits);
  const outcomes = all(submitAll(waits, jobs(10, 10, 10, 10, 10, 10)));
  await kit.advance(1);
  const stopped = stop(waits);
  await kit.advance(100);
  await stopped;
  const list = await outcomes;
  // Two were at work, two waited, and two had not come yet.
  expect(list.map(({ status }) => status).toSorted()).toEqual([
    "discarded",
    "discarded",
    "done",
    "done",
    "failed",
    "failed",
  ]);
  await kit.stop();
});

test("a factory that is killed ends every job, and those that come after", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const waits = system.spawn(Waits);
  const outcomes = all(submitAll(waits, jobs(10, 10, 10, 10, 10, 10)));
  await kit.advance(1);
  const killed = kill(waits);
  await kit.advance(100);
  await killed;
  const list = await outcomes;
  expect(list.map(({ status }) => status).toSorted()).toEqual([
    "discarded",
    "discarded",
    "failed",
    "failed",
    "failed",
    "failed",
  ]);
  await kit.stop();
});

test("a factory that finishes meanwhile discards what comes after", async () => {
  const kit = createTestSystem();
  const { system } = kit;
  const waits = system.spawn(Waits);
  const outcomes = all(submitAll(waits, jobs(10, 10, 10, 10, 10, 10)));
  await kit.advance(1);
  const finished = waits.finish();
  await kit.advance(100);
  await finished;
  const list = await outcomes;
  expect(list.filter(({ status }) => status === "done")).toHaveLength(4);
  expect(list).toHaveLength(6);
  await kit.stop();
});

test("what cannot work is refused at once", () => {
  const kit = createTestSystem();
  const { system } = kit;
  const doubles = system.spawn(Doubles);
  for (const inFlight of [0, Number.NaN, "2" as never, Infinity]) {
    expect(() => submitAll(doubles, [], { inFlight })).toThrow(BadInputError);
  }
  expect(() => submitAll(doubles, 3 as never)).toThrow("submitAll: jobs is 3; it must be an array");
  expect(() => submitAll(doubles, null as never)).toThrow(BadInputError);
});

test("bodies and results have the types of the factory", () => {
  const kit = createTestSystem();
  const { system } = kit;
  const doubles = system.spawn(Doubles);
  expectTypeOf(doubles).toEqualTypeOf<Ref<Factory<number, number>>>();
  const outcomes = submitAll(doubles, []);
  expectTypeOf(outcomes).toEqualTypeOf<
    AsyncGenerator<JobOutcome<number, number>, void, undefined>
  >();
  // @ts-expect-error -- a job of text for a factory of numbers
  submitAll(doubles, [{ body: "one" }]);
});

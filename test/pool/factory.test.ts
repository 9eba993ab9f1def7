import { actor, refuse } from "troupe";
import { factory } from "troupe/pool";
import { createTestSystem } from "troupe/testing";
import { expect, test } from "vitest";

const Worker = actor({
  name: "worker",
  call: {
    double: (_ctx, n: number) => n * 2,
    fail: (): number => {
      throw new Error("dropped it");
    },
    no: (): number => {
      throw refuse(new RangeError("too big"));
    },
  },
});

test("a thousand jobs over ten workers are all done, each with its own result", async () => {
  const { system } = createTestSystem();
  const Doubles = factory({
    worker: Worker,
    size: 10,
    run: (worker, n: number) => worker.double(n),
  });
  const doubles = system.spawn(Doubles);
  const numbers = Array.from({ length: 1_000 }, (_, n) => n);
  const results = await Promise.all(numbers.map((body) => doubles.submit({ body })));
  expect(results).toEqual(numbers.map((n) => n * 2));
  const stats = await doubles.finish();
  expect(stats).toMatchObject({ submitted: 1_000, done: 1_000, failed: 0, queued: 0, running: 0 });
  await system.stop();
});

test("a job whose worker dies fails with what it threw, and the worker is replaced", async () => {
  const { system } = createTestSystem();
  const Fails = factory({
    worker: Worker,
    run: (worker, how: "fail" | "no" | "double") => worker[how](21),
  });
  const fails = system.spawn(Fails);
  await expect(fails.submit({ body: "fail" })).rejects.toMatchObject({
    name: "ActorFailedError",
    cause: { message: "dropped it" },
  });
  await expect(fails.submit({ body: "no" })).rejects.toThrow(new RangeError("too big"));
  expect(await fails.submit({ body: "double" })).toBe(42);
  expect(await fails.stats()).toMatchObject({ submitted: 3, done: 1, failed: 2, replaced: 1 });
  await system.stop();
});

test("a job is begun again where its worker died, as often as it may be", async () => {
  const { system } = createTestSystem();
  const seen: number[] = [];
  const Fails = factory({
    worker: Worker,
    retry: 2,
    run(worker, _: null, { attempt }) {
      seen.push(attempt);
      return attempt < 3 ? worker.fail() : worker.double(4);
    },
  });
  const fails = system.spawn(Fails);
  expect(await fails.submit({ body: null })).toBe(8);
  expect(seen).toEqual([1, 2, 3]);
  expect(await fails.stats()).toMatchObject({ done: 1, failed: 0, retried: 2, replaced: 2 });
  await system.stop();
});

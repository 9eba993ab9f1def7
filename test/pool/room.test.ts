import { actor, withOptions } from "troupe";
import { factory, submitAll, type Job } from "troupe/pool";
import { createTestSystem } from "troupe/testing";
import { expect, test } from "vitest";

const Worker = actor({
  name: "worker",
  call: {
    async wait(ctx, ms: number) {
      await ctx.sleep(ms);
      return ms;
    },
  },
});

function setUp(limit: number, size = 1) {
  const kit = createTestSystem();
  const Waits = factory({
    worker: Worker,
    size,
    run: (worker, ms: number) => worker.wait(ms),
    discard: { limit },
  });
  return { kit, waits: kit.system.spawn(Waits) };
}

test.each([0, 1, 3])(
  "ten producers that ask first lose no job, with a limit of %i",
  async (limit) => {
    const { kit, waits } = setUp(limit, 2);
    const done = Array.from({ length: 10 }, async () => {
      for (let n = 0; n < 5; n++) {
        await waits.room();
        await waits.submit({ body: 10 });
      }
    });
    await kit.advance(1_000);
    await Promise.all(done);
    expect(await waits.stats()).toMatchObject({ done: 50, discarded: { overload: 0 } });
    await kit.stop();
  },
);

test("two loops over one factory share its room", async () => {
  const { kit, waits } = setUp(1, 2);
  const jobs: readonly Job<number>[] = Array.from({ length: 20 }, () => ({ body: 10 }));
  const loop = async (): Promise<number> => {
    let done = 0;
    for await (const { status } of submitAll(waits, jobs)) if (status === "done") done++;
    return done;
  };
  const both = Promise.all([loop(), loop()]);
  await kit.advance(2_000);
  expect(await both).toEqual([20, 20]);
  await kit.stop();
});

test("who waits for room is told in the order in which it asked", async () => {
  const { kit, waits } = setUp(0);
  const order: number[] = [];
  waits.dispatch({ body: 10 });
  for (const n of [1, 2, 3]) {
    void waits.room().then(() => {
      order.push(n);
      waits.dispatch({ body: 10 });
    });
  }
  await kit.advance(1);
  expect(order).toEqual([]);
  await kit.advance(10);
  expect(order).toEqual([1]);
  await kit.advance(100);
  expect(order).toEqual([1, 2, 3]);
  expect(await waits.stats()).toMatchObject({ done: 4, discarded: { overload: 0 } });
  await kit.stop();
});

test("a place that is not taken is told to the next after 50 ms", async () => {
  const { kit, waits } = setUp(0);
  await waits.room();
  let told = 0;
  for (let n = 0; n < 2; n++) void waits.room().then(() => told++);
  await kit.advance(49);
  expect(told).toBe(0);
  await kit.advance(1);
  expect(told).toBe(1);
  await kit.advance(50);
  expect(told).toBe(2);
  await kit.stop();
});

test("who has left is told nothing, and takes no place from those behind", async () => {
  const { kit, waits } = setUp(0);
  waits.dispatch({ body: 100 });
  const impatient = withOptions(waits, { timeout: 10 });
  const left = Array.from({ length: 1_000 }, () => impatient.room().catch(() => "left"));
  let told = 0;
  void waits.room().then(() => told++);
  await kit.advance(50);
  expect(new Set(await Promise.all(left))).toEqual(new Set(["left"]));
  await kit.advance(50);
  expect(told).toBe(1);
  await kit.stop();
});

test.each([
  ["a limit that is raised", { discard: { limit: 1 } }],
  ["a limit that is taken away", { discard: null }],
  ["a worker more", { size: 2 }],
])("%s makes room", async (_what, settings) => {
  const { kit, waits } = setUp(0);
  waits.dispatch({ body: 1_000 });
  let told = 0;
  void waits.room().then(() => told++);
  await kit.advance(10);
  expect(told).toBe(0);
  await waits.update(settings);
  await kit.run();
  expect(told).toBe(1);
  await kit.stop();
});

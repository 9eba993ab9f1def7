import { describe, expect, test } from "vitest";
import { actor, started } from "troupe";
import { createTestSystem } from "troupe/testing";

const Chancy = actor({
  init: () => ({}),
  call: {
    draw: (ctx) => [ctx.random(), ctx.random(), ctx.random()],
    time: (ctx) => ctx.now(),
  },
});

function draw(seed?: number): Promise<number[]> {
  return createTestSystem(seed === undefined ? {} : { seed })
    .system.spawn(Chancy)
    .draw();
}

describe("the test kit", () => {
  test("does nothing by itself: time passes only when it is told to", async () => {
    const kit = createTestSystem();
    const log: number[] = [];
    const Beat = actor({
      init(ctx) {
        ctx.timers.every(1_000, () => void log.push(ctx.now()));
        return {};
      },
    });
    kit.system.spawn(Beat);
    await kit.run();
    await kit.run();
    expect([log, kit.world.now()]).toEqual([[], 0]);
    await kit.advance(2_500);
    expect([log, kit.world.now()]).toEqual([[1_000, 2_000], 2_500]);
  });

  test("draws the same chance for the same seed, and another for another", async () => {
    expect(await draw()).toEqual(await draw(1));
    expect(await draw(2)).toEqual(await draw(2));
    expect(await draw(2)).not.toEqual(await draw(3));
  });

  test("stops a system whose actors take their time", async () => {
    const kit = createTestSystem();
    const Slow = actor({
      exit: () => kit.system.deadline(new Promise<void>(() => {}), 3_000).catch(() => {}),
    });
    await started(kit.system.spawn(Slow));
    await kit.stop();
    expect(kit.world.now()).toBeGreaterThanOrEqual(3_000);
  });

  test("says so when a system does not stop", async () => {
    const kit = createTestSystem();
    const Stuck = actor({ shutdown: "infinity", exit: () => new Promise<void>(() => {}) });
    await started(kit.system.spawn(Stuck));
    await expect(kit.stop(1_000)).rejects.toThrow(
      "the system did not stop within 1000 ms of virtual time",
    );
  });

  test("ends with `await using`", async () => {
    let alive: number;
    {
      await using kit = createTestSystem();
      await started(kit.system.spawn(Chancy));
      kit.system.on(() => {});
      alive = kit.system.stats().alive;
      expect(alive).toBe(1);
    }
    const kit = createTestSystem();
    await kit[Symbol.asyncDispose]();
    await kit.system.stopped();
    expect(kit.system.stats().alive).toBe(0);
  });
});

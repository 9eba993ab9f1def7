import { expect, test } from "vitest";
import { VirtualWorld } from "troupe/testing";

test("timers fire at their time, in order of time and then of setting", async () => {
  const world = new VirtualWorld();
  const log: string[] = [];
  const at = (name: string, delay: number) =>
    world.setTimer(delay, () => log.push(`${world.now()} ${name}`));
  at("c", 20);
  at("a", 10);
  at("b", 10);
  at("past", -5);
  await world.advance(15);
  expect(log).toEqual(["0 past", "10 a", "10 b"]);
  await world.advance(5);
  expect(log.at(-1)).toBe("20 c");
});

test("a timer that is set by another fires in the same stretch of time, where it is due", async () => {
  const world = new VirtualWorld();
  const log: number[] = [];
  world.setTimer(10, () => {
    world.setTimer(10, () => log.push(world.now()));
  });
  await world.advance(100);
  expect([log, world.now()]).toEqual([[20], 100]);
});

test("a timer that is taken back does not fire, also when one of the same time takes it back", async () => {
  const world = new VirtualWorld();
  const log: string[] = [];
  let second: unknown;
  world.setTimer(10, () => {
    log.push("first");
    world.clearTimer(second);
  });
  second = world.setTimer(10, () => log.push("second"));
  await world.advance(100);
  expect(log).toEqual(["first"]);
});

test("what is deferred runs before timers, and promises settle in between", async () => {
  const world = new VirtualWorld();
  const log: string[] = [];
  world.setTimer(1, () => log.push("timer"));
  world.yieldToHost(() => log.push("yielded"));
  world.defer(() => {
    log.push("deferred");
    void Promise.resolve().then(() => log.push("promise"));
  });
  await world.advance(1);
  expect(log).toEqual(["deferred", "promise", "yielded", "timer"]);
});

test("settling waits for work that makes more work", async () => {
  const world = new VirtualWorld();
  let rounds = 0;
  const again = (): void => {
    if (++rounds < 10) world.yieldToHost(again);
  };
  world.defer(again);
  await world.settle();
  expect(rounds).toBe(10);
});

test("date moves with now, and identifiers are never given twice", async () => {
  const world = new VirtualWorld();
  const before = world.date();
  await world.advance(1_000);
  expect(world.date() - before).toBe(1_000);
  expect(new Set([world.id(), world.id(), world.id()]).size).toBe(3);
});

function draws(seed: number): number[] {
  const world = new VirtualWorld(seed);
  return Array.from({ length: 10_000 }, () => world.random());
}

test("chance is seeded, spread, and never 1", () => {
  const drawn = draws(7);
  expect(drawn).toEqual(draws(7));
  expect(drawn).not.toEqual(draws(8));
  expect(drawn.every((n) => n >= 0 && n < 1)).toBe(true);
  const mean = drawn.reduce((sum, n) => sum + n, 0) / drawn.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
});

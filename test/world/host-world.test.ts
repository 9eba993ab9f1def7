import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createHostWorld } from "../../src/world/host-world.ts";

const LONGEST_HOST_DELAY = 2 ** 31 - 1;

describe("time", () => {
  test("the clock never goes back, and dates are those of the host", async () => {
    const world = createHostWorld();
    const readings = Array.from({ length: 1_000 }, () => world.now());
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
    const before = world.now();
    await delay(5);
    expect(world.now()).toBeGreaterThan(before);
    expect(Math.abs(world.date() - Date.now())).toBeLessThan(1_000);
  });

  test("a timer fires once, and not when it was cleared", async () => {
    const world = createHostWorld();
    const log: string[] = [];
    world.setTimer(1, () => log.push("fired"));
    world.clearTimer(world.setTimer(1, () => log.push("cleared")));
    world.setTimer(-5, () => log.push("past"));
    await delay(20);
    expect(log.toSorted()).toEqual(["fired", "past"]);
  });

  describe("beyond what a host timer can wait", () => {
    afterEach(() => {
      vi.restoreAllMocks();
      vi.useRealTimers();
    });

    test("a timer is armed in pieces, and waits its full time", () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const arm = vi.spyOn(globalThis, "setTimeout");
      const world = createHostWorld();
      const wait = 2.5 * LONGEST_HOST_DELAY;
      let fired = 0;
      world.setTimer(wait, () => fired++);
      vi.advanceTimersByTime(LONGEST_HOST_DELAY);
      vi.advanceTimersByTime(LONGEST_HOST_DELAY);
      vi.advanceTimersByTime(wait - 2 * LONGEST_HOST_DELAY - 1);
      expect(fired).toBe(0);
      vi.advanceTimersByTime(1);
      expect(fired).toBe(1);
      expect(arm.mock.calls.map(([, ms]) => ms)).toEqual([
        LONGEST_HOST_DELAY,
        LONGEST_HOST_DELAY,
        wait - 2 * LONGEST_HOST_DELAY,
      ]);
      expect(vi.getTimerCount()).toBe(0);
    });

    test("exactly the longest is armed at once, one more in two pieces", () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const arm = vi.spyOn(globalThis, "setTimeout");
      const world = createHostWorld();
      world.setTimer(LONGEST_HOST_DELAY, () => {});
      world.setTimer(LONGEST_HOST_DELAY + 1, () => {});
      vi.advanceTimersByTime(LONGEST_HOST_DELAY);
      expect(arm.mock.calls.map(([, ms]) => ms)).toEqual([
        LONGEST_HOST_DELAY,
        LONGEST_HOST_DELAY,
        1,
      ]);
    });

    test("a timer can be cleared in any of its pieces", () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const world = createHostWorld();
      let fired = 0;
      const early = world.setTimer(2 * LONGEST_HOST_DELAY, () => fired++);
      const late = world.setTimer(2 * LONGEST_HOST_DELAY, () => fired++);
      world.clearTimer(early);
      vi.advanceTimersByTime(LONGEST_HOST_DELAY + 1);
      world.clearTimer(late);
      vi.advanceTimersByTime(LONGEST_HOST_DELAY);
      expect(fired).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

describe("scheduling", () => {
  test("what is deferred runs behind the present code, before what yields to the host", async () => {
    const world = createHostWorld();
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      world.yieldToHost(() => {
        log.push("yielded");
        resolve();
      });
      world.defer(() => {
        log.push("deferred");
        world.defer(() => log.push("deferred by it"));
      });
      log.push("present code");
    });
    expect(log).toEqual(["present code", "deferred", "deferred by it", "yielded"]);
  });

  test("what yields lets timers and I/O go first", async () => {
    const world = createHostWorld();
    const timer = new AbortController();
    setTimeout(() => timer.abort(), 1);
    for (let n = 0; n < 1_000_000 && !timer.signal.aborted; n++) {
      await new Promise<void>((resolve) => {
        world.yieldToHost(resolve);
      });
    }
    expect(timer.signal.aborted).toBe(true);
  });
});

describe("a host with less to offer", () => {
  afterEach(() => void vi.unstubAllGlobals());

  test("without setImmediate, yields come in order and behind what was deferred", async () => {
    for (const missing of [["setImmediate"], ["setImmediate", "MessageChannel"]]) {
      for (const name of missing) vi.stubGlobal(name, undefined);
      const world = createHostWorld();
      const log: string[] = [];
      await new Promise<void>((resolve) => {
        for (const n of [1, 2, 3]) world.yieldToHost(() => log.push(`yielded ${n}`));
        world.yieldToHost(resolve);
        world.defer(() => log.push("deferred"));
      });
      expect(log).toEqual(["deferred", "yielded 1", "yielded 2", "yielded 3"]);
      vi.unstubAllGlobals();
    }
  });

  test("without crypto, identifiers still differ", () => {
    vi.stubGlobal("crypto", undefined);
    const world = createHostWorld();
    const ids = new Set(Array.from({ length: 1_000 }, () => world.id()));
    expect(ids.size).toBe(1_000);
  });
});

test("chance is in [0, 1)", () => {
  const world = createHostWorld();
  for (let n = 0; n < 1_000; n++) {
    const chance = world.random();
    expect(chance >= 0 && chance < 1).toBe(true);
  }
  expect(world.id()).not.toBe(world.id());
});

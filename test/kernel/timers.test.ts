import { afterEach, describe, expect, test, vi } from "vitest";
import {
  actor,
  createSystem,
  exited,
  isAlive,
  kill,
  restart,
  stop,
  type InitContext,
  type Timer,
  type Timers,
} from "troupe";
import { createTestSystem, VirtualWorld } from "troupe/testing";
import { cellOf } from "../../src/kernel/ref.ts";
import { createHostWorld } from "../../src/world/host-world.ts";
import { follow, gate } from "../support/gate.ts";

/** Sets its timers in `init`, by a function that the test hands it. */
const Timed = actor({
  name: "timed",
  init(ctx, props: { set: (timers: Timers, log: (what: string) => void) => void; log: string[] }) {
    const { log, set } = props;
    set(ctx.timers, (what) => void log.push(`${ctx.now()} ${what}`));
    return { timers: ctx.timers };
  },
  cast: {
    async hold(_ctx, until: Promise<unknown>) {
      await until;
    },
    do(ctx, deed: (timers: Timers) => void) {
      deed(ctx.state.timers);
    },
    failNow() {
      throw new Error("boom");
    },
  },
});

function setUp(
  set: (timers: Timers, log: (what: string) => void) => void,
  options: { restart?: "permanent"; world?: VirtualWorld } = {},
) {
  const kit = createTestSystem();
  const log: string[] = [];
  const timed = kit.system.spawn(Timed, { set, log }, { restart: options.restart ?? "temporary" });
  return { kit, log, timed };
}

test("after ticks once, and not before its time", async () => {
  const { kit, log } = setUp((timers, tick) => timers.after(100, () => tick("tick")));
  await kit.advance(99);
  expect(log).toEqual([]);
  await kit.advance(1_000);
  expect(log).toEqual(["100 tick"]);
});

test("after no time ticks soon, behind what waits already", async () => {
  const { kit, log } = setUp((timers, tick) => timers.after(0, () => tick("tick")));
  await kit.advance(1);
  expect(log).toEqual(["1 tick"]);
});

test("timers that are due together tick in the order in which they were set", async () => {
  const { kit, log } = setUp((timers, tick) => {
    timers.after(10, () => tick("a"));
    timers.after(10, () => tick("b"));
    timers.after(5, () => tick("c"));
  });
  await kit.advance(10);
  expect(log).toEqual(["5 c", "10 a", "10 b"]);
});

test("at ticks at a time of the wall clock; a time that is past ticks at once", async () => {
  const newYear = Date.UTC(2020, 0, 1);
  const { kit, log } = setUp((timers, tick) => {
    timers.at(newYear + 250, () => tick("later"));
    timers.at(newYear - 1, () => tick("past"));
  });
  await kit.advance(1_000);
  expect(log).toEqual(["1 past", "250 later"]);
});

test("a delay beyond 2^31 ms waits its full time", async () => {
  const days = 30 * 24 * 3_600_000;
  const { kit, log } = setUp((timers, tick) => {
    timers.after(days, () => tick("month"));
    timers.after(2 ** 33, () => tick("long"));
  });
  await kit.advance(days - 1);
  expect(log).toEqual([]);
  await kit.advance(2 ** 33);
  expect(log).toEqual([`${days} month`, `${2 ** 33} long`]);
});

test("a tick is a message: it waits for the handler that runs, and in its turn", async () => {
  const { kit, log, timed } = setUp((timers, tick) => timers.after(10, () => tick("tick")));
  const hold = gate();
  timed.hold(hold.passed);
  await kit.advance(50);
  expect(log).toEqual([]);
  hold.open();
  await kit.run();
  expect(log).toEqual(["50 tick"]);
});

test("a tick that throws fails the actor", async () => {
  const { kit, timed } = setUp((timers) =>
    timers.after(10, () => {
      throw new Error("tick");
    }),
  );
  await kit.advance(10);
  expect(await exited(timed)).toMatchObject({ kind: "failed", error: { message: "tick" } });
});

test("an async tick holds the actor until it is done", async () => {
  const hold = gate();
  const { kit, log, timed } = setUp((timers, tick) =>
    timers.after(10, async () => {
      await hold.passed;
      tick("done");
    }),
  );
  await kit.advance(10);
  timed.do(() => log.push("message"));
  await kit.run();
  expect(log).toEqual([]);
  hold.open();
  await kit.run();
  expect(log).toEqual(["10 done", "message"]);
});

describe("every", () => {
  test("ticks first after one period, then every period", async () => {
    const { kit, log } = setUp((timers, tick) => timers.every(100, () => tick("tick")));
    await kit.advance(350);
    expect(log).toEqual(["100 tick", "200 tick", "300 tick"]);
  });

  test("does not drift when ticks are slow to be handled", async () => {
    const kit = createTestSystem();
    const at: number[] = [];
    const Slow = actor({
      init(ctx) {
        ctx.timers.every(100, async () => {
          at.push(ctx.now());
          await kit.system.deadline(new Promise(() => {}), 30).catch(() => {});
        });
        return {};
      },
    });
    kit.system.spawn(Slow);
    await kit.advance(400);
    expect(at).toEqual([100, 200, 300, 400]);
  });

  test("does not drift with a period that is no whole number", async () => {
    const { kit, log } = setUp((timers, tick) => timers.every(16.5, () => tick("")));
    await kit.advance(16_500);
    expect(log).toHaveLength(1_000);
    expect(log.at(-1)).toBe("16500 ");
  });

  test("skips ticks that were due while the actor was busy, and keeps its beat", async () => {
    const { kit, log, timed } = setUp((timers, tick) => timers.every(100, () => tick("tick")));
    const hold = gate();
    timed.hold(hold.passed);
    await kit.advance(350);
    hold.open();
    await kit.run();
    expect(log).toEqual(["350 tick"]);
    await kit.advance(100);
    expect(log).toEqual(["350 tick", "400 tick"]);
  });

  test("delivers them all where that is asked for", async () => {
    const { kit, log, timed } = setUp((timers, tick) =>
      timers.every(100, () => tick("tick"), { missed: "deliver" }),
    );
    const hold = gate();
    timed.hold(hold.passed);
    await kit.advance(350);
    hold.open();
    await kit.run();
    expect(log).toEqual(["350 tick", "350 tick", "350 tick"]);
    await kit.advance(50);
    expect(log).toHaveLength(4);
  });

  /** A world whose clock can jump ahead with no timer served, as when a host is held up. */
  class StalledWorld extends VirtualWorld {
    stalledMs = 0;
    override now(): number {
      return super.now() + this.stalledMs;
    }
  }

  test.each([
    ["skip", [100, 460, 500, 600]],
    ["deliver", [100, 460, 460, 461, 500, 600]],
  ] as const)("with %s is back in its beat after the host was held up", async (missed, ticks) => {
    const world = new StalledWorld();
    const system = createSystem({ world, logger: false });
    const at: number[] = [];
    const Beat = actor({
      init(ctx) {
        ctx.timers.every(100, () => void at.push(ctx.now()), { missed });
        return {};
      },
    });
    system.spawn(Beat);
    await world.advance(195);
    world.stalledMs = 260;
    await world.advance(155);
    expect(at).toEqual(ticks);
  });

  test("can be cancelled by its own tick", async () => {
    const { kit, log } = setUp((timers, tick) => {
      let ticks = 0;
      const timer = timers.every(10, () => {
        tick("tick");
        if (++ticks === 2) timer.cancel();
      });
    });
    await kit.advance(100);
    expect(log).toEqual(["10 tick", "20 tick"]);
  });
});

describe("a cancelled timer", () => {
  test("does not tick", async () => {
    const { kit, log } = setUp((timers, tick) => {
      const timer = timers.after(10, () => tick("tick"));
      timer.cancel();
      timer.cancel();
    });
    await kit.advance(100);
    expect(log).toEqual([]);
  });

  test("is not seen when its tick is queued already", async () => {
    let timer!: Timer;
    const { kit, log, timed } = setUp((timers, tick) => {
      timer = timers.after(10, () => tick("tick"));
    });
    const hold = gate();
    timed.hold(hold.passed);
    timed.do(() => timer.cancel());
    await kit.advance(10);
    hold.open();
    await kit.run();
    expect(log).toEqual([]);
  });

  test("can be one of `using`", async () => {
    const { kit, log } = setUp((timers, tick) => {
      using _timer = timers.after(10, () => tick("tick"));
    });
    await kit.advance(100);
    expect(log).toEqual([]);
  });
});

describe("a keyed timer", () => {
  test("takes the place of the one before, of any sort", async () => {
    const { kit, log } = setUp((timers, tick) => {
      timers.after(10, () => tick("first"), { key: "k" });
      timers.every(15, () => tick("second"), { key: "k" });
      timers.after(20, () => tick("third"), { key: "k" });
      timers.after(20, () => tick("other"), { key: "other" });
    });
    await kit.advance(100);
    expect(log).toEqual(["20 third", "20 other"]);
  });

  test("that was replaced is not seen when its tick is queued already", async () => {
    const { kit, log, timed } = setUp((timers, tick) =>
      timers.after(10, () => tick("old"), { key: "k" }),
    );
    const hold = gate();
    timed.hold(hold.passed);
    timed.do((timers) => timers.after(10, () => void log.push("new"), { key: "k" }));
    await kit.advance(10);
    hold.open();
    await kit.advance(10);
    expect(log).toEqual(["new"]);
  });

  test("is cancelled by its key; a key that is free is none", async () => {
    const answers: boolean[] = [];
    const { kit, log } = setUp((timers, tick) => {
      timers.after(10, () => tick("tick"), { key: "k" });
      answers.push(timers.cancel("k"), timers.cancel("k"), timers.cancel("none"));
    });
    await kit.advance(100);
    expect(log).toEqual([]);
    expect(answers).toEqual([true, false, false]);
  });

  test("frees its key when it has ticked", async () => {
    const answers: boolean[] = [];
    const { kit, timed } = setUp((timers) => timers.after(10, () => {}, { key: "k" }));
    await kit.advance(10);
    timed.do((timers) => answers.push(timers.cancel("k")));
    await kit.run();
    expect(answers).toEqual([false]);
  });

  test("may set itself again under its key in its own tick", async () => {
    const { kit, log } = setUp((timers, tick) => {
      const again = (): void => {
        timers.after(
          10,
          () => {
            tick("tick");
            again();
          },
          { key: "k" },
        );
      };
      again();
    });
    await kit.advance(30);
    expect(log).toEqual(["10 tick", "20 tick", "30 tick"]);
  });
});

describe("timers end with their incarnation", () => {
  test("when the actor stops", async () => {
    const { kit, log, timed } = setUp((timers, tick) => timers.every(10, () => tick("tick")));
    await kit.advance(15);
    await stop(timed);
    await kit.advance(100);
    expect(log).toEqual(["10 tick"]);
    expect(kit.deadLetters).toEqual([]);
  });

  test("when it restarts, even with a tick in the mailbox, keyed or not", async () => {
    let incarnation = 0;
    const { kit, log, timed } = setUp(
      (timers, tick) => {
        incarnation++;
        const at = incarnation;
        timers.after(10, () => tick(`tick of ${at}`));
        timers.after(10, () => tick(`keyed tick of ${at}`), { key: "k" });
      },
      { restart: "permanent" },
    );
    const hold = gate();
    timed.hold(hold.passed);
    await kit.advance(10);
    const again = restart(timed);
    hold.open();
    await again;
    await kit.advance(100);
    expect(log).toEqual(["20 tick of 2", "20 keyed tick of 2"]);
  });

  test("when it fails with ticks in the mailbox", async () => {
    let incarnation = 0;
    const { kit, log, timed } = setUp(
      (timers, tick) => {
        if (++incarnation === 1) timers.after(10, () => tick("old"));
      },
      { restart: "permanent" },
    );
    const hold = gate();
    timed.hold(hold.passed);
    timed.failNow();
    await kit.advance(10);
    hold.open();
    await kit.advance(100);
    expect(log).toEqual([]);
    expect(isAlive(timed)).toBe(true);
  });

  test("and cannot be set afterwards", async () => {
    const errors: unknown[] = [];
    const kit = createTestSystem();
    const kept: InitContext[] = [];
    const Leaky = actor({
      init(ctx) {
        kept.push(ctx);
        return {};
      },
    });
    const leaky = kit.system.spawn(Leaky);
    await kit.run();
    await stop(leaky);
    try {
      kept[0]!.timers.after(10, () => {});
    } catch (error) {
      errors.push(error);
    }
    expect(errors).toMatchObject([{ code: "TROUPE_ACTOR_STOPPED" }]);
  });
});

describe("stopAfter", () => {
  test("stops the actor when the time has come, with the reason given", async () => {
    const { kit, timed } = setUp((timers) => timers.stopAfter(100, "enough"));
    await kit.advance(99);
    expect(isAlive(timed)).toBe(true);
    await kit.advance(1);
    expect(await exited(timed)).toEqual({ kind: "shutdown", detail: "enough" });
  });

  test("waits for the running handler", async () => {
    const { kit, timed } = setUp((timers) => timers.stopAfter(100));
    const hold = gate();
    timed.hold(hold.passed);
    await kit.advance(200);
    expect(isAlive(timed)).toBe(true);
    hold.open();
    await kit.run();
    expect(isAlive(timed)).toBe(false);
  });
});

describe("killAfter", () => {
  test("kills the actor in the middle of a handler that hangs", async () => {
    const { kit, timed } = setUp((timers) => timers.killAfter(100));
    timed.hold(new Promise(() => {}));
    await kit.advance(100);
    expect(await exited(timed)).toEqual({ kind: "killed" });
  });

  test("can be cancelled: a deadline for one piece of work", async () => {
    const kit = createTestSystem();
    const Careful = actor({
      cast: {
        async work(ctx, until: Promise<unknown>) {
          using _limit = ctx.timers.killAfter(100);
          await until;
        },
      },
    });
    const careful = kit.system.spawn(Careful);
    const hold = gate();
    careful.work(hold.passed);
    await kit.advance(99);
    hold.open();
    await kit.advance(1_000);
    expect(isAlive(careful)).toBe(true);
    careful.work(new Promise(() => {}));
    await kit.advance(100);
    expect(isAlive(careful)).toBe(false);
  });

  test("ends with the incarnation", async () => {
    let incarnation = 0;
    const { kit, timed } = setUp(
      (timers) => {
        if (++incarnation === 1) timers.killAfter(100);
      },
      { restart: "permanent" },
    );
    await kit.run();
    await restart(timed);
    await kit.advance(1_000);
    expect(kit.system.stats().restarts).toBe(0);
    expect(isAlive(timed)).toBe(true);
  });
});

describe("on the system's clock", () => {
  test("deadline rejects when a promise takes longer, and passes on what it comes to", async () => {
    const kit = createTestSystem();
    const late = gate<string>();
    const { outcomes } = follow(kit.system.deadline(late.passed, 100));
    await kit.advance(100);
    expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT", timeoutMs: 100 } }]);
    expect(await kit.system.deadline(Promise.resolve("in time"), 100)).toBe("in time");
    await expect(kit.system.deadline(Promise.reject(new Error("no")), 100)).rejects.toThrow("no");
  });

  test("interval yields every period and skips what nobody looked at", async () => {
    const kit = createTestSystem();
    const ticks = kit.system.interval(100);
    const at: string[] = [];
    const read = async (): Promise<void> => {
      for await (const n of ticks) {
        at.push(`${n} at ${kit.world.now()}`);
        if (n === 1) await kit.system.deadline(new Promise(() => {}), 250).catch(() => {});
        if (n === 3) break;
      }
    };
    const reading = read();
    await kit.advance(1_000);
    await reading;
    expect(at).toEqual(["0 at 100", "1 at 200", "2 at 500", "3 at 600"]);
    expect(await ticks.next()).toEqual({ done: true, value: undefined });
  });

  test("an interval that is left while it waits ends at once", async () => {
    const kit = createTestSystem();
    const ticks = kit.system.interval(100);
    const next = ticks.next();
    await ticks.return!();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

test("a kill ends timers at once", async () => {
  const { kit, log, timed } = setUp((timers, tick) => timers.every(10, () => tick("tick")));
  await kit.advance(10);
  await kill(timed);
  await kit.advance(100);
  expect(log).toEqual(["10 tick"]);
});

describe("the host's world", () => {
  afterEach(() => void vi.useRealTimers());

  test("waits the full time of a delay beyond 2^31 ms, which the host's own timers do not", async () => {
    vi.useFakeTimers();
    const fired: string[] = [];
    // What it would be without care: the host takes such a delay for 1 ms.
    setTimeout(() => fired.push("host"), 2 ** 32);
    createHostWorld().setTimer(2 ** 32, () => fired.push("troupe"));
    await vi.advanceTimersByTimeAsync(10);
    expect(fired).toEqual(["host"]);
    await vi.advanceTimersByTimeAsync(2 ** 32 - 11);
    expect(fired).toEqual(["host"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(fired).toEqual(["host", "troupe"]);
  });

  test("takes a timer back, also a long one that was armed again", async () => {
    vi.useFakeTimers();
    const fired: string[] = [];
    const world = createHostWorld();
    const timer = world.setTimer(2 ** 32, () => fired.push("no"));
    await vi.advanceTimersByTimeAsync(2 ** 31 + 10);
    world.clearTimer(timer);
    await vi.advanceTimersByTimeAsync(2 ** 33);
    expect(fired).toEqual([]);
  });
});

describe("ctx.sleep", () => {
  const Sleeper = actor({
    name: "sleeper",
    call: {
      async nap(ctx, ms: number, caught: unknown[] = []) {
        await ctx.sleep(ms).catch((error: unknown) => caught.push(error));
        return ctx.now();
      },
      napByTimer: (ctx, ms: number) =>
        new Promise<void>((done) => {
          ctx.timers.after(ms, () => done());
        }),
    },
    cast: { note() {} },
  });

  test("waits inside of a handler, where a timer's tick could not come", async () => {
    const kit = createTestSystem();
    const nap = kit.system.spawn(Sleeper).nap(100);
    await kit.advance(99);
    expect(kit.eventsOf("selfWait")).toEqual([]);
    await kit.advance(1);
    expect(await nap).toBe(100);
  });

  test("rejects when its actor is killed, and leaves no timer behind", async () => {
    const kit = createTestSystem();
    const sleeper = kit.system.spawn(Sleeper);
    const caught: unknown[] = [];
    const nap = sleeper.nap(1_000, caught).catch((error: unknown) => error);
    await kit.run();
    const { wheel } = cellOf(sleeper).kernel;
    expect(wheel.size).toBeGreaterThan(0);
    await kill(sleeper);
    expect(await nap).toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    expect(caught).toMatchObject([{ code: "TROUPE_KILLED" }]);
    expect(wheel.size).toBe(0);
  });

  test("is what a handler that waits for its own tick is pointed to, in development", async () => {
    const kit = createTestSystem({ development: true });
    const sleeper = kit.system.spawn(Sleeper);
    const nap = sleeper.napByTimer(100).catch((error: unknown) => error);
    await kit.advance(100);
    expect(kit.eventsOf("selfWait")).toMatchObject([{ verb: "napByTimer" }]);
    expect(kit.log.map(({ message }) => message).join()).toContain("await ctx.sleep(ms)");
    await kill(sleeper);
    expect(await nap).toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });
});

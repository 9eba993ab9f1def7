import { performance } from "node:perf_hooks";
import { setImmediate as immediate, setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  actor,
  createSystem,
  implement,
  kill,
  type ActorDef,
  type Priority,
  type SystemEvent,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { FakeHost } from "../support/fake-host.ts";

/*
 * On the host's own time: what is shown here is that others get their turn at all. How soon is only
 * looked at where the answer is a number of messages, and not one of milliseconds.
 */

interface Spinner {
  spin(): void;
  count(): Promise<number>;
}

/** Sends to itself without end; `pause` says how it awaits in between. */
function spinner(pause?: () => Promise<unknown>): ActorDef<Spinner> {
  return implement<Spinner>()({
    name: "spinner",
    init: () => ({ n: 0 }),
    cast: {
      spin(ctx) {
        ctx.state.n++;
        const { self } = ctx;
        return pause === undefined ? self.spin() : pause().then(() => self.spin());
      },
    },
    call: { count: (ctx) => ctx.state.n },
  });
}

const Echo = actor({ name: "echo", call: { ping: () => "pong" } });

describe("an actor that sends to itself without end", () => {
  for (const [how, pause] of [
    ["from sync handlers", undefined],
    ["from async handlers", () => Promise.resolve()],
  ] as const) {
    test(`${how}, starves no actor, no timer, no I/O`, async () => {
      await using system = createSystem({ logger: false });
      const spinning = system.spawn(spinner(pause));
      const echo = system.spawn(Echo);
      spinning.spin();
      const before = await spinning.count();
      expect(await echo.ping()).toBe("pong");
      await delay(5);
      await immediate();
      const { promises } = await import("node:fs");
      await promises.readFile(new URL(import.meta.url));
      expect(await spinning.count()).toBeGreaterThan(before);
    });
  }

  test("does not keep the timers of other actors from ticking", async () => {
    await using system = createSystem({ logger: false });
    system.spawn(spinner()).spin();
    const ticks = new Promise<number>((resolve) => {
      let n = 0;
      const Ticking = actor({
        init: (ctx) =>
          void ctx.timers.every(2, () => {
            if (++n === 5) resolve(n);
          }),
      });
      system.spawn(Ticking);
    });
    expect(await ticks).toBe(5);
  });

  test("can be killed", async () => {
    await using system = createSystem({ logger: false });
    const spinning = system.spawn(spinner());
    spinning.spin();
    await immediate();
    await kill(spinning);
    expect(system.stats().alive).toBe(0);
  });

  test("in a pair that sends to and fro starves nobody either", async () => {
    await using system = createSystem({ logger: false });
    interface Player {
      hit(to: Player): void;
    }
    const Player: ActorDef<Player> = implement<Player>()({
      cast: { hit: (ctx, to) => to.hit(ctx.self) },
    });
    const [a, b] = [system.spawn(Player), system.spawn(Player)];
    a.hit(b);
    await delay(5);
    expect(await system.spawn(Echo).ping()).toBe("pong");
  });
});

describe("an actor that is flooded", () => {
  const Flooded = actor({
    mailbox: { capacity: Infinity },
    init: () => ({ n: 0 }),
    cast: { work: (ctx) => void ctx.state.n++ },
    call: { count: (ctx) => ctx.state.n },
  });

  test("starves no other actor: that is answered within a few turns", async () => {
    const kit = createTestSystem();
    const flooded = kit.system.spawn(Flooded);
    const echo = kit.system.spawn(Echo);
    await kit.run();
    for (let n = 0; n < 100_000; n++) flooded.work();
    const before = kit.system.stats().turns;
    const answered = echo.ping().then(() => kit.system.stats().turns);
    let turns = 0;
    // A handler of a third actor sees how far things are when the answer is given.
    const Clock = actor({ cast: { look: () => void (turns = kit.system.stats().turns) } });
    kit.system.spawn(Clock).look();
    await answered;
    await kit.run();
    expect(turns - before).toBeLessThan(10);
    expect(await flooded.count()).toBe(100_000);
  });

  test("starves no timer of the host", async () => {
    await using system = createSystem({ logger: false });
    const flooded = system.spawn(Flooded);
    let fed = 0;
    const over = new AbortController();
    const timer = delay(5).then(() => over.abort());
    const feed = async (): Promise<void> => {
      while (!over.signal.aborted) {
        for (let n = 0; n < 1_000; n++, fed++) flooded.work();
        // A microtask only: the host is left to the scheduler.
        await flooded.count();
      }
    };
    await Promise.all([feed(), timer]);
    expect(await flooded.count()).toBe(fed);
  });
});

test("priorities weigh turns between actors", async () => {
  const kit = createTestSystem();
  const done: Priority[] = [];
  const Worker = actor({
    init: (_ctx, _priority: Priority) => ({ left: 3_200 }),
    cast: {
      work(ctx) {
        if (--ctx.state.left === 0) done.push(ctx.props);
      },
    },
    call: { left: (ctx) => ctx.state.left },
  });
  const workers = (["low", "normal", "high"] as const).map((priority) =>
    kit.system.spawn(Worker, priority, { priority }),
  );
  await kit.run();
  for (const worker of workers) for (let n = 0; n < 3_200; n++) worker.work();
  await kit.run();
  expect(done).toEqual(["high", "normal", "low"]);
});

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe("a handler that blocks the event loop longer than the limit", () => {
  const Blocking = actor({ name: "blocking", cast: { work: (_ctx, ms: number) => block(ms) } });

  async function reports(development: boolean | undefined, ms: number): Promise<SystemEvent[]> {
    const options = { logger: false, slowHandlerMs: 20 } as const;
    await using system = createSystem(
      development === undefined ? options : { ...options, development },
    );
    const events: SystemEvent[] = [];
    system.on((event) => events.push(event), "slowHandler");
    const blocking = system.spawn(Blocking, undefined, { name: "blocker" });
    blocking.work(ms);
    await immediate();
    await immediate();
    return events;
  }

  test("is reported with the actor's name and the verb, in development", async () => {
    const [event, ...more] = await reports(undefined, 40);
    expect(event).toMatchObject({ type: "slowHandler", actor: "blocker", verb: "work" });
    expect((event as { readonly tookMs: number }).tookMs).toBeGreaterThanOrEqual(40);
    expect(more).toEqual([]);
  });

  test("is not reported in production", async () => {
    expect(await reports(false, 40)).toEqual([]);
  });

  test("is not one whose failure takes long to be told", async () => {
    const host = new FakeHost();
    const events: SystemEvent[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: () => host.spend(1_000) };
    const system = createSystem({ world: host, development: true, logger });
    system.on((event) => events.push(event), "slowHandler");
    const Fails = actor({
      cast: {
        fail(_ctx, ms: number) {
          host.spend(ms);
          throw new Error("boom");
        },
      },
    });
    system.spawn(Fails, undefined, { restart: "permanent" }).fail(1);
    host.runDeferred();
    expect(host.now()).toBeGreaterThanOrEqual(1_000);
    expect(events).toEqual([]);
    system.spawn(Fails, undefined, { name: "slow" }).fail(50);
    host.runDeferred();
    expect(events).toMatchObject([{ actor: "slow", verb: "fail", tookMs: 50 }]);
  });

  test("is not one that awaits for long", async () => {
    const kit = createTestSystem();
    const Waits = actor({ cast: { work: () => kit.system.deadline(delay(1), 10_000) } });
    kit.system.spawn(Waits).work();
    await kit.advance(5_000);
    expect(kit.eventsOf("slowHandler")).toEqual([]);
  });

  test("is written to the log as one line", async () => {
    const kit = createTestSystem({ slowHandlerMs: 0 });
    kit.system.spawn(Blocking, undefined, { name: "blocker" }).work(0);
    await kit.run();
    expect(kit.log).toMatchObject([
      { level: "warn", fields: { actor: "blocker" }, message: expect.stringContaining("work") },
    ]);
  });
});

import { describe, expect, test } from "vitest";
import { actor, kill, status, stop, topic, type AnyRef, type Reply } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";

const permanent = { restart: "permanent" } as const;

describe("of the old incarnation is gone", () => {
  test("timers, also a tick that is already queued", async () => {
    await using kit = createTestSystem();
    const ticks: string[] = [];
    const Ticker = actor({
      name: "ticker",
      init: () => ({}),
      cast: {
        arm(ctx) {
          ctx.timers.every(10, () => void ticks.push("every"));
          ctx.timers.after(10, () => void ticks.push("after"));
          ctx.timers.after(10, () => void ticks.push("keyed"), { key: "k" });
        },
        async failAfter(_ctx, until: Promise<void>) {
          await until;
          throw new Error("broken");
        },
      },
      call: { ping: () => "pong" },
    });
    const ref = kit.system.spawn(Ticker, undefined, permanent);
    const done = gate();
    ref.arm();
    ref.failAfter(done.passed);
    // The ticks come while the handler is busy: they wait in the mailbox when it fails.
    await kit.advance(15);
    done.open();
    await kit.advance(100);
    expect(await ref.ping()).toBe("pong");
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(ticks).toEqual([]);
  });

  test("killAfter and stopAfter", async () => {
    await using kit = createTestSystem();
    const Doomed = actor({
      init: () => ({}),
      cast: {
        arm(ctx) {
          ctx.timers.killAfter(50);
          ctx.timers.stopAfter(60);
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Doomed, undefined, permanent);
    ref.arm();
    await kit.advance(200);
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("sources: the old one is left, and what it yielded already is not seen", async () => {
    await using kit = createTestSystem();
    const items: string[] = [];
    const left: number[] = [];
    let run = 0;
    async function* numbers(of: number): AsyncGenerator<string> {
      try {
        for (let i = 0; ; i++) {
          yield `${of}:${i}`;
          if (i === 1) await new Promise(() => {});
        }
      } finally {
        left.push(of);
      }
    }
    const Reader = actor({
      init: (ctx) => {
        const mine = ++run;
        ctx.source(numbers(mine), (item) => {
          items.push(item);
          if (item === "1:0") throw new Error("broken");
        });
      },
    });
    kit.system.spawn(Reader, undefined, permanent);
    await kit.run();
    expect(items).toEqual(["1:0", "2:0", "2:1"]);
    expect(left).toEqual([1]);
    expect(kit.eventsOf("failed").map(({ phase }) => phase)).toEqual(["source"]);
  });

  test("tasks: one that finishes, and one that throws, after the restart are not seen", async () => {
    await using kit = createTestSystem();
    const good = gate();
    const bad = gate();
    const outcomes: string[] = [];
    const aborted: boolean[] = [];
    const Busy = actor({
      init: () => ({}),
      cast: {
        begin(ctx) {
          ctx.task(
            (signal) => {
              signal.addEventListener("abort", () => aborted.push(true));
              return good.passed;
            },
            () => void outcomes.push("done"),
          );
          ctx.task(bad.passed);
          ctx.task(bad.passed, undefined, { onError: () => void outcomes.push("error") });
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Busy, undefined, permanent);
    ref.begin();
    await kit.run();
    expect(aborted).toEqual([true]);
    good.open();
    bad.fail(new Error("too late"));
    await kit.run();
    expect(outcomes).toEqual([]);
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(status(ref)).toBe("running");
  });

  test("tasks: an outcome that is already queued is not seen", async () => {
    await using kit = createTestSystem();
    const outcomes: string[] = [];
    const until = gate();
    const Busy = actor({
      init: () => ({}),
      cast: {
        async begin(ctx) {
          ctx.task(Promise.resolve(1), () => void outcomes.push("done"));
          await until.passed;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Busy, undefined, permanent);
    ref.begin();
    await kit.run();
    until.open();
    await kit.run();
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(outcomes).toEqual([]);
  });

  test("subscriptions, also an event that is already queued", async () => {
    await using kit = createTestSystem();
    const news = topic<string>("news");
    const heard: string[] = [];
    const until = gate();
    const Listener = actor({
      init: () => ({}),
      cast: {
        async listen(ctx) {
          ctx.subscribe(news, (event) => void heard.push(event));
          await until.passed;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Listener, undefined, permanent);
    ref.listen();
    await kit.run();
    expect(kit.system.publish(news, "queued")).toBe(1);
    until.open();
    await kit.run();
    expect(kit.system.publish(news, "later")).toBe(0);
    await kit.run();
    expect(heard).toEqual([]);
    expect(status(ref)).toBe("running");
  });

  test("monitors, also a down that is already queued", async () => {
    await using kit = createTestSystem();
    const downs: string[] = [];
    const until = gate();
    const watched = kit.system.spawn(Worker, worker("watched", []));
    const later = kit.system.spawn(Worker, worker("later", []));
    const Watcher = actor({
      init: () => ({}),
      cast: {
        async watch(ctx, refs: readonly AnyRef[]) {
          for (const ref of refs) ctx.monitor(ref, ({ name }) => void downs.push(name));
          await until.passed;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Watcher, undefined, permanent);
    ref.watch([watched, later]);
    await kit.run();
    await stop(watched);
    until.open();
    await kit.run();
    await stop(later);
    await kit.run();
    expect(downs).toEqual([]);
    expect(status(ref)).toBe("running");
  });

  test("links", async () => {
    await using kit = createTestSystem();
    const other = kit.system.spawn(Worker, worker("other", []));
    const Linker = actor({
      init: () => ({}),
      onExit: () => {},
      cast: {
        connect(ctx, ref: AnyRef) {
          ctx.link(ref);
        },
        fail() {
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Linker, undefined, permanent);
    const second = kit.system.spawn(Worker, worker("second", []));
    ref.connect(second);
    await kit.run();
    ref.fail();
    await kit.run();
    expect(status(second)).toBe("stopped");
    void kill(other);
    await kit.run();
    expect(status(ref)).toBe("running");
  });

  test("children: they end, with their exit hooks, before the new incarnation begins", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const Parent = actor({
      init: (ctx) => {
        journal.push("parent init");
        for (const id of ["a", "b"]) ctx.spawn(Worker, worker(id, journal));
      },
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      exit: () => void journal.push("parent down"),
    });
    const ref = kit.system.spawn(Parent, undefined, permanent);
    await kit.run();
    take(journal);
    ref.fail();
    await kit.run();
    expect(journal).toEqual([
      "b down: shutdown",
      "a down: shutdown",
      "parent down",
      "parent init",
      "a init",
      "a up",
      "b init",
      "b up",
    ]);
  });

  test("streams: the reader is told with the reason", async () => {
    await using kit = createTestSystem();
    const Streamer = actor({
      init: () => ({}),
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      stream: {
        async *numbers() {
          yield 1;
          await new Promise(() => {});
        },
      },
    });
    const ref = kit.system.spawn(Streamer, undefined, permanent);
    const reader = ref.numbers()[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    const next = reader.next();
    next.catch(() => {});
    await kit.run();
    ref.fail();
    await kit.run();
    await expect(next).rejects.toMatchObject({ reason: { kind: "failed" } });
  });

  test("deferred replies: their callers' promises reject with the reason", async () => {
    await using kit = createTestSystem();
    const kept: Reply<string>[] = [];
    const Keeper = actor({
      init: () => ({}),
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      call: {
        ask(ctx) {
          const reply = ctx.defer<string>();
          kept.push(reply);
          return reply;
        },
      },
    });
    const ref = kit.system.spawn(Keeper, undefined, permanent);
    const asked = ref.ask();
    ref.fail();
    await expect(asked).rejects.toMatchObject({
      code: "TROUPE_ACTOR_STOPPED",
      reason: { kind: "failed" },
    });
    kept[0]?.resolve("late");
    expect(kit.eventsOf("lateReply")).toHaveLength(1);
  });

  test("its context: signal is aborted, and using it says that it is over", async () => {
    await using kit = createTestSystem();
    const leaks: (() => unknown)[] = [];
    let signal: AbortSignal | undefined;
    const Leaky = actor({
      init: () => ({ n: 0 }),
      cast: {
        fail(ctx) {
          signal = ctx.signal;
          leaks.push(
            () => ctx.state,
            () => ctx.spawn(Worker, worker("x", [])),
            () => ctx.stop(),
          );
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Leaky, undefined, permanent);
    ref.fail();
    await kit.run();
    expect(signal?.aborted).toBe(true);
    for (const use of leaks) {
      expect(use).toThrow(expect.objectContaining({ code: "TROUPE_ACTOR_STOPPED" }));
    }
    expect(status(ref)).toBe("running");
  });
});

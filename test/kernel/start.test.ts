import { describe, expect, test } from "vitest";
import {
  actor,
  exited,
  group,
  started,
  StartError,
  status,
  stop,
  topic,
  type AnyRef,
  type InitContext,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";

describe("spawn", () => {
  test("returns a ref at once whose mailbox accepts; nothing is handled before init is done", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Slow = actor({
      async init() {
        log.push("init begins");
        await door.passed;
        log.push("init ends");
      },
      cast: { hear: (_ctx, what: string) => void log.push(what) },
      call: { ask: () => "answer" },
    });
    const slow = kit.system.spawn(Slow);
    expect(log).toEqual([]);
    slow.hear("early");
    const asked = slow.ask();
    await kit.run();
    slow.hear("during");
    await kit.run();
    expect(log).toEqual(["init begins"]);
    expect(status(slow)).toBe("starting");
    door.open();
    expect(await asked).toBe("answer");
    expect(log).toEqual(["init begins", "init ends", "early", "during"]);
    expect(status(slow)).toBe("running");
  });

  test("within init: what init sends to itself is handled after init", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Starter = actor({
      init(ctx) {
        ctx.task(
          () => {},
          () => void log.push("task"),
        );
        ctx.source([1], () => void log.push("item"));
        log.push("init");
      },
    });
    kit.system.spawn(Starter);
    await kit.run();
    expect(log).toEqual(["init", "task", "item"]);
  });
});

describe("started", () => {
  test("resolves after init, for any number of waiters, before and after", async () => {
    const kit = createTestSystem();
    const door = gate();
    const ref = kit.system.spawn(actor({ init: () => door.passed }));
    const waiting = [started(ref), started(ref)];
    await kit.run();
    expect(await Promise.all(waiting.map(outcome))).toEqual(["pending", "pending"]);
    door.open();
    await Promise.all(waiting);
    await started(ref);
    await stop(ref);
    await started(ref);
  });

  test("has a time limit of its own, which leaves the actor alone", async () => {
    const kit = createTestSystem();
    const door = gate();
    const ref = kit.system.spawn(actor({ init: () => door.passed }));
    const waiting = started(ref, { timeout: 100 });
    await kit.advance(100);
    await expect(waiting).rejects.toMatchObject({ code: "TROUPE_TIMEOUT", timeoutMs: 100 });
    door.open();
    await started(ref);
  });

  test("rejects with StartError and its cause when init throws or rejects", async () => {
    const kit = createTestSystem();
    const boom = new Error("boom");
    const Throws = actor({
      init() {
        throw boom;
      },
    });
    const Rejects = actor({ init: () => Promise.reject(boom) });
    for (const ref of [kit.system.spawn(Throws), kit.system.spawn(Rejects)]) {
      await expect(started(ref)).rejects.toMatchObject({
        code: "TROUPE_START",
        why: "failed",
        cause: boom,
      });
      expect(await exited(ref)).toEqual({ kind: "failed", error: boom });
      await expect(started(ref)).rejects.toBeInstanceOf(StartError);
    }
    expect(kit.eventsOf("startFailed")).toHaveLength(2);
    expect(kit.eventsOf("started")).toEqual([]);
  });

  test("rejects when init takes longer than its limit; what it still does is ignored", async () => {
    const kit = createTestSystem();
    const door = gate();
    const seen: unknown[] = [];
    const Slow = actor({
      initTimeout: 50,
      async init(ctx) {
        await door.passed;
        try {
          ctx.spawn(actor({}));
        } catch (error) {
          seen.push(error);
        }
      },
    });
    const ref = kit.system.spawn(Slow);
    const waiting = started(ref);
    await kit.advance(49);
    expect(status(ref)).toBe("starting");
    await kit.advance(1);
    await expect(waiting).rejects.toMatchObject({ code: "TROUPE_START", why: "timeout" });
    expect(await exited(ref)).toMatchObject({ kind: "failed", error: { timeoutMs: 50 } });
    door.open();
    await kit.run();
    expect(seen).toMatchObject([{ code: "TROUPE_KILLED" }]);
    expect(kit.system.stats().alive).toBe(0);
  });

  test("has a limit of 30 s by default, and none with Infinity", async () => {
    const kit = createTestSystem();
    const Hangs = actor({ init: () => new Promise<void>(() => {}) });
    const limited = kit.system.spawn(Hangs);
    const unlimited = kit.system.spawn(Hangs, undefined, { initTimeout: Infinity });
    await kit.advance(29_999);
    expect(status(limited)).toBe("starting");
    await kit.advance(1);
    expect(status(limited)).toBe("stopped");
    await kit.advance(2 ** 32);
    expect(status(unlimited)).toBe("starting");
  });

  test("rejects when the name is taken, and leaves its bearer alone", async () => {
    const kit = createTestSystem();
    const Named = actor({ call: { ping: () => "pong" } });
    const first = kit.system.spawn(Named, undefined, { name: "db" });
    const second = kit.system.spawn(Named, undefined, { name: "db" });
    await expect(started(second)).rejects.toMatchObject({ why: "name-taken" });
    await expect(second.ping()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    expect(await first.ping()).toBe("pong");
    expect(kit.system.whereIs(Named, "db")).toBe(first);
  });

  test("rejects when the spawner is ending", async () => {
    const kit = createTestSystem();
    const Child = actor({});
    const late: AnyRef[] = [];
    const Parent = actor({ exit: (ctx) => void late.push(ctx.spawn(Child)) });
    const parent = kit.system.spawn(Parent);
    await kit.run();
    await stop(parent);
    await expect(started(late[0]!)).rejects.toMatchObject({ why: "parent-stopping" });
    await kit.system.stop();
    await expect(started(kit.system.spawn(Child))).rejects.toMatchObject({
      why: "parent-stopping",
    });
    expect(kit.system.stats().alive).toBe(0);
  });

  test("a start error that nobody awaits reaches no one but the events", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({ init: () => Promise.reject(new Error("boom")) }));
    void started(ref);
    await kit.run();
    expect(kit.eventsOf("startFailed")).toMatchObject([{ error: { why: "failed" } }]);
  });
});

describe("a failed first init", () => {
  test("leaks nothing: name, groups, children, timers, monitors, subscriptions", async () => {
    const kit = createTestSystem();
    const Child = actor({ name: "child" });
    const workers = group(Child, "leaks");
    const news = topic<string>("leaks");
    const log: string[] = [];
    const other = kit.system.spawn(Child);
    const setUp = (ctx: InitContext): void => {
      ctx.join(workers);
      ctx.spawn(Child);
      ctx.timers.every(1, () => void log.push("tick"));
      ctx.monitor(other, () => void log.push("down"));
      ctx.subscribe(news, () => void log.push("event"));
      ctx.task(new Promise<void>(() => {}));
    };
    const Fails = actor({
      init(ctx) {
        setUp(ctx);
        throw new Error("boom");
      },
    });
    const Rejects = actor({
      async init(ctx) {
        setUp(ctx);
        await Promise.resolve();
        throw new Error("boom");
      },
    });
    for (const Def of [Fails, Rejects]) {
      const ref = kit.system.spawn(Def, undefined, { name: "leaky" });
      await kit.run();
      expect(status(ref)).toBe("stopped");
      expect(kit.system.names()).toEqual([]);
      expect(kit.system.group(workers).size).toBe(0);
      expect(kit.system.stats().alive).toBe(1);
    }
    expect(kit.system.publish(news, "event")).toBe(0);
    await stop(other);
    await kit.advance(100);
    expect(log).toEqual([]);
  });

  test("is the spawner's error and never restarted, whatever the child's spec says", async () => {
    const kit = createTestSystem();
    let inits = 0;
    const Fails = actor({
      init() {
        inits++;
        throw new Error("boom");
      },
    });
    const ref = kit.system.spawn(Fails, undefined, { restart: "permanent" });
    await kit.advance(1_000);
    expect(inits).toBe(1);
    expect(status(ref)).toBe("stopped");
  });

  test("runs the exit hook with the state undefined", async () => {
    const kit = createTestSystem();
    const seen: unknown[] = [];
    const Fails = actor({
      init: (): { n: number } => {
        throw new Error("boom");
      },
      exit: (ctx, reason) => void seen.push(ctx.state, reason.kind),
    });
    kit.system.spawn(Fails);
    await kit.run();
    expect(seen).toEqual([undefined, "failed"]);
  });

  test("turns away what was sent meanwhile: calls reject, casts are dead letters", async () => {
    const kit = createTestSystem();
    const door = gate();
    const Fails = actor({
      init: () => door.passed,
      cast: { note: () => {} },
      call: { ask: () => 1 },
    });
    const ref = kit.system.spawn(Fails);
    ref.note();
    const asked = ref.ask();
    await kit.run();
    door.fail(new Error("boom"));
    await expect(asked).rejects.toMatchObject({
      code: "TROUPE_ACTOR_STOPPED",
      reason: { kind: "failed" },
    });
    expect(kit.deadLetters).toEqual([expect.stringContaining("note to")]);
  });
});

describe("the order of a start", () => {
  test("name registered, init, started event to the parent, messages", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Named = actor({
      init(ctx) {
        log.push(`init, name ${kit.system.whereIs(Named, "n") === ctx.self ? "known" : "unknown"}`);
      },
      cast: {
        go(_ctx, tell: () => void) {
          tell();
        },
      },
    });
    const Parent = actor({
      init(ctx) {
        const child = ctx.spawn(Named, undefined, { name: "n" });
        log.push(`spawned, name ${kit.system.whereIs(Named, "n") === child ? "known" : "unknown"}`);
        child.go(() => parent.heard());
      },
      cast: { heard: () => void log.push("message") },
      onChild: (_ctx, event) => void log.push(event.kind),
    });
    const parent = kit.system.spawn(Parent);
    await kit.run();
    expect(log).toEqual(["spawned, name known", "init, name known", "started", "message"]);
  });
});

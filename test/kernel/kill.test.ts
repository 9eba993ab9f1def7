import { describe, expect, test } from "vitest";
import {
  actor,
  exited,
  kill,
  type KilledError,
  link,
  monitor,
  started,
  status,
  stop,
  topic,
  type Context,
  type Down,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";

const Idle = actor({ name: "idle" });
const news = topic<string>("kill-news");

describe("a kill", () => {
  test("discards what waits: calls reject, casts are dead letters, both are counted", async () => {
    const kit = createTestSystem();
    const Subject = actor({
      cast: { hang: () => new Promise<void>(() => {}), note: (_ctx, _what: string) => {} },
      call: { ask: () => "answer" },
    });
    const ref = kit.system.spawn(Subject);
    ref.hang();
    ref.note("lost");
    const asked = ref.ask();
    await kit.run();
    await kill(ref);
    await expect(asked).rejects.toMatchObject({ reason: { kind: "killed" } });
    expect(kit.eventsOf("deadLetter")).toMatchObject([
      { verb: "note", args: ["lost"], why: "killed" },
    ]);
    expect(kit.system.stats().deadLetters).toBe(1);
  });

  test("does not run the exit hook", async () => {
    const kit = createTestSystem();
    let hooks = 0;
    const ref = kit.system.spawn(actor({ exit: () => void hooks++ }));
    await kit.run();
    await kill(ref);
    expect(hooks).toBe(0);
  });

  test("before init is a start error, and init never runs", async () => {
    const kit = createTestSystem();
    let inits = 0;
    const ref = kit.system.spawn(actor({ init: () => void inits++ }), undefined, { name: "x" });
    const waiting = started(ref);
    await kill(ref);
    await expect(waiting).rejects.toMatchObject({ code: "TROUPE_START", why: "killed" });
    await kit.run();
    expect(inits).toBe(0);
    expect(kit.system.names()).toEqual([]);
  });

  test("by the actor itself, in a handler, ends it there and then", async () => {
    const kit = createTestSystem();
    const seen: string[] = [];
    const Subject = actor({
      cast: {
        go(ctx) {
          const { self } = ctx;
          void kill(self);
          seen.push(status(self));
          try {
            ctx.timers.after(1, () => {});
          } catch (error) {
            seen.push((error as KilledError).code);
          }
        },
        after: () => void seen.push("handled"),
      },
    });
    const ref = kit.system.spawn(Subject);
    ref.go();
    ref.after();
    await kit.run();
    expect(seen).toEqual(["stopped", "TROUPE_KILLED"]);
    expect(await exited(ref)).toEqual({ kind: "killed" });
  });

  test("of the dead changes nothing and resolves", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(Idle);
    await stop(ref, "first");
    await kill(ref);
    expect(await exited(ref)).toEqual({ kind: "shutdown", detail: "first" });
  });

  test("counts as a failure for the keeper: a permanent and a transient child come back", async () => {
    for (const restart of ["permanent", "transient"] as const) {
      const kit = createTestSystem();
      const ref = kit.system.spawn(Idle, undefined, { restart });
      await kit.run();
      await kill(ref);
      await kit.run();
      expect(status(ref)).toBe("running");
      expect(kit.system.stats().restarts).toBe(1);
    }
  });

  test("after a stop that hangs is final, also for a permanent actor", async () => {
    const kit = createTestSystem();
    const Subject = actor({ cast: { hang: () => new Promise<void>(() => {}) } });
    const ref = kit.system.spawn(Subject, undefined, { restart: "permanent" });
    ref.hang();
    await kit.run();
    const stopping = stop(ref, "bye");
    await kit.run();
    expect(await outcome(stopping)).toBe("pending");
    await kill(ref);
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(await outcome(stopping)).toBe("resolved");
  });

  test("while children still end gracefully does not cut them short", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Child = actor({
      async exit() {
        await door.passed;
        log.push("child's exit");
      },
    });
    const Parent = actor({
      init: (ctx) => void ctx.spawn(Child, undefined, { shutdown: "infinity" }),
      exit: () => void log.push("parent's exit"),
    });
    const parent = kit.system.spawn(Parent);
    await kit.run();
    const killed = kill(parent);
    await kit.run();
    expect(await outcome(killed)).toBe("pending");
    door.open();
    await kit.run();
    expect(await outcome(killed)).toBe("resolved");
    expect(log).toEqual(["child's exit"]);
  });

  test("tells links and monitors `killed`", async () => {
    const kit = createTestSystem();
    const downs: Down[] = [];
    const a = kit.system.spawn(Idle);
    const b = kit.system.spawn(Idle);
    link(a, b);
    monitor(a, (down) => downs.push(down));
    await kit.run();
    await kill(a);
    await kit.run();
    expect(downs).toMatchObject([{ reason: { kind: "killed" } }]);
    expect(await exited(b)).toEqual({ kind: "killed" });
  });

  test("ends timers, sources, tasks and subscriptions, also a tick that is queued", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    let aborted = false;
    const arm = (ctx: Context<undefined>): void => {
      ctx.timers.every(1, () => void log.push("tick"));
      ctx.subscribe(news, () => void log.push("event"));
      ctx.task((signal) => {
        signal.addEventListener("abort", () => (aborted = true));
        return new Promise<void>(() => {});
      });
    };
    const Subject = actor({
      cast: {
        async go(ctx) {
          arm(ctx);
          await new Promise(() => {});
        },
      },
    });
    const ref = kit.system.spawn(Subject, undefined, { restart: "permanent" });
    ref.go();
    await kit.advance(10);
    kit.system.publish(news, "queued");
    await kill(ref);
    expect(aborted).toBe(true);
    kit.system.publish(news, "later");
    await kit.advance(10);
    expect(status(ref)).toBe("running");
    expect(log).toEqual([]);
  });
});

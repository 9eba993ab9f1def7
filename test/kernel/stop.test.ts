import { describe, expect, test } from "vitest";
import { actor, drain, exited, isAlive, started, status, stop, type ExitReason } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate, type Gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";

/** An actor whose handlers wait behind a door, and which notes all that it does. */
function recorder(door: Gate<void>, log: string[]) {
  return actor({
    name: "recorder",
    cast: {
      async hold() {
        log.push("hold begins");
        await door.passed;
        log.push("hold ends");
      },
      note: (_ctx, what: string) => void log.push(what),
      stopItself: (ctx, why: string) => ctx.stop(why),
    },
    call: { ask: (_ctx, what: string) => void log.push(what) },
    exit: (_ctx, { kind }) => void log.push(`exit ${kind}`),
  });
}

describe("stop", () => {
  test("waits for the running handler, then discards the queue and runs the exit hook", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const ref = kit.system.spawn(recorder(door, log));
    ref.hold();
    ref.note("queued cast");
    const asked = ref.ask("queued call");
    await kit.run();
    const stopped = stop(ref);
    await kit.advance(1_000);
    expect(await outcome(stopped)).toBe("pending");
    door.open();
    expect(await stopped).toEqual({ kind: "normal" });
    expect(log).toEqual(["hold begins", "hold ends", "exit normal"]);
    await expect(asked).rejects.toMatchObject({
      code: "TROUPE_ACTOR_STOPPED",
      reason: { kind: "normal" },
    });
    expect(kit.eventsOf("deadLetter")).toMatchObject([
      { verb: "note", args: ["queued cast"], why: "normal" },
    ]);
    expect(kit.system.stats().deadLetters).toBe(1);
  });

  test("keeps the call that is being handled: it is answered", async () => {
    const kit = createTestSystem();
    const door = gate<string>();
    const ref = kit.system.spawn(actor({ call: { ask: () => door.passed } }));
    const asked = ref.ask();
    await kit.run();
    const stopped = stop(ref);
    door.open("answer");
    expect(await asked).toBe("answer");
    await stopped;
  });

  test("before the first turn lets init run, and then ends it before any message", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Def = actor({
      init: () => void log.push("init"),
      cast: { note: () => void log.push("note") },
      exit: () => void log.push("exit"),
    });
    const ref = kit.system.spawn(Def);
    ref.note();
    await stop(ref);
    expect(log).toEqual(["init", "exit"]);
  });

  test("during a hanging init ends it; the spawner hears StartError", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Hangs = actor({
      init: () => new Promise<{ n: number }>(() => {}),
      exit: (ctx, reason) => void log.push(`exit ${reason.kind}, ${typeof ctx.state}`),
    });
    const ref = kit.system.spawn(Hangs, undefined, { name: "hangs" });
    const starting = started(ref);
    await kit.run();
    expect(await stop(ref, "enough")).toEqual({ kind: "shutdown", detail: "enough" });
    await expect(starting).rejects.toMatchObject({ code: "TROUPE_START", why: "stopped" });
    expect(log).toEqual(["exit shutdown, undefined"]);
    expect(kit.system.names()).toEqual([]);
  });

  test("and a failing init: the actor ends once, whichever comes first", async () => {
    for (const first of ["stop", "failure"] as const) {
      const kit = createTestSystem();
      const door = gate();
      const ref = kit.system.spawn(actor({ init: () => door.passed }));
      await kit.run();
      if (first === "failure") door.fail(new Error("boom"));
      if (first === "failure") await kit.run();
      const stopped = stop(ref);
      if (first === "stop") door.fail(new Error("boom"));
      await kit.run();
      expect(await outcome(stopped)).toBe("resolved");
      expect(kit.eventsOf("ended")).toHaveLength(1);
      expect(kit.eventsOf("startFailed")).toHaveLength(first === "failure" ? 1 : 0);
    }
  });

  test("during back-off calls the restart off", async () => {
    const kit = createTestSystem();
    let inits = 0;
    const Def = actor({
      init: () => void inits++,
      cast: {
        fail() {
          throw new Error("boom");
        },
      },
    });
    const ref = kit.system.spawn(Def, undefined, {
      restart: "permanent",
      backoff: { kind: "fixed", delay: 1_000 },
    });
    ref.fail();
    await kit.advance(500);
    expect(status(ref)).toBe("restarting");
    expect(await stop(ref, "enough")).toEqual({ kind: "shutdown", detail: "enough" });
    await kit.advance(2_000);
    expect(inits).toBe(1);
    expect(status(ref)).toBe("stopped");
  });

  test("during a replacement's hanging init ends it", async () => {
    const kit = createTestSystem();
    let inits = 0;
    const Def = actor({
      init: () => (inits++ === 0 ? Promise.resolve() : new Promise<void>(() => {})),
      cast: {
        fail() {
          throw new Error("boom");
        },
      },
    });
    const ref = kit.system.spawn(Def, undefined, { restart: "permanent" });
    ref.fail();
    await kit.run();
    expect(inits).toBe(2);
    expect(status(ref)).toBe("restarting");
    expect(await stop(ref)).toEqual({ kind: "normal" });
  });

  test("is an order: a permanent actor stays ended, also when its running handler fails", async () => {
    const kit = createTestSystem();
    const door = gate();
    const ref = kit.system.spawn(recorder(door, []), undefined, { restart: "permanent" });
    ref.hold();
    await kit.run();
    const stopped = stop(ref);
    door.fail(new Error("boom"));
    await kit.run();
    expect(await outcome(stopped)).toBe("resolved");
    expect(status(ref)).toBe("stopped");
  });

  test("has a time limit; what was asked for still holds", async () => {
    const kit = createTestSystem();
    const door = gate();
    const ref = kit.system.spawn(recorder(door, []));
    ref.hold();
    await kit.run();
    const stopped = stop(ref, undefined, { timeout: 100 });
    await kit.advance(100);
    await expect(stopped).rejects.toMatchObject({ code: "TROUPE_TIMEOUT", timeoutMs: 100 });
    expect(isAlive(ref)).toBe(true);
    door.open();
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("of the dead resolves with the reason of its death", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({}));
    await stop(ref, "first");
    expect(await stop(ref, "second")).toEqual({ kind: "shutdown", detail: "first" });
  });

  test("by the actor itself takes effect after its handler, before what waits", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const ref = kit.system.spawn(recorder(gate(), log));
    ref.stopItself("done");
    ref.note("queued");
    expect(await exited(ref)).toEqual({ kind: "shutdown", detail: "done" });
    expect(log).toEqual(["exit shutdown"]);
  });

  test("a stop in the exit hook, of itself, changes nothing and ends it once", async () => {
    const kit = createTestSystem();
    const Def = actor({
      exit(ctx) {
        ctx.stop("again");
        void stop(ctx.self, "and again");
      },
    });
    const ref = kit.system.spawn(Def);
    expect(await stop(ref, "first")).toEqual({ kind: "shutdown", detail: "first" });
    await kit.run();
    expect(kit.eventsOf("ended")).toHaveLength(1);
  });
});

describe("the first reason wins", () => {
  test("of two stops", async () => {
    const kit = createTestSystem();
    const door = gate();
    const ref = kit.system.spawn(recorder(door, []));
    ref.hold();
    await kit.run();
    const both = [stop(ref, "first"), stop(ref, "second")];
    door.open();
    const reason = { kind: "shutdown", detail: "first" };
    expect(await Promise.all(both)).toEqual([reason, reason]);
  });

  test("of a stop and a drain behind it", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const ref = kit.system.spawn(recorder(door, log));
    ref.hold();
    ref.note("queued");
    await kit.run();
    const both = [stop(ref, "first"), drain(ref)];
    door.open();
    expect(await Promise.all(both)).toMatchObject([{ detail: "first" }, { detail: "first" }]);
    expect(log).not.toContain("queued");
  });

  test("of a failure and a stop while the exit hook runs", async () => {
    const kit = createTestSystem();
    const door = gate();
    const reasons: ExitReason[] = [];
    const error = new Error("boom");
    const Def = actor({
      cast: {
        fail() {
          throw error;
        },
      },
      exit(_ctx, reason) {
        reasons.push(reason);
        return door.passed;
      },
    });
    const ref = kit.system.spawn(Def);
    ref.fail();
    await kit.run();
    const stopped = stop(ref, "too late");
    door.open();
    expect(await stopped).toEqual({ kind: "failed", error });
    expect(reasons).toEqual([{ kind: "failed", error }]);
  });

  test("a whole exit reason may be given, also a failure", async () => {
    const kit = createTestSystem();
    for (const reason of [
      { kind: "normal" },
      { kind: "shutdown", detail: { code: 7 } },
      { kind: "failed", error: new Error("given") },
    ] satisfies ExitReason[]) {
      const ref = kit.system.spawn(actor({}));
      expect(await stop(ref, reason)).toEqual(reason);
    }
  });
});

import { describe, expect, test } from "vitest";
import { actor, createSystem, drain, exited, isAlive, kill, loop, status, stop } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";

function* endless(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}
async function* endlessLater(): AsyncGenerator<number> {
  yield* endless();
}

describe("drain", () => {
  test("closes admission and handles everything admitted first, then ends as normal", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Worker = actor({
      name: "worker",
      cast: {
        hold: () => door.passed,
        async work(_ctx, what: string) {
          await Promise.resolve();
          log.push(what);
        },
      },
      call: { ask: () => "answer" },
      exit: (_ctx, { kind }) => void log.push(`exit ${kind}`),
    });
    const worker = kit.system.spawn(Worker);
    worker.hold();
    worker.work("a");
    worker.work("b");
    const admitted = worker.ask();
    await kit.run();
    const drained = drain(worker);
    expect(status(worker)).toBe("draining");
    expect(isAlive(worker)).toBe(true);
    worker.work("late");
    const refused = worker.ask();
    door.open();
    expect(await drained).toEqual({ kind: "normal" });
    expect(log).toEqual(["a", "b", "exit normal"]);
    expect(await admitted).toBe("answer");
    await expect(refused).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    expect(kit.deadLetters).toEqual(["work to worker#1"]);
  });

  test("of an idle actor ends it at once", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({}));
    await kit.run();
    expect(await drain(ref)).toEqual({ kind: "normal" });
    expect(await drain(ref)).toEqual({ kind: "normal" });
  });

  test("waits for init, and handles what came before it was asked", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Slow = actor({ init: () => door.passed, cast: { note: () => void log.push("note") } });
    const ref = kit.system.spawn(Slow);
    ref.note();
    await kit.run();
    const drained = drain(ref);
    await kit.run();
    expect(await outcome(drained)).toBe("pending");
    door.open();
    await drained;
    expect(log).toEqual(["note"]);
  });

  test("is an order: a permanent actor that fails on the way goes on draining, then stays ended", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Fragile = actor({
      cast: {
        work(_ctx, what: string) {
          log.push(what);
          if (what === "poison") throw new Error("poison");
        },
      },
    });
    const ref = kit.system.spawn(Fragile, undefined, {
      restart: "permanent",
      backoff: { kind: "fixed", delay: 50 },
    });
    for (const what of ["a", "poison", "b"]) ref.work(what);
    const drained = drain(ref);
    await kit.advance(100);
    expect(await drained).toEqual({ kind: "normal" });
    expect(log).toEqual(["a", "poison", "b"]);
  });

  test("can be cut short by a stop, and by a kill; has a time limit", async () => {
    const kit = createTestSystem();
    const Stuck = actor({ cast: { hang: () => new Promise<void>(() => {}), slow: () => {} } });
    const ref = kit.system.spawn(Stuck, undefined, { restart: "permanent" });
    ref.hang();
    await kit.run();
    const drained = drain(ref, { timeout: 10 });
    await kit.advance(10);
    await expect(drained).rejects.toMatchObject({ code: "TROUPE_TIMEOUT" });
    expect(status(ref)).toBe("draining");
    void stop(ref, "enough");
    await kill(ref);
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("of a killed one that comes back ends it once what it had admitted is handled", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Stuck = actor({
      cast: { hang: () => new Promise<void>(() => {}), note: () => void log.push("note") },
    });
    const ref = kit.system.spawn(Stuck, undefined, { restart: "permanent" });
    ref.hang();
    ref.note();
    await kit.run();
    const drained = drain(ref);
    await kill(ref);
    expect(await drained).toEqual({ kind: "normal" });
    expect(log).toEqual(["note"]);
  });

  test("still sees its own queued ticks and task outcomes", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Busy = actor({
      init(ctx) {
        ctx.timers.after(1, () => void log.push("tick"));
        ctx.task(Promise.resolve(), () => void log.push("outcome"));
      },
      cast: { hold: () => door.passed },
    });
    const ref = kit.system.spawn(Busy);
    ref.hold();
    await kit.advance(5);
    const drained = drain(ref);
    door.open();
    await drained;
    expect(log).toEqual(["outcome", "tick"]);
  });

  test("ends an actor that a source feeds without end, in every priority", async () => {
    for (const priority of ["high", "normal", "low"] as const) {
      for (const open of [endless, endlessLater]) {
        // On real time: on virtual time, what never ends never lets the test go on.
        await using system = createSystem({ logger: false });
        const fed = gate();
        const Fed = actor({
          init: (ctx) => void ctx.source(open(), () => fed.open(), { priority }),
        });
        const ref = system.spawn(Fed);
        await fed.passed;
        expect(await drain(ref)).toEqual({ kind: "normal" });
      }
    }
  });

  test("ends a loop when its inbox is empty", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Loop = loop<string>(async (inbox) => {
      for await (const message of inbox) log.push(message);
      log.push("behind the loop");
    });
    const ref = kit.system.spawn(Loop);
    ref.send("a");
    ref.send("b");
    await drain(ref);
    expect(log).toEqual(["a", "b", "behind the loop"]);
    expect(await exited(ref)).toEqual({ kind: "normal" });
  });
});

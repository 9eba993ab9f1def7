import { describe, expect, test } from "vitest";
import { actor, drain, exited, isAlive, kill, restart, status, stop } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";

describe("exited", () => {
  test("may be awaited by any number of waiters, before and after", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({}));
    const before = Array.from({ length: 3 }, () => exited(ref));
    await kit.run();
    await stop(ref, "done");
    const reason = { kind: "shutdown", detail: "done" };
    expect(await Promise.all([...before, exited(ref), exited(ref)])).toEqual(
      Array.from({ length: 5 }, () => reason),
    );
  });

  test("has a time limit", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({}));
    const waiting = exited(ref, { timeout: 10 });
    await kit.advance(10);
    await expect(waiting).rejects.toMatchObject({ code: "TROUPE_TIMEOUT" });
    expect(status(ref)).toBe("running");
  });

  test("is not woken by a restart", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({}), undefined, { restart: "permanent" });
    await kit.run();
    const waiting = exited(ref);
    await kill(ref);
    await kit.run();
    expect(await outcome(waiting)).toBe("pending");
  });
});

describe("restart by hand", () => {
  test("begins a new incarnation after the running handler, with the mailbox as it is", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    let inits = 0;
    const Def = actor({
      init: () => ++inits,
      cast: {
        hold: () => door.passed,
        note: (ctx) => void log.push(`noted by ${ctx.state}`),
      },
      exit: (ctx) => void log.push(`exit of ${String(ctx.state)}`),
    });
    const ref = kit.system.spawn(Def);
    ref.hold();
    ref.note();
    await kit.run();
    const restarted = restart(ref);
    await kit.run();
    expect(await outcome(restarted)).toBe("pending");
    door.open();
    await restarted;
    await kit.run();
    expect(log).toEqual(["exit of 1", "noted by 2"]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("rejects when the actor ends instead, and has a time limit", async () => {
    const kit = createTestSystem();
    const door = gate();
    const Def = actor({ cast: { hold: () => door.passed } });
    const ref = kit.system.spawn(Def);
    ref.hold();
    await kit.run();
    const limited = restart(ref, { timeout: 10 });
    const restarted = restart(ref);
    const stopped = stop(ref);
    await kit.advance(10);
    await expect(limited).rejects.toMatchObject({ code: "TROUPE_TIMEOUT" });
    door.open();
    await expect(restarted).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    await stopped;
    await expect(restart(ref)).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });
});

test("status and isAlive tell where an actor is, and a restart is no death", async () => {
  const kit = createTestSystem();
  const door = gate();
  const Def = actor({
    init: () => Promise.resolve(),
    cast: {
      fail() {
        throw new Error("boom");
      },
      hold: () => door.passed,
    },
    exit: (_ctx, { kind }) => (kind === "failed" ? undefined : door.passed),
  });
  const ref = kit.system.spawn(Def, undefined, {
    restart: "permanent",
    backoff: { kind: "fixed", delay: 100 },
  });
  const seen: string[] = [];
  const look = (): void => void seen.push(`${status(ref)} ${isAlive(ref)}`);
  look();
  await kit.run();
  look();
  ref.fail();
  await kit.run();
  look();
  await kit.advance(100);
  look();
  ref.hold();
  await kit.run();
  void drain(ref);
  look();
  void stop(ref);
  await kit.run();
  look();
  door.open();
  await kit.run();
  look();
  expect(seen).toEqual([
    "starting true",
    "running true",
    "restarting true",
    "running true",
    "draining true",
    "draining true",
    "stopped false",
  ]);
});

test("an actor that is ending is neither alive nor gone", async () => {
  const kit = createTestSystem();
  const door = gate();
  const ref = kit.system.spawn(actor({ exit: () => door.passed }));
  await kit.run();
  const stopped = stop(ref);
  await kit.run();
  expect([status(ref), isAlive(ref)]).toEqual(["stopping", false]);
  door.open();
  await stopped;
  expect(status(ref)).toBe("stopped");
});

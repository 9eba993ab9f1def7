import { describe, expect, test } from "vitest";
import {
  actor,
  exited,
  kill,
  link,
  restart,
  started,
  status,
  stop,
  unlink,
  type AnyRef,
  type LinkedExit,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { Worker, worker, type WorkerRef } from "../support/worker.ts";

function pair(kit: TestKit, options = {}): [WorkerRef, WorkerRef] {
  const [a, b] = ["a", "b"].map((id) => kit.system.spawn(Worker, worker(id, []), options));
  link(a!, b!);
  return [a!, b!];
}

/** Hears of the ends of those it is linked to. */
function trapper(exits: LinkedExit[]) {
  return actor({
    name: "trapper",
    init: (_ctx, props: { to?: AnyRef }) => props,
    onExit(_ctx, exit) {
      exits.push(exit);
    },
    cast: {
      connect: (ctx, ref: AnyRef) => ctx.link(ref),
      part: (ctx, ref: AnyRef) => ctx.unlink(ref),
      fail() {
        throw new Error("trapper broken");
      },
    },
    call: { ping: () => "pong" },
  });
}

describe("a link takes both down", () => {
  test("when one fails, the other ends for the same reason", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    a.fail("broken");
    await kit.run();
    expect(await exited(b)).toMatchObject({ kind: "failed", error: { message: "broken" } });
  });

  test("from either side", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    b.fail("broken");
    await kit.run();
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "broken" } });
  });

  test("when one is killed", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    void kill(a);
    await kit.run();
    expect(await exited(b)).toEqual({ kind: "killed" });
  });

  test("when one is shut down", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    void stop(a, "maintenance");
    await kit.run();
    expect(await exited(b)).toEqual({ kind: "shutdown", detail: "maintenance" });
  });

  test("after the running handler of the other", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    const until = gate();
    b.work(until.passed);
    await kit.run();
    a.fail("broken");
    await kit.run();
    expect(status(b)).toBe("running");
    until.open();
    await kit.run();
    expect(status(b)).toBe("stopped");
  });

  test("along a chain, and round a circle", async () => {
    await using kit = createTestSystem();
    const refs = Array.from({ length: 50 }, (_, i) =>
      kit.system.spawn(Worker, worker(`w${i}`, [])),
    );
    for (const [i, ref] of refs.entries()) link(ref, refs[(i + 1) % refs.length]!);
    refs[0]!.fail("broken");
    await kit.run();
    expect(refs.filter((ref) => status(ref) !== "stopped")).toEqual([]);
  });

  test("a linked failure is the other's failure: its keeper decides", async () => {
    await using kit = createTestSystem();
    const asked: string[] = [];
    const a = kit.system.spawn(Worker, worker("a", []));
    const b = kit.system.spawn(Worker, worker("b", []), {
      onFailure: (error, { phase }) => {
        asked.push(phase, (error as Error).message);
        return "restart";
      },
    });
    link(a, b);
    a.fail("broken");
    await kit.run();
    expect(asked).toEqual(["lifecycle", "broken"]);
    expect(status(b)).toBe("running");
  });
});

describe("a link takes nobody down", () => {
  test("when one ends normally", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    a.end();
    await kit.run();
    expect([status(a), status(b)]).toEqual(["stopped", "running"]);
  });

  test("when it was taken back, from either side", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    unlink(b, a);
    a.fail("broken");
    await kit.run();
    expect(status(b)).toBe("running");
  });

  test("to itself", async () => {
    await using kit = createTestSystem();
    const [a] = pair(kit);
    link(a, a);
    expect(await a.value()).toBe(0);
  });

  test("linked twice is linked once: one unlink is enough", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    link(a, b);
    link(b, a);
    unlink(a, b);
    a.fail("broken");
    await kit.run();
    expect(status(b)).toBe("running");
  });

  test("who was never linked", async () => {
    await using kit = createTestSystem();
    const [a] = pair(kit);
    const other = kit.system.spawn(Worker, worker("other", []));
    unlink(a, other);
    a.fail("broken");
    await kit.run();
    expect(status(other)).toBe("running");
  });
});

describe("an onExit hook traps the end", () => {
  test.each([
    { how: "fails", end: (ref: WorkerRef) => ref.fail("broken"), kind: "failed" },
    { how: "is killed", end: (ref: WorkerRef) => void kill(ref), kind: "killed" },
    { how: "is shut down", end: (ref: WorkerRef) => void stop(ref, "x"), kind: "shutdown" },
    { how: "ends normally", end: (ref: WorkerRef) => ref.end(), kind: "normal" },
  ])("when the other $how, it hears $kind, once, and lives", async ({ end, kind }) => {
    await using kit = createTestSystem();
    const exits: LinkedExit[] = [];
    const trap = kit.system.spawn(trapper(exits), {});
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "a" });
    trap.connect(ref);
    await kit.run();
    end(ref);
    await kit.run();
    expect(exits).toMatchObject([{ name: "a", reason: { kind } }]);
    expect(exits[0]?.ref).toBe(ref);
    expect(await trap.ping()).toBe("pong");
  });

  test("the other way round, it still takes the other down", async () => {
    await using kit = createTestSystem();
    const trap = kit.system.spawn(trapper([]), {});
    const ref = kit.system.spawn(Worker, worker("a", []));
    trap.connect(ref);
    trap.fail();
    await kit.run();
    expect(await exited(ref)).toMatchObject({ kind: "failed" });
  });

  test("unlinked, it hears nothing", async () => {
    await using kit = createTestSystem();
    const exits: LinkedExit[] = [];
    const trap = kit.system.spawn(trapper(exits), {});
    const ref = kit.system.spawn(Worker, worker("a", []));
    trap.connect(ref);
    trap.part(ref);
    await kit.run();
    ref.fail("broken");
    await kit.run();
    expect(exits).toEqual([]);
  });

  test("what the other sent before it died is handled before", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const Trap = actor({
      name: "trap",
      init: () => ({}),
      onExit: () => void seen.push("exit"),
      cast: { note: (_ctx, what: string) => void seen.push(what) },
    });
    const trap = kit.system.spawn(Trap);
    const Sender = actor({
      name: "sender",
      init: (ctx) => ctx.link(trap),
      cast: {
        sendAndDie() {
          trap.note("last words");
          throw new Error("broken");
        },
      },
    });
    const sender = kit.system.spawn(Sender);
    sender.sendAndDie();
    await kit.run();
    expect(seen).toEqual(["last words", "exit"]);
  });
});

describe("a link to a dead actor", () => {
  test("is a failure, with the reason noproc", async () => {
    await using kit = createTestSystem();
    const dead = kit.system.spawn(Worker, worker("dead", []));
    await stop(dead);
    const ref = kit.system.spawn(Worker, worker("a", []));
    await started(ref);
    link(ref, dead);
    await kit.run();
    expect(await exited(ref)).toMatchObject({
      kind: "failed",
      error: { code: "TROUPE_ACTOR_STOPPED", reason: { kind: "noproc" } },
    });
  });

  test("is an event for one that traps", async () => {
    await using kit = createTestSystem();
    const exits: LinkedExit[] = [];
    const dead = kit.system.spawn(Worker, worker("dead", []));
    await stop(dead);
    const trap = kit.system.spawn(trapper(exits), {});
    trap.connect(dead);
    await kit.run();
    expect(exits).toMatchObject([{ reason: { kind: "noproc" } }]);
    expect(status(trap)).toBe("running");
  });
});

describe("a link belongs to two incarnations", () => {
  test("it is dissolved at a restart: the new incarnation is linked to nobody", async () => {
    await using kit = createTestSystem();
    const exits: LinkedExit[] = [];
    const trap = kit.system.spawn(trapper(exits), {});
    const ref = kit.system.spawn(Worker, worker("a", []), { restart: "permanent" });
    trap.connect(ref);
    await kit.run();
    ref.fail("broken");
    await kit.run();
    ref.fail("again");
    await kit.run();
    expect(status(ref)).toBe("running");
    expect(exits).toHaveLength(1);
  });

  test("a permanent actor that fails takes the other down, although it comes back itself", async () => {
    await using kit = createTestSystem();
    const a = kit.system.spawn(Worker, worker("a", []), { restart: "permanent" });
    const b = kit.system.spawn(Worker, worker("b", []));
    link(a, b);
    a.fail("broken");
    await kit.run();
    expect([status(a), status(b)]).toEqual(["running", "stopped"]);
  });

  test("two permanent actors both come back, and their fates are their own again", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit, { restart: "permanent" });
    a.fail("broken");
    await kit.run();
    expect([status(a), status(b)]).toEqual(["running", "running"]);
    const before = kit.eventsOf("restarting").length;
    expect(before).toBe(2);
    b.fail("broken");
    await kit.run();
    expect(kit.eventsOf("restarting")).toHaveLength(3);
  });

  test("a normal end that is followed by a restart dissolves it too", async () => {
    await using kit = createTestSystem();
    const a = kit.system.spawn(Worker, worker("a", []), { restart: "permanent" });
    const b = kit.system.spawn(Worker, worker("b", []));
    link(a, b);
    a.end();
    await kit.run();
    a.fail("broken");
    await kit.run();
    expect(status(b)).toBe("running");
  });

  test("a restart by hand is a shutdown of the old incarnation", async () => {
    await using kit = createTestSystem();
    const [a, b] = pair(kit);
    await kit.run();
    await restart(a);
    await kit.run();
    expect([status(a), status(b)]).toEqual(["running", "stopped"]);
  });
});

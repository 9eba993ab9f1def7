import { describe, expect, test } from "vitest";
import {
  actor,
  attempt,
  BadInputError,
  exited,
  kill,
  mailboxSize,
  MailboxFullError,
  stop,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { held, heldFull } from "../support/held.ts";

/** How many casts an actor admits before it rejects one. */
function fits(ref: { put(): void }): number {
  for (let n = 0; ; n++) {
    try {
      ref.put();
    } catch {
      return n;
    }
  }
}

describe("the bound", () => {
  test("is 100,000 by default", () => {
    const kit = createTestSystem();
    const { ref } = held(kit, {});
    for (let n = 0; n < 100_000; n++) ref.put("x");
    expect(mailboxSize(ref)).toBe(100_000);
    expect(() => ref.put("one too many")).toThrow(MailboxFullError);
  });

  test("is an option of the system, of the definition and of the spawn; the nearest counts", () => {
    const kit = createTestSystem({ mailboxCapacity: 3 });
    const Plain = actor({ cast: { put: () => {} } });
    const Bounded = actor({ mailbox: { capacity: 2 }, cast: { put: () => {} } });
    expect(fits(kit.system.spawn(Plain))).toBe(3);
    expect(fits(kit.system.spawn(Bounded))).toBe(2);
    expect(fits(kit.system.spawn(Bounded, undefined, { mailbox: { capacity: 1 } }))).toBe(1);
  });

  test("is checked when it is given", () => {
    const kit = createTestSystem();
    for (const capacity of [0, -1, Number.NaN]) {
      expect(() => held(kit, { capacity })).toThrow(BadInputError);
    }
    expect(() => held(kit, { whenFull: "drop" as "reject" })).toThrow(/"reject"/);
  });

  test("holds while the receiver has not started, and is given back as messages are taken", async () => {
    const kit = createTestSystem();
    const { ref, log } = held(kit, { capacity: 1 });
    ref.put("a");
    expect(() => ref.put("b")).toThrow(MailboxFullError);
    await kit.run();
    ref.put("c");
    await kit.run();
    expect(log).toEqual(["a", "c"]);
  });
});

describe("reject", () => {
  test("a cast throws MailboxFullError, which carries the message", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = await heldFull(kit, "reject");
    let caught: unknown;
    try {
      ref.put("new");
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MailboxFullError);
    expect(caught).toMatchObject({
      code: "TROUPE_MAILBOX_FULL",
      actor: "held#1",
      verb: "put",
      args: ["new"],
      capacity: 2,
    });
    door.open();
    await kit.run();
    expect(log).toEqual(["old 1", "old 2"]);
  });

  test("a call rejects with it, and does not throw", async () => {
    const kit = createTestSystem();
    const { ref } = await heldFull(kit, "reject");
    await expect(ref.ask("new")).rejects.toMatchObject({ verb: "ask", args: ["new"] });
    expect(kit.system.stats()).toMatchObject({ overflows: 1, deadLetters: 0, alive: 1 });
  });

  test("a sender that does not catch it fails; the receiver goes on", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = await heldFull(kit, "reject");
    const sender = kit.system.spawn(actor({ cast: { go: () => ref.put("new") } }));
    sender.go();
    expect(await exited(sender)).toMatchObject({
      kind: "failed",
      error: { code: "TROUPE_MAILBOX_FULL" },
    });
    door.open();
    await kit.run();
    expect(log).toEqual(["old 1", "old 2"]);
  });

  test("a try-send tells `full`, `sent` and `gone`, and never throws", async () => {
    const kit = createTestSystem();
    const { ref, door } = await heldFull(kit, "reject");
    const trying = attempt(ref);
    expect(trying.put("new")).toBe("full");
    door.open();
    await kit.run();
    expect(trying.put("new")).toBe("sent");
    await stop(ref);
    expect(trying.put("new")).toBe("gone");
  });
});

describe("dropOldest", () => {
  test("the cast that waits longest makes room, as a dead letter that is counted", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = await heldFull(kit, "dropOldest");
    ref.put("new 1");
    ref.put("new 2");
    ref.put("new 3");
    door.open();
    await kit.run();
    expect(log).toEqual(["new 2", "new 3"]);
    expect(kit.eventsOf("deadLetter").map(({ args, why }) => [args[0], why])).toEqual([
      ["old 1", "mailbox full"],
      ["old 2", "mailbox full"],
      ["new 1", "mailbox full"],
    ]);
    expect(kit.system.stats()).toMatchObject({ deadLetters: 3, overflows: 3 });
  });

  test("a call that is dropped rejects at once", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = held(kit, { capacity: 1, whenFull: "dropOldest" });
    ref.hold();
    await kit.run();
    const asked = ref.ask("old");
    ref.put("new");
    await expect(asked).rejects.toMatchObject({ code: "TROUPE_MAILBOX_FULL", args: ["old"] });
    door.open();
    await kit.run();
    expect(log).toEqual(["new"]);
    expect(kit.system.stats().deadLetters).toBe(0);
  });

  test("a call finds room, too", async () => {
    const kit = createTestSystem();
    const { ref, door } = await heldFull(kit, "dropOldest");
    const asked = ref.ask("new");
    door.open();
    expect(await asked).toBe("new");
  });
});

describe("dropNewest", () => {
  test("the cast that came last is dropped, as a dead letter that is counted", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = await heldFull(kit, "dropNewest");
    ref.put("new");
    door.open();
    await kit.run();
    expect(log).toEqual(["old 1", "old 2"]);
    expect(kit.eventsOf("deadLetter")).toMatchObject([{ args: ["new"], why: "mailbox full" }]);
    expect(kit.eventsOf("overflow")).toMatchObject([{ verb: "put", policy: "dropNewest" }]);
  });

  test("a call that came last rejects", async () => {
    const kit = createTestSystem();
    const { ref } = await heldFull(kit, "dropNewest");
    await expect(ref.ask("new")).rejects.toMatchObject({ code: "TROUPE_MAILBOX_FULL" });
  });
});

describe("signals and lifecycle events", () => {
  test("are exempt from the bound: stop, down, ticks and outcomes reach a full actor", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const other = kit.system.spawn(actor({}));
    const Full = actor({
      mailbox: { capacity: 1 },
      init(ctx) {
        ctx.monitor(other, () => void log.push("down"));
        ctx.timers.after(1, () => void log.push("tick"));
        ctx.task(door.passed, () => void log.push("outcome"));
      },
      cast: {
        async hold() {
          await door.passed;
        },
        put: () => void log.push("message"),
      },
    });
    const ref = kit.system.spawn(Full);
    ref.hold();
    await kit.run();
    ref.put();
    expect(() => ref.put()).toThrow(MailboxFullError);
    await stop(other);
    await kit.advance(5);
    door.open();
    await kit.run();
    expect(log.toSorted()).toEqual(["down", "message", "outcome", "tick"]);
    expect(kit.system.stats().overflows).toBe(1);
    await stop(ref);
  });

  test("a full actor can be stopped and killed", async () => {
    const kit = createTestSystem();
    const first = await heldFull(kit, "reject");
    const stopped = stop(first.ref);
    first.door.open();
    expect(await stopped).toEqual({ kind: "normal" });
    const second = await heldFull(kit, "reject");
    await kill(second.ref);
    expect(await exited(second.ref)).toEqual({ kind: "killed" });
  });
});

describe("clearMailbox", () => {
  test("discards what waits and answers how many: casts are dead letters, calls reject", async () => {
    const kit = createTestSystem();
    const counts: number[] = [];
    const Clearing = actor({
      cast: { clear: (ctx) => void counts.push(ctx.clearMailbox()), put: () => {} },
      call: { ask: () => {} },
    });
    const ref = kit.system.spawn(Clearing);
    ref.clear();
    ref.put();
    const asked = ref.ask();
    await expect(asked).rejects.toMatchObject({
      code: "TROUPE_ACTOR_STOPPED",
      reason: { kind: "shutdown", detail: "cleared" },
    });
    expect(counts).toEqual([2]);
    expect(kit.system.stats().deadLetters).toBe(1);
    ref.put();
    await kit.run();
    expect(kit.system.stats().deadLetters).toBe(1);
  });

  test("in a restart's init drops what waited", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Fresh = actor({
      init: (ctx) => void ctx.clearMailbox(),
      cast: {
        put(_ctx, what: string) {
          log.push(what);
          if (what === "poison") throw new Error("poison");
        },
      },
    });
    const ref = kit.system.spawn(Fresh, undefined, { restart: "permanent" });
    await kit.run();
    ref.put("poison");
    ref.put("waits");
    await kit.run();
    ref.put("later");
    await kit.run();
    expect(log).toEqual(["poison", "later"]);
  });

  test("leaves the actor's own work alone: a queued tick, a task's outcome, a source's item", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Busy = actor({
      init(ctx) {
        ctx.timers.every(10, () => void log.push("tick"));
      },
      cast: {
        async clearLater(ctx) {
          ctx.task(Promise.resolve(), () => void log.push("outcome"));
          ctx.source([1, 2], (item) => void log.push(`item ${item}`));
          await door.passed;
          ctx.clearMailbox();
        },
      },
    });
    const ref = kit.system.spawn(Busy);
    ref.clearLater();
    await kit.advance(15);
    door.open();
    await kit.advance(10);
    expect(log).toEqual(["item 1", "outcome", "tick", "item 2", "tick"]);
  });
});

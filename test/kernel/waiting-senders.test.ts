import { describe, expect, test } from "vitest";
import { actor, drain, kill, MailboxFullError, stop, withOptions } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";
import { held, heldFull } from "../support/held.ts";

describe("senders that wait for room", () => {
  test("casts through the view resolve when there was room for them, in order", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = await heldFull(kit, "reject", 1);
    const waiting = withOptions(ref, { whenFull: "wait" });
    const order: string[] = [];
    const sent = ["a", "b", "c"].map((what) => waiting.put(what).then(() => order.push(what)));
    await kit.run();
    expect(order).toEqual([]);
    door.open();
    await Promise.all(sent);
    await kit.run();
    expect(order).toEqual(["a", "b", "c"]);
    expect(log).toEqual(["old 1", "a", "b", "c"]);
    expect(kit.system.stats().overflows).toBe(0);
  });

  test("resolves at once where there is room", async () => {
    const kit = createTestSystem();
    const { ref, log } = held(kit, { capacity: 1 });
    await withOptions(ref, { whenFull: "wait" }).put("a");
    await kit.run();
    expect(log).toEqual(["a"]);
  });

  test("nobody who comes later overtakes those who wait", async () => {
    const kit = createTestSystem();
    const { ref, door, log } = await heldFull(kit, "reject", 1);
    const waited = withOptions(ref, { whenFull: "wait" }).put("waits");
    expect(() => ref.put("pushes in")).toThrow(MailboxFullError);
    door.open();
    await waited;
    await kit.run();
    expect(log).toEqual(["old 1", "waits"]);
  });

  test("those who wait are turned away when the actor ends: they resolve, as dead letters", async () => {
    for (const end of [stop, kill, drain]) {
      const kit = createTestSystem();
      const { ref, door, log } = await heldFull(kit, "reject", 1);
      const waiting = withOptions(ref, { whenFull: "wait" });
      const sent = [waiting.put("a"), waiting.put("b")];
      await kit.run();
      void end(ref);
      door.open();
      await kit.run();
      expect(await Promise.all(sent.map(outcome))).toEqual(["resolved", "resolved"]);
      expect(log).toEqual(end === drain ? ["old 1"] : []);
      expect(kit.deadLetters).toHaveLength(end === drain ? 2 : 3);
    }
  });

  test("those who wait keep waiting over a restart", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Fragile = actor({
      cast: {
        put(_ctx, what: string) {
          log.push(what);
          throw new Error(what);
        },
      },
    });
    const ref = kit.system.spawn(Fragile, undefined, {
      mailbox: { capacity: 1 },
      restart: "permanent",
      backoff: { kind: "fixed", delay: 10 },
    });
    const waiting = withOptions(ref, { whenFull: "wait" });
    const sent = ["a", "b", "c"].map((what) => waiting.put(what));
    await kit.advance(100);
    await Promise.all(sent);
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("those who wait are let in when a handler clears the mailbox, and nothing follows", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Clearing = actor({
      cast: {
        async clearLater(ctx) {
          await door.passed;
          ctx.clearMailbox();
        },
        put: (_ctx, what: string) => void log.push(what),
      },
    });
    const ref = kit.system.spawn(Clearing, undefined, { mailbox: { capacity: 1 } });
    ref.clearLater();
    await kit.run();
    ref.put("cleared");
    const waiting = withOptions(ref, { whenFull: "wait" });
    const sent = [waiting.put("a"), waiting.put("b")];
    door.open();
    await kit.run();
    expect(await Promise.all(sent.map(outcome))).toEqual(["resolved", "resolved"]);
    expect(log).toEqual(["a", "b"]);
  });

  test("calls through the view wait for room as well, within their time limit", async () => {
    const kit = createTestSystem();
    const { ref, door } = await heldFull(kit, "reject", 1);
    const waiting = withOptions(ref, { whenFull: "wait", timeout: 100 });
    const tooLong = waiting.ask("too long");
    await kit.advance(100);
    await expect(tooLong).rejects.toMatchObject({ code: "TROUPE_TIMEOUT" });
    const inTime = waiting.ask("in time");
    door.open();
    expect(await inTime).toBe("in time");
  });
});

import { describe, expect, test } from "vitest";
import {
  actor,
  ActorStoppedError,
  drain,
  kill,
  MailboxFullError,
  stop,
  type AnyRef,
  type ExitReason,
} from "troupe";
import { createTestSystem } from "troupe/testing";

const boom = new Error("boom");
const Stock = actor({
  name: "stock",
  cast: {
    restock: (_ctx, _sku: string, _count: number) => {},
    fail() {
      throw boom;
    },
  },
  call: { take: (_ctx, _sku: string) => true },
});

const ENDS: readonly [ExitReason, (ref: AnyRef & { fail(): void }) => unknown][] = [
  [{ kind: "normal" }, (ref) => stop(ref)],
  [{ kind: "normal" }, (ref) => drain(ref)],
  [{ kind: "shutdown", detail: "moved" }, (ref) => stop(ref, "moved")],
  [{ kind: "killed" }, (ref) => kill(ref)],
  [{ kind: "failed", error: boom }, (ref) => ref.fail()],
];

describe("what cannot be delivered carries reason and message", () => {
  for (const [reason, end] of ENDS) {
    test(`to an actor that ended as ${reason.kind}: a call's error, a cast's dead letter`, async () => {
      const kit = createTestSystem();
      const stock = kit.system.spawn(Stock);
      await kit.run();
      await end(stock);
      await kit.run();
      let caught: unknown;
      await stock.take("nuts").catch((error: unknown) => (caught = error));
      expect(caught).toBeInstanceOf(ActorStoppedError);
      expect(caught).toMatchObject({ actor: "stock#1", reason });
      expect((caught as Error).message).toMatch(/stock\.take to stock#1.*has ended/);
      expect((caught as Error).cause).toBe(reason.kind === "failed" ? boom : undefined);
      stock.restock("nuts", 3);
      expect(kit.eventsOf("deadLetter")).toEqual([
        {
          type: "deadLetter",
          actor: "stock#1",
          verb: "restock",
          args: ["nuts", 3],
          from: null,
          why: reason.kind,
        },
      ]);
    });
  }

  test("a rejected cast can be sent again from its error", async () => {
    const kit = createTestSystem();
    const got: unknown[] = [];
    const Small = actor({
      mailbox: { capacity: 1 },
      cast: { put: (_ctx, ...what: string[]) => void got.push(what) },
    });
    const small = kit.system.spawn(Small);
    small.put("first");
    let unsent: MailboxFullError | undefined;
    try {
      small.put("second", "with more");
    } catch (error) {
      unsent = error as MailboxFullError;
    }
    expect(unsent).toBeInstanceOf(MailboxFullError);
    expect(unsent!.message).toContain("its mailbox holds 1 message");
    await kit.run();
    small.put(...(unsent!.args as string[]));
    await kit.run();
    expect(got).toEqual([["first"], ["second", "with more"]]);
  });
});

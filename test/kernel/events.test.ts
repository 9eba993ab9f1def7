import { channel } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { actor, kill, started, stop, type SystemEvent } from "troupe";
import { createTestSystem } from "troupe/testing";

const Fragile = actor({
  name: "fragile",
  cast: {
    note() {},
    fail() {
      throw new Error("boom");
    },
  },
});

test("every actor that is spawned is said to be, and to end, with its reason", async () => {
  const kit = createTestSystem();
  const Parent = actor({
    name: "parent",
    init(ctx) {
      ctx.spawn(Fragile);
      return {};
    },
  });
  kit.system.spawn(Parent);
  const other = kit.system.spawn(Fragile, undefined, { name: "other" });
  await kit.run();
  await kill(other);
  await kit.stop();
  expect(kit.eventsOf("spawned")).toEqual([
    { type: "spawned", actor: "parent#1", parent: "test" },
    { type: "spawned", actor: "other", parent: "test" },
    { type: "spawned", actor: "fragile#3", parent: "parent#1" },
  ]);
  expect(kit.eventsOf("ended").filter(({ actor: name }) => name !== "test")).toEqual([
    { type: "ended", actor: "other", reason: { kind: "killed" } },
    { type: "ended", actor: "fragile#3", reason: { kind: "shutdown" } },
    { type: "ended", actor: "parent#1", reason: { kind: "shutdown" } },
  ]);
});

test("a failure, the restart that follows and the new start are events, in that order", async () => {
  const kit = createTestSystem();
  const fragile = kit.system.spawn(Fragile, undefined, { restart: "permanent" });
  await kit.run();
  fragile.fail();
  await kit.run();
  expect(kit.events.map(({ type }) => type)).toEqual([
    "spawned",
    "started",
    "failed",
    "restarting",
    "started",
  ]);
  expect(kit.eventsOf("failed")[0]).toMatchObject({ phase: "message", decision: "restart" });
  expect(kit.eventsOf("restarting")[0]).toMatchObject({ delayMs: 0, restarts: 1 });
});

test("an overflow is an event that names the verb and the policy", async () => {
  const kit = createTestSystem();
  const fragile = kit.system.spawn(Fragile, undefined, {
    mailbox: { capacity: 1, whenFull: "dropNewest" },
  });
  fragile.note();
  fragile.note();
  expect(kit.eventsOf("overflow")).toEqual([
    { type: "overflow", actor: "fragile#1", verb: "note", policy: "dropNewest" },
  ]);
});

describe("a listener", () => {
  test("hears the types that it asked for, until it ends", async () => {
    const kit = createTestSystem();
    const heard: string[] = [];
    const end = kit.system.on((event) => heard.push(event.type), "spawned", "ended");
    const fragile = kit.system.spawn(Fragile);
    await stop(fragile);
    end();
    kit.system.spawn(Fragile);
    expect(heard).toEqual(["spawned", "ended"]);
  });

  test("that throws harms nobody else", async () => {
    const kit = createTestSystem();
    const heard: string[] = [];
    kit.system.on(() => {
      throw new Error("bad listener");
    });
    kit.system.on((event) => heard.push(event.type));
    await started(kit.system.spawn(Fragile));
    expect(heard).toEqual(["spawned", "started"]);
  });

  test("for a type that there is not is refused", () => {
    const { system } = createTestSystem();
    expect(() => system.on(() => {}, "spawnd" as "spawned")).toThrow('on: type is "spawnd"');
  });
});

test("events are published on the diagnostics channels troupe:<type>", async () => {
  const kit = createTestSystem();
  const heard: SystemEvent[] = [];
  const listen = (message: unknown): void => void heard.push(message as SystemEvent);
  const types = ["failed", "deadLetter"] as const;
  for (const type of types) channel(`troupe:${type}`).subscribe(listen);
  const fragile = kit.system.spawn(Fragile);
  fragile.fail();
  fragile.note();
  await kit.run();
  for (const type of types) channel(`troupe:${type}`).unsubscribe(listen);
  expect(heard).toMatchObject([
    { type: "failed", actor: "fragile#1" },
    { type: "deadLetter", verb: "note" },
  ]);
});

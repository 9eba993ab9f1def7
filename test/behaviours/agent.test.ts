import { expect, test } from "vitest";
import { agent, exited, refuse, started, stop, type Reply } from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

const Cities = agent(() => new Map<string, string>(), { name: "cities" });

test("a function that is cast changes the state, and nobody waits for it", async () => {
  const { system } = createTestSystem();
  const cities = system.spawn(Cities);
  expect(cities.cast((map) => void map.set("ma", "Boston"))).toBeUndefined();
  expect(await cities.call((map) => map.get("ma"))).toBe("Boston");
});

test("a call answers with what its function returns, or what that comes to", async () => {
  const { system } = createTestSystem();
  const cities = system.spawn(Cities);
  expect(await cities.call((map) => map.size)).toBe(0);
  expect(await cities.call(async (map) => map.size + 1)).toBe(1);
});

test("one function at a time: an async one has the state to itself until it is done", async () => {
  const kit = createTestSystem();
  const cities = kit.system.spawn(Cities);
  const hold = gate();
  const log: string[] = [];
  cities.cast(async () => {
    log.push("first");
    await hold.passed;
    log.push("first is done");
  });
  cities.cast(() => void log.push("second"));
  await kit.run();
  expect(log).toEqual(["first"]);
  hold.open();
  await kit.run();
  expect(log).toEqual(["first", "first is done", "second"]);
});

test("update replaces the state, also later", async () => {
  const { system } = createTestSystem();
  const counter = system.spawn(agent(() => 1));
  counter.update((n) => n + 1);
  counter.update(async (n) => {
    await Promise.resolve();
    return n * 10;
  });
  expect(await counter.call((n) => n)).toBe(20);
});

test("flush resolves when all that was sent before has run", async () => {
  const kit = createTestSystem();
  const cities = kit.system.spawn(Cities);
  const hold = gate();
  let done = false;
  cities.cast(() => hold.passed);
  cities.cast(() => void (done = true));
  const { outcomes } = follow(cities.flush());
  await kit.run();
  expect([outcomes, done]).toEqual([[], false]);
  hold.open();
  await kit.run();
  expect([outcomes, done]).toEqual([[{ value: undefined }], true]);
});

test("a call can be answered later, by another function", async () => {
  const kit = createTestSystem();
  const waiting = kit.system.spawn(agent(() => ({ kept: [] as Reply<string>[] })));
  const { outcomes } = follow(
    waiting.call((state, ctx) => {
      const reply = ctx.defer<string>();
      state.kept.push(reply);
      return reply;
    }),
  );
  await kit.run();
  expect(outcomes).toEqual([]);
  waiting.cast((state) => state.kept[0]?.resolve("here"));
  await kit.run();
  expect(outcomes).toEqual([{ value: "here" }]);
});

test("a function that throws fails the agent; one that refuses does not", async () => {
  const kit = createTestSystem();
  const cities = kit.system.spawn(Cities);
  await expect(
    cities.call(() => {
      throw refuse("not that");
    }),
  ).rejects.toBe("not that");
  const error = new Error("boom");
  await expect(
    cities.call(() => {
      throw error;
    }),
  ).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED", cause: error });
  expect(await exited(cities)).toEqual({ kind: "failed", error });
});

test("a restart makes a new state", async () => {
  const { system } = createTestSystem();
  const cities = system.spawn(Cities, undefined, { restart: "permanent" });
  cities.cast((map) => void map.set("ma", "Boston"));
  cities.cast(() => {
    throw new Error("boom");
  });
  expect(await cities.call((map) => map.size)).toBe(0);
});

test("its state may be made asynchronously, and its settings given", async () => {
  const { system } = createTestSystem();
  const Late = agent(async () => "ready", {
    name: "late",
    mailbox: { capacity: 1 },
    restart: "permanent",
  });
  const late = system.spawn(Late);
  await started(late);
  expect(await late.call((state) => state)).toBe("ready");
  await stop(late);
});

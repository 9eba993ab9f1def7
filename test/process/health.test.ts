import { expect, test } from "vitest";
import { actor, stop } from "troupe";
import { checkHealth } from "troupe/process";
import { createTestSystem } from "troupe/testing";

const Worker = actor({
  name: "worker",
  init: () => ({ handled: 0 }),
  cast: {
    add(ctx) {
      ctx.state.handled++;
    },
    hang: () => new Promise<void>(() => {}),
    fail: () => Promise.reject(new Error("broken")),
  },
});

test("it is well when every actor and every check is", async () => {
  await using kit = createTestSystem();
  kit.system.spawn(Worker, undefined, { name: "db" });
  const anonymous = kit.system.spawn(Worker);
  await kit.run();
  const report = await checkHealth(kit.system, {
    actors: ["db", anonymous],
    checks: { quick: () => true, slow: () => kit.run().then(() => "any word is well") },
  });
  expect(report).toEqual({
    ok: true,
    checks: {
      db: { ok: true, ms: 0 },
      "worker#2": { ok: true, ms: 0 },
      quick: { ok: true, ms: 0 },
      slow: { ok: true, ms: 0 },
    },
  });
  expect(await checkHealth(kit.system, {})).toEqual({ ok: true, checks: {} });
});

test("an actor that hangs is found by its name, and asked once however often one looks", async () => {
  await using kit = createTestSystem();
  const db = kit.system.spawn(Worker, undefined, { name: "db", shutdown: "kill" });
  db.hang();
  await kit.run();
  for (let i = 0; i < 3; i++) {
    const report = checkHealth(kit.system, { actors: ["db"], timeoutMs: 200 });
    await kit.advance(200);
    expect(await report).toEqual({
      ok: false,
      checks: { db: { ok: false, ms: 200, error: "no answer within 200 ms" } },
    });
  }
});

test("an actor answers before all that waits, and with a full mailbox", async () => {
  await using kit = createTestSystem();
  const mailbox = { capacity: 3, whenFull: "dropOldest" } as const;
  const db = kit.system.spawn(Worker, undefined, { name: "db", mailbox });
  await kit.run();
  for (let i = 0; i < 3; i++) db.add();
  const report = await checkHealth(kit.system, { actors: [db] });
  expect(report.ok).toBe(true);
  expect(kit.deadLetters).toEqual([]);
});

test("one that is not there, has ended or restarts is not well", async () => {
  await using kit = createTestSystem();
  const gone = kit.system.spawn(Worker);
  await kit.run();
  await stop(gone);
  const failing = kit.system.spawn(Worker, undefined, {
    name: "failing",
    restart: "permanent",
    backoff: { kind: "fixed", delay: 1_000 },
  });
  failing.fail();
  await kit.run();
  const { checks } = await checkHealth(kit.system, { actors: ["nobody", gone, "failing"] });
  expect(Object.values(checks).map(({ error }) => error)).toEqual([
    "there is no actor nobody",
    "worker#1 is stopped",
    "failing is restarting",
  ]);
  await kit.advance(1_000);
  expect((await checkHealth(kit.system, { actors: ["failing"] })).ok).toBe(true);
});

test("a check that throws, says false or is too slow is not well; its signal aborts", async () => {
  await using kit = createTestSystem();
  let aborted = false;
  const report = checkHealth(kit.system, {
    timeoutMs: 50,
    checks: {
      throws: () => {
        throw new Error("no disk");
      },
      rejects: () => Promise.reject(new Error("no network")),
      no: () => false,
      slow: (signal) => new Promise(() => signal.addEventListener("abort", () => (aborted = true))),
    },
  });
  await kit.advance(50);
  const { ok, checks } = await report;
  expect(ok).toBe(false);
  expect(
    Object.fromEntries(Object.entries(checks).map(([name, { error }]) => [name, error])),
  ).toEqual({
    throws: "no disk",
    rejects: "no network",
    no: "it says that it is not well",
    slow: "no answer within 50 ms",
  });
  expect(aborted).toBe(true);
});

test("what cannot be asked is refused at once", async () => {
  await using kit = createTestSystem();
  await expect(checkHealth(kit.system, { timeoutMs: -1 })).rejects.toThrow("timeoutMs");
  await expect(checkHealth(kit.system, { checks: { a: 1 as never } })).rejects.toThrow("checks.a");
  await expect(checkHealth(kit.system, { actors: [""] })).rejects.toThrow("actors");
  const both = { actors: ["db"], checks: { db: () => true } };
  await expect(checkHealth(kit.system, both)).rejects.toThrow("checks.db has an actor's name");
  await expect(checkHealth({} as never, {})).rejects.toThrow("a system, or an actor's ctx");
});

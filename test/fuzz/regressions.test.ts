import { expect, test } from "vitest";
import { actor, kill, link, restart, status, stop, withOptions } from "troupe";
import { createTestSystem } from "troupe/testing";

/** What the fuzz has found, each as small as it could be made. */

const Worker = actor({
  name: "worker",
  init: async (_ctx, props: { ready?: () => Promise<void> }) => {
    await props.ready?.();
    return { seen: new Array<number>() };
  },
  cast: {
    note: (ctx, n: number) => void ctx.state.seen.push(n),
    fail() {
      throw new Error("told to fail");
    },
    wait: (_ctx, until: Promise<void>) => until,
    end: (ctx) => ctx.stop(),
  },
  call: { seen: (ctx) => ctx.state.seen },
});
const quick = {};

test("two restarts at once are one, and both are told", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(Worker, quick);
  await kit.run();
  await Promise.all([restart(ref), restart(ref)]);
  expect(kit.eventsOf("started")).toHaveLength(2);
});

test("a restart by hand while the replacement starts brings it up", async () => {
  await using kit = createTestSystem();
  const ready = () => new Promise<void>((resolve) => void kit.world.setTimer(10, resolve));
  const ref = kit.system.spawn(Worker, { ready }, { restart: "permanent" });
  await kit.advance(10);
  ref.fail();
  await kit.run();
  const restarted = restart(ref);
  await kit.advance(10);
  await restarted;
  expect(status(ref)).toBe("running");
});

test("a link's failure while the replacement starts ends it, also with resume", async () => {
  await using kit = createTestSystem();
  const ready = () => new Promise<void>((resolve) => void kit.world.setTimer(10, resolve));
  const ref = kit.system.spawn(
    Worker,
    { ready },
    { restart: "permanent", onFailure: () => "resume" },
  );
  const other = kit.system.spawn(Worker, quick);
  await kit.advance(10);
  ref.end();
  await kit.run();
  link(ref, other);
  other.fail();
  await kit.advance(10);
  expect(status(ref)).toBe("stopped");
});

test("who waits for room is not overtaken by one for whom the oldest is dropped", async () => {
  await using kit = createTestSystem();
  const mailbox = { capacity: 1, whenFull: "dropOldest" } as const;
  const ref = kit.system.spawn(Worker, quick, { mailbox });
  ref.note(1);
  const waited = withOptions(ref, { whenFull: "wait" }).note(2);
  ref.note(3);
  await waited;
  await kit.run();
  expect(await ref.seen()).toEqual([3]);
  expect(kit.eventsOf("deadLetter").map(({ args }) => args)).toEqual([[1], [2]]);
});

test("a call to an actor that ends between two lives rejects at once", async () => {
  await using kit = createTestSystem({ development: false });
  const Trap = actor({ onExit() {}, call: { ask: () => 1 } });
  const backoff = { kind: "fixed", delay: 50 } as const;
  const trap = kit.system.spawn(Trap, undefined, { restart: "permanent", backoff });
  const other = kit.system.spawn(Worker, quick);
  other.wait(Promise.resolve());
  await kit.run();
  void kill(trap);
  await kit.run();
  link(trap, other);
  const asked = trap.ask();
  void stop(other, "told");
  await kit.run();
  void stop(trap);
  await expect(asked).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  expect(kit.world.now()).toBe(0);
});

test("a stop that was ordered holds over a restart and a kill", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(Worker, quick, { restart: "permanent" });
  ref.wait(new Promise(() => {}));
  await kit.run();
  void restart(ref);
  void stop(ref);
  void kill(ref);
  await kit.run();
  expect(status(ref)).toBe("stopped");
});

test("a kill between two lives is no end: it comes back when the back-off is over", async () => {
  await using kit = createTestSystem();
  const backoff = { kind: "fixed", delay: 50 } as const;
  const ref = kit.system.spawn(Worker, quick, { restart: "permanent", backoff });
  ref.fail();
  await kit.run();
  await kill(ref);
  await kit.advance(50);
  expect(status(ref)).toBe("running");
});

test("a kill by onFailure itself ends one life, once", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(Worker, quick, {
    restart: "permanent",
    onFailure: () => {
      void kill(kit.system.actors()[0]!);
      return "restart";
    },
  });
  ref.fail();
  await kit.run();
  expect(kit.system.stats()).toMatchObject({ alive: 1, restarts: 1 });
});

import { describe, expect, test } from "vitest";
import {
  actor,
  BadInputError,
  callAll,
  createSystem,
  defaultSystem,
  drain,
  exited,
  fromEvents,
  group,
  isAlive,
  kill,
  link,
  nameOf,
  osSignals,
  port,
  restart,
  started,
  stop,
  supervisor,
  withOptions,
  type AnyRef,
  type InitContext,
} from "troupe";
import { createTestSystem } from "troupe/testing";

const Idle = actor({ name: "idle", call: { ping: () => "pong" } });

describe("systems", () => {
  test("know nothing of each other: names, actors, counters and events are their own", async () => {
    const [one, two] = [createTestSystem(), createTestSystem()];
    one.system.spawn(Idle, undefined, { name: "main" });
    await one.run();
    expect([two.system.actors(), two.system.names(), two.events]).toEqual([[], [], []]);
    expect(two.system.stats().spawned).toBe(0);
    await one.system.stop();
    const main = two.system.spawn(Idle, undefined, { name: "main" });
    expect(await main.ping()).toBe("pong");
  });

  test("may call into each other", async () => {
    const [one, two] = [createTestSystem(), createTestSystem()];
    const there = two.system.spawn(Idle);
    const Caller = actor({ call: { ping: () => there.ping() } });
    expect(await one.system.spawn(Caller).ping()).toBe("pong");
  });

  test("have one for convenience, made when it is first asked for", () => {
    expect(defaultSystem()).toBe(defaultSystem());
    expect(defaultSystem().name).toBe("default");
  });
});

describe("a system that stops", () => {
  test("stops its actors, the youngest first, and takes no more", async () => {
    const log: string[] = [];
    const Closing = actor({ name: "closing", exit: (ctx) => void log.push(ctx.name) });
    const kit = createTestSystem();
    for (const name of ["a", "b", "c"]) kit.system.spawn(Closing, undefined, { name });
    await kit.run();
    await kit.system.stop();
    await kit.system.stopped();
    expect(log).toEqual(["c", "b", "a"]);
    const late = kit.system.spawn(Idle);
    await expect(started(late)).rejects.toMatchObject({ why: "parent-stopping" });
    await expect(late.ping()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });

  test("does so at the end of an `await using`", async () => {
    let ref: AnyRef;
    {
      await using system = createSystem({ logger: false });
      ref = system.spawn(Idle);
      await started(ref);
    }
    expect(await exited(ref)).toEqual({ kind: "shutdown" });
  });

  test("leaves nothing in the host's hands: no timer is set", async () => {
    const kit = createTestSystem();
    const timers = new Set<unknown>();
    const { world } = kit;
    const set = world.setTimer.bind(world);
    const clear = world.clearTimer.bind(world);
    world.setTimer = (delayMs, fn) => {
      const timer = set(delayMs, () => {
        timers.delete(timer);
        fn();
      });
      timers.add(timer);
      return timer;
    };
    world.clearTimer = (timer) => {
      timers.delete(timer);
      clear(timer);
    };
    const Timed = actor({
      init: (ctx) => void ctx.timers.every(1_000, () => {}),
      call: { never: () => new Promise<void>(() => {}) },
    });
    const timed = kit.system.spawn(Timed);
    const call = timed.never().catch(() => "rejected");
    await kit.advance(100);
    expect(timers.size).toBe(1);
    void kill(timed);
    expect(await call).toBe("rejected");
    await kit.system.stop();
    expect(timers.size).toBe(0);
  });
});

test("counters say what happened", async () => {
  const kit = createTestSystem();
  const Fragile = actor({
    cast: {
      fail() {
        throw new Error("boom");
      },
    },
  });
  const fragile = kit.system.spawn(Fragile, undefined, { restart: "permanent" });
  const idle = kit.system.spawn(Idle);
  fragile.fail();
  await kit.run();
  await stop(idle);
  expect(kit.system.stats()).toMatchObject({
    spawned: 2,
    ended: 1,
    alive: 1,
    failures: 1,
    restarts: 1,
    deadLetters: 0,
  });
});

/** For what TypeScript refuses already: JavaScript, and what comes from files, does not. */
const given = (options: unknown): never => options as never;

describe("bad input fails at once, with BadInputError that names it:", () => {
  const kit = createTestSystem();
  const { system } = kit;
  const ref = system.spawn(Idle);
  const noRef = {} as AnyRef;
  const text = "soon" as unknown as number;

  test.each<[string, () => unknown]>([
    ['createSystem: name is ""', () => createSystem({ name: "" })],
    ["createSystem: callTimeout is -1", () => createSystem({ callTimeout: -1 })],
    ["createSystem: mailboxCapacity is 0", () => createSystem({ mailboxCapacity: 0 })],
    ["createSystem: slowHandlerMs is NaN", () => createSystem({ slowHandlerMs: NaN })],
    ["an object of Object is no definition", () => system.spawn(given({}))],
    ['spawn(idle).name is ""', () => system.spawn(Idle, undefined, { name: "" })],
    [
      'spawn(idle).restart is "often"',
      () => system.spawn(Idle, undefined, given({ restart: "often" })),
    ],
    ["spawn(idle).shutdown is -1", () => system.spawn(Idle, undefined, { shutdown: -1 })],
    [
      'spawn(idle).priority is "urgent"',
      () => system.spawn(Idle, undefined, given({ priority: "urgent" })),
    ],
    [
      'spawn(idle).backoff.kind is "slow"',
      () => system.spawn(Idle, undefined, given({ backoff: { kind: "slow" } })),
    ],
    [
      "spawn(idle).backoff.min is 9, more than its max, 1",
      () => system.spawn(Idle, undefined, { backoff: { kind: "exponential", min: 9, max: 1 } }),
    ],
    [
      "spawn(idle).mailbox.capacity is 0",
      () => system.spawn(Idle, undefined, { mailbox: { capacity: 0 } }),
    ],
    ["spawn(idle).initTimeout is -5", () => system.spawn(Idle, undefined, { initTimeout: -5 })],
    [
      "spawn(idle) is significant and permanent",
      () => system.spawn(Idle, undefined, { significant: true, restart: "permanent" }),
    ],
    ["withOptions: timeout is -1", () => withOptions(ref, { timeout: -1 })],
    ['withOptions: whenFull is "drop"', () => withOptions(ref, given({ whenFull: "drop" }))],
    ["withOptions: signal is [object Object]", () => withOptions(ref, given({ signal: {} }))],
    ["stop: reason is Error: enough", () => stop(ref, given(new Error("enough")))],
    ["stop: reason is null", () => stop(ref, given(null))],
    ["stop: reason is an object of Object", () => stop(ref, given({ kind: "noproc" }))],
    ["stop: timeout is -1", () => stop(ref, undefined, { timeout: -1 })],
    ['drain: timeout is "soon"', () => drain(ref, { timeout: text })],
    ["started: timeout is -1", () => started(ref, { timeout: -1 })],
    ["exited: timeout is -1", () => exited(ref, { timeout: -1 })],
    ["kill: timeout is -1", () => kill(ref, { timeout: -1 })],
    ["restart: timeout is -1", () => restart(ref, { timeout: -1 })],
    ["an object of Object is no ref", () => isAlive(noRef)],
    ["undefined is no ref", () => nameOf(undefined as unknown as AnyRef)],
    ["an object of Object is no ref", () => link(ref, noRef)],
    ['group: name is ""', () => group(Idle, "")],
    ['group: scope is ""', () => group(Idle, "a", "")],
    ["deadline: timeout is NaN", () => system.deadline(Promise.resolve(), given(undefined))],
    ["deadline: timeout is -1", () => system.deadline(Promise.resolve(), -1)],
    ["interval: period is -1", () => system.interval(-1)],
    ['phase: name is ""', () => system.phase("", () => {})],
    ["phase p: run is undefined", () => system.phase("p", given(undefined))],
    ["phase p: timeout is -1", () => system.phase("p", () => {}, { timeout: -1 })],
    ['on: type is "end"', () => system.on(() => {}, given("end"))],
    ["on: listener is undefined", () => system.on(given(undefined))],
    ["fromEvents: [object Object] emits nothing", () => fromEvents(given({}), "tick")],
    ['fromEvents: event is ""', () => fromEvents(new EventTarget(), "")],
    ["fromEvents: capacity is 0", () => fromEvents(new EventTarget(), "x", { capacity: 0 })],
    ['port: whenFull is "wait"', () => port(given({ whenFull: "wait" }))],
    ["osSignals: no signal is given", () => osSignals()],
    [
      "supervision.intensity.max is -1",
      () => supervisor({ intensity: { max: -1, within: 1 }, children: {} }),
    ],
  ])("%s", (message, act) => {
    expect(act).toThrow(BadInputError);
    expect(act).toThrow(message);
  });

  test("and nothing is done", async () => {
    await kit.run();
    expect(isAlive(ref)).toBe(true);
  });

  test.each<[string, (ctx: InitContext) => unknown]>([
    ["timers.after: delay is -1", ({ timers }) => timers.after(-1, () => {})],
    ["timers.after: delay is NaN", ({ timers }) => timers.after(given(undefined), () => {})],
    ["timers.after: delay is 2199023255552 ms", ({ timers }) => timers.after(2 ** 41, () => {})],
    ["timers.stopAfter: reason is 5", ({ timers }) => timers.stopAfter(1, given(5))],
    ["ctx.stop: reason is Error: enough", (ctx) => ctx.stop(given(new Error("enough")))],
    ["timers.after: tick is undefined", ({ timers }) => timers.after(1, given(undefined))],
    ["timers.at: NaN is no time", ({ timers }) => timers.at(NaN, () => {})],
    ["timers.every: period is 0", ({ timers }) => timers.every(0, () => {})],
    [
      'timers.every: missed is "drop"',
      ({ timers }) => timers.every(1, () => {}, given({ missed: "drop" })),
    ],
    ["timers.killAfter: delay is -1", ({ timers }) => timers.killAfter(-1)],
    ["nobody would hear of it", (ctx) => ctx.monitor(ctx.self)],
    ["nobody would hear of changes", (ctx) => ctx.watchGroup({})],
    ["an object of Object is no ref", (ctx) => ctx.link(noRef)],
    ["no message is being handled", (ctx) => ctx.stash()],
    ["what is being handled is no call", (ctx) => ctx.forward(ref)],
    ["source: onItem is undefined", (ctx) => ctx.source([], given(undefined))],
    ["subscribe: onEvent is undefined", (ctx) => ctx.subscribe({ name: "news" }, given(undefined))],
  ])("in an actor: %s", async (message, act) => {
    const caught: unknown[] = [];
    const Careless = actor({
      init(ctx) {
        try {
          act(ctx);
        } catch (error) {
          caught.push(error);
        }
        return {};
      },
    });
    await started(system.spawn(Careless));
    expect(caught[0]).toBeInstanceOf(BadInputError);
    expect(String(caught[0])).toContain(message);
  });
});

test("a system outlives what its actors do: calls to all of them are still answered", async () => {
  const kit = createTestSystem();
  const refs = Array.from({ length: 100 }, () => kit.system.spawn(Idle));
  const outcomes = await callAll(refs, (ref) => ref.ping());
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["fulfilled"]));
});

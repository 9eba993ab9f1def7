import { describe, expect, test } from "vitest";
import {
  actor,
  createSystem,
  exited,
  group,
  isAlive,
  kill,
  KilledError,
  status,
  stop,
  topic,
  withOptions,
  type AnyRef,
  type InitContext,
  type Ref,
  type Reply,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";
import { HOOKS, type HookCase } from "../support/hooks.ts";

const Idle = actor({ name: "idle" });
const workers = group(Idle, "zombies");
const news = topic<string>("zombie-news");

type Use = (ctx: InitContext, other: Ref<unknown>) => unknown;

/** Everything that a context can be used for, but for its signal. */
const USES: Readonly<Record<string, Use>> = {
  props: (ctx) => ctx.props,
  self: (ctx) => ctx.self,
  name: (ctx) => ctx.name,
  request: (ctx) => ctx.request,
  log: (ctx) => ctx.log.error("from a zombie"),
  now: (ctx) => ctx.now(),
  random: (ctx) => ctx.random(),
  spawn: (ctx) => ctx.spawn(Idle, undefined, { name: "zombie-child" }),
  stop: (ctx) => ctx.stop(),
  monitor: (ctx, other) => ctx.monitor(other, () => {}),
  link: (ctx, other) => ctx.link(other),
  unlink: (ctx, other) => ctx.unlink(other),
  task: (ctx) => ctx.task(() => {}),
  source: (ctx) => ctx.source([1], () => {}),
  stash: (ctx) => ctx.stash(),
  unstash: (ctx) => ctx.unstash(),
  clearMailbox: (ctx) => ctx.clearMailbox(),
  defer: (ctx) => ctx.defer(),
  forward: (ctx, other) => ctx.forward(other),
  join: (ctx) => ctx.join(workers),
  leave: (ctx) => ctx.leave(workers),
  watchGroup: (ctx) => ctx.watchGroup(workers, () => {}),
  subscribe: (ctx) => ctx.subscribe(news, () => {}),
  publish: (ctx) => ctx.publish(news, "event"),
  "timers.after": (ctx) => ctx.timers.after(1, () => {}),
  "timers.at": (ctx) => ctx.timers.at(1, () => {}),
  "timers.every": (ctx) => ctx.timers.every(1, () => {}),
  "timers.cancel": (ctx) => ctx.timers.cancel("key"),
  "timers.stopAfter": (ctx) => ctx.timers.stopAfter(1),
  "timers.killAfter": (ctx) => ctx.timers.killAfter(1),
  "children.list": (ctx) => ctx.children.list(),
  "children.size": (ctx) => ctx.children.size,
  "children.stop": (ctx, other) => ctx.children.stop(other),
  "children.stopAll": (ctx) => ctx.children.stopAll(),
  "children.drainAll": (ctx) => ctx.children.drainAll(),
};

/** Names the uses that did not end in a `KilledError`. */
async function allowedUses(ctx: InitContext, other: Ref<unknown>): Promise<string[]> {
  const allowed: string[] = [];
  for (const [name, use] of Object.entries(USES)) {
    try {
      await use(ctx, other);
      allowed.push(name);
    } catch (error) {
      if (!(error instanceof KilledError)) allowed.push(`${name}: ${String(error)}`);
    }
  }
  return allowed;
}

/** A hook that hangs, is killed, and then goes on with its context. */
async function zombieIn(
  kit: TestKit,
  hook: HookCase,
): Promise<{ ref: AnyRef; goOn: (fn: (ctx: InitContext) => unknown) => Promise<void> }> {
  const door = gate();
  let zombie: InitContext | undefined;
  let behind: ((ctx: InitContext) => unknown) | undefined;
  const done = gate<unknown>();
  const ref = await hook.enter(kit, async (ctx) => {
    if (zombie !== undefined) return;
    zombie = ctx;
    await door.passed;
    await Promise.resolve(behind!(ctx)).then(
      (value) => done.open(value),
      (error: unknown) => done.fail(error),
    );
  });
  expect(zombie).toBeDefined();
  return {
    ref,
    async goOn(fn) {
      behind = fn;
      door.open();
      await done.passed;
      await kit.run();
    },
  };
}

const INIT: HookCase = {
  hook: "init",
  async enter(kit, body) {
    const ref = kit.system.spawn(actor({ name: "subject", init: (ctx) => body(ctx) }));
    await kit.run();
    return ref;
  },
};
const EXIT: HookCase = {
  hook: "exit",
  async enter(kit, body) {
    const ref = kit.system.spawn(actor({ name: "subject", exit: (ctx) => body(ctx) }));
    await kit.run();
    void stop(ref);
    await kit.run();
    return ref;
  },
};

describe("a kill in the middle of an async hook", () => {
  for (const hook of [INIT, EXIT, ...HOOKS]) {
    test(`of ${hook.hook}: the actor is gone before anything else happens`, async () => {
      const kit = createTestSystem();
      const { ref } = await zombieIn(kit, hook);
      const killed = kill(ref);
      expect(isAlive(ref)).toBe(false);
      await kit.run();
      expect(status(ref)).toBe("stopped");
      expect(await outcome(killed)).toBe("resolved");
      expect(await exited(ref)).toEqual({ kind: "killed" });
    });

    test(`of ${hook.hook}: every later use of the context throws KilledError`, async () => {
      const kit = createTestSystem();
      const other = kit.system.spawn(Idle);
      const { ref, goOn } = await zombieIn(kit, hook);
      await kill(ref);
      await kit.run();
      const before = { ...kit.system.stats(), turns: 0 };
      const events = kit.events.length;
      await goOn(async (ctx) => expect(await allowedUses(ctx, other)).toEqual([]));
      await kit.advance(100);
      expect({ ...kit.system.stats(), turns: 0 }).toEqual(before);
      expect(kit.events.slice(events)).toEqual([]);
      expect(kit.log.filter(({ message }) => message.includes("zombie"))).toEqual([]);
      expect(kit.system.groups()).not.toContain("zombies");
      expect(status(other)).toBe("running");
    });

    test(`of ${hook.hook}: ctx.signal tells the abandoned code`, async () => {
      const kit = createTestSystem();
      const { ref, goOn } = await zombieIn(kit, hook);
      await kill(ref);
      await goOn((ctx) => {
        expect(ctx.signal.aborted).toBe(true);
        expect(ctx.signal.reason).toBeInstanceOf(KilledError);
      });
    });
  }
});

describe("what a zombie took from its context before it was killed", () => {
  test("its state can be neither read nor replaced", async () => {
    const kit = createTestSystem();
    const door = gate();
    const seen: unknown[] = [];
    const Subject = actor({
      init: () => ({ n: 0 }),
      cast: {
        async go(ctx) {
          await door.passed;
          for (const use of [() => ctx.state, () => (ctx.state = { n: 1 })]) {
            try {
              seen.push(use());
            } catch (error) {
              seen.push(error);
            }
          }
        },
      },
      call: { value: (ctx) => ctx.state.n },
    });
    const ref = kit.system.spawn(Subject, undefined, { restart: "permanent" });
    ref.go();
    await kit.run();
    await kill(ref);
    door.open();
    await kit.run();
    expect(seen).toEqual([expect.any(KilledError), expect.any(KilledError)]);
    expect(await ref.value()).toBe(0);
  });

  test("timers and children that it had taken out are refused too", async () => {
    const kit = createTestSystem();
    const door = gate();
    const seen: string[] = [];
    const Subject = actor({
      cast: {
        async go(ctx) {
          const { timers, children } = ctx;
          const timer = timers.every(1, () => {}, { key: "tick" });
          await door.passed;
          timer.cancel();
          const uses: (() => unknown)[] = [
            () => timers.after(1, () => {}),
            () => timers.cancel("tick"),
            () => children.size,
            () => children.list(),
          ];
          for (const use of uses) {
            try {
              use();
              seen.push("allowed");
            } catch (error) {
              seen.push((error as KilledError).code);
            }
          }
        },
      },
    });
    const ref = kit.system.spawn(Subject);
    ref.go();
    await kit.run();
    await kill(ref);
    door.open();
    await kit.run();
    expect(seen).toEqual(Array.from({ length: 4 }, () => "TROUPE_KILLED"));
  });

  test("a message that it sends behind its await is refused, by cast and by call", async () => {
    const kit = createTestSystem();
    const door = gate();
    const seen: unknown[] = [];
    const heard: string[] = [];
    const Receiver = actor({
      cast: { hear: () => void heard.push("cast") },
      call: { ask: () => void heard.push("call") },
    });
    const receiver = kit.system.spawn(Receiver);
    const Subject = actor({
      cast: {
        async go() {
          await door.passed;
          for (const send of [async () => receiver.hear(), () => receiver.ask()]) {
            try {
              await send();
              seen.push("sent");
            } catch (error) {
              seen.push(error);
            }
          }
        },
      },
    });
    const ref = kit.system.spawn(Subject);
    ref.go();
    await kit.run();
    await kill(ref);
    door.open();
    await kit.run();
    expect(seen).toEqual([expect.any(KilledError), expect.any(KilledError)]);
    expect(heard).toEqual([]);
  });

  test("its return value and its rejection are nobody's reply and nobody's failure", async () => {
    for (const end of ["open", "fail"] as const) {
      const kit = createTestSystem();
      const door = gate<string>();
      const Subject = actor({ call: { ask: () => door.passed } });
      const ref = kit.system.spawn(Subject, undefined, { restart: "permanent" });
      const asked = ref.ask();
      await kit.run();
      await kill(ref);
      await expect(asked).rejects.toMatchObject({
        code: "TROUPE_ACTOR_STOPPED",
        reason: { kind: "killed" },
      });
      const { failures } = kit.system.stats();
      door[end]("late");
      await kit.run();
      expect(kit.system.stats().failures).toBe(failures);
      expect(status(ref)).toBe("running");
    }
  });

  test("a hook that runs at a deadline is not its code, though its own call set the timer", async () => {
    // The host's timers, for they alone remember who set them.
    await using system = createSystem({ logger: false, development: true });
    const deadLetters: (string | null)[] = [];
    system.on((event) => event.type === "deadLetter" && deadLetters.push(event.from), "deadLetter");
    const Hanging = actor({
      shutdown: "kill",
      call: { never: () => new Promise<void>(() => {}) },
    });
    const Late = actor({
      name: "late",
      initTimeout: 60,
      init: () => new Promise<void>(() => {}),
      exit: () => dead.note(),
    });
    const Zombie = actor({
      cast: {
        async work() {
          await Promise.resolve();
          await withOptions(hanging, { timeout: 60 }).never();
        },
      },
    });
    const dead = system.spawn(actor({ cast: { note() {} } }));
    const hanging = system.spawn(Hanging);
    const zombie = system.spawn(Zombie);
    await stop(dead);
    zombie.work();
    const late = system.spawn(Late, undefined, { name: "late" });
    await new Promise((resolve) => setImmediate(resolve));
    await kill(zombie);
    await exited(late);
    expect(deadLetters).toEqual(["late"]);
  });

  test("a reply that it kept is rejected at the kill; giving it later is counted as late", async () => {
    const kit = createTestSystem();
    const kept: Reply<string>[] = [];
    const Subject = actor({
      call: {
        ask(ctx) {
          const reply = ctx.defer<string>();
          kept.push(reply);
          return reply;
        },
      },
    });
    const ref = kit.system.spawn(Subject);
    const asked = ref.ask();
    await kit.run();
    await kill(ref);
    await expect(asked).rejects.toMatchObject({ reason: { kind: "killed" } });
    kept[0]!.resolve("late");
    expect(kit.system.stats().lateReplies).toBe(1);
  });
});

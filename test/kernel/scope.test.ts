import { setImmediate as immediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  actor,
  createSystem,
  exited,
  isAlive,
  narrow,
  recipient,
  status,
  withOptions,
  type System,
} from "troupe";
import { createTestSystem } from "troupe/testing";

const Quiet = actor({ name: "quiet", call: { ping: () => "pong" }, cast: { note: () => {} } });

describe("await using", () => {
  test("a ref: the actor is stopped at the end of the scope, its queue discarded", async () => {
    const kit = createTestSystem();
    const outer = [];
    {
      await using ref = kit.system.spawn(Quiet);
      outer.push(ref);
      expect(await ref.ping()).toBe("pong");
    }
    expect(await exited(outer[0]!)).toEqual({ kind: "normal" });
  });

  test("a ref whose actor is gone already: nothing happens", async () => {
    const kit = createTestSystem();
    await using ref = kit.system.spawn(Quiet);
    await using same = ref;
    expect(same).toBe(ref);
  });

  test("a system: all its actors are stopped, the youngest first, also when the scope throws", async () => {
    const ends: string[] = [];
    const Named = actor({ exit: (ctx) => void ends.push(ctx.name) });
    const scope = async (): Promise<void> => {
      await using system = createSystem({ logger: false });
      for (const name of ["first", "second"]) system.spawn(Named, undefined, { name });
      await immediate();
      throw new Error("out of here");
    };
    await expect(scope()).rejects.toThrow("out of here");
    expect(ends).toEqual(["second", "first"]);
  });

  test("a system in which nothing was spawned ends as well, and twice is once", async () => {
    await using system = createSystem({ logger: false });
    await system.stop();
    await system.stopped();
    expect(system.actors()).toEqual([]);
  });
});

/** Lets the host collect and tell, until `done`; finalizers come when the host likes. */
async function collect(done: () => boolean, rounds = 200): Promise<void> {
  for (let n = 0; n < rounds && !done(); n++) {
    globalThis.gc!();
    await immediate();
  }
}

/** Gives the host every chance to collect what it must not. */
const collectNothing = (): Promise<void> => collect(() => false, 10);

/** Keeps a value where the optimizer cannot see that it is not used any more. */
const held: unknown[] = [];

const alive = (system: System): number => system.stats().alive;

describe("stopWhenUnreferenced", () => {
  test("stops an actor when the host has collected the last ref, after what it has admitted", async () => {
    await using system = createSystem({ logger: false });
    const log: string[] = [];
    const Subject = actor({
      cast: {
        async work() {
          await immediate();
          log.push("worked");
        },
      },
      exit: (_ctx, { kind }) => void log.push(`exit ${kind}`),
    });
    (() => system.spawn(Subject, undefined, { stopWhenUnreferenced: true }).work())();
    await collect(() => alive(system) === 0);
    expect(log).toEqual(["worked", "exit normal"]);
  });

  test("leaves an actor alone whose ref is held, also only in a message that waits", async () => {
    await using system = createSystem({ logger: false });
    held.push(system.spawn(Quiet, undefined, { stopWhenUnreferenced: true }));
    await collectNothing();
    expect(alive(system)).toBe(1);
    held.length = 0;
    await collect(() => alive(system) === 0);
    expect(alive(system)).toBe(0);
  });

  test("is never the default", async () => {
    await using system = createSystem({ logger: false });
    (() => void system.spawn(Quiet))();
    await collectNothing();
    expect(alive(system)).toBe(1);
  });

  test("counts a ref that was looked up by name, and one that the actor gave away itself", async () => {
    await using system = createSystem({ logger: false });
    const Giver = actor({ name: "giver", call: { self: (ctx) => [ctx.self] } });
    await (async () => {
      const ref = system.spawn(Giver, undefined, { name: "giver", stopWhenUnreferenced: true });
      held.push((await ref.self())[0]);
    })();
    await collectNothing();
    expect(alive(system)).toBe(1);
    held.length = 0;
    held.push(system.whereIs(Giver));
    await collectNothing();
    expect(alive(system)).toBe(1);
    held.length = 0;
    await collect(() => alive(system) === 0);
    expect(alive(system)).toBe(0);
  });

  const views = {
    withOptions: (system: System) =>
      withOptions(system.spawn(Quiet, undefined, { stopWhenUnreferenced: true }), { timeout: 1 }),
    narrow: (system: System) =>
      narrow(system.spawn(Quiet, undefined, { stopWhenUnreferenced: true }), "ping"),
    recipient: (system: System) =>
      recipient(system.spawn(Quiet, undefined, { stopWhenUnreferenced: true }), "note"),
  };
  for (const [name, view] of Object.entries(views)) {
    test(`counts a ref made by ${name}: it is a ref like any other`, async () => {
      await using system = createSystem({ logger: false });
      held.push(view(system));
      await collectNothing();
      expect(alive(system)).toBe(1);
      held.length = 0;
      await collect(() => alive(system) === 0);
      expect(alive(system)).toBe(0);
    });
  }

  test("of an actor that has ended already does nothing", async () => {
    await using system = createSystem({ logger: false });
    await (async () => {
      await using ref = system.spawn(Quiet, undefined, { stopWhenUnreferenced: true });
      expect(isAlive(ref)).toBe(true);
    })();
    const other = system.spawn(Quiet);
    await collectNothing();
    expect(status(other)).toBe("running");
    expect(system.stats()).toMatchObject({ ended: 1, alive: 1 });
  });
});

import { describe, expect, test } from "vitest";
import { machine, refuse, stop, type ActorDef, type Timeouts } from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";

interface Lamp {
  press(): void;
  poke(): void;
  ask(): Promise<string>;
  set(which: "state" | "event" | "blink", ms: number, n?: number): void;
  update(n: number): Promise<boolean>;
  cancel(): Promise<boolean>;
}
interface Own {
  blink(n: number): void;
}
interface States {
  off: undefined;
  on: { ms: number };
}

/** On for 100 ms; off, it is idle after 30. */
function lampOf(log: string[]): ActorDef<Lamp> {
  const set = (
    ctx: { timeouts: Timeouts<Lamp, Own> },
    which: "state" | "event" | "blink",
    ms: number,
    n = 0,
  ): void => {
    if (which === "state") ctx.timeouts.state(ms);
    else if (which === "event") ctx.timeouts.event(ms);
    else ctx.timeouts.set("blink", ms, n);
  };
  return machine<Lamp, States, Own>()({
    name: "lamp",
    events: {
      press: "cast",
      poke: "cast",
      ask: "call",
      set: "cast",
      update: "call",
      cancel: "call",
      blink: "internal",
    },
    initial: "off",
    init: () => ["off"],
    states: {
      off: {
        on: {
          press: { to: "on", do: (ctx) => ctx.goto("on", { ms: 100 }) },
          set,
          ask: "refuse",
          blink: (ctx, n) => void log.push(`${ctx.now()} ${ctx.state} blink ${n}`),
          update: (ctx, n) => ctx.timeouts.update("blink", n),
          cancel: (ctx) => ctx.timeouts.cancel("blink"),
        },
        otherwise: "ignore",
        after: { do: (ctx) => void log.push(`${ctx.now()} off for long`) },
        idle: { ms: 30, do: (ctx) => void log.push(`${ctx.now()} idle`) },
      },
      on: {
        on: {
          press: {
            to: "on",
            do(ctx) {
              ctx.data.ms += 100;
              ctx.repeat();
            },
          },
          blink: (ctx, n) => void log.push(`${ctx.now()} ${ctx.state} blink ${n}`),
          set,
        },
        otherwise: "ignore",
        after: {
          ms: (ctx) => ctx.data.ms,
          to: "off",
          do(ctx) {
            log.push(`${ctx.now()} off`);
            ctx.goto("off");
          },
        },
      },
    },
  });
}

function lamp(): { kit: TestKit; log: string[]; ref: ReturnType<typeof spawn> } {
  const kit = createTestSystem({ logger: false });
  const log: string[] = [];
  return { kit, log, ref: spawn(kit, log) };
}
function spawn(kit: TestKit, log: string[]) {
  return kit.system.spawn(lampOf(log), undefined, { restart: "permanent" });
}

describe("the state timeout", () => {
  test("begins when the state is entered, and ends it", async () => {
    const { kit, log, ref } = lamp();
    ref.press();
    await kit.advance(99);
    expect(log).toEqual([]);
    await kit.advance(1);
    expect(log).toEqual(["100 off"]);
    expect(kit.eventsOf("transition").at(-1)).toMatchObject({ from: "on", to: "off", by: "after" });
  });

  test("is not moved by events that stay, and begins anew when the state is entered again", async () => {
    const { kit, log, ref } = lamp();
    ref.press();
    await kit.advance(50);
    ref.poke();
    ref.press(); // enters it again, with 200 ms
    await kit.advance(199);
    expect(log).toEqual([]);
    await kit.advance(1);
    expect(log).toEqual(["250 off"]);
  });

  test("is cancelled when the state is left", async () => {
    const { kit, log } = lamp();
    const Leaves = machine<{ go(): void }, { a: undefined; b: undefined }>()({
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: { go: { to: "b", do: (ctx) => ctx.goto("b") } },
          after: { ms: 10, do: () => void log.push("after a") },
        },
        b: { otherwise: "ignore", after: { do: () => void log.push("after b") } },
      },
    });
    const leaves = kit.system.spawn(Leaves);
    await kit.run();
    leaves.go();
    await kit.advance(100);
    expect(log.filter((line) => line.startsWith("after"))).toEqual([]);
  });

  test("that is due while the event that leaves the state is handled is never seen", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Slow = machine<{ go(): void }, { a: undefined; b: undefined }>()({
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go: {
              to: "b",
              async do(ctx) {
                await ctx.sleep(50);
                ctx.goto("b");
              },
            },
          },
          after: { ms: 10, do: () => void log.push("after a") },
        },
        b: { otherwise: "ignore" },
      },
    });
    kit.system.spawn(Slow).go();
    await kit.advance(100);
    expect(log).toEqual([]);
  });

  test("may be set by hand: longer, shorter, never, and where none was declared", async () => {
    const { kit, log, ref } = lamp();
    ref.press();
    ref.set("state", 300);
    await kit.advance(299);
    expect(log).toEqual([]);
    await kit.advance(1);
    ref.set("event", Infinity);
    ref.set("state", 7);
    await kit.advance(7);
    ref.set("event", Infinity);
    ref.press();
    ref.set("state", Infinity);
    await kit.advance(10_000);
    expect(log).toEqual(["300 off", "307 off for long"]);
  });

  test("that a handler sets is that of the state it goes to", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Both = machine<{ go(): void }, { a: undefined; b: undefined }>()({
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go: {
              to: "b",
              do(ctx) {
                ctx.timeouts.state(5);
                ctx.goto("b");
              },
            },
          },
        },
        b: { otherwise: "ignore", after: { ms: 99, do: (ctx) => void log.push(`${ctx.now()} b`) } },
      },
    });
    kit.system.spawn(Both).go();
    await kit.advance(200);
    expect(log).toEqual(["5 b"]);
  });

  test("of 0 ms leads on before anything that others have sent", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Through = machine<
      { go(): void; see(): void },
      { a: undefined; b: undefined; c: undefined }
    >()({
      events: { go: "cast", see: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: { on: { go: { to: "b", do: (ctx) => ctx.goto("b") } }, otherwise: "ignore" },
        b: {
          after: { ms: 0, to: "c", do: (ctx) => ctx.goto("c") },
          otherwise(_ctx, event) {
            log.push(`b ${event}`);
            return "ignore";
          },
        },
        c: { on: { see: (ctx) => void log.push(`${ctx.state} see`) }, otherwise: "ignore" },
      },
    });
    const through = kit.system.spawn(Through);
    through.go();
    through.see();
    await kit.run();
    expect(log).toEqual(["c see"]);
  });

  test("of a state that does not say what to do then is bad input, where it is set", async () => {
    const kit = createTestSystem({ logger: false });
    const None = machine<{ go(which: string): void }, { a: undefined }>()({
      name: "none",
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go(ctx, which) {
              if (which === "state") ctx.timeouts.state(1);
              if (which === "event") ctx.timeouts.event(1);
              if (which === "ms") ctx.timeouts.state(-1);
            },
          },
        },
      },
    });
    const none = kit.system.spawn(None, undefined, { restart: "permanent" });
    for (const which of ["state", "event", "ms"]) none.go(which);
    await kit.run();
    expect(kit.eventsOf("failed").map(({ error }) => (error as Error).message)).toEqual([
      'ctx.timeouts.state in none#1: state a does not say under "after" what to do then',
      'ctx.timeouts.event in none#1: state a does not say under "idle" what to do then',
      "ctx.timeouts.state: ms is -1; it must be a number of ms, at least 0",
    ]);
  });

  test("whose `ms` makes no time fails the actor, and says which", async () => {
    const kit = createTestSystem({ logger: false });
    const Wrong = machine<{ go(): void }, { a: undefined }>()({
      name: "wrong",
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: { a: { on: { go: "ignore" }, after: { ms: () => NaN, do() {} } } },
    });
    kit.system.spawn(Wrong);
    await kit.run();
    expect(kit.eventsOf("startFailed").map(({ error }) => String(error))).toEqual([
      expect.stringContaining(
        "machine wrong: after.ms of state a is NaN; it must be a number of ms, at least 0",
      ),
    ]);
  });
});

describe("the event timeout", () => {
  test("comes when there was no event for so long, and begins anew with each", async () => {
    const { kit, log, ref } = lamp();
    await kit.advance(29);
    ref.poke(); // ignored, and an event all the same
    await kit.advance(29);
    void ref.ask().catch(() => {}); // refused
    await kit.advance(29);
    expect(log).toEqual([]);
    await kit.advance(1);
    expect(log).toEqual(["88 idle"]);
    // It is an event itself.
    await kit.advance(30);
    expect(log).toEqual(["88 idle", "118 idle"]);
  });

  test("ends with the state", async () => {
    const { kit, log, ref } = lamp();
    await kit.advance(10);
    ref.press();
    await kit.advance(50);
    expect(log).toEqual([]);
  });

  test("may be set by hand, for this once", async () => {
    const { kit, log, ref } = lamp();
    ref.set("event", 50);
    await kit.advance(49);
    expect(log).toEqual([]);
    await kit.advance(1);
    expect(log).toEqual(["50 idle"]);
    await kit.advance(30);
    expect(log).toEqual(["50 idle", "80 idle"]);
  });

  test("of 0 ms is cancelled by whatever stands before it", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Zero = machine<{ go(more: boolean): void }, { a: undefined }, { own(): void }>()({
      events: { go: "cast", own: "internal" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go(ctx, more) {
              if (more) ctx.next("own");
              ctx.timeouts.event(0);
            },
            own: () => void log.push("own"),
          },
          idle: { do: () => void log.push("idle") },
        },
      },
    });
    const zero = kit.system.spawn(Zero);
    zero.go(true);
    await kit.run();
    expect(log).toEqual(["own"]);
    zero.go(false);
    await kit.run();
    expect(log).toEqual(["own", "idle"]);
  });

  test("goes on where a handler refuses, and where it failed and the actor resumes", async () => {
    const kit = createTestSystem({ logger: false });
    const log: string[] = [];
    const Picky = machine<{ go(how: string): void }, { a: undefined }>()({
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go(_ctx, how) {
              throw how === "refuse" ? refuse(new Error(how)) : new Error(how);
            },
          },
          idle: { ms: 10, do: (ctx) => void log.push(`${ctx.now()} idle`) },
        },
      },
    });
    const picky = kit.system.spawn(Picky, undefined, { onFailure: () => "resume" });
    await kit.advance(9);
    picky.go("refuse");
    await kit.advance(9);
    picky.go("fail");
    await kit.advance(10);
    expect(log).toEqual(["28 idle"]);
  });
});

describe("the timeout of an event", () => {
  test("sends it with its arguments, in whatever state the machine is then", async () => {
    const { kit, log, ref } = lamp();
    ref.set("blink", 20, 1);
    ref.press();
    await kit.advance(20);
    expect(log).toEqual(["20 on blink 1"]);
  });

  test("that is set anew takes the place of the old one", async () => {
    const { kit, log, ref } = lamp();
    ref.press();
    ref.set("blink", 20, 1);
    await kit.advance(10);
    ref.set("blink", 20, 2);
    await kit.advance(60);
    expect(log).toEqual(["30 on blink 2"]);
  });

  test("that is updated has other arguments, and the time that it had", async () => {
    const { kit, log, ref } = lamp();
    ref.set("blink", 20, 1);
    await kit.advance(10);
    expect(await ref.update(2)).toBe(true);
    await kit.advance(10);
    expect(log).toEqual(["20 off blink 2"]);
    expect(await ref.update(3)).toBe(false);
  });

  test("that is cancelled is never seen, not even if it is in line", async () => {
    const { kit, log, ref } = lamp();
    ref.set("blink", 20, 1);
    ref.set("event", Infinity);
    expect(await ref.cancel()).toBe(true);
    expect(await ref.cancel()).toBe(false);
    await kit.advance(20);
    const Late = machine<{ go(ms: number): void }, { a: undefined }, Own>()({
      events: { go: "cast", blink: "internal" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            async go(ctx, ms) {
              ctx.timeouts.set("blink", ms, 1);
              await ctx.sleep(10);
              ctx.timeouts.cancel("blink");
            },
            blink: () => void log.push("late"),
          },
        },
      },
    });
    const late = kit.system.spawn(Late);
    late.go(5);
    late.go(0);
    await kit.advance(50);
    expect(log.filter((line) => line === "late")).toEqual([]);
  });

  test("of an event for others sends that to the machine, as if somebody had", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Ping = machine<{ ping(from: string): void }, { a: undefined }>()({
      events: { ping: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          enter: (ctx) => ctx.timeouts.set("ping", 10, "itself"),
          on: { ping: (_ctx, from) => void log.push(from) },
        },
      },
    });
    kit.system.spawn(Ping);
    await kit.advance(10);
    expect(log).toEqual(["itself"]);
  });
});

test("no timeout outlives its incarnation", async () => {
  const kit = createTestSystem({ logger: false });
  const log: string[] = [];
  const Mortal = machine<{ fail(): void }, { a: undefined }, Own>()({
    events: { fail: "cast", blink: "internal" },
    initial: "a",
    init: () => ["a"],
    states: {
      a: {
        enter(ctx) {
          if (log.length > 0) return;
          log.push("first");
          ctx.timeouts.set("blink", 10, 1);
          ctx.timeouts.state(10);
          ctx.timeouts.event(10);
        },
        on: {
          fail(ctx) {
            ctx.timeouts.set("blink", 0, 2);
            throw new Error("broken");
          },
          blink: (_ctx, n) => void log.push(`blink ${n}`),
        },
        after: { do: () => void log.push("after") },
        idle: { do: () => void log.push("idle") },
      },
    },
  });
  const mortal = kit.system.spawn(Mortal, undefined, { restart: "permanent" });
  mortal.fail();
  await kit.advance(100);
  expect(log).toEqual(["first"]);
  await stop(mortal);
  await kit.advance(100);
  expect(log).toEqual(["first"]);
});

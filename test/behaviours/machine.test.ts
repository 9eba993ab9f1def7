import { describe, expect, test } from "vitest";
import {
  ActorFailedError,
  ActorStoppedError,
  exited,
  kill,
  machine,
  refuse,
  restart,
  started,
  StartError,
  stop,
  WrongStateError,
  type ActorDef,
  type ExitReason,
  type Reply,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";

interface Door {
  open(): void;
  shut(): Promise<string>;
  look(): Promise<string>;
}
interface States {
  shut: { knocks: number };
  open: { since: number };
}

/** A door that notes what is done with it. */
function doorOf(log: string[]): ActorDef<Door> {
  return machine<Door, States>()({
    name: "door",
    events: { open: "cast", shut: "call", look: "call" },
    initial: "shut",
    init: () => ["shut", { knocks: 0 }],
    states: {
      shut: {
        enter: (ctx, from) => void log.push(`${from ?? "nowhere"} → ${ctx.state}`),
        on: {
          open: {
            to: "open",
            do(ctx) {
              ctx.goto("open", { since: ctx.now() });
              log.push(`still ${ctx.state}`);
            },
          },
          shut: "refuse",
          look: (ctx) => `shut, ${++ctx.data.knocks} knocks`,
        },
      },
      open: {
        enter: (ctx, from) => void log.push(`${from} → ${ctx.state}`),
        on: {
          open: "ignore",
          shut: {
            to: "shut",
            do(ctx) {
              ctx.goto("shut", { knocks: 0 });
              return "clack";
            },
          },
          look: (ctx) => `open since ${ctx.data.since}`,
        },
      },
    },
    exit: (ctx, reason) => void log.push(`${ctx.state} at the end: ${reason.kind}`),
  });
}

describe("a machine", () => {
  test("begins in the state that `init` gave, entered from nowhere", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorOf(log));
    await started(door);
    expect(log).toEqual(["nowhere → shut"]);
    expect(await door.look()).toBe("shut, 1 knocks");
    expect(await door.look()).toBe("shut, 2 knocks");
  });

  test("changes its state when the handler is done, and then enters the new one", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorOf(log));
    door.open();
    expect(await door.look()).toBe("open since 0");
    expect(log).toEqual(["nowhere → shut", "still shut", "shut → open"]);
  });

  test("answers a call when the new state has been entered", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorOf(log));
    door.open();
    log.push(await door.shut());
    expect(log.slice(-2)).toEqual(["open → shut", "clack"]);
  });

  test("refuses a call that its state does not take, by an error that names both", async () => {
    const kit = createTestSystem();
    const door = kit.system.spawn(doorOf([]), undefined, { name: "front" });
    const error: unknown = await door.shut().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WrongStateError);
    expect(error).toMatchObject({
      code: "TROUPE_WRONG_STATE",
      actor: "front",
      event: "shut",
      state: "shut",
      message: "shut to front refused: it does not take that in state shut",
    });
    expect(await door.look()).toBe("shut, 1 knocks");
    expect(kit.system.stats().failures).toBe(0);
  });

  test("tells of each change of its state in an event of the system", async () => {
    const kit = createTestSystem();
    const door = kit.system.spawn(doorOf([]), undefined, { name: "front" });
    door.open();
    door.open();
    await door.shut();
    expect(kit.eventsOf("transition")).toEqual([
      { type: "transition", actor: "front", from: null, to: "shut", by: "init" },
      { type: "transition", actor: "front", from: "shut", to: "open", by: "open" },
      { type: "transition", actor: "front", from: "open", to: "shut", by: "shut" },
    ]);
  });

  test("shows its state and data to whoever decides about its failure", async () => {
    const kit = createTestSystem();
    const seen: unknown[] = [];
    const Fragile = machine<{ go(): void; fail(): void }, { a: undefined; b: { n: number } }>()({
      events: { go: "cast", fail: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: { on: { go: { to: "b", do: (ctx) => ctx.goto("b", { n: 7 }) } }, otherwise: "ignore" },
        b: {
          on: {
            fail() {
              throw new Error("broken");
            },
          },
          otherwise: "ignore",
        },
      },
    });
    const fragile = kit.system.spawn(Fragile, undefined, {
      onFailure(_error, { state }) {
        seen.push({ ...(state as object) });
        return "stop";
      },
    });
    fragile.go();
    fragile.fail();
    await exited(fragile);
    expect(seen).toEqual([{ state: "b", data: { n: 7 } }]);
  });

  test("runs its exit hook in the state that it is in", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorOf(log));
    door.open();
    await kit.run();
    await stop(door);
    expect(log.at(-1)).toBe("open at the end: normal");
  });

  test("begins at `init` again after a restart, and keeps what waits", async () => {
    const kit = createTestSystem({ logger: false });
    const log: string[] = [];
    const door = kit.system.spawn(doorOf(log), undefined, { restart: "permanent" });
    door.open();
    await kit.run();
    log.length = 0;
    const restarted = restart(door);
    const looked = door.look();
    await restarted;
    expect(await looked).toBe("shut, 1 knocks");
    expect(log).toEqual(["open at the end: shutdown", "nowhere → shut"]);
  });
});

interface Bell {
  ring(how: string): void;
  ask(how: string): Promise<string>;
}
interface BellStates {
  still: { n: number };
  ringing: { n: number };
}

/** Runs what a test gives it, in the handler of `still`; in `ringing` it answers and stays. */
function bellOf(
  body: (ctx: BellContext, how: string) => string | Reply<string> | Promise<string>,
  hooks: { enter?: () => unknown; exit?: (reason: ExitReason) => void } = {},
): ActorDef<Bell> {
  return machine<Bell, BellStates>()({
    name: "bell",
    events: { ring: "cast", ask: "call" },
    initial: "still",
    init: () => ["still", { n: 0 }],
    states: {
      still: {
        on: {
          ring: { to: ["ringing", "still", "[*]"], do: (ctx, how) => body(ctx, how) },
          ask: { to: ["ringing", "still", "[*]"], do: (ctx, how) => body(ctx, how) },
        },
      },
      ringing: {
        enter: () => hooks.enter?.(),
        on: { ring: "ignore", ask: (ctx) => `ringing ${ctx.data.n}` },
      },
    },
    exit: (_ctx, reason) => hooks.exit?.(reason),
  });
}
interface BellContext {
  data: { n: number };
  goto(state: "still" | "ringing", data: { n: number }): void;
  repeat(): void;
  postpone(): void;
  stop(reason?: string): void;
  defer(): Reply<string>;
  sleep(ms: number): Promise<void>;
}

describe("a handler", () => {
  test("that goes to its own state changes the data, and enters nothing", async () => {
    const kit = createTestSystem();
    const bell = kit.system.spawn(
      bellOf((ctx) => {
        const { n } = ctx.data;
        ctx.goto("still", { n: n + 1 });
        return `was ${n}`;
      }),
    );
    expect([await bell.ask(""), await bell.ask("")]).toEqual(["was 0", "was 1"]);
    expect(kit.eventsOf("transition")).toHaveLength(1);
  });

  test("may be async: its change of state comes when it is done, and nothing in between", async () => {
    const kit = createTestSystem();
    const bell = kit.system.spawn(
      bellOf(async (ctx) => {
        ctx.goto("ringing", { n: 1 });
        await ctx.sleep(100);
        ctx.goto("ringing", { n: 2 });
        return "done";
      }),
    );
    const first = bell.ask("");
    const second = bell.ask("");
    await kit.advance(99);
    expect(kit.eventsOf("transition")).toHaveLength(1);
    await kit.advance(1);
    expect([await first, await second]).toEqual(["done", "ringing 2"]);
  });

  test("that stops the machine has its reply given, and stays in its state", async () => {
    const kit = createTestSystem();
    const ends: ExitReason[] = [];
    const bell = kit.system.spawn(
      bellOf(
        (ctx) => {
          ctx.goto("ringing", { n: 1 });
          ctx.stop("worn out");
          return "bye";
        },
        { exit: (reason) => void ends.push(reason) },
      ),
    );
    const [first, second] = [bell.ask(""), bell.ask("").catch((error: unknown) => error)];
    expect(await first).toBe("bye");
    expect(await second).toBeInstanceOf(ActorStoppedError);
    expect(ends).toEqual([{ kind: "shutdown", detail: "worn out" }]);
    expect(kit.eventsOf("transition")).toHaveLength(1);
  });

  test("that refuses leaves the machine where it was, whatever it had asked for", async () => {
    const kit = createTestSystem();
    const bell = kit.system.spawn(
      bellOf((ctx, how) => {
        ctx.goto("ringing", { n: 1 });
        ctx.stop();
        ctx.postpone();
        if (how === "return") return refuse(new RangeError(how)) as never;
        throw refuse(new RangeError(how));
      }),
    );
    await expect(bell.ask("throw")).rejects.toThrow(RangeError);
    await expect(bell.ask("return")).rejects.toThrow(RangeError);
    bell.ring("throw");
    await kit.run();
    expect(kit.deadLetters).toEqual(["ring to bell#1"]);
    expect(kit.eventsOf("transition")).toHaveLength(1);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("may keep its reply, and another state may give it", async () => {
    const kit = createTestSystem();
    interface Oven {
      bake(): Promise<string>;
      done(): void;
    }
    const Oven = machine<Oven, { cold: undefined; hot: { baker: Reply<string> } }>()({
      events: { bake: "call", done: "cast" },
      initial: "cold",
      init: () => ["cold"],
      states: {
        cold: {
          on: {
            bake: {
              to: "hot",
              do(ctx) {
                const baker = ctx.defer<string>();
                ctx.goto("hot", { baker });
                return baker;
              },
            },
            done: "ignore",
          },
        },
        hot: {
          on: {
            bake: "postpone",
            done: {
              to: "cold",
              do(ctx) {
                ctx.data.baker.resolve("bread");
                ctx.goto("cold");
              },
            },
          },
        },
      },
    });
    const oven = kit.system.spawn(Oven);
    const first = oven.bake();
    const second = oven.bake();
    oven.done();
    expect(await first).toBe("bread");
    oven.done();
    expect(await second).toBe("bread");
    const third = oven.bake().catch((error: unknown) => error);
    await kit.run();
    await stop(oven);
    expect(await third).toBeInstanceOf(ActorStoppedError);
  });

  test("that fails fails the actor, and nothing of what it asked for is done", async () => {
    const kit = createTestSystem({ logger: false });
    const bell = kit.system.spawn(
      bellOf((ctx, how) => {
        ctx.goto("ringing", { n: 1 });
        if (how === "now") throw new Error("broken");
        return Promise.reject(new Error("broken later"));
      }),
      undefined,
      { onFailure: () => "resume" },
    );
    await expect(bell.ask("now")).rejects.toThrow("broken");
    await expect(bell.ask("later")).rejects.toBeInstanceOf(ActorFailedError);
    expect(kit.eventsOf("transition")).toHaveLength(1);
    expect(kit.eventsOf("failed").map(({ decision }) => decision)).toEqual(["resume", "resume"]);
  });

  test("that is killed while it waits changes nothing any more", async () => {
    const kit = createTestSystem({ logger: false });
    const seen: unknown[] = [];
    const open = gate();
    const bell = kit.system.spawn(
      bellOf(async (ctx) => {
        await open.passed;
        try {
          ctx.goto("ringing", { n: 1 });
        } catch (error) {
          seen.push(error);
        }
        return "too late";
      }),
      undefined,
      { restart: "permanent" },
    );
    const asked = bell.ask("").catch((error: unknown) => error);
    await kit.run();
    await kill(bell);
    open.open();
    await kit.run();
    expect(await asked).toBeInstanceOf(ActorStoppedError);
    expect(seen).toEqual([expect.objectContaining({ code: "TROUPE_KILLED" })]);
    expect(kit.eventsOf("transition").map(({ to }) => to)).toEqual(["still", "still"]);
  });

  test("that is killed when it has asked for a change of state does not get it", async () => {
    const kit = createTestSystem({ logger: false });
    const open = gate();
    const bell = kit.system.spawn(
      bellOf(async (ctx) => {
        ctx.goto("ringing", { n: 1 });
        await open.passed;
        return "too late";
      }),
    );
    void bell.ask("").catch(() => {});
    await kit.run();
    await kill(bell);
    open.open();
    await kit.run();
    expect(kit.eventsOf("transition").map(({ to }) => to)).toEqual(["still"]);
  });

  test("is held to what it says under `to`, also where no compiler was", async () => {
    const kit = createTestSystem({ logger: false });
    const Bell = machine<Bell, BellStates>()({
      name: "bell",
      events: { ring: "cast", ask: "call" },
      initial: "still",
      init: () => ["still", { n: 0 }],
      states: {
        still: {
          on: {
            ring(ctx, how) {
              const loose = ctx as unknown as BellContext;
              if (how === "goto") loose.goto("ringing", { n: 1 });
              if (how === "repeat") loose.repeat();
              if (how === "stop") loose.stop();
            },
            ask: "refuse",
          },
        },
        ringing: { otherwise: "ignore" },
      },
    });
    const bell = kit.system.spawn(Bell, undefined, { restart: "permanent", maxRestarts: 9 });
    for (const how of ["goto", "repeat", "stop"]) bell.ring(how);
    await kit.run();
    expect(kit.eventsOf("failed").map(({ error }) => (error as Error).message)).toEqual([
      'ctx.goto in bell#1: ring may not go to ringing from still; a handler may, where it says so under "to"',
      'ctx.repeat in bell#1: ring may not go to still from still; a handler may, where it says so under "to"',
      'ctx.stop in bell#1: ring may not go to [*] from still; a handler may, where it says so under "to"',
    ]);
  });
});

describe("to enter a state", () => {
  test("may take its time: the call that led there, and all that waits, wait for it", async () => {
    const kit = createTestSystem();
    const open = gate();
    const bell = kit.system.spawn(
      bellOf(
        (ctx) => {
          ctx.goto("ringing", { n: 1 });
          return "on";
        },
        { enter: () => open.passed },
      ),
    );
    const log: string[] = [];
    void bell.ask("").then((answer) => log.push(answer));
    void bell.ask("").then((answer) => log.push(answer));
    await kit.run();
    expect(log).toEqual([]);
    open.open();
    await kit.run();
    expect(log).toEqual(["on", "ringing 1"]);
  });

  test.for(["now", "later"])("and fail %s fails the actor, in the new state", async (when) => {
    const kit = createTestSystem({ logger: false });
    const bell = kit.system.spawn(
      bellOf(
        (ctx) => {
          ctx.goto("ringing", { n: 1 });
          return "on";
        },
        {
          enter() {
            if (when === "now") throw new Error("cracked");
            return Promise.reject(new Error("cracked"));
          },
        },
      ),
      undefined,
      { onFailure: () => "resume" },
    );
    await expect(bell.ask("")).rejects.toThrow("bell#1 failed in ask: Error: cracked");
    expect(await bell.ask("")).toBe("ringing 1");
  });

  test.for(["thrown", "returned"])(
    "comes too late to refuse: that is a failure, %s",
    async (how) => {
      const kit = createTestSystem({ logger: false });
      const bell = kit.system.spawn(
        bellOf(
          (ctx) => {
            ctx.goto("ringing", { n: 1 });
            return "on";
          },
          {
            enter() {
              if (how === "returned") return refuse(new Error("cracked"));
              throw refuse(new Error("cracked"));
            },
          },
        ),
      );
      const error: unknown = await bell.ask("").catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ActorFailedError);
      expect(error).toMatchObject({ message: "bell#1 failed in ask: Error: cracked" });
      expect(kit.eventsOf("failed").map(({ error: cause }) => String(cause))).toEqual([
        "Error: cracked",
      ]);
    },
  );

  test("for the first time belongs to the start, and so does its failure", async () => {
    const kit = createTestSystem({ logger: false });
    const Broken = machine<{ go(): void }, { a: undefined }>()({
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          async enter(ctx) {
            await ctx.sleep(10);
            throw new Error("no power");
          },
          otherwise: "ignore",
        },
      },
      exit: (ctx) => expect(ctx.state).toBeUndefined(),
    });
    const broken = kit.system.spawn(Broken);
    const start = started(broken).catch((error: unknown) => error);
    await kit.advance(10);
    expect(await start).toBeInstanceOf(StartError);
    expect(kit.eventsOf("hookFailed")).toEqual([]);
  });

  test("again is what `repeat` does: `enter` runs, from the same state", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Again = machine<{ go(): Promise<void> }, { a: { n: number } }>()({
      events: { go: "call" },
      initial: "a",
      init: () => ["a", { n: 0 }],
      states: {
        a: {
          enter: (ctx, from) => void log.push(`${from} ${ctx.data.n}`),
          on: {
            go: {
              to: "a",
              do(ctx) {
                ctx.data.n++;
                ctx.repeat();
              },
            },
          },
        },
      },
    });
    await kit.system.spawn(Again).go();
    expect(log).toEqual(["undefined 0", "a 1"]);
  });
});

import { describe, expect, test } from "vitest";
import {
  ActorFailedError,
  ActorStoppedError,
  drain,
  exited,
  kill,
  machine,
  refuse,
  StashFullError,
  stop,
  WrongStateError,
  type ActorDef,
  type Raisable,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate, type Gate } from "../support/gate.ts";

interface Line {
  /** Does what the text says, a letter for each thing. */
  act(what: string): void;
  ask(what: string): Promise<string>;
}
interface Own {
  own(what: string): void;
}
interface States {
  closed: undefined;
  open: undefined;
}

/**
 * Notes what it handles, and in which state. The letters of a message: `o` opens, `c` closes, `p`
 * postpones while it is closed, `a` and `b` send `own("A")` and `own("B")`, `x` throws, `t` sets
 * a timeout of 0 ms, `!` stops.
 */
function lineOf(log: string[], enter?: string): ActorDef<Line> {
  interface Ctx {
    state: string;
    goto(state: "open" | "closed"): void;
    postpone(): void;
    stop(): void;
    next(event: Raisable<Line, Own>, what: string): void;
    timeouts: { set(event: Raisable<Line, Own>, ms: number, what: string): void };
  }
  const act = (ctx: Ctx, what: string): string => {
    log.push(`${ctx.state} ${what}`);
    for (const letter of what) {
      if (letter === "o") ctx.goto("open");
      if (letter === "c") ctx.goto("closed");
      if (letter === "p" && ctx.state === "closed") ctx.postpone();
      if (letter === "a" || letter === "b") ctx.next("own", letter.toUpperCase());
      if (letter === "t") ctx.timeouts.set("own", 0, "T");
      if (letter === "!") ctx.stop();
      if (letter === "x") throw new Error("broken");
    }
    return what;
  };
  const to = ["open", "closed", "[*]"] as const;
  const on = {
    act: { to, do: act },
    ask: { to, do: act },
    own: { to, do: act },
  };
  return machine<Line, States, Own>()({
    name: "line",
    events: { act: "cast", ask: "call", own: "internal" },
    initial: "closed",
    init: () => ["closed"],
    states: {
      closed: { on },
      open: {
        enter(ctx) {
          if (enter !== undefined) ctx.next("own", enter);
        },
        on,
      },
    },
  });
}

/** What is handled of these messages, in which order. */
async function handled(messages: readonly string[], enter?: string): Promise<string> {
  const kit = createTestSystem({ logger: false });
  const log: string[] = [];
  const line = kit.system.spawn(lineOf(log, enter));
  for (const message of messages) line.act(message);
  await kit.run();
  expect(kit.deadLetters).toEqual([]);
  return log.join(", ");
}

/** Postpones numbers while it is shut; opens slowly, when the gate lets it. */
function gateKeeper(log: unknown[], gates: Gate<void>[]) {
  interface Keeper {
    open(): void;
    pass(n: number): void;
  }
  return machine<Keeper, States>()({
    name: "keeper",
    events: { open: "cast", pass: "cast" },
    initial: "closed",
    init: () => ["closed"],
    states: {
      closed: {
        on: {
          open: { to: "open", do: (ctx) => ctx.goto("open") },
          pass(ctx, n) {
            log.push(`${ctx.state} ${n}`);
            ctx.postpone();
          },
        },
      },
      open: {
        enter: () => gates.shift()?.passed,
        on: { open: "ignore", pass: (ctx, n) => void log.push(`${ctx.state} ${n}`) },
        after: { ms: 10, to: "closed", do: (ctx) => ctx.goto("closed") },
      },
    },
  });
}

describe("what is postponed", () => {
  test("comes back when the state has changed, in its order, before what came later", async () => {
    expect(await handled(["p1", "p2", "o", "n"])).toBe(
      "closed p1, closed p2, closed o, open p1, open p2, open n",
    );
  });

  test("stays aside as long as the state is the same, also if it is said anew", async () => {
    expect(await handled(["p", "c", "n"])).toBe("closed p, closed c, closed n");
  });

  test("comes back at once where its own handler changes the state", async () => {
    expect(await handled(["po", "n"])).toBe("closed po, open po, open n");
  });

  test("may be postponed again, and keeps its place", async () => {
    expect(await handled(["p1", "p2", "o", "c", "n", "o"])).toBe(
      "closed p1, closed p2, closed o, open p1, open p2, open c, closed n, closed o",
    );
    expect(await handled(["p1", "pc2", "p3", "o", "n", "o"])).toBe(
      // The second has closed it again, before the third had its turn.
      "closed p1, closed pc2, closed p3, closed o, open p1, open pc2, closed p3, closed n, closed o, open p3",
    );
  });

  test("and is a call waits, and is answered when it is handled", async () => {
    const kit = createTestSystem();
    const line = kit.system.spawn(lineOf([]));
    const asked = line.ask("p");
    await kit.run();
    line.act("o");
    expect(await asked).toBe("p");
  });

  test("rejects with the reason when the machine ends, and casts are dead letters", async () => {
    const kit = createTestSystem();
    const line = kit.system.spawn(lineOf([]));
    const asked = line.ask("p").catch((error: unknown) => error);
    line.act("p");
    await kit.run();
    await stop(line, "enough");
    expect(await asked).toBeInstanceOf(ActorStoppedError);
    expect(await asked).toMatchObject({ reason: { kind: "shutdown", detail: "enough" } });
    expect(kit.deadLetters).toEqual(["act to line#1"]);
  });

  test("survives a restart: the next incarnation handles it", async () => {
    const kit = createTestSystem({ logger: false });
    const log: string[] = [];
    const line = kit.system.spawn(lineOf(log), undefined, { restart: "permanent" });
    const asked = line.ask("p");
    line.act("x");
    line.act("n");
    await kit.run();
    expect(log).toEqual(["closed p", "closed x", "closed p", "closed n"]);
    line.act("o");
    expect(await asked).toBe("p");
  });

  test("is left alone by an `enter` that comes to its end when its incarnation is over", async () => {
    const kit = createTestSystem({ logger: false });
    const log: unknown[] = [];
    const first = gate();
    const keeper = kit.system.spawn(gateKeeper(log, [first]), undefined, { restart: "permanent" });
    keeper.pass(1);
    keeper.open();
    await kit.run();
    await kill(keeper);
    await kit.run();
    expect(log).toEqual(["closed 1", "closed 1"]);
    first.open();
    await kit.run();
    expect(log).toEqual(["closed 1", "closed 1"]);
    keeper.open();
    await kit.run();
    expect(log.slice(2)).toEqual(["open 1"]);
  });

  test("comes back, and timeouts begin, where `enter` has failed and the actor goes on", async () => {
    const kit = createTestSystem({ logger: false });
    const log: unknown[] = [];
    const first = gate();
    const keeper = kit.system.spawn(gateKeeper(log, [first]), undefined, {
      onFailure: () => "resume",
    });
    keeper.pass(1);
    keeper.open();
    first.fail(new Error("stuck"));
    await kit.run();
    expect(log).toEqual(["closed 1", "open 1"]);
    await kit.advance(10);
    keeper.pass(2);
    await kit.run();
    expect(log.at(-1)).toBe("closed 2");
  });

  test("is not handled again where its own handler fails", async () => {
    const kit = createTestSystem({ logger: false });
    const log: string[] = [];
    const line = kit.system.spawn(lineOf(log), undefined, { restart: "permanent" });
    await expect(line.ask("pox")).rejects.toBeInstanceOf(ActorFailedError);
    line.act("o");
    await kit.run();
    expect(log).toEqual(["closed pox", "closed o"]);
  });

  test("is bounded by the stash: one more is refused, and the machine goes on", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const line = kit.system.spawn(lineOf(log), undefined, { mailbox: { stash: 2 } });
    for (const message of ["p1", "p2", "p3"]) line.act(message);
    await expect(line.ask("p4")).rejects.toThrow(
      new StashFullError("ask not postponed: line#1 has postponed 2 events, the most it may"),
    );
    expect(kit.deadLetters).toEqual(["act to line#1"]);
    line.act("o");
    await kit.run();
    expect(log.slice(-2)).toEqual(["open p1", "open p2"]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("makes room where its callers have left", async () => {
    const kit = createTestSystem();
    const line = kit.system.spawn(lineOf([]), undefined, { mailbox: { stash: 2 } });
    const gone = [line.ask("p1"), line.ask("p2")].map((asked) => asked.catch(() => "gone"));
    await kit.advance(5_000);
    expect(await Promise.all(gone)).toEqual(["gone", "gone"]);
    const asked = line.ask("p3");
    await kit.run();
    line.act("o");
    expect(await asked).toBe("p3");
    expect(kit.system.stats().skippedCalls).toBe(2);
  });

  test("by ten thousand comes back in its order", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const line = kit.system.spawn(lineOf(log), undefined, { mailbox: { stash: 20_000 } });
    for (let n = 0; n < 10_000; n++) line.act(`p${n}`);
    line.act("o");
    await kit.run();
    const expected = Array.from({ length: 10_000 }, (_, n) => `open p${n}`);
    expect(log.slice(10_001)).toEqual(expected);
  });

  test("waits for what is drained no longer than for the last message", async () => {
    const kit = createTestSystem();
    const line = kit.system.spawn(lineOf([]));
    const asked = line.ask("p").catch((error: unknown) => error);
    await drain(line);
    expect(await asked).toBeInstanceOf(ActorStoppedError);
  });
});

describe("an event that a machine sends to itself", () => {
  test("comes before all that waits, in the order of sending", async () => {
    expect(await handled(["ab", "n"])).toBe("closed ab, closed A, closed B, closed n");
  });

  test("comes before what was postponed, when the state has changed too", async () => {
    expect(await handled(["p", "oa", "n"])).toBe("closed p, closed oa, open A, open p, open n");
  });

  test("comes before those that another handler has sent and that still wait", async () => {
    const log: string[] = [];
    const kit = createTestSystem();
    const Nested = machine<{ go(): void }, { a: undefined }, { step(name: string): void }>()({
      events: { go: "cast", step: "internal" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go(ctx) {
              ctx.next("step", "1");
              ctx.next("step", "2");
            },
            step(ctx, name) {
              log.push(name);
              if (name === "1") ctx.next("step", "1.1");
            },
          },
        },
      },
    });
    kit.system.spawn(Nested).go();
    await kit.run();
    expect(log).toEqual(["1", "1.1", "2"]);
  });

  test("may be sent by `enter`, behind those of the handler", async () => {
    expect(await handled(["oa", "n"], "E")).toBe("closed oa, open A, open E, open n");
  });

  test("may be sent by the first `enter`, before what came while it started", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Early = machine<{ go(what: string): void }, { a: undefined }>()({
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          enter: (ctx) => ctx.next("go", "entered"),
          on: { go: (_ctx, what) => void log.push(what) },
        },
      },
    });
    kit.system.spawn(Early).go("sent");
    await kit.run();
    expect(log).toEqual(["entered", "sent"]);
  });

  test("may be postponed like any other", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Own = machine<{ go(): void; open(): void }, States, { own(n: number): void }>()({
      events: { go: "cast", open: "cast", own: "internal" },
      initial: "closed",
      init: () => ["closed"],
      states: {
        closed: {
          on: {
            go(ctx) {
              ctx.next("own", 1);
              ctx.timeouts.set("own", 10, 2);
            },
            open: { to: "open", do: (ctx) => ctx.goto("open") },
            own: "postpone",
          },
        },
        open: { on: { own: (_ctx, n) => void log.push(`own ${n}`) }, otherwise: "ignore" },
      },
    });
    const own = kit.system.spawn(Own);
    own.go();
    await kit.advance(10);
    expect(log).toEqual([]);
    own.open();
    await kit.run();
    expect(log).toEqual(["own 1", "own 2"]);
  });

  test("is gone with its incarnation: the next one does not see it", async () => {
    const kit = createTestSystem({ logger: false });
    const log: string[] = [];
    const Own = machine<{ go(): void }, { a: undefined }, { own(n: number): void }>()({
      events: { go: "cast", own: "internal" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go: (ctx) => [1, 2, 3].forEach((n) => ctx.next("own", n)),
            own(_ctx, n) {
              log.push(`own ${n}`);
              if (n === 2) throw new Error("broken");
            },
          },
        },
      },
    });
    const own = kit.system.spawn(Own, undefined, { restart: "permanent" });
    own.go();
    await kit.run();
    expect(log).toEqual(["own 1", "own 2"]);
    expect(kit.system.stats()).toMatchObject({ restarts: 1, deadLetters: 0 });
  });

  test("does not keep a stop waiting", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const line = kit.system.spawn(lineOf(log));
    line.act("a!");
    await exited(line);
    expect(log).toEqual(["closed a!"]);
  });

  test("is handled before a drain ends it", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const line = kit.system.spawn(lineOf(log));
    line.act("ab");
    await drain(line);
    expect(log).toEqual(["closed ab", "closed A", "closed B"]);
  });

  test("that its state refuses is a dead letter, and no failure", async () => {
    const kit = createTestSystem();
    const Own = machine<{ go(): void }, { a: undefined }, { own(n: number): void }>()({
      name: "own",
      events: { go: "cast", own: "internal" },
      initial: "a",
      init: () => ["a"],
      states: { a: { on: { go: (ctx) => ctx.next("own", 7) }, otherwise: "refuse" } },
    });
    kit.system.spawn(Own).go();
    await kit.run();
    expect(kit.eventsOf("deadLetter")).toMatchObject([{ verb: "own", args: [7], why: "refused" }]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test.for(["now", "later"])("that its handler refuses %s is one, too", async (when) => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Own = machine<{ go(ms: number): void }, States, { own(n: number): void }>()({
      name: "own",
      events: { go: "cast", own: "internal" },
      initial: "closed",
      init: () => ["closed"],
      states: {
        closed: {
          on: {
            go(ctx, ms) {
              if (ms < 0) ctx.next("own", 7);
              else ctx.timeouts.set("own", ms, 7);
            },
            own: {
              to: "open",
              do(ctx) {
                ctx.goto("open");
                if (when === "now") throw refuse(new Error("not mine"));
                return Promise.reject(refuse(new Error("not mine")) as unknown as Error);
              },
            },
          },
        },
        open: { otherwise: "refuse", enter: () => void log.push("open") },
      },
    });
    const own = kit.system.spawn(Own);
    for (const ms of [-1, 0, 10]) {
      own.go(ms);
      await kit.advance(10);
    }
    expect(kit.deadLetters).toEqual(["own to own#1", "own to own#1", "own to own#1"]);
    expect(kit.system.stats().failures).toBe(0);
    expect(log).toEqual([]);
  });

  test("that is one too many to postpone is a dead letter", async () => {
    const kit = createTestSystem();
    const Own = machine<{ go(): void }, { a: undefined }, { own(n: number): void }>()({
      name: "own",
      events: { go: "cast", own: "internal" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: { on: { go: (ctx) => [1, 2, 3].forEach((n) => ctx.next("own", n)), own: "postpone" } },
      },
    });
    kit.system.spawn(Own, undefined, { mailbox: { stash: 2 } }).go();
    await kit.run();
    expect(kit.eventsOf("deadLetter")).toMatchObject([{ verb: "own", args: [3], why: "refused" }]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("must be one that nobody waits for", async () => {
    const kit = createTestSystem({ logger: false });
    const Own = machine<{ go(event: string): void; ask(): Promise<void> }, { a: undefined }>()({
      name: "own",
      events: { go: "cast", ask: "call" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: { on: { go: (ctx, event) => ctx.next(event as "go", "") }, otherwise: "refuse" },
      },
    });
    const own = kit.system.spawn(Own, undefined, { restart: "permanent" });
    own.go("ask");
    own.go("toString");
    await kit.run();
    expect(kit.eventsOf("failed").map(({ error }) => (error as Error).message)).toEqual([
      "ctx.next in own#1: ask: nobody would get its reply",
      "ctx.next in own#1: toString: there is no such event",
    ]);
  });
});

describe("a timeout of 0 ms", () => {
  test("comes before what others have sent, and behind what is ahead of that", async () => {
    expect(await handled(["ta", "n"])).toBe("closed ta, closed A, closed T, closed n");
    expect(await handled(["p", "ota", "n"])).toBe(
      "closed p, closed ota, open A, open p, open T, open n",
    );
  });
});

describe("an event without a handler", () => {
  type Verdicts = "refuse" | "postpone" | "ignore";
  function otherwiseOf(otherwise: Verdicts, seen: unknown[] = []): ActorDef<Line & { go(): void }> {
    return machine<Line & { go(): void }, States>()({
      name: "other",
      events: { act: "cast", ask: "call", go: "cast" },
      initial: "closed",
      init: () => ["closed"],
      states: {
        closed: {
          on: { go: { to: "open", do: (ctx) => ctx.goto("open") } },
          otherwise(ctx, event) {
            seen.push([ctx.state, event]);
            return otherwise;
          },
        },
        open: {
          on: { act: (_ctx, what) => void seen.push(what), ask: (_ctx, what) => what },
          otherwise: "ignore",
        },
      },
    });
  }

  test("is what `otherwise` says, and that is told which", async () => {
    const kit = createTestSystem();
    const seen: unknown[] = [];
    const other = kit.system.spawn(otherwiseOf("postpone", seen));
    other.act("1");
    const asked = other.ask("2");
    other.go();
    expect(await asked).toBe("2");
    expect(seen).toEqual([["closed", "act"], ["closed", "ask"], "1"]);
  });

  test("that is refused is a dead letter where it was a cast, and rejects a call", async () => {
    const kit = createTestSystem();
    const other = kit.system.spawn(otherwiseOf("refuse"));
    other.act("1");
    await expect(other.ask("2")).rejects.toBeInstanceOf(WrongStateError);
    expect(kit.eventsOf("deadLetter")).toMatchObject([{ verb: "act", why: "refused" }]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("that is ignored is gone where it was a cast; a call is refused all the same", async () => {
    const kit = createTestSystem();
    const other = kit.system.spawn(otherwiseOf("ignore"));
    other.act("1");
    await expect(other.ask("2")).rejects.toBeInstanceOf(WrongStateError);
    expect(kit.deadLetters).toEqual([]);
  });

  test("fails the actor where `otherwise` gives none of the three words", async () => {
    const kit = createTestSystem({ logger: false });
    const other = kit.system.spawn(otherwiseOf("drop" as "ignore"));
    await expect(other.ask("2")).rejects.toThrow(
      'machine other: otherwise of state closed gave drop; it can give "refuse", "postpone" or "ignore"',
    );
  });
});

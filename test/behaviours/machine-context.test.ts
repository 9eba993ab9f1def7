import { describe, expect, test } from "vitest";
import { actor, kill, machine } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";

describe("a context", () => {
  interface Visit {
    go(): void;
    callBack(): void;
    ended(what: string): void;
  }
  /** Its callbacks come when its state has been left. */
  function visitOf(log: unknown[], use: (ctx: { data: object; state: string }) => void) {
    return machine<Visit, { a: { x: number }; b: { y: number } }>()({
      name: "visit",
      events: { go: "cast", callBack: "cast", ended: "cast" },
      initial: "a",
      init: () => ["a", { x: 1 }],
      states: {
        a: {
          on: {
            go: { to: "b", do: (ctx) => ctx.goto("b", { y: 2 }) },
            callBack(ctx) {
              ctx.timers.after(100, () => use(ctx));
              ctx.task(ctx.sleep(50), () => ctx.next("ended", ctx.name));
            },
            ended: (ctx, what) => void log.push(`a: ${what}, ${ctx.data.x}`),
          },
        },
        b: {
          on: {
            go: "ignore",
            callBack: "ignore",
            ended: (ctx, what) => void log.push(`b: ${what}, ${ctx.data.y}`),
          },
        },
      },
    });
  }

  test("of a state that was left is closed: no callback works on the data of another", async () => {
    for (const use of [
      (ctx: { data: object }): void => void ctx.data,
      (ctx: { data: object }): void => void (ctx.data = {}),
      (ctx: { state: string }): void => void ctx.state,
    ]) {
      const kit = createTestSystem({ logger: false });
      const visit = kit.system.spawn(visitOf([], use));
      visit.callBack();
      visit.go();
      await kit.advance(100);
      const [failed] = kit.eventsOf("failed");
      expect(String(failed?.error)).toMatch(
        /^BadInputError: ctx\.(?:data|state) in visit#1: the state that callBack began in has been left for b; send an event, with ctx\.next$/,
      );
    }
  });

  test("is good as long as its state lasts, and its events come in any", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const visit = kit.system.spawn(visitOf(log, (ctx) => log.push(ctx.data)));
    visit.callBack();
    await kit.advance(100);
    visit.callBack();
    visit.go();
    await kit.advance(50);
    expect(log).toEqual(["a: visit#1, 1", { x: 1 }, "b: visit#1, 2"]);
  });

  test("sends events also from code that no actor owns, to a machine that has nothing to do", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const open = gate();
    const Waiting = machine<{ go(): void }, { a: undefined }, { own(n: number): void }>()({
      events: { go: "cast", own: "internal" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go(ctx) {
              void open.passed.then(() => {
                ctx.next("own", 1);
                ctx.next("own", 2);
              });
            },
            own: (_ctx, n) => void log.push(n),
          },
        },
      },
    });
    kit.system.spawn(Waiting).go();
    await kit.run();
    open.open();
    await kit.run();
    expect(log).toEqual([1, 2]);
  });

  test("asks for nothing when its handler is done", async () => {
    const kit = createTestSystem({ logger: false });
    const log: string[] = [];
    const Late = machine<{ go(how: string): void }, { a: undefined }>()({
      name: "late",
      events: { go: "cast" },
      initial: "a",
      init: () => ["a"],
      states: {
        a: {
          on: {
            go: {
              to: ["a", "[*]"],
              do(ctx, how) {
                ctx.timers.after(1, () => {
                  try {
                    if (how === "goto") ctx.goto("a");
                    if (how === "repeat") ctx.repeat();
                    if (how === "stop") ctx.stop();
                    if (how === "postpone") ctx.postpone();
                  } catch (error) {
                    log.push(String(error));
                  }
                });
              },
            },
          },
        },
      },
    });
    const late = kit.system.spawn(Late);
    const all = ["goto", "repeat", "stop", "postpone"];
    for (const how of all) late.go(how);
    await kit.advance(1);
    expect(log).toEqual(
      all.map(
        (how) => `BadInputError: ctx.${how} in late#1: go is done; send an event, with ctx.next`,
      ),
    );
  });
});

test("hooks see the state with its data, and send events", async () => {
  const kit = createTestSystem({ logger: false });
  const log: string[] = [];
  const watched = kit.system.spawn(actor({}));
  const Watcher = machine<
    { peerGone(why: string): void; state(): Promise<string> },
    { watching: { of: string }; alone: undefined }
  >()({
    events: { peerGone: "cast", state: "call" },
    initial: "watching",
    init(ctx) {
      ctx.monitor(watched);
      return ["watching", { of: "door" }];
    },
    states: {
      watching: {
        on: {
          peerGone: {
            to: "alone",
            do(ctx, why) {
              log.push(`${ctx.data.of}: ${why}`);
              ctx.goto("alone");
            },
          },
          state: (ctx) => ctx.state,
        },
      },
      alone: { on: { peerGone: "ignore", state: (ctx) => ctx.state } },
    },
    onDown(ctx, down) {
      if (ctx.state === "watching") log.push(`down of the ${ctx.data.of}`);
      ctx.next("peerGone", down.reason.kind);
    },
  });
  const watcher = kit.system.spawn(Watcher);
  expect(await watcher.state()).toBe("watching");
  await kill(watched);
  expect(await watcher.state()).toBe("alone");
  expect(log).toEqual(["down of the door", "door: killed"]);
});

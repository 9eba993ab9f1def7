import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actor, agent, exited, kill, type AnyRef } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";

describe("one message at a time", () => {
  test("a send never runs the receiver inside the sender", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Receiver = actor({ cast: { hear: (_ctx, what: string) => void log.push(what) } });
    const receiver = kit.system.spawn(Receiver);
    await kit.run();
    receiver.hear("heard");
    log.push("sent");
    await kit.run();
    expect(log).toEqual(["sent", "heard"]);
  });

  test("a handler's send is handled after the handler, also when it sends to itself", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Echo = actor({
      cast: {
        twice(_ctx, again: () => void) {
          again();
          log.push("first is done");
        },
        note: () => void log.push("second"),
      },
    });
    const echo = kit.system.spawn(Echo);
    echo.twice(() => echo.note());
    await kit.run();
    expect(log).toEqual(["first is done", "second"]);
  });

  test("while an async handler is pending, no other message is taken", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Worker = actor({
      cast: {
        async slow() {
          log.push("slow begins");
          await door.passed;
          log.push("slow ends");
        },
        fast: () => void log.push("fast"),
      },
      call: { ask: () => void log.push("ask") },
    });
    const worker = kit.system.spawn(Worker);
    worker.slow();
    worker.fast();
    const asked = worker.ask();
    await kit.advance(1_000);
    expect(log).toEqual(["slow begins"]);
    door.open();
    await asked;
    expect(log).toEqual(["slow begins", "slow ends", "fast", "ask"]);
  });

  test("a pending timer tick and a task's outcome wait for the running handler too", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Worker = actor({
      init(ctx) {
        ctx.timers.after(1, () => void log.push("tick"));
        ctx.task(Promise.resolve(), () => void log.push("task"));
      },
      cast: {
        async slow() {
          await door.passed;
          log.push("slow ends");
        },
      },
    });
    const worker = kit.system.spawn(Worker);
    worker.slow();
    await kit.advance(10);
    expect(log).toEqual([]);
    door.open();
    await kit.run();
    expect(log).toEqual(["slow ends", "task", "tick"]);
  });

  test("a handler that returns a promise without being async is waited for as well", async () => {
    const kit = createTestSystem();
    const door = gate();
    const log: string[] = [];
    const Worker = actor({
      cast: { slow: () => door.passed, fast: () => void log.push("fast") },
    });
    const worker = kit.system.spawn(Worker);
    worker.slow();
    worker.fast();
    await kit.run();
    expect(log).toEqual([]);
    door.open();
    await kit.run();
    expect(log).toEqual(["fast"]);
  });
});

type Step = { readonly sender: number; readonly kind: "cast" | "call"; readonly pause: boolean };

describe("order per sender", () => {
  const step = fc.record({
    sender: fc.nat(2),
    kind: fc.constantFrom("cast" as const, "call" as const),
    pause: fc.boolean(),
  });
  const Sink = actor({
    init: () => ({ got: [] as [sender: number, n: number][] }),
    cast: {
      async put(ctx, from: number, n: number, slow: boolean) {
        if (slow) await Promise.resolve();
        ctx.state.got.push([from, n]);
      },
    },
    call: {
      ask: (ctx, from: number, n: number) => void ctx.state.got.push([from, n]),
      got: (ctx) => ctx.state.got,
    },
  });

  test("messages of one sender arrive in the order sent, whatever the others do", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const kit = createTestSystem();
        const sink = kit.system.spawn(Sink);
        const Sender = actor({
          cast: {
            async send(_ctx, { sender, kind, pause }: Step, n: number) {
              if (pause) await Promise.resolve();
              if (kind === "cast") sink.put(sender, n, pause);
              else sink.ask(sender, n).catch(() => {});
            },
          },
        });
        const senders = [0, 1, 2].map(() => kit.system.spawn(Sender));
        for (const [n, next] of steps.entries()) senders[next.sender]!.send(next, n);
        await kit.run();
        const got = await sink.got();
        expect(got).toHaveLength(steps.length);
        for (const sender of [0, 1, 2]) {
          const sent = steps.flatMap((next, n) => (next.sender === sender ? [n] : []));
          expect(got.filter(([from]) => from === sender).map(([, n]) => n)).toEqual(sent);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("a restart of the receiver leaves what waits in its order", async () => {
    const kit = createTestSystem();
    const got: number[] = [];
    const Fragile = actor({
      cast: {
        put(_ctx, n: number) {
          got.push(n);
          if (n % 3 === 0) throw new Error(`bad ${n}`);
        },
      },
    });
    const fragile = kit.system.spawn(Fragile, undefined, { restart: "permanent" });
    for (let n = 1; n <= 9; n++) fragile.put(n);
    await kit.run();
    expect(got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("at most once", () => {
  const Worker = actor({
    cast: {
      work(_ctx, log: string[], what: string) {
        log.push(what);
        if (what === "poison") throw new Error("poison");
      },
      async hang(_ctx, log: string[]) {
        log.push("hang");
        await new Promise(() => {});
      },
      stashAndThrow(ctx, log: string[]) {
        log.push("stashed");
        ctx.stash();
        throw new Error("after stash");
      },
      async stashAndHang(ctx, log: string[]) {
        log.push("stashed");
        ctx.stash();
        await new Promise(() => {});
      },
      unstash: (ctx) => ctx.unstash(),
    },
  });

  test("the message that an actor fails on is not handled again; those behind it are", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const worker = kit.system.spawn(Worker, undefined, { restart: "permanent" });
    worker.work(log, "poison");
    worker.work(log, "next");
    await kit.run();
    expect(log).toEqual(["poison", "next"]);
  });

  test("the message that an actor is killed on is not handled again", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const worker = kit.system.spawn(Worker, undefined, { restart: "permanent" });
    worker.hang(log);
    worker.work(log, "next");
    await kit.run();
    await kill(worker);
    await kit.run();
    expect(log).toEqual(["hang", "next"]);
  });

  test("a message that was stashed by the handler that threw is not handled again", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const worker = kit.system.spawn(Worker, undefined, { restart: "permanent" });
    worker.stashAndThrow(log);
    await kit.run();
    worker.unstash();
    worker.work(log, "next");
    await kit.run();
    expect(log).toEqual(["stashed", "next"]);
  });

  test("a message that was stashed by the handler that was killed is not handled again", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const worker = kit.system.spawn(Worker, undefined, { restart: "permanent" });
    worker.stashAndHang(log);
    await kit.run();
    await kill(worker);
    await kit.run();
    worker.work(log, "next");
    await kit.run();
    expect(log).toEqual(["stashed", "next"]);
  });
});

describe("state", () => {
  test("`init` makes it from the props, on the first start and on every restart", async () => {
    const kit = createTestSystem();
    const made: unknown[] = [];
    const Counter = actor({
      init(_ctx, props: { start: number }) {
        const state = { n: props.start };
        made.push(state);
        return state;
      },
      cast: {
        add: (ctx) => void ctx.state.n++,
        fail() {
          throw new Error("boom");
        },
      },
      call: { value: (ctx) => ctx.state.n },
    });
    const counter = kit.system.spawn(Counter, { start: 7 }, { restart: "permanent" });
    counter.add();
    expect(await counter.value()).toBe(8);
    counter.fail();
    expect(await counter.value()).toBe(7);
    expect(made).toHaveLength(2);
    expect(made[0]).not.toBe(made[1]);
  });

  test("it may be replaced, and is whatever `init` returned or resolved to", async () => {
    const kit = createTestSystem();
    const Cell = actor({
      init: () => Promise.resolve("made"),
      cast: { put: (ctx, what: string) => void (ctx.state = what) },
      call: { get: (ctx) => ctx.state },
    });
    const cell = kit.system.spawn(Cell);
    expect(await cell.get()).toBe("made");
    cell.put("replaced");
    expect(await cell.get()).toBe("replaced");
  });

  test("the state at death is handed to the parent, and can seed the successor", async () => {
    const kit = createTestSystem();
    const ended: unknown[] = [];
    const Heir = actor({
      init: (_ctx, props: { n: number }) => ({ n: props.n }),
      cast: {
        add: (ctx) => void ctx.state.n++,
        fail() {
          throw new Error("boom");
        },
        leave: (ctx) => ctx.stop(),
      },
      call: { value: (ctx) => ctx.state.n },
    });
    const Parent = actor({
      init: (ctx) =>
        ctx.spawn(
          Heir,
          { n: 1 },
          { onFailure: (_error, { state }) => ({ restart: true, props: state }) },
        ),
      call: { heir: (ctx) => [ctx.state] },
      onChild(_ctx, event) {
        if (event.kind === "ended") ended.push(event.state);
      },
    });
    const [heir] = await kit.system.spawn(Parent).heir();
    heir!.add();
    heir!.fail();
    expect(await heir!.value()).toBe(2);
    heir!.leave();
    await kit.run();
    expect(ended).toEqual([{ n: 2 }]);
  });

  test("what init resolves to after the incarnation is over is nobody's state", async () => {
    const kit = createTestSystem();
    const doors = [gate<string>(), gate<string>(), gate<string>()];
    let starts = 0;
    const Slow = actor({
      init: () => doors[starts++]!.passed,
      call: { get: (ctx) => ctx.state },
    });
    const slow = kit.system.spawn(Slow, undefined, { restart: "permanent" });
    doors[0]!.open("first");
    expect(await slow.get()).toBe("first");
    await kill(slow);
    await kit.run();
    await kill(slow);
    await kit.run();
    expect(starts).toBe(3);
    doors[1]!.open("late");
    await kit.run();
    doors[2]!.open("third");
    expect(await slow.get()).toBe("third");
  });
});

test("an actor's failure is its own: its siblings, its parent and the system go on", async () => {
  const kit = createTestSystem();
  const cells: AnyRef[] = [];
  const Parent = actor({
    init(ctx) {
      const Bomb = actor({
        init: () => {
          throw new Error("boom");
        },
      });
      cells.push(ctx.spawn(agent(() => 1)), ctx.spawn(Bomb));
    },
    call: { ping: () => "pong" },
  });
  const parent = kit.system.spawn(Parent);
  await kit.run();
  expect(await exited(cells[1]!)).toMatchObject({ kind: "failed" });
  expect(await parent.ping()).toBe("pong");
  expect(kit.system.stats().alive).toBe(2);
});

import { describe, expect, test } from "vitest";
import {
  drain,
  exited,
  implement,
  InboxClosed,
  isAlive,
  kill,
  loop,
  mailboxSize,
  monitor,
  restart,
  started,
  stop,
  topic,
  type Inbox,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

type Note = { readonly type: "a"; readonly n: number } | { readonly type: "b"; readonly s: string };
const a = (n: number): Note => ({ type: "a", n });

describe("a loop takes messages", () => {
  test("one after the other with for await, in the order sent", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Greeter = loop<string>(async (inbox) => {
      for await (const name of inbox) log.push(`Hello, ${name}!`);
    });
    const greeter = kit.system.spawn(Greeter);
    greeter.send("Ann");
    greeter.send("Bob");
    await kit.run();
    expect(log).toEqual(["Hello, Ann!", "Hello, Bob!"]);
  });

  test("only when it comes back for more", async () => {
    const kit = createTestSystem();
    const log: number[] = [];
    const hold = gate();
    const Slow = loop<number>(async (inbox) => {
      for await (const n of inbox) {
        log.push(n);
        await hold.passed;
      }
    });
    const slow = kit.system.spawn(Slow);
    for (const n of [1, 2, 3]) slow.send(n);
    await kit.run();
    expect([log, mailboxSize(slow)]).toEqual([[1], 2]);
    hold.open();
    await kit.run();
    expect(log).toEqual([1, 2, 3]);
  });

  test("with receive, the next one", async () => {
    const kit = createTestSystem();
    const log: number[] = [];
    const Two = loop<number>(async (inbox) => {
      log.push(await inbox.receive(), await inbox.receive());
    });
    const two = kit.system.spawn(Two);
    for (const n of [1, 2, 3]) two.send(n);
    expect(await exited(two)).toEqual({ kind: "normal" });
    expect(log).toEqual([1, 2]);
  });

  test("that wait already with tryReceive, or undefined", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const Batcher = loop<number>(async (inbox) => {
      log.push(inbox.tryReceive());
      for await (const first of inbox) {
        log.push(`size ${inbox.size}`);
        const batch = [first];
        for (let n = inbox.tryReceive(); n !== undefined; n = inbox.tryReceive()) batch.push(n);
        log.push(batch);
      }
    });
    const batcher = kit.system.spawn(Batcher);
    await kit.run();
    for (const n of [1, 2, 3]) batcher.send(n);
    await kit.run();
    batcher.send(4);
    await kit.run();
    expect(log).toEqual([undefined, "size 2", [1, 2, 3], "size 0", [4]]);
  });

  test("of the wanted types, while the others wait in their order", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const selector = implement<{ a(n: number): void; b(s: string): void; c(): void }>().loop(
      { a: "cast", b: "cast", c: "cast" },
      async (inbox) => {
        const first = await inbox.receive("b");
        log.push(first.args[0].toUpperCase());
        const second = await inbox.receive("b", "c");
        log.push(second.type);
        for await (const rest of inbox) log.push([rest.type, ...rest.args]);
      },
    );
    const ref = kit.system.spawn(selector);
    ref.a(1);
    ref.c();
    ref.a(2);
    ref.b("hi");
    await kit.run();
    ref.a(3);
    await kit.run();
    expect(log).toEqual(["HI", "c", ["a", 1], ["a", 2], ["a", 3]]);
  });

  test("of the wanted types, also behind thousands of others", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const Picky = implement<{ a(n: number): void; b(s: string): void }>().loop(
      { a: "cast", b: "cast" },
      async (inbox) => {
        log.push((await inbox.receive("b")).args[0]);
        log.push((await inbox.receive("b")).args[0]);
        for await (const { args } of inbox) log.push(args[0]);
      },
    );
    const picky = kit.system.spawn(Picky);
    await kit.run();
    for (let n = 0; n < 1_500; n++) picky.a(n);
    await kit.run();
    picky.b("first");
    await kit.run();
    expect(log).toEqual(["first"]);
    for (let n = 1_500; n < 3_000; n++) picky.a(n);
    picky.b("second");
    await kit.run();
    expect(log).toEqual(["first", "second", ...Array.from({ length: 3_000 }, (_, n) => n)]);
  });

  test("that came before the wanted one and were offered already, too", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const go = gate();
    const Picky = implement<{ a(): void; b(): void }>().loop(
      { a: "cast", b: "cast" },
      async (inbox) => {
        await go.passed;
        log.push((await inbox.receive("b")).type);
        log.push((await inbox.receive()).type);
      },
    );
    const picky = kit.system.spawn(Picky);
    picky.a();
    picky.b();
    await kit.run();
    go.open();
    await kit.run();
    expect(log).toEqual(["b", "a"]);
  });
});

test("a loop's state is in its own variables, and props come with ctx", async () => {
  const kit = createTestSystem();
  const total = gate<number>();
  const Adder = loop<number, { start: number }>(async (inbox, ctx) => {
    let sum = ctx.props.start;
    for await (const n of inbox) {
      if (n === 0) break;
      sum += n;
    }
    total.open(sum);
  });
  const adder = kit.system.spawn(Adder, { start: 10 });
  for (const n of [1, 2, 0]) adder.send(n);
  expect(await total.passed).toBe(13);
  expect(await exited(adder)).toEqual({ kind: "normal" });
});

describe("a stop", () => {
  test("ends the for await, and what stands behind it is clean-up that may wait", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Careful = loop<string>(async (inbox) => {
      for await (const line of inbox) log.push(line);
      await kit.system.deadline(new Promise(() => {}), 100).catch(() => {});
      log.push("flushed");
    });
    const careful = kit.system.spawn(Careful);
    careful.send("a");
    await kit.run();
    const end = follow(stop(careful));
    await kit.advance(99);
    expect([log, end.outcomes]).toEqual([["a"], []]);
    await kit.advance(1);
    expect(log).toEqual(["a", "flushed"]);
    expect(end.outcomes).toEqual([{ value: { kind: "normal" } }]);
  });

  test("waits for the message at hand", async () => {
    const kit = createTestSystem();
    const hold = gate();
    const Slow = loop<string>(async (inbox) => {
      for await (const _ of inbox) await hold.passed;
    });
    const slow = kit.system.spawn(Slow);
    slow.send("a");
    slow.send("never taken");
    await kit.run();
    void stop(slow);
    await kit.run();
    expect(isAlive(slow)).toBe(true);
    hold.open();
    expect(await exited(slow)).toEqual({ kind: "normal" });
    expect(kit.deadLetters).toEqual(["send to loop#1"]);
  });

  test("rejects a pending receive with InboxClosed; letting it pass is a normal end", async () => {
    const kit = createTestSystem();
    const seen: unknown[] = [];
    const One = loop<string>(async (inbox) => {
      try {
        await inbox.receive();
      } catch (error) {
        seen.push(error);
        throw error;
      }
    });
    const one = kit.system.spawn(One);
    await kit.run();
    expect(await stop(one)).toEqual({ kind: "normal" });
    expect(seen[0]).toBeInstanceOf(InboxClosed);
    expect(kit.eventsOf("hookFailed")).toEqual([]);
  });

  test("makes every later receive reject as well", async () => {
    const kit = createTestSystem();
    const seen: unknown[] = [];
    const Stubborn = loop<string>(async (inbox) => {
      for (let i = 0; i < 3; i++) {
        // oxlint-disable-next-line no-await-in-loop -- again and again
        await inbox.receive().catch((error: unknown) => seen.push(error));
      }
    });
    const stubborn = kit.system.spawn(Stubborn);
    await kit.run();
    await stop(stubborn);
    expect(seen).toHaveLength(3);
  });

  test("after a drain: all that was admitted is taken first", async () => {
    const kit = createTestSystem();
    const log: number[] = [];
    const Worker = loop<number>(async (inbox) => {
      for await (const n of inbox) log.push(n);
      log.push(-1);
    });
    const worker = kit.system.spawn(Worker);
    for (const n of [1, 2, 3]) worker.send(n);
    await drain(worker);
    expect(log).toEqual([1, 2, 3, -1]);
  });
});

describe("a kill", () => {
  test("ends a loop that waits: its receive rejects", async () => {
    const kit = createTestSystem();
    const seen: unknown[] = [];
    const Waits = loop<string>(async (inbox) => {
      await inbox.receive().catch((error: unknown) => seen.push(error));
    });
    const waits = kit.system.spawn(Waits);
    await kit.run();
    await kill(waits);
    await kit.run();
    expect(seen).toMatchObject([{ code: "TROUPE_KILLED" }]);
    expect(await exited(waits)).toEqual({ kind: "killed" });
  });

  test("ends a loop in the middle of its work; what it still does changes nothing", async () => {
    const kit = createTestSystem();
    const hold = gate();
    const log: unknown[] = [];
    const Worker = loop<string>(async (inbox, ctx) => {
      for await (const line of inbox) {
        log.push(line);
        await hold.passed;
        try {
          ctx.spawn(loop(async () => {}));
        } catch (error) {
          log.push(error);
        }
      }
      log.push("not reached");
    });
    const worker = kit.system.spawn(Worker);
    worker.send("a");
    worker.send("b");
    await kit.run();
    await kill(worker);
    hold.open();
    await kit.run();
    expect(log).toMatchObject(["a", { code: "TROUPE_KILLED" }]);
    expect(kit.deadLetters).toEqual(["send to loop#1"]);
  });
});

describe("a loop that throws", () => {
  const error = new Error("boom");

  test("fails its actor, at work or while it cleans up", async () => {
    const kit = createTestSystem();
    const Fragile = loop<string>(async (inbox) => {
      await inbox.receive();
      throw error;
    });
    const fragile = kit.system.spawn(Fragile);
    fragile.send("go");
    expect(await exited(fragile)).toEqual({ kind: "failed", error });
    const Sloppy = loop<string>(async (inbox) => {
      for await (const _ of inbox);
      throw error;
    });
    const sloppy = kit.system.spawn(Sloppy);
    await started(sloppy);
    expect(await stop(sloppy)).toEqual({ kind: "normal" });
    expect(kit.eventsOf("hookFailed")).toMatchObject([{ hook: "exit", error }]);
  });

  test("before it takes anything fails its actor, which did start", async () => {
    const kit = createTestSystem();
    const Early = loop<string>(async () => {
      throw error;
    });
    const early = kit.system.spawn(Early);
    await started(early);
    expect(await exited(early)).toEqual({ kind: "failed", error });
  });

  test("is restarted afresh, with the mailbox kept and the message at hand not taken again", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    let runs = 0;
    const Phoenix = loop<string>(async (inbox) => {
      const run = ++runs;
      for await (const line of inbox) {
        log.push(`${run}: ${line}`);
        if (line === "fail") throw error;
      }
    });
    const phoenix = kit.system.spawn(Phoenix, undefined, { restart: "permanent" });
    for (const line of ["a", "fail", "b", "c"]) phoenix.send(line);
    await kit.run();
    expect(log).toEqual(["1: a", "1: fail", "2: b", "2: c"]);
  });
});

test("a permanent loop that returns begins again; a transient one ends", async () => {
  const kit = createTestSystem();
  let runs = 0;
  const Once = loop<string>(async (inbox) => {
    runs++;
    await inbox.receive();
  });
  const permanent = kit.system.spawn(Once, undefined, { restart: "permanent" });
  permanent.send("a");
  await kit.run();
  expect([runs, isAlive(permanent)]).toEqual([2, true]);
  const transient = kit.system.spawn(Once, undefined, { restart: "transient" });
  transient.send("a");
  await kit.run();
  expect(isAlive(transient)).toBe(false);
});

test("a restart by hand gives a fresh loop, which takes what the other left", async () => {
  const kit = createTestSystem();
  const log: string[] = [];
  const hold = gate();
  let runs = 0;
  const Worker = loop<string>(async (inbox) => {
    const run = ++runs;
    for await (const line of inbox) {
      log.push(`${run}: ${line}`);
      if (line === "a") await hold.passed;
    }
    log.push(`${run}: end`);
  });
  const worker = kit.system.spawn(Worker);
  worker.send("a");
  worker.send("b");
  await kit.run();
  const again = restart(worker);
  hold.open();
  await again;
  await kit.run();
  expect(log).toEqual(["1: a", "1: end", "2: b"]);
});

describe("while a loop waits for a message,", () => {
  test("its hooks run", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Child = loop<string>(async (inbox) => {
      await inbox.receive();
    });
    const Parent = loop<string>(
      async (inbox, ctx) => {
        const child = ctx.spawn(Child, undefined, { name: "child" });
        ctx.monitor(child);
        for await (const line of inbox) child.send(line);
      },
      {
        name: "parent",
        onChild: (_ctx, event) => void log.push(`${event.name} ${event.kind}`),
        onDown: (_ctx, down) => void log.push(`down ${down.name} ${down.reason.kind}`),
      },
    );
    const parent = kit.system.spawn(Parent);
    await kit.run();
    parent.send("x");
    await kit.run();
    expect(log).toEqual(["child started", "child ended", "down child normal"]);
  });

  test.each([
    ["any message", (inbox: Inbox<Note>) => inbox.receive()],
    ["one of a type", (inbox: Inbox<Note>) => inbox.receive("a")],
  ])("be it %s, timers tick, tasks are told, topics are heard", async (_what, receive) => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const News = topic<string>("news");
    const Busy = implement<{ a(): void; b(): void }>().loop(
      { a: "cast", b: "cast" },
      async (inbox, ctx) => {
        ctx.timers.after(10, () => void log.push("tick"));
        ctx.task(
          async () => "task",
          (done) => void log.push(done),
        );
        ctx.subscribe(News, (news) => void log.push(news));
        await receive(inbox as unknown as Inbox<Note>);
        log.push("message");
      },
    );
    const busy = kit.system.spawn(Busy);
    await kit.run();
    kit.system.publish(News, "news");
    await kit.advance(10);
    expect(log).toEqual(["task", "news", "tick"]);
    busy.a();
    await kit.run();
    expect(log.at(-1)).toBe("message");
  });
});

test("tryReceive gives messages only: no ticks, no events of topics", async () => {
  const kit = createTestSystem();
  const log: unknown[] = [];
  const News = topic<string>("news");
  const hold = gate();
  const Poller = loop<Note>(async (inbox, ctx) => {
    ctx.subscribe(News, (news) => void log.push(news));
    await inbox.receive();
    await hold.passed;
    log.push(inbox.tryReceive(), inbox.tryReceive());
    await inbox.receive();
  });
  const poller = kit.system.spawn(Poller);
  await kit.run();
  poller.send(a(1));
  await kit.run();
  kit.system.publish(News, "news");
  poller.send(a(2));
  hold.open();
  await kit.run();
  expect(log).toEqual([a(2), undefined, "news"]);
});

test("an end of a loop is told to monitors like that of any actor", async () => {
  const kit = createTestSystem();
  const downs: unknown[] = [];
  const Once = loop<string>(async (inbox) => {
    await inbox.receive();
  });
  const once = kit.system.spawn(Once);
  monitor(once, (down) => downs.push(down.reason));
  once.send("x");
  await kit.run();
  expect(downs).toEqual([{ kind: "normal" }]);
});

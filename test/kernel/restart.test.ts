import { describe, expect, test } from "vitest";
import {
  actor,
  group,
  isAlive,
  kill,
  loop,
  nameOf,
  restart,
  started,
  status,
  stop,
  topic,
  type AnyRef,
  type Backoff,
  type FailureInfo,
  type Ref,
  type Reply,
  type Restart,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";

const permanent = { restart: "permanent" } as const;

describe("a restart is in place", () => {
  test("ref, name, groups and props stay; the state is new", async () => {
    await using kit = createTestSystem();
    const { system } = kit;
    const crew = group(Worker, "crew");
    const seen: object[] = [];
    const Member = actor({
      name: "member",
      init: (ctx, props: { id: string }) => {
        seen.push(props);
        ctx.join(crew);
        return { pings: 0 };
      },
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      call: { ping: (ctx) => ++ctx.state.pings },
    });
    const props = { id: "one" };
    const ref = system.spawn(Member, props, { ...permanent, name: "the-one" });
    await ref.ping();
    await ref.ping();
    ref.fail();
    expect(await ref.ping()).toBe(1);
    expect(seen).toEqual([props, props]);
    expect(seen[1]).toBe(props);
    expect(system.whereIs(Member, "the-one")).toBe(ref);
    expect(nameOf(ref)).toBe("the-one");
    expect(system.actors()).toEqual([ref]);
  });

  test("a group that was joined outside of init is kept, and joined once", async () => {
    await using kit = createTestSystem();
    const crew = group(Worker, "crew");
    const Member = actor({
      init: () => ({}),
      cast: {
        enlist: (ctx) => ctx.join(crew),
        fail() {
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Member, undefined, permanent);
    ref.enlist();
    ref.fail();
    await kit.run();
    expect(kit.system.group(crew).members()).toEqual([ref]);
  });

  test("what waits in the mailbox is handled by the new incarnation, in order", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), permanent);
    ref.add(1);
    ref.fail("broken");
    ref.add(10);
    ref.add(20);
    expect(await ref.value()).toBe(30);
    expect(kit.deadLetters).toEqual([]);
  });

  test("the message that failed is not handled again", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    ref.fail("broken");
    await kit.run();
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(await ref.value()).toBe(0);
  });

  test("the actor is alive all the while; isAlive and status say so", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      backoff: { kind: "fixed", delay: 100 },
    });
    ref.fail("broken");
    await kit.run();
    expect([status(ref), isAlive(ref)]).toEqual(["restarting", true]);
    await kit.advance(100);
    expect([status(ref), isAlive(ref)]).toEqual(["running", true]);
  });

  test("the exit hook of the old incarnation runs before init of the new one", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), permanent);
    ref.fail("broken");
    await kit.run();
    expect(journal).toEqual(["a init", "a up", "a down: failed", "a init", "a up"]);
  });

  test("stashed messages are handled by the new incarnation, before those that wait", async () => {
    await using kit = createTestSystem();
    const handled: string[] = [];
    let hold = true;
    const Holder = actor({
      init: () => ({}),
      cast: {
        note(ctx, what: string) {
          if (hold) ctx.stash();
          else handled.push(what);
        },
        fail() {
          hold = false;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Holder, undefined, permanent);
    ref.note("first");
    ref.note("second");
    ref.fail();
    ref.note("third");
    await kit.run();
    expect(handled).toEqual(["first", "second", "third"]);
  });
});

describe("ctx.clearMailbox() in init", () => {
  const handled: number[] = [];
  let cleared: number[] = [];
  const Forgetful = actor({
    name: "forgetful",
    init: (ctx) => {
      cleared.push(ctx.clearMailbox());
    },
    cast: {
      note: (_ctx, n: number) => void handled.push(n),
      fail() {
        throw new Error("broken");
      },
    },
    call: { ask: () => "answer" },
  });

  test("drops what waited: casts become dead letters, calls reject; what comes later is handled", async () => {
    await using kit = createTestSystem();
    cleared = [];
    handled.length = 0;
    const ref = kit.system.spawn(Forgetful, undefined, permanent);
    await started(ref);
    ref.note(1);
    ref.fail();
    ref.note(2);
    const asked = ref.ask();
    await expect(asked).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    ref.note(3);
    await kit.run();
    expect(handled).toEqual([1, 3]);
    expect(cleared).toEqual([0, 2]);
    expect(kit.deadLetters).toEqual([`note to ${nameOf(ref)}`]);
  });
});

describe("of the old incarnation is gone", () => {
  test("timers, also a tick that is already queued", async () => {
    await using kit = createTestSystem();
    const ticks: string[] = [];
    const Ticker = actor({
      name: "ticker",
      init: () => ({}),
      cast: {
        arm(ctx) {
          ctx.timers.every(10, () => void ticks.push("every"));
          ctx.timers.after(10, () => void ticks.push("after"));
          ctx.timers.after(10, () => void ticks.push("keyed"), { key: "k" });
        },
        async failAfter(_ctx, until: Promise<void>) {
          await until;
          throw new Error("broken");
        },
      },
      call: { ping: () => "pong" },
    });
    const ref = kit.system.spawn(Ticker, undefined, permanent);
    const done = gate();
    ref.arm();
    ref.failAfter(done.passed);
    // The ticks come while the handler is busy: they wait in the mailbox when it fails.
    await kit.advance(15);
    done.open();
    await kit.advance(100);
    expect(await ref.ping()).toBe("pong");
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(ticks).toEqual([]);
  });

  test("killAfter and stopAfter", async () => {
    await using kit = createTestSystem();
    const Doomed = actor({
      init: () => ({}),
      cast: {
        arm(ctx) {
          ctx.timers.killAfter(50);
          ctx.timers.stopAfter(60);
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Doomed, undefined, permanent);
    ref.arm();
    await kit.advance(200);
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("sources: the old one is left, and what it yielded already is not seen", async () => {
    await using kit = createTestSystem();
    const items: string[] = [];
    const left: number[] = [];
    let run = 0;
    async function* numbers(of: number): AsyncGenerator<string> {
      try {
        for (let i = 0; ; i++) {
          yield `${of}:${i}`;
          if (i === 1) await new Promise(() => {});
        }
      } finally {
        left.push(of);
      }
    }
    const Reader = actor({
      init: (ctx) => {
        const mine = ++run;
        ctx.source(numbers(mine), (item) => {
          items.push(item);
          if (item === "1:0") throw new Error("broken");
        });
      },
    });
    kit.system.spawn(Reader, undefined, permanent);
    await kit.run();
    expect(items).toEqual(["1:0", "2:0", "2:1"]);
    expect(left).toEqual([1]);
    expect(kit.eventsOf("failed").map(({ phase }) => phase)).toEqual(["source"]);
  });

  test("tasks: one that finishes, and one that throws, after the restart are not seen", async () => {
    await using kit = createTestSystem();
    const good = gate();
    const bad = gate();
    const outcomes: string[] = [];
    const aborted: boolean[] = [];
    const Busy = actor({
      init: () => ({}),
      cast: {
        begin(ctx) {
          ctx.task(
            (signal) => {
              signal.addEventListener("abort", () => aborted.push(true));
              return good.passed;
            },
            () => void outcomes.push("done"),
          );
          ctx.task(bad.passed);
          ctx.task(bad.passed, undefined, { onError: () => void outcomes.push("error") });
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Busy, undefined, permanent);
    ref.begin();
    await kit.run();
    expect(aborted).toEqual([true]);
    good.open();
    bad.fail(new Error("too late"));
    await kit.run();
    expect(outcomes).toEqual([]);
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(status(ref)).toBe("running");
  });

  test("tasks: an outcome that is already queued is not seen", async () => {
    await using kit = createTestSystem();
    const outcomes: string[] = [];
    const until = gate();
    const Busy = actor({
      init: () => ({}),
      cast: {
        async begin(ctx) {
          ctx.task(Promise.resolve(1), () => void outcomes.push("done"));
          await until.passed;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Busy, undefined, permanent);
    ref.begin();
    await kit.run();
    until.open();
    await kit.run();
    expect(kit.eventsOf("failed")).toHaveLength(1);
    expect(outcomes).toEqual([]);
  });

  test("subscriptions, also an event that is already queued", async () => {
    await using kit = createTestSystem();
    const news = topic<string>("news");
    const heard: string[] = [];
    const until = gate();
    const Listener = actor({
      init: () => ({}),
      cast: {
        async listen(ctx) {
          ctx.subscribe(news, (event) => void heard.push(event));
          await until.passed;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Listener, undefined, permanent);
    ref.listen();
    await kit.run();
    expect(kit.system.publish(news, "queued")).toBe(1);
    until.open();
    await kit.run();
    expect(kit.system.publish(news, "later")).toBe(0);
    await kit.run();
    expect(heard).toEqual([]);
    expect(status(ref)).toBe("running");
  });

  test("monitors, also a down that is already queued", async () => {
    await using kit = createTestSystem();
    const downs: string[] = [];
    const until = gate();
    const watched = kit.system.spawn(Worker, worker("watched", []));
    const later = kit.system.spawn(Worker, worker("later", []));
    const Watcher = actor({
      init: () => ({}),
      cast: {
        async watch(ctx, refs: readonly AnyRef[]) {
          for (const ref of refs) ctx.monitor(ref, ({ name }) => void downs.push(name));
          await until.passed;
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Watcher, undefined, permanent);
    ref.watch([watched, later]);
    await kit.run();
    await stop(watched);
    until.open();
    await kit.run();
    await stop(later);
    await kit.run();
    expect(downs).toEqual([]);
    expect(status(ref)).toBe("running");
  });

  test("links", async () => {
    await using kit = createTestSystem();
    const other = kit.system.spawn(Worker, worker("other", []));
    const Linker = actor({
      init: () => ({}),
      onExit: () => {},
      cast: {
        connect(ctx, ref: AnyRef) {
          ctx.link(ref);
        },
        fail() {
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Linker, undefined, permanent);
    const second = kit.system.spawn(Worker, worker("second", []));
    ref.connect(second);
    await kit.run();
    ref.fail();
    await kit.run();
    expect(status(second)).toBe("stopped");
    void kill(other);
    await kit.run();
    expect(status(ref)).toBe("running");
  });

  test("children: they end, with their exit hooks, before the new incarnation begins", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const Parent = actor({
      init: (ctx) => {
        journal.push("parent init");
        for (const id of ["a", "b"]) ctx.spawn(Worker, worker(id, journal));
      },
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      exit: () => void journal.push("parent down"),
    });
    const ref = kit.system.spawn(Parent, undefined, permanent);
    await kit.run();
    take(journal);
    ref.fail();
    await kit.run();
    expect(journal).toEqual([
      "b down: shutdown",
      "a down: shutdown",
      "parent down",
      "parent init",
      "a init",
      "a up",
      "b init",
      "b up",
    ]);
  });

  test("streams: the reader is told with the reason", async () => {
    await using kit = createTestSystem();
    const Streamer = actor({
      init: () => ({}),
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      stream: {
        async *numbers() {
          yield 1;
          await new Promise(() => {});
        },
      },
    });
    const ref = kit.system.spawn(Streamer, undefined, permanent);
    const reader = ref.numbers()[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    const next = reader.next();
    next.catch(() => {});
    await kit.run();
    ref.fail();
    await kit.run();
    await expect(next).rejects.toMatchObject({ reason: { kind: "failed" } });
  });

  test("deferred replies: their callers' promises reject with the reason", async () => {
    await using kit = createTestSystem();
    const kept: Reply<string>[] = [];
    const Keeper = actor({
      init: () => ({}),
      cast: {
        fail() {
          throw new Error("broken");
        },
      },
      call: {
        ask(ctx) {
          const reply = ctx.defer<string>();
          kept.push(reply);
          return reply;
        },
      },
    });
    const ref = kit.system.spawn(Keeper, undefined, permanent);
    const asked = ref.ask();
    ref.fail();
    await expect(asked).rejects.toMatchObject({
      code: "TROUPE_ACTOR_STOPPED",
      reason: { kind: "failed" },
    });
    kept[0]?.resolve("late");
    expect(kit.eventsOf("lateReply")).toHaveLength(1);
  });

  test("its context: signal is aborted, and using it says that it is over", async () => {
    await using kit = createTestSystem();
    const leaks: (() => unknown)[] = [];
    let signal: AbortSignal | undefined;
    const Leaky = actor({
      init: () => ({ n: 0 }),
      cast: {
        fail(ctx) {
          signal = ctx.signal;
          leaks.push(
            () => ctx.state,
            () => ctx.spawn(Worker, worker("x", [])),
            () => ctx.stop(),
          );
          throw new Error("broken");
        },
      },
    });
    const ref = kit.system.spawn(Leaky, undefined, permanent);
    ref.fail();
    await kit.run();
    expect(signal?.aborted).toBe(true);
    for (const use of leaks) {
      expect(use).toThrow(expect.objectContaining({ code: "TROUPE_ACTOR_STOPPED" }));
    }
    expect(status(ref)).toBe("running");
  });
});

/** Every way in which an actor can end, and whether it counts as its failure. */
const ways: readonly {
  readonly way: string;
  readonly failed: boolean;
  /** An order is obeyed whatever the restart type. */
  readonly order?: boolean;
  readonly end: (ref: Ref<Ending>) => void;
}[] = [
  { way: "a throw in a handler", failed: true, end: (ref) => ref.end("throw") },
  { way: "a rejection in a handler", failed: true, end: (ref) => ref.end("reject") },
  { way: "a throw in a call", failed: true, end: (ref) => void ref.endCall().catch(() => {}) },
  { way: "a throw in a lifecycle hook", failed: true, end: (ref) => ref.end("lifecycle") },
  { way: "a throw in a timer", failed: true, end: (ref) => ref.end("timer") },
  { way: "a failing task", failed: true, end: (ref) => ref.end("task") },
  { way: "a failing source", failed: true, end: (ref) => ref.end("source") },
  { way: "kill", failed: true, end: (ref) => void kill(ref) },
  { way: "a linked actor that failed", failed: true, end: (ref) => ref.end("link-fail") },
  { way: "a linked actor that was killed", failed: true, end: (ref) => ref.end("link-kill") },
  { way: "a link to nobody", failed: true, end: (ref) => ref.end("link-noproc") },
  { way: "ctx.stop with a failure", failed: true, end: (ref) => ref.end("stop-failed") },
  { way: "ctx.stop()", failed: false, end: (ref) => ref.end("stop") },
  { way: "ctx.stop with a text", failed: false, end: (ref) => ref.end("stop-text") },
  { way: "a linked actor that was shut down", failed: false, end: (ref) => ref.end("link-stop") },
  { way: "stop(ref)", failed: false, order: true, end: (ref) => void stop(ref) },
  {
    way: "stop(ref) with a failure",
    failed: true,
    order: true,
    end: (ref) => void stop(ref, { kind: "failed", error: new Error("by order") }),
  },
];

interface Ending {
  end(how: string): void;
  endCall(): Promise<void>;
}

const Ender = actor({
  name: "ender",
  init: (_ctx, _props: { inits: string[] }) => {
    _props.inits.push("init");
    return {};
  },
  onDown() {
    throw new Error("in a hook");
  },
  cast: {
    end(ctx, how: string): void | Promise<void> {
      const friend = () => ctx.spawn(Worker, worker("friend", []), { restart: "temporary" });
      switch (how) {
        case "throw":
          throw new Error("thrown");
        case "reject":
          return Promise.reject(new Error("rejected"));
        case "lifecycle": {
          const ref = friend();
          ctx.monitor(ref);
          void stop(ref);
          return undefined;
        }
        case "timer":
          ctx.timers.after(0, () => {
            throw new Error("in a timer");
          });
          return undefined;
        case "task":
          ctx.task(() => Promise.reject(new Error("in a task")));
          return undefined;
        case "source":
          ctx.source(failing(), () => {});
          return undefined;
        case "link-fail":
        case "link-kill":
        case "link-stop": {
          const ref = friend();
          ctx.link(ref);
          if (how === "link-fail") ref.fail("friend");
          else if (how === "link-kill") void kill(ref);
          else void stop(ref, "enough");
          return undefined;
        }
        case "link-noproc": {
          const ref = friend();
          ctx.timers.after(0, () => ctx.link(ref));
          void kill(ref);
          return undefined;
        }
        case "stop-failed":
          ctx.stop({ kind: "failed", error: new Error("given") });
          return undefined;
        case "stop-text":
          ctx.stop("enough");
          return undefined;
        default:
          ctx.stop();
          return undefined;
      }
    },
  },
  call: {
    endCall() {
      throw new Error("in a call");
    },
  },
});

async function* failing(): AsyncGenerator<number> {
  yield 1;
  throw new Error("in a source");
}

const RESTARTS: readonly Restart[] = ["permanent", "transient", "temporary"];

describe("what comes back", () => {
  const rows = ways.flatMap((row) =>
    RESTARTS.map((type) => ({
      ...row,
      type,
      back:
        row.order !== true && (type === "permanent" || (type === "transient" && row.failed))
          ? "comes back"
          : "stays ended",
    })),
  );

  test.each(rows)("$way: a $type actor $back", async ({ end, type, back }) => {
    await using kit = createTestSystem();
    const inits: string[] = [];
    const ref = kit.system.spawn(Ender, { inits }, { restart: type });
    await started(ref);
    end(ref);
    await kit.advance(10);
    expect(status(ref)).toBe(back === "comes back" ? "running" : "stopped");
    expect(inits).toHaveLength(back === "comes back" ? 2 : 1);
  });

  test.each(RESTARTS)("a first init that fails: a %s actor never comes back", async (type) => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const props = worker("a", journal, {
      onInit: () => {
        throw new Error("no luck");
      },
    });
    const ref = kit.system.spawn(Worker, props, { restart: type });
    await expect(started(ref)).rejects.toMatchObject({ code: "TROUPE_START", why: "failed" });
    await kit.advance(100);
    expect(journal).toEqual(["a init", "a down: failed"]);
  });

  test.each([
    { type: "permanent", runs: 2 },
    { type: "transient", runs: 1 },
    { type: "temporary", runs: 1 },
  ] as const)("a $type loop that returns has run $runs times", async ({ type, runs }) => {
    await using kit = createTestSystem();
    let count = 0;
    const Once = loop<string>(async (inbox) => {
      count++;
      if (count === 1) await inbox.receive();
      else await new Promise(() => {});
    });
    const ref = kit.system.spawn(Once, undefined, { restart: type });
    await started(ref);
    ref.send("that is all");
    await kit.run();
    expect(count).toBe(runs);
    expect(status(ref)).toBe(runs === 2 ? "running" : "stopped");
    if (runs === 2) void kill(ref);
    await kit.run();
  });

  test.each([
    { type: "permanent", runs: 2 },
    { type: "transient", runs: 2 },
    { type: "temporary", runs: 1 },
  ] as const)("a $type loop that throws has run $runs times", async ({ type, runs }) => {
    await using kit = createTestSystem();
    let count = 0;
    const Once = loop<string>(async (inbox) => {
      count++;
      await inbox.receive();
      throw new Error("broken");
    });
    const ref = kit.system.spawn(Once, undefined, { restart: type });
    await started(ref);
    ref.send("go");
    await kit.run();
    expect(count).toBe(runs);
  });
});

describe("an order to end holds", () => {
  test("when the running handler then throws", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    const until = gate();
    ref.failAfter(until.passed, "broken");
    await kit.run();
    const stopped = stop(ref);
    until.open();
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(await stopped).toMatchObject({ kind: "failed" });
  });

  test("when the actor hangs and is killed after it was asked to stop", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    ref.work();
    await kit.run();
    void stop(ref);
    await kit.run();
    await kill(ref);
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("when it comes while the failed incarnation is on its way out", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const leaving = gate();
    const props = worker("a", journal, { onExit: () => leaving.passed });
    const ref = kit.system.spawn(Worker, props, permanent);
    ref.fail("broken");
    await kit.run();
    const stopped = stop(ref);
    leaving.open();
    expect(await stopped).toMatchObject({ kind: "failed" });
    expect(take(journal)).toEqual(["a init", "a up", "a down: failed"]);
  });
});

describe("restart by hand", () => {
  test("makes a new state, keeps the mailbox, and counts as no failure", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), { restart: "temporary" });
    ref.add(5);
    expect(await ref.value()).toBe(5);
    const again = restart(ref);
    ref.add(1);
    await again;
    expect(await ref.value()).toBe(1);
    for (let i = 0; i < 10; i++) await restart(ref);
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("failed")).toEqual([]);
    expect(kit.eventsOf("gaveUp")).toEqual([]);
  });

  test("ends a back-off at once, and the back-off's own restart does not come on top", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const backoff = { kind: "fixed", delay: 1_000 } as const;
    const ref = kit.system.spawn(Worker, worker("a", journal), { ...permanent, backoff });
    await started(ref);
    ref.fail("broken");
    await kit.run();
    take(journal);
    await restart(ref);
    expect(take(journal)).toEqual(["a init", "a up"]);
    await kit.advance(5_000);
    expect(take(journal)).toEqual([]);
  });

  test("of an actor that has ended rejects", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []));
    await stop(ref);
    await expect(restart(ref)).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });
});

describe("maxRestarts limits the restarts of a whole life", () => {
  const patient = { intensity: { max: 100, within: 1 } };

  test("2 are two restarts, three runs", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), { ...permanent, maxRestarts: 2 });
    for (let i = 0; i < 3; i++) {
      ref.fail("broken");
      await kit.advance(10_000);
    }
    expect(status(ref)).toBe("stopped");
    expect(journal.filter((line) => line === "a init")).toHaveLength(3);
  });

  test("0 is none", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), { ...permanent, maxRestarts: 0 });
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("a permanent actor that ends by itself is under it too", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), { ...permanent, maxRestarts: 2 });
    for (let i = 0; i < 3; i++) {
      ref.end();
      await kit.advance(10_000);
    }
    expect(status(ref)).toBe("stopped");
  });

  test("when it is reached, the parent goes on and hears of the end", async () => {
    await using kit = createTestSystem();
    const ends: string[] = [];
    const Parent = actor({
      init: (ctx) => ({
        child: ctx.spawn(Worker, worker("a", []), { ...permanent, maxRestarts: 1 }),
      }),
      supervision: patient,
      onChild(_ctx, event) {
        if (event.kind === "ended") ends.push(event.reason.kind);
      },
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent);
    const child = await parent.child();
    child.fail("once");
    child.fail("twice");
    await kit.advance(10);
    expect(ends).toEqual(["failed"]);
    expect(status(parent)).toBe("running");
  });
});

const resume = () => "resume" as const;

describe("onFailure decides by the error", () => {
  test("restart with other props: init of the new incarnation gets them, also later ones", async () => {
    await using kit = createTestSystem();
    const seen: number[] = [];
    const Sized = actor({
      init: (ctx, props: { size: number }) => {
        seen.push(props.size, ctx.props.size);
      },
      cast: {
        fail() {
          throw new Error("too big");
        },
      },
    });
    let asked = 0;
    const ref = kit.system.spawn(
      Sized,
      { size: 8 },
      { onFailure: () => (asked++ === 0 ? { restart: true, props: { size: 4 } } : "restart") },
    );
    ref.fail();
    ref.fail();
    await kit.run();
    expect(seen).toEqual([8, 8, 4, 4, 4, 4]);
    expect(status(ref)).toBe("running");
  });

  test("stop ends a permanent actor for good, with the failure as its reason", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      onFailure: () => "stop",
    });
    await expect(ref.failCall("broken")).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("resume keeps the state and takes the next message; the caller still hears", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), { onFailure: () => "resume" });
    ref.add(3);
    ref.fail("broken");
    await expect(ref.failCall("again")).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
    ref.failAfter(Promise.resolve(), "behind an await");
    ref.add(4);
    expect(await ref.value()).toBe(7);
    expect(journal).toEqual(["a init", "a up"]);
    expect(kit.eventsOf("failed").map(({ decision }) => decision)).toEqual([
      "resume",
      "resume",
      "resume",
    ]);
  });

  test("resume is a stop where nothing is left to resume: a kill, a loop, an init", async () => {
    await using kit = createTestSystem();
    const killed = kit.system.spawn(Worker, worker("a", []), { onFailure: resume });
    void kill(killed);
    const Broken = loop<string>(async (inbox) => {
      await inbox.receive();
      throw new Error("broken");
    });
    const looped = kit.system.spawn(Broken, undefined, { onFailure: resume });
    looped.send("go");
    const stubborn = kit.system.spawn(
      Worker,
      worker("c", [], {
        onInit: (run) => {
          if (run > 1) throw new Error("no luck");
        },
      }),
      { onFailure: (_error, { phase }) => (phase === "init" ? "resume" : "restart") },
    );
    stubborn.fail("broken");
    await kit.run();
    expect([killed, looped, stubborn].map((ref) => status(ref))).toEqual([
      "stopped",
      "stopped",
      "stopped",
    ]);
  });

  test("what it does not decide is left to the restart type", async () => {
    await using kit = createTestSystem();
    const options = { onFailure: () => undefined };
    const back = kit.system.spawn(Worker, worker("a", []), { ...options, restart: "transient" });
    const gone = kit.system.spawn(Worker, worker("b", []), { ...options, restart: "temporary" });
    back.fail("broken");
    gone.fail("broken");
    await kit.run();
    expect([status(back), status(gone)]).toEqual(["running", "stopped"]);
  });

  test("restart brings a temporary actor back", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      restart: "temporary",
      onFailure: () => "restart",
    });
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("running");
  });

  test("is told who failed, in what, how often, and the state that was left", async () => {
    await using kit = createTestSystem();
    const infos: FailureInfo[] = [];
    const errors: string[] = [];
    const ref = kit.system.spawn(
      Worker,
      worker("a", [], {
        onInit: (run) => {
          if (run === 2) throw new Error("no luck");
        },
      }),
      {
        name: "the-one",
        onFailure: (error, info) => {
          errors.push((error as Error).message);
          infos.push(info);
          return "restart";
        },
      },
    );
    ref.add(7);
    ref.fail("broken");
    await kit.run();
    expect(errors).toEqual(["broken", "no luck"]);
    expect(infos).toEqual([
      { child: "the-one", phase: "message", restarting: false, restarts: 0, state: { n: 7 } },
      { child: "the-one", phase: "init", restarting: true, restarts: 1, state: undefined },
    ]);
  });

  test("a replacement that cannot start has its own decision", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(
      Worker,
      worker("a", journal, {
        onInit: (run) => {
          if (run > 1) throw new Error("no luck");
        },
      }),
      { onFailure: (_error, { restarting }) => (restarting ? "stop" : "restart") },
    );
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(journal.filter((line) => line === "a init")).toHaveLength(2);
  });

  test("a throw in it is an escalation, and is reported", async () => {
    await using kit = createTestSystem();
    const Parent = actor({
      name: "parent",
      init: (ctx) => ({
        child: ctx.spawn(Worker, worker("a", []), {
          onFailure: () => {
            throw new Error("undecided");
          },
        }),
      }),
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent);
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    expect([status(child), status(parent)]).toEqual(["stopped", "stopped"]);
    expect(kit.eventsOf("hookFailed")).toMatchObject([{ hook: "onFailure" }]);
  });

  test("escalate: the parent fails with the same error, and its own keeper decides", async () => {
    await using kit = createTestSystem();
    const decided: unknown[] = [];
    const journal: string[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) => {
        journal.push("parent init");
        return {
          child: ctx.spawn(Worker, worker("a", journal), { onFailure: () => "escalate" }),
        };
      },
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent, undefined, {
      onFailure: (error, { phase }) => {
        decided.push(phase, (error as Error).message);
        return "restart";
      },
    });
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    expect(decided).toEqual(["children", "broken"]);
    expect(status(parent)).toBe("running");
    expect(journal).toEqual([
      "parent init",
      "a init",
      "a up",
      "a down: failed",
      "parent init",
      "a init",
      "a up",
    ]);
  });

  test("escalate at the top of the tree ends the actor alone", async () => {
    await using kit = createTestSystem();
    const other = kit.system.spawn(Worker, worker("other", []));
    const ref = kit.system.spawn(Worker, worker("a", []), { onFailure: () => "escalate" });
    ref.fail("broken");
    await kit.run();
    expect([status(ref), status(other)]).toEqual(["stopped", "running"]);
  });

  test.each([
    { what: "an unknown word", decide: () => "retry" },
    { what: "a number", decide: () => 7 },
    { what: "an empty object", decide: () => ({}) },
    { what: "a promise", decide: () => Promise.resolve("restart") },
    { what: "a promise that rejects", decide: () => Promise.reject(new Error("async")) },
  ])("$what is no decision: an escalation, and is reported", async ({ decide }) => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      onFailure: decide as () => never,
    });
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(kit.eventsOf("hookFailed")).toMatchObject([{ hook: "onFailure" }]);
  });
});

describe("a back-off before the restart", () => {
  const inits: number[] = [];
  const Timed = actor({
    name: "timed",
    init: (ctx) => {
      inits.push(ctx.now());
      return {};
    },
    cast: {
      fail() {
        throw new Error("broken");
      },
    },
  });

  /** Lets the actor fail `count` times, as soon as it is up; answers the times of its starts. */
  async function startsOf(count: number, backoff: Backoff): Promise<number[]> {
    await using kit = createTestSystem();
    inits.length = 0;
    const parent = kit.system.spawn(
      actor({
        init: (ctx) => ({ child: ctx.spawn(Timed, undefined, { ...permanent, backoff }) }),
        supervision: { intensity: { max: 100, within: 1 } },
        call: { child: (ctx) => ctx.state.child },
      }),
    );
    const child = await parent.child();
    for (let i = 0; i < count; i++) child.fail();
    await kit.advance(60_000);
    return inits.slice();
  }

  test("fixed: the same each time", async () => {
    expect(await startsOf(3, { kind: "fixed", delay: 100 })).toEqual([0, 100, 200, 300]);
  });

  test("incremental: a step longer each time", async () => {
    const backoff = { kind: "incremental", step: 100, max: 250 } as const;
    expect(await startsOf(4, backoff)).toEqual([0, 100, 300, 550, 800]);
  });

  test("exponential: twice as long each time, up to max", async () => {
    const backoff = { kind: "exponential", min: 100, max: 500 } as const;
    expect(await startsOf(4, backoff)).toEqual([0, 100, 300, 700, 1_200]);
  });

  test("jitter comes from the world: the same seed waits the same, within the spread", async () => {
    const backoff = { kind: "exponential", min: 1_000, max: 60_000, jitter: 0.2 } as const;
    const one = await startsOf(2, backoff);
    const two = await startsOf(2, backoff);
    expect(one).toEqual(two);
    expect(one[1]).not.toBe(1_000);
    expect(one[1]).toBeGreaterThanOrEqual(800);
    expect(one[1]).toBeLessThanOrEqual(1_200);
  });

  test("starts anew after a quiet time, to the millisecond", async () => {
    await using kit = createTestSystem();
    inits.length = 0;
    const backoff = { kind: "exponential", min: 100, max: 800, resetAfter: 5_001 } as const;
    const ref = kit.system.spawn(Timed, undefined, { ...permanent, backoff });
    ref.fail();
    ref.fail();
    await kit.advance(300);
    expect(inits).toEqual([0, 100, 300]);
    // One short of the quiet time: the third failure in a row.
    await kit.advance(5_000);
    ref.fail();
    await kit.advance(400);
    expect(inits.at(-1)).toBe(5_700);
    await kit.advance(5_001);
    ref.fail();
    await kit.advance(100);
    expect(inits.at(-1)).toBe(5_700 + 5_001 + 100);
  });

  test("an init that fails waits longer each time", async () => {
    await using kit = createTestSystem();
    const at: number[] = [];
    const ref = kit.system.spawn(
      Worker,
      worker("a", [], {
        onInit: (run) => {
          at.push(kit.world.now());
          if (run > 1) throw new Error("no luck");
        },
      }),
      { ...permanent, backoff: { kind: "exponential", min: 2_000, max: 60_000 } },
    );
    ref.fail("broken");
    await kit.advance(30_000);
    expect(at).toEqual([0, 2_000, 6_000, 14_000, 30_000]);
  });

  test("messages wait for its end", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      backoff: { kind: "fixed", delay: 100 },
    });
    ref.fail("broken");
    const value = ref.value();
    await kit.advance(100);
    expect(await value).toBe(0);
  });

  test("a stop during it ends the actor at once, without a further init or exit", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), {
      ...permanent,
      backoff: { kind: "fixed", delay: 60_000 },
    });
    await started(ref);
    ref.fail("broken");
    await kit.run();
    take(journal);
    expect(await stop(ref, "enough")).toEqual({ kind: "shutdown", detail: "enough" });
    await kit.advance(120_000);
    expect(take(journal)).toEqual([]);
  });

  test("a kill during it finds nothing to kill: the actor comes back when it is over", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      backoff: { kind: "fixed", delay: 1_000 },
    });
    ref.fail("broken");
    await kit.run();
    await kill(ref);
    expect(status(ref)).toBe("restarting");
    await kit.advance(1_000);
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("two kills in a row are one", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    await started(ref);
    void kill(ref);
    void kill(ref);
    await kit.run();
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("the parent's end during it ends the child too", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const options = { ...permanent, backoff: { kind: "fixed", delay: 60_000 } } as const;
    const Parent = actor({
      init: (ctx) => ({ child: ctx.spawn(Worker, worker("a", journal), options) }),
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent);
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    take(journal);
    const stopped = stop(parent);
    await kit.run();
    expect(await stopped).toEqual({ kind: "normal" });
    expect(status(child)).toBe("stopped");
    await kit.advance(120_000);
    expect(take(journal)).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  actor,
  agent,
  dynamicSupervisor,
  group,
  kill,
  loop,
  monitor,
  refuse,
  restart,
  started,
  status,
  stop,
  supervisor,
  topic,
  type AnyRef,
  type InitContext,
  type Ref,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { Worker, worker } from "../support/worker.ts";

/** What has reached the process: nothing may, because of an actor. */
const escaped: unknown[] = [];
const note = (error: unknown) => void escaped.push(error ?? "undefined");

beforeEach(() => {
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
});

afterEach(async () => {
  // Unhandled rejections are told of after the microtasks, in a turn of the loop of their own.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
  const [error, ...more] = escaped.splice(0);
  if (error !== undefined || more.length > 0) {
    throw new Error(`${more.length + 1} failures reached the process`, { cause: error });
  }
});

function no(): never {
  throw refuse(new Error("no"));
}

/** How code fails: at once, behind an `await`, and with what is no error. */
const hows: readonly { readonly how: string; readonly fail: () => unknown }[] = [
  {
    how: "throws",
    fail: () => {
      throw new Error("broken");
    },
  },
  { how: "rejects", fail: () => Promise.reject(new Error("broken")) },
  {
    how: "rejects later",
    fail: async () => {
      await Promise.resolve();
      await Promise.resolve();
      throw new Error("broken");
    },
  },
  {
    how: "throws undefined",
    fail: () => {
      throw undefined;
    },
  },
  { how: "rejects with undefined", fail: () => Promise.reject(undefined) },
  {
    how: "throws what cannot be made a text",
    fail: () => {
      throw Object.create(null);
    },
  },
];

/** An actor that does what it is told where it is told, and a bystander that must not be hurt. */
const Fragile = actor({
  name: "fragile",
  init: (ctx, props: { in: string; fail: () => unknown; target: AnyRef }) => {
    if (props.in === "init") return props.fail();
    if (props.in === "init of a replacement" && ctx.name === "again") return props.fail();
    return undefined;
  },
  onChild: (ctx) => inHook(ctx.props, "onChild"),
  onDown: (ctx) => inHook(ctx.props, "onDown"),
  onExit: (ctx) => inHook(ctx.props, "onExit"),
  onGroup: (ctx) => inHook(ctx.props, "onGroup"),
  exit: (ctx) => inHook(ctx.props, "exit"),
  cast: {
    go(ctx) {
      const { props } = ctx;
      return act(ctx, props.in, props.fail, props.target) as void;
    },
  },
  call: {
    ask: (ctx) => ctx.props.fail(),
  },
  stream: {
    async *flow(ctx) {
      yield 1;
      await ctx.props.fail();
    },
  },
});

function inHook(props: { in: string; fail: () => unknown }, hook: string): void {
  if (props.in === hook) return props.fail() as void;
}

const crew = group(Worker, "crew");
const news = topic<string>("news");

function act(ctx: InitContext, where: string, fail: () => unknown, target: AnyRef): unknown {
  const run: () => void = fail;
  switch (where) {
    case "cast":
      return fail();
    case "timer":
      return void ctx.timers.after(1, run);
    case "every":
      return void ctx.timers.every(1, run);
    case "task":
      return ctx.task(fail);
    case "task, onDone":
      return ctx.task(Promise.resolve(1), run);
    case "task, onError":
      return ctx.task(Promise.reject(new Error("handled")), undefined, { onError: run });
    case "source":
      return void ctx.source(failingSource(fail), () => {});
    case "source, onItem":
      return void ctx.source([1, 2, 3], run);
    case "source, onEnd":
      return void ctx.source([], () => {}, { onEnd: run });
    case "source, onError":
      return void ctx.source(failingSource(fail), () => {}, { onError: run });
    case "subscription":
      ctx.subscribe(news, run);
      return void ctx.publish(news, "event");
    case "converter":
      ctx.subscribe(news, () => {}, { when: run as () => boolean });
      return void ctx.publish(news, "event");
    case "monitor listener":
      ctx.monitor(target, run);
      return void kill(target);
    case "onDown":
      ctx.monitor(target);
      return void kill(target);
    case "onExit":
      ctx.link(target);
      return void kill(target);
    case "onGroup":
      ctx.watchGroup(crew);
      return ctx.join(crew);
    case "group listener":
      ctx.watchGroup(crew, run);
      return ctx.join(crew);
    case "onChild":
      return void ctx.spawn(Worker, worker("child", []));
    case "onFailure": {
      const child = ctx.spawn(Worker, worker("child", []), { onFailure: fail as () => never });
      return child.fail("child");
    }
    case "exit":
      return ctx.stop();
    default:
      throw new Error(`no such place: ${where}`);
  }
}

async function* failingSource(fail: () => unknown): AsyncGenerator<number> {
  yield 1;
  await fail();
}

const places = [
  "init",
  "cast",
  "timer",
  "every",
  "task",
  "task, onDone",
  "task, onError",
  "source",
  "source, onItem",
  "source, onEnd",
  "source, onError",
  "subscription",
  "converter",
  "monitor listener",
  "onDown",
  "onExit",
  "onGroup",
  "group listener",
  "onChild",
  "onFailure",
  "exit",
] as const;

function bystander(kit: TestKit) {
  return kit.system.spawn(Worker, worker("bystander", []));
}

describe("a failure stays with the actor", () => {
  test.each(places.flatMap((place) => hows.map((row) => ({ place, ...row }))))(
    "in $place, which $how",
    async ({ place, fail }) => {
      await using kit = createTestSystem();
      const other = bystander(kit);
      const target = kit.system.spawn(Worker, worker("target", []));
      const ref = kit.system.spawn(Fragile, { in: place, fail, target });
      ref.go();
      await kit.advance(10);
      expect(await other.value()).toBe(0);
      const types = kit.events.map(({ type }) => type);
      expect(types.some((type) => ["failed", "startFailed", "hookFailed"].includes(type))).toBe(
        true,
      );
    },
  );

  test.each(hows)("in a call that nobody awaits, which $how", async ({ fail }) => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Fragile, { in: "call", fail, target: bystander(kit) });
    void ref.ask();
    void ref.ask();
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test.each(hows)("in a stream whose reader has left, which $how", async ({ fail }) => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Fragile, { in: "stream", fail, target: bystander(kit) });
    const reader = ref.flow()[Symbol.asyncIterator]();
    await reader.next();
    void reader.next().catch(() => {});
    await reader.return?.();
    await kit.run();
    expect(await bystander(kit).value()).toBe(0);
  });

  test.each(hows)("in a loop, which $how", async ({ fail }) => {
    await using kit = createTestSystem();
    const Broken = loop<string>(async (inbox) => {
      await inbox.receive();
      await fail();
    });
    const ref = kit.system.spawn(Broken);
    ref.send("go");
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test.each(hows)("in an agent's function, which $how", async ({ fail }) => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(agent(() => 0));
    void ref.call(fail);
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test.each(hows)("in a replacement's init, which $how", async ({ fail }) => {
    await using kit = createTestSystem();
    const props = worker("a", [], { onInit: (run) => (run > 1 ? (fail() as void) : undefined) });
    const ref = kit.system.spawn(Worker, props, { restart: "permanent" });
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(kit.eventsOf("failed").map(({ phase }) => phase)).toContain("init");
  });
});

describe("nothing is left unhandled", () => {
  const Silent = actor({ init: () => ({}), call: { never: () => new Promise(() => {}) } });

  test.each([
    { how: "is stopped", end: (ref: AnyRef) => void stop(ref) },
    { how: "is killed", end: (ref: AnyRef) => void kill(ref) },
    { how: "is restarted", end: (ref: AnyRef) => void restart(ref) },
  ])("of calls in flight that nobody awaits, when the actor $how", async ({ end }) => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Silent);
    for (let i = 0; i < 5; i++) void ref.never();
    await kit.run();
    end(ref);
    await kit.advance(10_000);
    void ref.never();
    await kit.advance(10_000);
    expect(await bystander(kit).value()).toBe(0);
  });

  test("of a call to a dead actor, and of one whose time is up", async () => {
    await using kit = createTestSystem();
    const dead = kit.system.spawn(Silent);
    await stop(dead);
    void dead.never();
    const slow = kit.system.spawn(Silent);
    void slow.never();
    await kit.advance(6_000);
    await kill(slow);
    expect(status(slow)).toBe("stopped");
  });

  test("of calls that the failing handler itself had made", async () => {
    await using kit = createTestSystem();
    const slow = kit.system.spawn(Silent);
    const Caller = actor({
      init: () => ({}),
      cast: {
        go() {
          void slow.never();
          void slow.never();
          throw new Error("broken");
        },
      },
    });
    const caller = kit.system.spawn(Caller, undefined, { restart: "permanent" });
    caller.go();
    await kit.run();
    void kill(slow);
    await kit.run();
    expect(status(caller)).toBe("running");
  });

  test("of the promises of started, stop, kill, restart and terminate", async () => {
    await using kit = createTestSystem();
    const never = worker("a", [], { onInit: () => Promise.reject(new Error("no luck")) });
    const ref = kit.system.spawn(Worker, never);
    void started(ref);
    void started(ref, { timeout: 1 });
    void stop(ref, undefined, { timeout: 1 });
    void kill(ref, { timeout: 1 });
    void restart(ref);
    const app = kit.system.spawn(supervisor({ children: {} }));
    void app.terminate("nobody");
    void app.restart("nobody");
    const crewOf = kit.system.spawn(dynamicSupervisor({ actor: Worker }));
    void crewOf.start(never);
    await kit.advance(10);
    expect(status(app)).toBe("running");
  });

  test("of ctx.children, whose promises a handler does not await", async () => {
    await using kit = createTestSystem();
    const stranger = bystander(kit);
    const Parent = actor({
      name: "parent",
      init: (ctx) => {
        for (const id of ["a", "b", "c"]) {
          ctx.spawn(Worker, worker(id, [], { onExit: () => Promise.resolve() }));
        }
      },
      cast: {
        go(ctx) {
          void ctx.children.stop(stranger);
          void ctx.children.stopAll();
          void ctx.children.drainAll();
          throw new Error("broken");
        },
      },
    });
    const parent = kit.system.spawn(Parent, undefined, { restart: "permanent" });
    parent.go();
    await kit.run();
    expect([status(parent), status(stranger)]).toEqual(["running", "running"]);
  });

  test("of a deferred reply that is never given, and of a forwarded call", async () => {
    await using kit = createTestSystem();
    const slow = kit.system.spawn(Silent);
    const Middle = actor({
      init: () => ({}),
      call: {
        kept: (ctx) => ctx.defer<number>(),
        passed: (ctx) => ctx.forward(slow).never(),
      },
    });
    const middle = kit.system.spawn(Middle);
    void middle.kept();
    void middle.passed();
    await kit.run();
    await kill(middle);
    await kill(slow);
    expect([status(middle), status(slow)]).toEqual(["stopped", "stopped"]);
  });

  test("of what an abandoned handler does after a kill", async () => {
    await using kit = createTestSystem();
    const reached: string[] = [];
    const pause = gate();
    const Slow = actor({
      name: "slow",
      init: () => ({ n: 0 }),
      cast: {
        async go(ctx) {
          await pause.passed;
          reached.push("behind the kill");
          ctx.state.n++;
          reached.push("never");
        },
      },
    });
    const ref = kit.system.spawn(Slow);
    ref.go();
    await kit.run();
    void kill(ref);
    pause.open();
    await kit.run();
    expect(reached).toEqual(["behind the kill"]);
  });

  test("of a task that a killed actor was refused, and of a reply that is a promise", async () => {
    await using kit = createTestSystem();
    const killed = gate();
    const Late = actor({
      cast: {
        async work(ctx) {
          await killed.passed;
          ctx.task(Promise.reject(new Error("broken")));
        },
      },
      call: {
        promise(ctx) {
          const reply = ctx.defer<never>();
          reply.resolve(Promise.reject(new Error("broken")) as never);
          return reply;
        },
      },
    });
    const ref = kit.system.spawn(Late);
    void ref.promise();
    ref.work();
    await kit.run();
    void kill(ref);
    killed.open();
    await kit.run();
    expect(kit.eventsOf("failed").map(({ decision }) => decision)).toEqual(["stop"]);
  });

  test("of a listener from outside, and of an observer of events", async () => {
    await using kit = createTestSystem();
    const ref = bystander(kit);
    kit.system.on(() => {
      throw new Error("in an observer");
    });
    monitor(ref, () => Promise.reject(new Error("in a listener")));
    void kill(ref);
    await kit.run();
    expect(kit.eventsOf("hookFailed")).toHaveLength(1);
  });
});

describe("a failure tells what it is", () => {
  test.each([
    { place: "cast", phase: "message" },
    { place: "timer", phase: "message" },
    { place: "task", phase: "task" },
    { place: "source", phase: "source" },
    { place: "source, onItem", phase: "source" },
    { place: "onDown", phase: "lifecycle" },
    { place: "onChild", phase: "lifecycle" },
    { place: "onExit", phase: "lifecycle" },
    { place: "onGroup", phase: "lifecycle" },
  ])("in $place its phase is $phase", async ({ place, phase }) => {
    await using kit = createTestSystem();
    const target = kit.system.spawn(Worker, worker("target", []));
    const ref = kit.system.spawn(
      Fragile,
      { in: place, fail: hows[0]!.fail, target },
      { name: "f" },
    );
    ref.go();
    await kit.advance(10);
    const mine = kit.eventsOf("failed").filter((event) => event.actor === "f");
    expect(mine).toMatchObject([{ phase, error: { message: "broken" }, decision: "stop" }]);
  });

  test("the caller's error has what was thrown as its cause, and says where", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "the-one" });
    const error: unknown = await ref.failCall("broken").catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "TROUPE_ACTOR_FAILED",
      actor: "the-one",
      cause: { message: "broken" },
    });
  });

  test("a refusal is no failure, sync or async, of a call or of a cast", async () => {
    await using kit = createTestSystem();
    const Picky = actor({
      init: () => ({ n: 1 }),
      cast: {
        no() {
          throw refuse(new Error("not that"));
        },
      },
      call: {
        sync(): number {
          throw refuse(new Error("no"));
        },
        async later(): Promise<number> {
          await Promise.resolve();
          throw refuse(new Error("no"));
        },
        value: (ctx) => ctx.state.n,
      },
    });
    const ref = kit.system.spawn(Picky);
    ref.no();
    void ref.sync();
    await expect(ref.sync()).rejects.toThrow("no");
    await expect(ref.later()).rejects.toThrow("no");
    expect(await ref.value()).toBe(1);
    expect(kit.eventsOf("failed")).toEqual([]);
  });

  test("a refusal where there is no sender to refuse is a failure like any other", async () => {
    await using kit = createTestSystem();
    const Picky = actor({
      name: "picky",
      cast: {
        tick: (ctx) => ctx.timers.after(1, no),
        task: (ctx) => ctx.task(no),
        source: (ctx) => ctx.source([1], no),
        down: (ctx, other: AnyRef) => ctx.monitor(other, no),
      },
    });
    const [dead, ...refs] = Array.from({ length: 5 }, () => kit.system.spawn(Picky));
    await stop(dead!);
    refs[0]!.tick();
    refs[1]!.task();
    refs[2]!.source();
    refs[3]!.down(dead!);
    await kit.advance(1);
    expect(kit.eventsOf("failed").map(({ error }) => (error as Error).message)).toEqual(
      refs.map(() => "no"),
    );
  });

  test("calls that wait behind the one that fails are handled by the replacement", async () => {
    await using kit = createTestSystem();
    const ref: Ref<{ failCall(m: string): Promise<number>; value(): Promise<number> }> =
      kit.system.spawn(Worker, worker("a", []), { restart: "transient" });
    const outcomes = await Promise.allSettled([ref.failCall("broken"), ref.value(), ref.value()]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
  });
});

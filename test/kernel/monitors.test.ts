import { describe, expect, test } from "vitest";
import {
  actor,
  group,
  kill,
  monitor,
  restart,
  started,
  status,
  stop,
  type AnyRef,
  type Down,
  type Monitor,
  type Ref,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { Worker, worker, type WorkerRef } from "../support/worker.ts";

/** Watches actors and writes down what it hears, in the order in which it does. */
function watcher(seen: string[]) {
  const monitors: Monitor[] = [];
  return actor({
    name: "watcher",
    init: () => ({}),
    onDown(_ctx, { name, reason }) {
      seen.push(`down ${name} ${reason.kind}`);
    },
    cast: {
      watch(ctx, ref: AnyRef) {
        monitors.push(ctx.monitor(ref));
      },
      cancel() {
        for (const each of monitors.splice(0)) each.cancel();
      },
      note: (_ctx, what: string) => void seen.push(what),
      async work(_ctx, until: Promise<void>) {
        await until;
      },
      async workThenCancel(_ctx, until: Promise<void>) {
        await until;
        for (const each of monitors.splice(0)) each.cancel();
      },
    },
  });
}

describe("a monitor gives exactly one down", () => {
  test.each([
    { how: "failed", end: (ref: WorkerRef) => ref.fail("broken") },
    { how: "killed", end: (ref: WorkerRef) => void kill(ref) },
    { how: "shutdown", end: (ref: WorkerRef) => void stop(ref, "x") },
    { how: "normal", end: (ref: WorkerRef) => ref.end() },
  ])("with the reason: $how", async ({ how, end }) => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "a" });
    const watch = kit.system.spawn(watcher(seen));
    watch.watch(ref);
    await kit.run();
    end(ref);
    await kit.run();
    void kill(ref);
    await kit.advance(1_000);
    expect(seen).toEqual([`down a ${how}`]);
  });

  test("each of several monitors of one actor", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "a" });
    const watch = kit.system.spawn(watcher(seen));
    watch.watch(ref);
    watch.watch(ref);
    await kit.run();
    void stop(ref);
    await kit.run();
    expect(seen).toEqual(["down a normal", "down a normal"]);
  });

  test("noproc at once when the actor is dead already", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "a" });
    await stop(ref);
    const watch = kit.system.spawn(watcher(seen));
    watch.watch(ref);
    watch.note("later");
    await kit.run();
    expect(seen).toEqual(["down a noproc", "later"]);
  });

  test("also of an actor that never started", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const watch = kit.system.spawn(watcher(seen));
    const props = worker("a", [], { onInit: () => Promise.reject(new Error("no luck")) });
    const ref = kit.system.spawn(Worker, props, { name: "a" });
    watch.watch(ref);
    await kit.run();
    expect(seen).toEqual(["down a failed"]);
  });

  test("when a permanent actor is gone for good, not when it restarts", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "a", restart: "permanent" });
    const watch = kit.system.spawn(watcher(seen));
    watch.watch(ref);
    ref.fail("broken");
    await kit.run();
    void kill(ref);
    await kit.run();
    await restart(ref);
    await kit.run();
    expect(seen).toEqual([]);
    await stop(ref);
    await kit.run();
    expect(seen).toEqual(["down a normal"]);
  });

  test("one-way: the watched actor sees nothing of its watcher's end", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []));
    const watch = kit.system.spawn(watcher([]));
    watch.watch(ref);
    await kit.run();
    void kill(watch);
    await kit.run();
    expect(status(ref)).toBe("running");
    await stop(ref);
  });

  test("a listener takes the place of the onDown hook, and may use the state", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []));
    const Watcher = actor({
      init: () => ({ downs: 0 }),
      cast: {
        watch(ctx, to: AnyRef) {
          ctx.monitor(to, () => void ctx.state.downs++);
        },
      },
      call: { downs: (ctx) => ctx.state.downs },
    });
    const watch = kit.system.spawn(Watcher);
    watch.watch(ref);
    await kit.run();
    await stop(ref);
    expect(await watch.downs()).toBe(1);
  });

  test("without a listener and without a hook nobody would hear: that is refused", async () => {
    await using kit = createTestSystem();
    const Deaf = actor({ name: "deaf", init: (ctx, to: AnyRef) => void ctx.monitor(to) });
    const ref = kit.system.spawn(Worker, worker("a", []));
    await expect(started(kit.system.spawn(Deaf, ref))).rejects.toMatchObject({
      cause: { code: "TROUPE_BAD_INPUT" },
    });
  });

  test("who hears of a death finds name and groups free", async () => {
    await using kit = createTestSystem();
    const crew = group(Worker, "crew");
    const Member = actor({ name: "member", init: (ctx) => ctx.join(crew) });
    const found: unknown[] = [];
    const ref = kit.system.spawn(Member, undefined, { name: "the-one" });
    await started(ref);
    monitor(ref, () => {
      found.push(kit.system.whereIs(Member, "the-one"), kit.system.group(crew).members());
    });
    await stop(ref);
    await kit.run();
    expect(found).toEqual([undefined, []]);
  });
});

describe("cancel", () => {
  test("ends the watch", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []));
    const watch = kit.system.spawn(watcher(seen));
    watch.watch(ref);
    watch.cancel();
    await kit.run();
    await stop(ref);
    await kit.run();
    expect(seen).toEqual([]);
  });

  test("flushes a down that is queued already", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const until = gate();
    const ref = kit.system.spawn(Worker, worker("a", []));
    const watch = kit.system.spawn(watcher(seen));
    watch.watch(ref);
    watch.workThenCancel(until.passed);
    await kit.run();
    await stop(ref);
    await kit.run();
    until.open();
    await kit.run();
    expect(seen).toEqual([]);
  });

  test("flushes a noproc as well, and leaves other monitors alone", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const dead = kit.system.spawn(Worker, worker("dead", []));
    await stop(dead);
    const Watcher = actor({
      init: (ctx) => {
        ctx.monitor(dead, () => void seen.push("one")).cancel();
        ctx.monitor(dead, () => void seen.push("two"));
      },
    });
    kit.system.spawn(Watcher);
    await kit.run();
    expect(seen).toEqual(["two"]);
  });

  test("a monitor is disposable", async () => {
    await using kit = createTestSystem();
    const downs: Down[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []));
    {
      using _watch = monitor(ref, (down) => downs.push(down));
    }
    await stop(ref);
    await kit.run();
    expect(downs).toEqual([]);
  });
});

describe("from outside of actors", () => {
  test("a listener is called once, after the death", async () => {
    await using kit = createTestSystem();
    const downs: Down[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []), { name: "a" });
    monitor(ref, (down) => downs.push(down));
    await kit.run();
    expect(downs).toEqual([]);
    await stop(ref);
    await kit.run();
    expect(downs).toEqual([{ ref, name: "a", reason: { kind: "normal" } }]);
  });

  test("of a dead actor, noproc, and never inside the call", async () => {
    await using kit = createTestSystem();
    const downs: Down[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []));
    await stop(ref);
    monitor(ref, (down) => downs.push(down));
    expect(downs).toEqual([]);
    await kit.run();
    expect(downs).toMatchObject([{ reason: { kind: "noproc" } }]);
  });

  test("a listener that throws is reported, and the others still hear", async () => {
    await using kit = createTestSystem();
    const downs: Down[] = [];
    const ref = kit.system.spawn(Worker, worker("a", []));
    monitor(ref, () => {
      throw new Error("in a listener");
    });
    monitor(ref, () => Promise.reject(new Error("in an async listener")));
    monitor(ref, (down) => downs.push(down));
    await stop(ref);
    await kit.run();
    expect(downs).toHaveLength(1);
    expect(kit.eventsOf("hookFailed")).toHaveLength(2);
  });
});

describe.each([{ development: true }, { development: false }])(
  "what an actor sent before it died arrives before its down ($development)",
  ({ development }) => {
    interface Sink {
      note(what: string): void;
      watch(ref: AnyRef): void;
      work(until: Promise<void>): void;
    }

    const Sender = actor({
      name: "sender",
      init: (_ctx, props: { to: Ref<Sink> }) => props,
      cast: {
        now(ctx) {
          ctx.props.to.note("one");
          ctx.props.to.note("two");
          throw new Error("broken");
        },
        async behindAwait(ctx) {
          await Promise.resolve();
          ctx.props.to.note("one");
          await Promise.resolve();
          ctx.props.to.note("two");
          throw new Error("broken");
        },
        promiseBehindThen: (ctx) =>
          Promise.resolve().then(() => {
            ctx.props.to.note("one");
            ctx.props.to.note("two");
            throw new Error("broken");
          }),
        inTimer(ctx) {
          ctx.timers.after(1, async () => {
            await Promise.resolve();
            ctx.props.to.note("one");
            ctx.props.to.note("two");
            throw new Error("broken");
          });
        },
        inTask(ctx) {
          ctx.task(Promise.resolve(), async () => {
            await Promise.resolve();
            ctx.props.to.note("one");
            ctx.props.to.note("two");
            throw new Error("broken");
          });
        },
        andStop(ctx) {
          ctx.props.to.note("one");
          ctx.props.to.note("two");
          ctx.stop({ kind: "failed", error: new Error("broken") });
        },
      },
    });

    test.each(["now", "behindAwait", "promiseBehindThen", "inTimer", "inTask", "andStop"] as const)(
      "sent %s, to a watcher that is busy meanwhile; others' messages stay behind",
      async (how) => {
        await using kit = createTestSystem({ development });
        const seen: string[] = [];
        const until = gate();
        const watch = kit.system.spawn(watcher(seen));
        const sender = kit.system.spawn(Sender, { to: watch }, { name: "s" });
        const Other = actor({
          init: () => ({}),
          cast: { tell: () => watch.note("from another") },
        });
        const other = kit.system.spawn(Other);
        watch.watch(sender);
        watch.work(until.passed);
        await kit.run();
        other.tell();
        await kit.run();
        sender[how]();
        await kit.advance(5);
        other.tell();
        await kit.run();
        until.open();
        await kit.run();
        expect(seen).toEqual(["one", "two", "down s failed", "from another", "from another"]);
      },
    );

    test("also what an exit hook sent", async () => {
      await using kit = createTestSystem({ development });
      const seen: string[] = [];
      const until = gate();
      const watch = kit.system.spawn(watcher(seen));
      const Polite = actor({
        name: "polite",
        init: () => ({}),
        async exit() {
          watch.note("one");
          await Promise.resolve();
          watch.note("farewell");
        },
      });
      const polite = kit.system.spawn(Polite, undefined, { name: "p" });
      watch.watch(polite);
      watch.work(until.passed);
      await kit.run();
      void stop(polite);
      await kit.run();
      until.open();
      await kit.run();
      expect(seen).toEqual(["one", "farewell", "down p normal"]);
    });

    test("also what a sync exit hook sent after an async handler had failed", async () => {
      await using kit = createTestSystem({ development });
      const seen: string[] = [];
      const until = gate();
      const watch = kit.system.spawn(watcher(seen));
      const Failing = actor({
        cast: {
          async fail() {
            await Promise.resolve();
            throw new Error("broken");
          },
        },
        exit: () => watch.note("farewell"),
      });
      const failing = kit.system.spawn(Failing, undefined, { name: "f" });
      watch.watch(failing);
      watch.work(until.passed);
      await kit.run();
      failing.fail();
      await kit.run();
      until.open();
      await kit.run();
      expect(seen).toEqual(["farewell", "down f failed"]);
    });

    test("a parent hears a child's last message before its end", async () => {
      await using kit = createTestSystem({ development });
      const seen: string[] = [];
      const Child = actor({
        name: "child",
        init: (_ctx, props: { tell: (what: string) => void }) => props,
        cast: {
          async die(ctx) {
            await Promise.resolve();
            ctx.props.tell("last words");
            throw new Error("broken");
          },
        },
      });
      const Parent = actor({
        name: "parent",
        init: () => ({}),
        onChild: (_ctx, { kind }) => void seen.push(kind),
        cast: {
          note: (_ctx, what: string) => void seen.push(what),
          begin(ctx, tell: (what: string) => void) {
            ctx.spawn(Child, { tell }, { restart: "temporary" }).die();
          },
          async work(_ctx, until: Promise<void>) {
            await until;
          },
        },
      });
      const until = gate();
      const parent = kit.system.spawn(Parent);
      parent.begin((what) => parent.note(what));
      parent.work(until.passed);
      await kit.run();
      until.open();
      await kit.run();
      expect(seen.filter((what) => what !== "started")).toEqual(["last words", "failed", "ended"]);
    });
  },
);

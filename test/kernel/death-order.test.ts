import { describe, expect, test } from "vitest";
import {
  actor,
  drain,
  exited,
  group,
  kill,
  link,
  mailboxSize,
  monitor,
  started,
  stop,
  type ActorDef,
  type AnyRef,
  type Context,
  type Ref,
  type Reply,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";

interface Mortal {
  fail(): void;
  leave(): void;
  keep(): Promise<string>;
  spare(): void;
}

const Anybody = actor({ name: "anybody" });
const crew = group(Anybody, "crew");

/** A family whose middle is to die: everything that can be seen of that goes into the log. */
interface Scene {
  readonly kit: TestKit;
  readonly log: string[];
  readonly parent: AnyRef;
  readonly subject: Ref<Mortal>;
}

/** What is left of the subject while its children end, as one of them sees it. */
function lookAround({ kit, subject }: Pick<Scene, "kit" | "subject">): string {
  const name = kit.system.names().includes("subject") ? "named" : "nameless";
  const groups = kit.system.group(crew).size === 0 ? "in no group" : "in a group";
  const { deadLetters } = kit.system.stats();
  subject.spare();
  const admits = kit.system.stats().deadLetters > deadLetters ? "closed" : "open";
  return `${admits}, ${name}, ${groups}`;
}

async function scene(): Promise<Scene> {
  const kit = createTestSystem();
  const log: string[] = [];
  let reply: Reply<string> | undefined;
  const owed = (): string => (reply!.isOpen ? "call open" : "call rejected");
  const Child = actor({
    exit: (ctx: Context<undefined, { id: number }>) =>
      void log.push(`child ${ctx.props.id} exit: ${lookAround({ kit, subject })}`),
    init: (_ctx, _props: { id: number }) => undefined,
  });
  const Subject: ActorDef<Mortal> = actor({
    name: "subject",
    init(ctx) {
      ctx.join(crew);
      for (const id of [1, 2]) ctx.spawn(Child, { id });
    },
    cast: {
      fail() {
        throw new Error("boom");
      },
      leave: (ctx) => ctx.stop(),
      spare: () => {},
    },
    call: {
      keep(ctx) {
        reply = ctx.defer<string>();
        return reply;
      },
    },
    exit: (_ctx, { kind }) => void log.push(`exit ${kind}, ${owed()}`),
  });
  const made: Ref<Mortal>[] = [];
  const Parent = actor({
    init: (ctx) =>
      void made.push(ctx.spawn(Subject, undefined, { name: "subject", restart: "temporary" })),
    onChild(_ctx, event) {
      if (event.kind === "ended") log.push(`parent, ${owed()}, ${mailboxSize(subject)} waiting`);
    },
  });
  const parent = kit.system.spawn(Parent);
  await kit.run();
  const subject = made[0]!;
  const Linked = actor({
    init: (ctx) => ctx.link(subject),
    onExit: (_ctx, { reason }) => void log.push(`link ${reason.kind}`),
  });
  const Watcher = actor({
    init: (ctx) => void ctx.monitor(subject),
    onDown: (_ctx, { reason }) => void log.push(`monitor ${reason.kind}`),
  });
  kit.system.spawn(Linked);
  kit.system.spawn(Watcher);
  await kit.run();
  subject.keep().catch(() => log.push("caller"));
  await kit.run();
  void exited(subject).then((reason) => log.push(`waiter ${reason.kind}`));
  return { kit, log, parent, subject };
}

const CAUSES: readonly [
  cause: string,
  kind: string,
  act: (scene: Scene) => unknown,
  parentDies?: true,
][] = [
  ["a stop", "normal", ({ subject }) => void stop(subject)],
  ["a stop with a reason", "shutdown", ({ subject }) => void stop(subject, "why")],
  ["a drain", "normal", ({ subject }) => void drain(subject)],
  ["its own ctx.stop", "normal", ({ subject }) => subject.leave()],
  ["a failure", "failed", ({ subject }) => subject.fail()],
  ["a kill", "killed", ({ subject }) => void kill(subject)],
  [
    "a linked actor's end",
    "shutdown",
    async ({ kit, subject }) => {
      const other = kit.system.spawn(Anybody);
      link(other, subject);
      await kit.run();
      await stop(other, "linked");
    },
  ],
  ["its parent's end", "shutdown", ({ parent }) => void stop(parent), true],
];

describe("the order of a death: children in reverse, exit hook, calls, parent, links, monitors, waiters", () => {
  for (const [cause, kind, act, parentDies = false] of CAUSES) {
    test(`by ${cause}`, async () => {
      const parts = await scene();
      await act(parts);
      await parts.kit.run();
      const log = parts.log.filter((line) => line !== "caller");
      expect(log).toEqual([
        "child 2 exit: closed, nameless, in no group",
        "child 1 exit: closed, nameless, in no group",
        ...(kind === "killed" ? [] : [`exit ${kind}, call open`]),
        // A parent that is ending itself is told nothing more.
        ...(parentDies ? [] : ["parent, call rejected, 0 waiting"]),
        `link ${kind}`,
        `monitor ${kind}`,
        `waiter ${kind}`,
      ]);
      expect(parts.log).toContain("caller");
    });
  }

  test("by a failed init: children, exit hook, then monitors and waiters", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Child = actor({
      exit: () => void log.push(`child exit: ${kit.system.names().join()}`),
    });
    const Fails = actor({
      init(ctx) {
        ctx.spawn(Child);
        throw new Error("boom");
      },
      exit: (_ctx, { kind }) => void log.push(`exit ${kind}`),
    });
    const ref = kit.system.spawn(Fails, undefined, { name: "fails" });
    monitor(ref, ({ reason }) => log.push(`monitor ${reason.kind}`));
    void exited(ref).then(({ kind }) => log.push(`waiter ${kind}`));
    await kit.run();
    expect(log).toEqual(["child exit: ", "exit failed", "monitor failed", "waiter failed"]);
  });
});

describe("whoever hears of a death can reuse the name at once", () => {
  const Phoenix = actor({ name: "phoenix", call: { hang: () => new Promise<void>(() => {}) } });
  const again = (kit: TestKit): Ref<unknown> =>
    kit.system.spawn(Phoenix, undefined, { name: "phoenix" });

  const hearers: Readonly<
    Record<string, (kit: TestKit, first: AnyRef, heard: () => void) => unknown>
  > = {
    "a waiter of exited": (_kit, first, heard) => exited(first).then(heard),
    "who stopped it": (_kit, first, heard) => stop(first).then(heard),
    "a listener of events": (kit, _first, heard) => kit.system.on(heard, "ended"),
    "a monitor from outside": (_kit, first, heard) => monitor(first, heard),
    "an actor that monitors it": (kit, first, heard) =>
      kit.system.spawn(actor({ init: (ctx) => void ctx.monitor(first), onDown: () => heard() })),
    "a linked actor": (kit, first, heard) =>
      kit.system.spawn(actor({ init: (ctx) => ctx.link(first), onExit: () => heard() })),
    "its own caller": (_kit, first, heard) =>
      (first as Ref<{ hang(): Promise<void> }>).hang().catch(heard),
  };
  for (const [who, listen] of Object.entries(hearers)) {
    for (const end of [stop, kill]) {
      test(`${who}, after a ${end.name}`, async () => {
        const kit = createTestSystem();
        const first = again(kit);
        await kit.run();
        let second: AnyRef | undefined;
        void listen(kit, first, () => (second ??= again(kit)));
        await kit.run();
        const ended = end(first);
        if (end === stop && second === undefined) void kill(first);
        await kit.run();
        await ended;
        expect(second).toBeDefined();
        await started(second!);
        expect(kit.system.whereIs(Phoenix, "phoenix")).toBe(second);
      });
    }
  }

  test("its parent, in onChild", async () => {
    const kit = createTestSystem();
    const refs: AnyRef[] = [];
    const Parent = actor({
      init(ctx) {
        refs.push(ctx.spawn(Phoenix, undefined, { name: "phoenix", restart: "temporary" }));
      },
      onChild(ctx, event) {
        if (event.kind === "ended") refs.push(ctx.spawn(Phoenix, undefined, { name: "phoenix" }));
      },
    });
    kit.system.spawn(Parent);
    await kit.run();
    await kill(refs[0]!);
    await kit.run();
    await started(refs[1]!);
    expect(kit.system.whereIs(Phoenix, "phoenix")).toBe(refs[1]);
  });
});

describe("children", () => {
  test("end within their shutdown time, then are killed; their elders wait for that", async () => {
    const kit = createTestSystem();
    const ends: string[] = [];
    const Polite = actor({ name: "polite" });
    const Hangs = actor({ name: "hangs", exit: () => new Promise<void>(() => {}) });
    const Stuck = actor({ name: "stuck", cast: { hang: () => new Promise<void>(() => {}) } });
    const Parent = actor({
      name: "parent",
      init(ctx) {
        ctx.spawn(Polite, undefined, { name: "eldest" });
        ctx.spawn(Hangs, undefined, { name: "hangs", shutdown: 200 });
        ctx.spawn(Stuck, undefined, { name: "stuck", shutdown: 100 }).hang();
        ctx.spawn(Polite, undefined, { name: "brutal", shutdown: "kill" });
      },
    });
    const parent = kit.system.spawn(Parent, undefined, { name: "parent" });
    await kit.run();
    kit.system.on((event) => {
      if (event.type !== "ended") return;
      ends.push(`${kit.world.now()} ${event.actor} ${event.reason.kind}`);
    });
    const stopped = stop(parent);
    await kit.advance(1_000);
    await stopped;
    expect(ends).toEqual([
      "0 brutal killed",
      "100 stuck killed",
      "300 hangs killed",
      "300 eldest shutdown",
      "300 parent normal",
    ]);
  });

  test("have 5 s by default, and all the time they want with `infinity`", async () => {
    const kit = createTestSystem();
    const ends: string[] = [];
    const Hangs = actor({ exit: () => new Promise<void>(() => {}) });
    const Parent = actor({
      init(ctx) {
        const endless = ctx.spawn(Hangs, undefined, { shutdown: "infinity" });
        const usual = ctx.spawn(Hangs);
        monitor(usual, () => ends.push(`usual at ${kit.world.now()}`));
        monitor(endless, () => ends.push(`endless at ${kit.world.now()}`));
      },
    });
    const parent = kit.system.spawn(Parent);
    await kit.run();
    void stop(parent);
    await kit.advance(100_000);
    expect(ends).toEqual(["usual at 5000"]);
  });

  test("of a killed parent run their own exit hooks", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Child = actor({ exit: (_ctx, { kind }) => void log.push(kind) });
    const parent = kit.system.spawn(
      actor({ init: (ctx) => void [ctx.spawn(Child), ctx.spawn(Child)] }),
    );
    await kit.run();
    await kill(parent);
    expect(log).toEqual(["shutdown", "shutdown"]);
  });

  test("can be stopped and drained by hand, one or all, and stay ended", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Child = actor({
      init: (_ctx, _id: string) => {},
      cast: { note: (ctx, what: string) => void log.push(`${ctx.props} ${what}`) },
      exit: (ctx) => void log.push(`${ctx.props} exit`),
    });
    const Parent = actor({
      init: (ctx) => ["a", "b", "c"].map((id) => ctx.spawn(Child, id, { restart: "permanent" })),
      call: {
        async stopFirst(ctx) {
          await ctx.children.stop(ctx.state[0]!);
          return ctx.children.size;
        },
        async drainAll(ctx) {
          for (const child of ctx.state) child.note("last");
          await ctx.children.drainAll();
          return ctx.children.list().length;
        },
        async stopAll(ctx) {
          for (const id of ["d", "e"]) ctx.spawn(Child, id);
          await ctx.children.stopAll();
          return ctx.children.size;
        },
      },
    });
    const parent = kit.system.spawn(Parent);
    expect(await parent.stopFirst()).toBe(2);
    expect(await parent.drainAll()).toBe(0);
    expect(await parent.stopAll()).toBe(0);
    expect(log).toEqual(["a exit", "b last", "b exit", "c last", "c exit", "e exit", "d exit"]);
  });

  test("1,000 of them end in reverse start order", async () => {
    const kit = createTestSystem();
    const ends: number[] = [];
    const Child = actor({
      init: (_ctx, _id: number) => {},
      exit: (ctx) => void ends.push(ctx.props),
    });
    const ids = Array.from({ length: 1_000 }, (_, id) => id);
    const parent = kit.system.spawn(
      actor({ init: (ctx) => void ids.map((id) => ctx.spawn(Child, id)) }),
    );
    await kit.run();
    await stop(parent);
    expect(ends).toEqual(ids.toReversed());
  });
});

describe("a tree 10,000 levels deep", () => {
  const DEPTH = 10_000;

  function tower(kit: TestKit, shutdown: "infinity" | "kill"): AnyRef[] {
    const refs: AnyRef[] = [];
    const Level: ActorDef<object, number> = actor({
      name: "level",
      init(ctx, depth: number) {
        refs.push(ctx.self);
        if (depth < DEPTH) ctx.spawn(Level, depth + 1, { shutdown });
      },
    });
    kit.system.spawn(Level, 1, { shutdown });
    return refs;
  }

  for (const shutdown of ["infinity", "kill"] as const) {
    for (const end of [stop, kill]) {
      test(`ends from the bottom by a ${end.name}, with shutdown "${shutdown}"`, async () => {
        const kit = createTestSystem();
        const refs = tower(kit, shutdown);
        await kit.run();
        expect(refs).toHaveLength(DEPTH);
        const ended: string[] = [];
        kit.system.on((event) => event.type === "ended" && ended.push(event.actor), "ended");
        await end(refs[0]!);
        await kit.run();
        expect(ended).toHaveLength(DEPTH);
        expect(ended.slice(0, 2)).toEqual([`level#${DEPTH}`, `level#${DEPTH - 1}`]);
        expect(kit.system.stats().alive).toBe(0);
      });
    }
  }
});

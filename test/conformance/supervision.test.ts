import {
  actor,
  createSystem,
  exited,
  kill,
  monitor,
  nameOf,
  restart,
  started,
  status,
  stop,
  supervisor,
  type AnyRef,
  type ChildEvent,
  type ExitReason,
  type FailureDecision,
  type Strategy,
} from "troupe";
import { describe, expect, test } from "vitest";
import { Subject } from "./actors-subject.ts";
import {
  AllForOne,
  EndsWithAll,
  EndsWithAny,
  Parent,
  Quiet,
  RestForOne,
  Strict,
} from "./actors-trees.ts";
import {
  door,
  EVERYWHERE,
  eventOf,
  journal,
  onOne,
  onTwo,
  own,
  rejection,
  stageSystem,
  subject,
} from "./stage.ts";

/* Section 3 of docs/semantics.md, but for links and monitors. */

/** Decides so about each failure, and keeps what it was asked. */
const decide = (decision: FailureDecision | undefined) => {
  const asked: unknown[] = [];
  const onFailure = (error: unknown, info: object): FailureDecision | undefined => {
    asked.push(error, info);
    return decision;
  };
  return { asked, onFailure };
};

describe.each(EVERYWHERE)("an actor that fails, $where,", ({ here }) => {
  const stage = stageSystem();
  const permanent = { ...here, restart: "permanent" } as const;

  test("comes back in place: same ref, name, props and mailbox, new state, hook before init", async () => {
    const { system } = stage;
    const { a, settled } = subject(system, { ...permanent, name: "phoenix" });
    a.note("before");
    a.fail("once");
    a.note("after");
    expect([await a.run(), await a.seen()]).toEqual([2, ["after"]]);
    expect(system.whereIs(Subject, "phoenix")).toBe(a);
    expect(await settled()).toEqual([
      "a init",
      "a up",
      "a before",
      "a down: failed",
      "a init",
      "a up",
      "a after",
    ]);
    await stop(a);
  });

  test.each([
    ["permanent", "fails", true],
    ["permanent", "ends", true],
    ["permanent", "is killed", true],
    ["transient", "fails", true],
    ["transient", "ends", false],
    ["transient", "is killed", true],
    ["temporary", "fails", false],
    ["temporary", "ends", false],
    ["temporary", "is killed", false],
  ] as const)("%s, when it %s, comes back: %s", async (policy, how, back) => {
    const { a } = subject(stage.system, { ...here, restart: policy });
    await started(a);
    if (how === "fails") a.fail("once");
    else if (how === "ends") a.end();
    else await kill(a);
    const outcome = back ? a.run() : exited(a).then(() => "gone");
    expect(await outcome).toBe(back ? 2 : "gone");
  });

  test("waits for its back-off, and its messages with it", async () => {
    const backoff = { kind: "fixed", delay: 20 } as const;
    const { a } = subject(stage.system, { ...permanent, backoff });
    await started(a);
    const restarting = eventOf(stage.system, "restarting", (event) => event.actor === nameOf(a));
    a.fail("once");
    expect(await restarting).toMatchObject({ delayMs: 20, restarts: 1 });
    expect(await a.run()).toBe(2);
  });

  test("is tried again when its replacement cannot start, under the same budget", async () => {
    const { system } = stage;
    const { a, settled } = subject(system, permanent, { failsFrom: 2 });
    await started(a);
    const gaveUp = eventOf(system, "gaveUp", ({ error }) => error.message.includes(nameOf(a)));
    a.fail("once");
    expect(await exited(a)).toMatchObject({
      kind: "failed",
      error: { message: "a cannot, run 4" },
    });
    expect((await gaveUp).error).toMatchObject({ name: "RestartIntensityError" });
    expect((await settled()).filter((line) => line === "a init")).toHaveLength(4);
  });

  test("comes back so often, by maxRestarts, and no more", async () => {
    const { a } = subject(stage.system, { ...permanent, maxRestarts: 1 });
    a.fail("first");
    expect(await a.run()).toBe(2);
    a.fail("second");
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "second" } });
  });

  test("is an event with error, verb, phase and decision, and harms nobody else", async () => {
    const { system } = stage;
    const { a } = subject(system, permanent);
    const { a: neighbour } = subject(system, here);
    await neighbour.echo("there");
    const failed = eventOf(system, "failed", ({ verb }) => verb === "fail");
    a.fail("seen");
    expect(await failed).toMatchObject({
      verb: "fail",
      phase: "message",
      decision: "restart",
      error: { message: "seen" },
    });
    expect([await neighbour.run(), await a.run()]).toEqual([1, 2]);
  });

  test("onFailure says resume: it keeps its state, and goes on with what waits", async () => {
    const { asked, onFailure } = decide("resume");
    const { a } = subject(stage.system, { ...here, onFailure });
    a.note("before");
    a.fail("passing");
    a.note("after");
    expect([await a.seen(), await a.run()]).toEqual([["before", "after"], 1]);
    expect(asked).toMatchObject([
      { message: "passing" },
      { phase: "message", restarting: false, restarts: 0 },
    ]);
  });

  test("onFailure says stop: it ends by its failure", async () => {
    const { a } = subject(stage.system, { ...permanent, ...decide("stop") });
    a.fail("final");
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "final" } });
  });

  test("onFailure says restart with new props: init has these", async () => {
    const { system } = stage;
    const { journal: book, settled, until } = journal(system);
    const decision = { restart: true, props: { id: "b", journal: book } } as const;
    const { a } = subject(system, { ...here, ...decide(decision) });
    a.fail("as a");
    a.note("as b");
    await until("b as b");
    expect((await settled()).slice(-3)).toEqual(["b init", "b up", "b as b"]);
    a.fail("as b");
    expect(await until("b down: failed")).not.toContain("a up");
  });

  test("onFailure says escalate: its parent fails with the same error", async () => {
    const { system } = stage;
    const { journal: book } = journal(system);
    const Boss = actor({
      name: "boss",
      init: (ctx) =>
        ctx.spawn(
          Subject,
          { id: "a", journal: book },
          { ...here, onFailure: () => "escalate" as const },
        ),
      call: { child: (ctx): unknown => ctx.state },
    });
    const boss = system.spawn(Boss);
    const a = (await boss.child()) as ReturnType<typeof subject>["a"];
    a.fail("upwards");
    expect(await exited(boss)).toMatchObject({ kind: "failed", error: { message: "upwards" } });
  });

  test("onFailure is asked about a call, a failed replacement and a kill as well", async () => {
    const { asked, onFailure } = decide(undefined);
    const { a } = subject(stage.system, { ...permanent, onFailure });
    await rejection(a.throws("in a call"));
    expect(await a.run()).toBe(2);
    await kill(a);
    expect(await a.run()).toBe(3);
    expect(asked).toMatchObject([
      { name: "RangeError", message: "in a call" },
      { restarts: 0 },
      { name: "KilledError" },
      { restarts: 1 },
    ]);
  });

  test("tells its parent's onChild all that happens to it, in order", async () => {
    const { system } = stage;
    const { journal: book } = journal(system);
    const heard: string[] = [];
    const Boss = actor({
      name: "boss",
      init: (ctx) =>
        ctx.spawn(Subject, { id: "a", journal: book }, { ...here, restart: "permanent" }),
      call: { child: (ctx): unknown => ctx.state },
      onChild(_ctx, event: ChildEvent): void {
        const what =
          event.kind === "failed"
            ? `: ${String(event.error)}, ${event.decision}`
            : event.kind === "ended"
              ? `: ${event.reason.kind}`
              : "";
        heard.push(`${event.kind}${what}`);
      },
    });
    const boss = system.spawn(Boss);
    const a = (await boss.child()) as ReturnType<typeof subject>["a"];
    a.fail("once");
    expect(await a.run()).toBe(2);
    await stop(a);
    await boss.child();
    expect(heard).toEqual([
      "started",
      "failed: Error: once, restart",
      "restarted",
      "ended: normal",
    ]);
  });
});

describe.each(EVERYWHERE)("a supervisor of children $where", ({ here }) => {
  const stage = stageSystem();
  const entry = (book: ReturnType<typeof journal>, id: string, more: object = {}) =>
    ({
      actor: Subject,
      props: { id, journal: book.journal, ...more },
      restart: "permanent",
      ...here,
    }) as const;

  function family(strategy: Strategy, more: object = {}) {
    const book = journal(stage.system);
    const Family = supervisor({
      strategy,
      children: { a: entry(book, "a"), b: entry(book, "b"), c: entry(book, "c") },
      ...more,
    });
    return { ...book, top: stage.system.spawn(Family) };
  }

  test("starts them in order, each after the one before, and stops them in reverse", async () => {
    const { top, settled } = family("oneForOne");
    await started(top);
    await stop(top);
    expect(await settled()).toEqual([
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
      "c down: shutdown",
      "b down: shutdown",
      "a down: shutdown",
    ]);
  });

  test("does not start when one cannot: those that have are stopped in reverse", async () => {
    const book = journal(stage.system);
    const bad = entry(book, "c", { failsFrom: 1 });
    const Family = supervisor({ children: { a: entry(book, "a"), b: entry(book, "b"), c: bad } });
    const error = await rejection(started(stage.system.spawn(Family)));
    expect(String(error)).toContain("a cannot".replace("a", "c"));
    expect(book.lines.slice(4)).toEqual([
      "c init",
      "c down: failed",
      "b down: shutdown",
      "a down: shutdown",
    ]);
  });

  test.each([
    ["oneForOne", ["b down: failed", "b init", "b up"]],
    ["restForOne", ["b down: failed", "c down: shutdown", "b init", "b up", "c init", "c up"]],
    [
      "oneForAll",
      [
        "b down: failed",
        "c down: shutdown",
        "a down: shutdown",
        "a init",
        "a up",
        "b init",
        "b up",
        "c init",
        "c up",
      ],
    ],
  ] as const)("by %s, takes down and brings up whom it concerns", async (strategy, expected) => {
    const { top, lines, settled, until } = family(strategy);
    await started(top);
    lines.length = 0;
    top.child("b").fail("once");
    await until(expected.length);
    expect(await settled()).toEqual(expected);
    await stop(top);
  });

  test("gives up after too many restarts: its children end, and it does", async () => {
    const { top, lines } = family("oneForOne", { intensity: { max: 1, within: 60_000 } });
    await started(top);
    top.child("b").fail("first");
    expect(await top.child("b").run()).toBe(2);
    top.child("b").fail("second");
    expect((await exited(top)).kind).toBe("shutdown");
    // Those on other threads do not wait for the one that failed.
    expect(new Set(lines.slice(-3))).toEqual(
      new Set(["b down: failed", "c down: shutdown", "a down: shutdown"]),
    );
  });

  test("answers which, count, start, terminate, restart and delete", async () => {
    const { top, journal: book } = family("oneForOne");
    const which = await top.which();
    expect(which.map(({ id, status: s }) => `${id} ${s}`)).toEqual([
      "a running",
      "b running",
      "c running",
    ]);
    expect(which[1]!.ref).toBe(top.child("b"));
    const d = await top.start("d", {
      actor: Subject,
      props: { id: "d", journal: book },
      ...here,
    });
    expect(await d.echo("here")).toBe("here");
    await top.terminate("b");
    expect(status(which[1]!.ref)).toBe("stopped");
    expect(await top.count()).toEqual({ specs: 4, active: 3 });
    await top.restart("b");
    expect(await top.child("b").run()).toBe(2);
    await top.restart("a");
    expect(await top.child("a").run()).toBe(2);
    await top.terminate("d");
    await top.delete("d");
    expect(await top.count()).toEqual({ specs: 3, active: 3 });
    await stop(top);
  });

  test("answers while a child is in a restart loop", async () => {
    const book = journal(stage.system);
    const Family = supervisor({
      intensity: { max: 1_000, within: 1_000 },
      children: {
        good: entry(book, "good"),
        bad: {
          ...entry(book, "bad", { failsFrom: 2 }),
          backoff: { kind: "fixed", delay: 5 },
        },
      },
    });
    const top = stage.system.spawn(Family);
    await started(top);
    top.child("bad").fail("begin");
    await book.until("bad down: failed");
    expect((await top.which()).map(({ id }) => id)).toEqual(["good", "bad"]);
    await top.terminate("bad");
    expect(await top.count()).toEqual({ specs: 2, active: 1 });
    await stop(top);
  });

  test.each(["any", "all"] as const)(
    "by autoShutdown %s, ends with its significant children",
    async (by) => {
      const book = journal(stage.system);
      const significant = { restart: "transient", significant: true } as const;
      const Family = supervisor({
        autoShutdown: by,
        children: {
          a: { ...entry(book, "a"), ...significant },
          b: { ...entry(book, "b"), ...significant },
          c: entry(book, "c"),
        },
      });
      const top = stage.system.spawn(Family);
      await started(top);
      top.child("a").end();
      await exited(top.child("a"));
      if (by === "all") {
        top.child("b").end();
      }
      expect(await exited(top)).toMatchObject({ kind: "shutdown" });
    },
  );

  test("kills those that do not end in their shutdown time, and says so", async () => {
    const { system } = stage;
    const book = journal(system);
    const held = door(system);
    const slow = { ...entry(book, "slow", { door: held.ref }), shutdown: 30 };
    const top = system.spawn(supervisor({ children: { first: entry(book, "first"), slow } }));
    await started(top);
    top.child("slow").wait();
    await held.reached();
    const overdue = eventOf(system, "overdue");
    const slowEnds = new Promise<string>((done) =>
      monitor(top.child("slow"), ({ reason }) => done(reason.kind)),
    );
    await stop(top);
    expect([(await overdue).shutdownMs, await slowEnds]).toEqual([30, "killed"]);
    expect(book.lines).toEqual([
      "first init",
      "first up",
      "slow init",
      "slow up",
      "slow waits",
      "first down: shutdown",
    ]);
    held.open();
  });
});

describe.each(EVERYWHERE)("a parent, $where, with its children there", ({ here }) => {
  const stage = stageSystem();
  const children = ["c", "d", "e"];
  const settings = { restart: "permanent" } as const;
  async function family(Kind: typeof Parent, more: object = {}) {
    const book = journal(stage.system);
    const props = { id: "p", journal: book.journal, children, settings, ...more };
    const parent = stage.system.spawn(Kind, props, here);
    const refs = (await parent.children()) as ReturnType<typeof subject>["a"][];
    for (const ref of refs) await started(ref);
    await parent.size();
    book.lines.length = 0;
    return { ...book, parent, refs };
  }

  test("is the spawner of refs that can be used from anywhere", async () => {
    const { parent, refs } = await family(Quiet);
    expect(await Promise.all(refs.map((ref) => ref.echo("hi")))).toEqual(["hi", "hi", "hi"]);
    expect(await parent.children()).toEqual(refs);
    await stop(parent);
    expect((await exited(refs[0]!)).kind).toBe("shutdown");
  });

  test.each([["oneForOne", Quiet, ["d down: failed", "d init", "d up"]]] as const)(
    "looks after them by %s by default",
    async (_name, Kind, expected) => {
      const { refs, lines, until, parent } = await family(Kind);
      refs[1]!.fail("once");
      await until(expected.length);
      expect([lines, await refs[1]!.run()]).toEqual([[...expected], 2]);
      await stop(parent);
    },
  );

  test("takes all down and up by oneForAll", async () => {
    const { refs, lines, until, parent } = await family(AllForOne);
    refs[1]!.fail("once");
    await until("e up");
    const theirs = lines.filter((line) => !String(line).startsWith("p:"));
    expect(theirs).toEqual([
      "d down: failed",
      "e down: shutdown",
      "c down: shutdown",
      "c init",
      "c up",
      "d init",
      "d up",
      "e init",
      "e up",
    ]);
    await stop(parent);
  });

  test("takes those down and up that came after, by restForOne", async () => {
    const { refs, lines, until, parent } = await family(RestForOne);
    refs[1]!.fail("once");
    await until("e up");
    const theirs = lines.filter((line) => !String(line).startsWith("p:"));
    expect(theirs).toEqual([
      "d down: failed",
      "e down: shutdown",
      "d init",
      "d up",
      "e init",
      "e up",
    ]);
    await stop(parent);
  });

  test("hears in onChild of all that happens to them", async () => {
    const { refs, settled, until, parent } = await family(Parent);
    refs[0]!.fail("once");
    await until("p: child restarted");
    await stop(refs[0]!);
    await until("p: child ended");
    expect((await settled()).filter((line) => String(line).startsWith("p:"))).toEqual([
      "p: child failed",
      "p: child restarted",
      "p: child ended",
    ]);
    await stop(parent);
  });

  test("gives up and ends with shutdown when they fail too often", async () => {
    const { refs, parent } = await family(Strict);
    refs[0]!.fail("first");
    expect(await refs[0]!.run()).toBe(2);
    refs[0]!.fail("second");
    expect((await exited(parent)).kind).toBe("shutdown");
    expect((await exited(refs[2]!)).kind).toBe("shutdown");
  });

  test.each([
    ["any", EndsWithAny],
    ["all", EndsWithAll],
  ] as const)("ends with its significant ones, by autoShutdown %s", async (by, Kind) => {
    const significant = { restart: "transient", significant: true } as const;
    const { refs, parent } = await family(Kind, { settings: significant });
    refs[0]!.end();
    await exited(refs[0]!);
    if (by === "all") for (const ref of refs.slice(1)) ref.end();
    expect((await exited(parent)).kind).toBe("shutdown");
  });

  test("is a new one after its own restart, with new children", async () => {
    const book = journal(stage.system);
    const props = { id: "p", journal: book.journal, children, settings };
    const parent = stage.system.spawn(Quiet, props, { ...here, restart: "permanent" });
    const [first] = (await parent.children()) as AnyRef[];
    parent.fail("once");
    const [second] = (await parent.children()) as AnyRef[];
    expect(second).not.toBe(first);
    expect((await exited(first!)).kind).toBe("shutdown");
    expect(await parent.size()).toBe(3);
    await stop(parent);
  });

  test("stops them all when it is asked to", async () => {
    const { parent, refs } = await family(Quiet);
    expect(await parent.stopAll()).toBe(0);
    expect(
      (await Promise.all(refs.map((ref) => exited(ref)))).map((r: ExitReason) => r.kind),
    ).toEqual(["shutdown", "shutdown", "shutdown"]);
    await stop(parent);
  });
});

test("siblings on different threads are one family", async () => {
  await using system = createSystem({ logger: false });
  const book = journal(system);
  const child = (id: string, on: object) =>
    ({
      actor: Subject,
      props: { id, journal: book.journal },
      restart: "permanent",
      ...on,
    }) as const;
  const top = system.spawn(
    supervisor({
      strategy: "oneForAll",
      children: {
        one: child("one", onOne),
        two: child("two", onTwo),
        alone: child("alone", { on: own }),
        near: child("near", {}),
      },
    }),
  );
  await started(top);
  book.lines.length = 0;
  top.child("two").fail("once");
  await book.until("near up");
  expect(book.lines).toEqual([
    "two down: failed",
    "near down: shutdown",
    "alone down: shutdown",
    "one down: shutdown",
    ...["one", "two", "alone", "near"].flatMap((id) => [`${id} init`, `${id} up`]),
  ]);
  await restart(top.child("alone"));
  expect(await top.child("alone").run()).toBe(3);
});

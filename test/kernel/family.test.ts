import { describe, expect, test } from "vitest";
import {
  actor,
  exited,
  isAlive,
  kill,
  RestartIntensityError,
  started,
  status,
  stop,
  type Ref,
  type SpawnOptions,
  type Strategy,
  type Supervision,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker, type WorkerProps, type WorkerRef } from "../support/worker.ts";

interface Member extends Omit<WorkerProps, "id" | "journal"> {
  readonly options?: SpawnOptions;
}

interface ParentVerbs {
  fail(): void;
  end(): void;
  refs(): Promise<Record<string, WorkerRef>>;
}

/** Starts a parent with workers `a`, `b` … that are looked after as `supervision` says. */
async function crew<K extends string>(
  kit: TestKit,
  journal: string[],
  supervision: Supervision,
  members: Readonly<Record<K, Member>>,
  options?: SpawnOptions,
): Promise<{ parent: Ref<ParentVerbs>; refs: Record<K, WorkerRef> }> {
  const Parent = actor({
    name: "parent",
    supervision,
    init: (ctx) => {
      journal.push("parent init");
      const refs: Record<string, WorkerRef> = {};
      for (const [id, { options: spawn, ...hooks }] of Object.entries<Member>(members)) {
        refs[id] = ctx.spawn(Worker, worker(id, journal, hooks), {
          restart: "permanent",
          ...spawn,
        });
      }
      return refs;
    },
    cast: {
      fail() {
        throw new Error("parent broken");
      },
      end: (ctx) => ctx.stop(),
    },
    call: { refs: (ctx) => ctx.state },
    exit: (_ctx, reason) => void journal.push(`parent down: ${reason.kind}`),
  });
  const parent = kit.system.spawn(Parent, undefined, options);
  const refs = (await parent.refs()) as Record<K, WorkerRef>;
  await kit.run();
  take(journal);
  return { parent, refs };
}

/** Inits that fail from the second run on. */
const onlyOnce = {
  onInit: (run: number) => {
    if (run > 1) throw new Error("no luck");
  },
};
const lenient: Supervision = { intensity: { max: 100, within: 1_000 } };

describe("oneForOne", () => {
  test("is the default: the child that failed comes back, its siblings see nothing of it", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, {}, { a: {}, b: {}, c: {} });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "b init", "b up"]);
  });

  test("a sibling in back-off does not keep another from coming back", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const slow = { options: { backoff: { kind: "fixed", delay: 1_000 } } } as const;
    const { refs } = await crew(kit, journal, lenient, { a: slow, b: {} });
    refs.a.fail("broken");
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["a down: failed", "b down: failed", "b init", "b up"]);
    await kit.advance(1_000);
    expect(take(journal)).toEqual(["a init", "a up"]);
  });
});

describe("oneForAll", () => {
  const all: Supervision = { ...lenient, strategy: "oneForAll" };

  test("takes all down in reverse order, then brings them up in order", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, { a: {}, b: {}, c: {} });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: failed",
      "c down: shutdown",
      "a down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });

  test("each ends before the next is asked to, and has started before the next begins", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const [ending, starting] = [gate(), gate()];
    const { refs } = await crew(kit, journal, all, {
      a: { onInit: (run) => (run > 1 ? starting.passed : undefined) },
      b: {},
      c: { onExit: () => ending.passed },
    });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "c down: shutdown"]);
    ending.open();
    await kit.run();
    expect(take(journal)).toEqual(["a down: shutdown", "a init"]);
    starting.open();
    await kit.run();
    expect(take(journal)).toEqual(["a up", "b init", "b up", "c init", "c up"]);
  });

  test("all states are new, all refs and mailboxes are kept", async () => {
    await using kit = createTestSystem();
    const { refs } = await crew(kit, [], all, { a: {}, b: {} });
    refs.a.add(5);
    refs.b.add(7);
    await kit.run();
    const until = gate();
    refs.b.work(until.passed);
    refs.b.add(1);
    refs.a.fail("broken");
    await kit.run();
    until.open();
    expect([await refs.a.value(), await refs.b.value()]).toEqual([0, 1]);
  });

  test("a sibling that hangs is given its shutdown time, then killed, and comes back", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { options: { shutdown: 300 } },
      c: {},
    });
    refs.b.work();
    await kit.run();
    refs.c.fail("broken");
    await kit.advance(299);
    expect(take(journal)).toEqual(["c down: failed"]);
    await kit.advance(1);
    // Killed: no exit hook.
    expect(take(journal)).toEqual([
      "a down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });

  test("a sibling with shutdown kill is killed at once", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, { a: { options: { shutdown: "kill" } }, b: {} });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "a init", "a up", "b init", "b up"]);
  });

  test("a sibling with shutdown infinity is waited for", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const until = gate();
    const { refs } = await crew(kit, journal, all, {
      a: { options: { shutdown: "infinity" } },
      b: {},
    });
    refs.a.work(until.passed);
    await kit.run();
    refs.b.fail("broken");
    await kit.advance(10_000_000);
    expect(take(journal)).toEqual(["b down: failed"]);
    until.open();
    await kit.run();
    expect(take(journal)).toEqual(["a down: shutdown", "a init", "a up", "b init", "b up"]);
  });

  test("a temporary sibling goes down in its place, and does not come back", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ending = gate();
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { options: { restart: "temporary" }, onExit: () => ending.passed },
      c: {},
    });
    refs.c.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["c down: failed", "b down: shutdown"]);
    ending.open();
    await kit.run();
    expect(take(journal)).toEqual(["a down: shutdown", "a init", "a up", "c init", "c up"]);
    expect(status(refs.b)).toBe("stopped");
  });

  test("the failure of a temporary child concerns nobody", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { options: { restart: "temporary" } },
    });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed"]);
  });

  test("the normal end of a transient child concerns nobody, that of a permanent one all", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { options: { restart: "transient" } },
      c: {},
    });
    refs.b.end();
    await kit.run();
    expect(take(journal)).toEqual(["b down: normal"]);
    refs.c.end();
    await kit.run();
    expect(take(journal)).toEqual([
      "c down: normal",
      "a down: shutdown",
      "a init",
      "a up",
      "c init",
      "c up",
    ]);
  });

  test("a sibling that fails on the way down costs no further restart", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const [ending, until] = [gate(), gate()];
    const supervision: Supervision = {
      strategy: "oneForAll",
      intensity: { max: 1, within: 5_000 },
    };
    const { refs } = await crew(kit, journal, supervision, {
      a: {},
      b: {},
      c: { onExit: () => ending.passed },
    });
    refs.a.failAfter(until.passed, "broken too");
    await kit.run();
    refs.b.fail("broken");
    await kit.run();
    // c is on its way out; a has not been asked yet when it fails.
    until.open();
    await kit.run();
    ending.open();
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: failed",
      "c down: shutdown",
      "a down: failed",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
    expect(kit.eventsOf("restarting")).toHaveLength(1);
    expect(kit.eventsOf("gaveUp")).toEqual([]);
  });

  test("a sibling that fails after it was asked to end costs no further restart", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const until = gate();
    const supervision: Supervision = {
      strategy: "oneForAll",
      intensity: { max: 1, within: 5_000 },
    };
    const { refs } = await crew(kit, journal, supervision, { a: {}, b: {} });
    refs.a.failAfter(until.passed, "broken too");
    await kit.run();
    refs.b.fail("broken");
    await kit.run();
    until.open();
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: failed",
      "a down: failed",
      "a init",
      "a up",
      "b init",
      "b up",
    ]);
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("two that are killed at the same time cost one restart, and all come back once", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, { a: {}, b: {}, c: {} });
    void kill(refs.a);
    void kill(refs.c);
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("a message that waits while its actor goes down may fail the new incarnation", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, { a: {}, b: {} });
    refs.a.fail("broken");
    refs.b.fail("broken too");
    await kit.run();
    expect(take(journal).slice(-4)).toEqual(["a init", "a up", "b init", "b up"]);
    expect(kit.eventsOf("restarting")).toHaveLength(2);
  });

  test("a sibling that is killed on the way down comes back with the others", async () => {
    await using kit = createTestSystem();
    const hanging = gate();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { onExit: () => hanging.passed, options: { shutdown: "infinity" } },
      c: {},
    });
    refs.c.fail("broken");
    await kit.run();
    void kill(refs.b);
    await kit.run();
    hanging.open();
    expect(take(journal)).toEqual([
      "c down: failed",
      "b down: shutdown",
      "a down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });

  test("a member whose init fails in the middle: all go down again, and come up in order", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: {
        onInit: (run) => {
          if (run === 2) throw new Error("no luck");
        },
      },
      c: {},
    });
    refs.c.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "c down: failed",
      "b down: shutdown",
      "a down: shutdown",
      "a init",
      "a up",
      "b init",
      "b down: failed",
      "a down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });

  test("a member that fails while another's init is pending: all go down again", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { onInit: (run) => (run === 2 ? new Promise(() => {}) : undefined) },
      c: {},
    });
    refs.c.fail("broken");
    await kit.run();
    take(journal);
    refs.a.fail("broken");
    await kit.run();
    expect(take(journal).filter((line) => !line.startsWith("b down"))).toEqual([
      "a down: failed",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });

  test("a member that is not to come back after its init failed is left out, the others start", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { ...onlyOnce, options: { onFailure: () => "stop" } },
      c: {},
    });
    refs.c.fail("broken");
    await kit.run();
    expect(take(journal).slice(3)).toEqual([
      "a init",
      "a up",
      "b init",
      "b down: failed",
      "c init",
      "c up",
    ]);
    expect(status(refs.b)).toBe("stopped");
  });

  test("the group waits for the back-off of the one that failed; none is up before", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { options: { backoff: { kind: "fixed", delay: 1_000 } } },
      c: {},
    });
    refs.b.fail("broken");
    await kit.advance(999);
    expect(take(journal)).toEqual(["b down: failed", "c down: shutdown", "a down: shutdown"]);
    await kit.advance(1);
    expect(take(journal)).toEqual(["a init", "a up", "b init", "b up", "c init", "c up"]);
  });

  test("a member that is stopped during the pause stays ended; the others wait for its end", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: { options: { backoff: { kind: "fixed", delay: 1_000 } } },
      c: {},
    });
    refs.b.fail("broken");
    await kit.run();
    take(journal);
    await stop(refs.a);
    await kit.advance(999);
    expect(take(journal)).toEqual([]);
    await kit.advance(1);
    expect(take(journal)).toEqual(["b init", "b up", "c init", "c up"]);
  });

  test("a member that is stopped on the way down stays ended, and nobody starts too early", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ending = gate();
    const { refs } = await crew(kit, journal, all, {
      a: {},
      b: {},
      c: { onExit: () => ending.passed },
    });
    refs.b.fail("broken");
    await kit.run();
    const stopped = stop(refs.c);
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "c down: shutdown"]);
    ending.open();
    await stopped;
    await kit.run();
    expect(take(journal)).toEqual(["a down: shutdown", "a init", "a up", "b init", "b up"]);
  });

  test("a child that is spawned while the group is down is not concerned", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const Late = actor({
      name: "late-parent",
      supervision: all,
      init: (ctx) => ({
        a: ctx.spawn(Worker, worker("a", journal), {
          restart: "permanent",
          backoff: { kind: "fixed", delay: 100 },
        }),
      }),
      cast: { more: (ctx) => void ctx.spawn(Worker, worker("z", journal)) },
      call: { a: (ctx) => ctx.state.a },
    });
    const parent = kit.system.spawn(Late);
    const a = await parent.a();
    a.fail("broken");
    await kit.run();
    take(journal);
    parent.more();
    await kit.advance(100);
    expect(take(journal)).toEqual(["z init", "z up", "a init", "a up"]);
  });
});

describe("restForOne", () => {
  const rest: Supervision = { ...lenient, strategy: "restForOne" };

  test("takes down those started after it, in reverse, and brings them up in order", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, rest, { a: {}, b: {}, c: {}, d: {} });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: failed",
      "d down: shutdown",
      "c down: shutdown",
      "b init",
      "b up",
      "c init",
      "c up",
      "d init",
      "d up",
    ]);
  });

  test("the failure of the youngest concerns it alone", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, rest, { a: {}, b: {} });
    refs.b.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "b init", "b up"]);
  });

  test("a younger one that fails after it was asked to end does not keep the elder down", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const until = gate();
    const { refs } = await crew(kit, journal, rest, { a: {}, b: {}, c: {} });
    refs.c.failAfter(until.passed, "broken too");
    await kit.run();
    refs.b.fail("broken");
    await kit.run();
    until.open();
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: failed",
      "c down: failed",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });

  test("a younger one that fails before it is asked to end: the elder still comes up first", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const [until, ending] = [gate(), gate()];
    const { refs } = await crew(kit, journal, rest, {
      a: {},
      b: {},
      c: {},
      d: { onExit: () => ending.passed },
    });
    refs.c.failAfter(until.passed, "broken too");
    await kit.run();
    refs.b.fail("broken");
    await kit.run();
    until.open();
    await kit.run();
    ending.open();
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: failed",
      "d down: shutdown",
      "c down: failed",
      "b init",
      "b up",
      "c init",
      "c up",
      "d init",
      "d up",
    ]);
  });

  test("an elder one that fails while the younger are on their way takes all of them", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ending = gate();
    let held = true;
    const { refs } = await crew(kit, journal, rest, {
      a: {},
      b: {},
      c: { onExit: () => (held ? ending.passed : undefined) },
    });
    refs.b.fail("broken");
    await kit.run();
    refs.a.fail("broken too");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "c down: shutdown", "a down: failed"]);
    held = false;
    ending.open();
    await kit.run();
    expect(take(journal)).toEqual(["a init", "a up", "b init", "b up", "c init", "c up"]);
  });

  test("a member whose init fails goes down with those after it, the ones before stay up", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { refs } = await crew(kit, journal, rest, {
      a: {},
      b: {
        onInit: (run) => {
          if (run === 2) throw new Error("no luck");
        },
      },
      c: {},
    });
    refs.a.fail("broken");
    await kit.run();
    expect(take(journal).slice(3)).toEqual([
      "a init",
      "a up",
      "b init",
      "b down: failed",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
  });
});

describe("the parent ends in the middle of a group's restart", () => {
  const strategies: readonly Strategy[] = ["oneForAll", "restForOne"];

  test.each(
    strategies.flatMap((strategy) =>
      (["stopped", "killed", "failed"] as const).map((how) => ({ strategy, how })),
    ),
  )("$strategy, $how while they go down: all end, none begins", async ({ strategy, how }) => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ending = gate();
    const { parent, refs } = await crew(
      kit,
      journal,
      { ...lenient, strategy },
      {
        a: {},
        b: {},
        c: { onExit: () => ending.passed },
      },
    );
    refs.a.fail("broken");
    await kit.run();
    if (how === "stopped") void stop(parent);
    else if (how === "killed") void kill(parent);
    else parent.fail();
    await kit.run();
    ending.open();
    await kit.run();
    expect(take(journal).filter((line) => line.endsWith("init"))).toEqual([]);
    for (const ref of [parent, ...Object.values(refs)]) expect(status(ref)).toBe("stopped");
  });

  test.each(["stopped", "killed", "failed"] as const)(
    "%s while they come up: what has not begun does not begin",
    async (how) => {
      await using kit = createTestSystem();
      const journal: string[] = [];
      const { parent, refs } = await crew(
        kit,
        journal,
        { ...lenient, strategy: "oneForAll" },
        {
          a: {},
          b: { onInit: (run) => (run > 1 ? new Promise(() => {}) : undefined) },
          c: {},
        },
      );
      refs.a.fail("broken");
      await kit.run();
      expect(take(journal).slice(3)).toEqual(["a init", "a up", "b init"]);
      if (how === "stopped") void stop(parent);
      else if (how === "killed") void kill(parent);
      else parent.fail();
      await kit.run();
      expect(take(journal).filter((line) => line.endsWith("init"))).toEqual([]);
      expect(await exited(parent)).toBeDefined();
      for (const ref of Object.values(refs)) expect(status(ref)).toBe("stopped");
    },
  );

  test("during the pause, and comes back itself: the pause of the old family starts nobody", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(
      kit,
      journal,
      lenient,
      { a: { options: { backoff: { kind: "fixed", delay: 1_000 } } } },
      { restart: "permanent" },
    );
    refs.a.fail("broken");
    await kit.run();
    parent.fail();
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: failed",
      "parent down: failed",
      "parent init",
      "a init",
      "a up",
    ]);
    await kit.advance(5_000);
    expect(take(journal)).toEqual([]);
  });
});

describe("restart intensity", () => {
  const three: Supervision = { intensity: { max: 3, within: 5_000 } };

  test("as many restarts as the limit are borne; one more ends the parent with shutdown", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(kit, journal, three, { a: {}, b: {} });
    for (let i = 0; i < 3; i++) refs.a.fail("broken");
    await kit.run();
    expect(status(parent)).toBe("running");
    take(journal);
    refs.a.fail("once too often");
    await kit.run();
    expect(take(journal)).toEqual(["a down: failed", "b down: shutdown", "parent down: shutdown"]);
    const reason = await exited(parent);
    expect(reason).toMatchObject({
      kind: "shutdown",
      detail: { code: "TROUPE_RESTART_INTENSITY" },
    });
    const [gaveUp] = kit.eventsOf("gaveUp");
    expect(gaveUp?.error).toBeInstanceOf(RestartIntensityError);
    expect(gaveUp?.error.cause).toMatchObject({ message: "once too often" });
  });

  test("the default is 3 in 5 s", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], {}, { a: {} });
    for (let i = 0; i < 3; i++) refs.a.fail("broken");
    await kit.advance(5_000);
    expect(status(parent)).toBe("running");
    refs.a.fail("the fourth, after exactly the window");
    await kit.run();
    expect(status(parent)).toBe("stopped");
  });

  test("the window slides, to the millisecond", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], three, { a: {} });
    for (let i = 0; i < 3; i++) refs.a.fail("broken");
    await kit.advance(5_001);
    refs.a.fail("one millisecond after the window");
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("restarts of all children count together", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], three, { a: {}, b: {} });
    for (const id of ["a", "b", "a", "b"] as const) {
      refs[id].fail("broken");
      await kit.run();
    }
    expect(status(parent)).toBe("stopped");
  });

  test("the restart of a group counts once", async () => {
    await using kit = createTestSystem();
    const supervision: Supervision = { ...three, strategy: "oneForAll" };
    const { parent, refs } = await crew(kit, [], supervision, { a: {}, b: {}, c: {}, d: {} });
    for (let i = 0; i < 3; i++) {
      refs.a.fail("broken");
      await kit.run();
    }
    expect(status(parent)).toBe("running");
  });

  test("a max of 0 bears no restart", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const supervision = { intensity: { max: 0, within: 5_000 } };
    const { parent, refs } = await crew(kit, journal, supervision, { a: {} });
    refs.a.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["a down: failed", "parent down: shutdown"]);
    expect(status(parent)).toBe("stopped");
  });

  test("a restart whose init fails counts, and is tried again under the same budget", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(kit, journal, three, { a: onlyOnce });
    refs.a.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: failed",
      "a init",
      "a down: failed",
      "a init",
      "a down: failed",
      "a init",
      "a down: failed",
      "parent down: shutdown",
    ]);
    expect(status(parent)).toBe("stopped");
  });

  test("a permanent child that ends by itself spends it too", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], three, { a: {} });
    for (let i = 0; i < 4; i++) refs.a.end();
    await kit.run();
    expect(status(parent)).toBe("stopped");
  });

  test("what is not restarted spends nothing: resume, stop, temporary children", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(
      kit,
      [],
      { intensity: { max: 0, within: 5_000 } },
      {
        a: { options: { onFailure: () => "resume" } },
        b: { options: { onFailure: () => "stop" } },
        c: { options: { restart: "temporary" } },
      },
    );
    refs.a.fail("broken");
    refs.a.fail("broken");
    refs.b.fail("broken");
    refs.c.fail("broken");
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("giving up in the middle of a group's start: those behind do not begin", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const supervision: Supervision = {
      strategy: "oneForAll",
      intensity: { max: 1, within: 5_000 },
    };
    const { refs } = await crew(kit, journal, supervision, { a: {}, b: onlyOnce, c: {} });
    refs.a.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: failed",
      "c down: shutdown",
      "b down: shutdown",
      "a init",
      "a up",
      "b init",
      "b down: failed",
      "a down: shutdown",
      "parent down: shutdown",
    ]);
  });

  test("it counts as a failure of the parent: its keeper restarts it, with a fresh budget", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(
      kit,
      journal,
      { intensity: { max: 1, within: 60_000 } },
      { a: {} },
      { restart: "transient" },
    );
    refs.a.fail("broken");
    refs.a.fail("broken");
    await kit.run();
    expect(take(journal).slice(-3)).toEqual(["parent init", "a init", "a up"]);
    expect(status(parent)).toBe("running");
    const again = (await parent.refs())["a"]!;
    again.fail("the first of the new family");
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("it climbs: a grandparent whose budget is spent in turn ends as well", async () => {
    await using kit = createTestSystem();
    const Hopeless = actor({
      name: "hopeless",
      init: (ctx) => {
        ctx.timers.after(1, () => {
          throw new Error("always");
        });
      },
    });
    const tight = { supervision: { intensity: { max: 1, within: 60_000 } } };
    const Middle = actor({
      name: "middle",
      ...tight,
      init: (ctx) => void ctx.spawn(Hopeless),
    });
    const Top = actor({ name: "top", ...tight, init: (ctx) => void ctx.spawn(Middle) });
    const top = kit.system.spawn(Top);
    await kit.advance(100);
    expect(await exited(top)).toMatchObject({ kind: "shutdown" });
    expect(kit.eventsOf("gaveUp").map(({ actor: who }) => who.replace(/#.*/, ""))).toEqual([
      "middle",
      "middle",
      "top",
    ]);
  });

  test("at the top of the tree each child has a budget of its own, and ends alone", async () => {
    await using kit = createTestSystem();
    const options = { restart: "permanent" } as const;
    const a = kit.system.spawn(Worker, worker("a", []), options);
    const b = kit.system.spawn(Worker, worker("b", []), options);
    for (let i = 0; i < 3; i++) {
      a.fail("broken");
      b.fail("broken");
    }
    await kit.run();
    expect([status(a), status(b)]).toEqual(["running", "running"]);
    a.fail("once too often");
    await kit.run();
    expect([status(a), status(b)]).toEqual(["stopped", "running"]);
    expect(await exited(a)).toMatchObject({ kind: "failed" });
    expect(kit.eventsOf("gaveUp")).toHaveLength(1);
  });
});

describe("every actor supervises its children", () => {
  test("onChild sees all that happens to them, in order", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) => ({ child: ctx.spawn(Worker, worker("a", []), { name: "a" }) }),
      onChild(_ctx, event) {
        const detail =
          event.kind === "failed"
            ? event.decision
            : event.kind === "ended"
              ? event.reason.kind
              : event.name;
        seen.push(`${event.kind} ${detail}`);
      },
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent);
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    child.end();
    await kit.run();
    expect(seen).toEqual(["started a", "failed restart", "restarted a", "ended normal"]);
  });

  test("a child's final failure, with the error, and the state that it left to a successor", async () => {
    await using kit = createTestSystem();
    const values: number[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) => ({ child: ctx.spawn(Worker, worker("a", []), { restart: "temporary" }) }),
      onChild(_ctx, event) {
        if (event.kind !== "ended") return;
        expect(event.reason).toMatchObject({ kind: "failed", error: { message: "broken" } });
        values.push((event.state as { n: number }).n);
      },
      call: { child: (ctx) => ctx.state.child },
    });
    const child = await kit.system.spawn(Parent).child();
    child.add(7);
    child.fail("broken");
    await kit.run();
    expect(values).toEqual([7]);
  });

  test("the state is left by a kill and by a stop as well", async () => {
    await using kit = createTestSystem();
    const states: unknown[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) => [1, 2].map(() => ctx.spawn(Worker, worker("a", []), { restart: "temporary" })),
      onChild(_ctx, event) {
        if (event.kind === "ended") states.push(event.state);
      },
      call: { children: (ctx) => ctx.state },
    });
    const [one, two] = await kit.system.spawn(Parent).children();
    one!.add(1);
    two!.add(2);
    await kit.run();
    void kill(one!);
    void stop(two!);
    await kit.run();
    expect(states).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("a child of a child is not the grandparent's business", async () => {
    await using kit = createTestSystem();
    const seen: string[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) => void ctx.spawn(Worker, worker("a", [])),
    });
    const Grand = actor({
      name: "grand",
      init: (ctx) => void ctx.spawn(Parent, undefined, { name: "parent" }),
      onChild: (_ctx, { name }) => void seen.push(name),
    });
    kit.system.spawn(Grand);
    await kit.run();
    expect(seen).toEqual(["parent"]);
  });

  test("ctx.spawn makes transient children: a failure brings them back, a normal end does not", async () => {
    await using kit = createTestSystem();
    const Parent = actor({
      init: (ctx) => ({
        a: ctx.spawn(Worker, worker("a", [])),
        b: ctx.spawn(Worker, worker("b", [])),
      }),
      call: { children: (ctx) => ctx.state },
    });
    const { a, b } = await kit.system.spawn(Parent).children();
    a.fail("broken");
    b.end();
    await kit.run();
    expect([status(a), status(b)]).toEqual(["running", "stopped"]);
  });

  test("a child whose first init fails is its spawner's error, no failure, and no restart", async () => {
    await using kit = createTestSystem();
    const outcomes: string[] = [];
    const journal: string[] = [];
    const Parent = actor({
      supervision: { intensity: { max: 0, within: 5_000 } },
      init: (ctx) => {
        const props = worker("a", journal, { onInit: () => Promise.reject(new Error("no luck")) });
        const child = ctx.spawn(Worker, props, { restart: "permanent" });
        ctx.task(started(child), undefined, {
          onError: (error) => void outcomes.push((error as Error).name),
        });
      },
    });
    const parent = kit.system.spawn(Parent);
    await kit.run();
    expect(outcomes).toEqual(["StartError"]);
    expect(journal).toEqual(["a init", "a down: failed"]);
    expect(status(parent)).toBe("running");
  });
});

describe("children end with their parent", () => {
  const ways = ["stopped", "killed", "failed", "gone by itself"] as const;

  test.each(ways)("%s: youngest first, each with its own exit hook", async (how) => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(kit, journal, {}, { a: {}, b: {}, c: {} });
    if (how === "stopped") void stop(parent);
    else if (how === "killed") void kill(parent);
    else if (how === "failed") parent.fail();
    else parent.end();
    await kit.run();
    const own = { stopped: "normal", killed: "", failed: "failed", "gone by itself": "normal" };
    expect(take(journal)).toEqual([
      "c down: shutdown",
      "b down: shutdown",
      "a down: shutdown",
      ...(how === "killed" ? [] : [`parent down: ${own[how]}`]),
    ]);
    for (const ref of Object.values(refs)) expect(isAlive(ref)).toBe(false);
  });

  test("each has its shutdown time, then is killed: ms, kill, infinity", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const until = gate();
    const { parent, refs } = await crew(
      kit,
      journal,
      {},
      {
        a: { options: { shutdown: "infinity" } },
        b: { options: { shutdown: 200 } },
        c: { options: { shutdown: "kill" } },
        d: {},
      },
    );
    for (const ref of [refs.a, refs.b, refs.d]) ref.work();
    refs.a.work(until.passed);
    await kit.run();
    void stop(parent);
    await kit.advance(4_999);
    expect([status(refs.d), status(refs.c)]).toEqual(["running", "running"]);
    await kit.advance(1);
    expect([status(refs.d), status(refs.c), status(refs.b)]).toEqual([
      "stopped",
      "stopped",
      "running",
    ]);
    await kit.advance(200);
    expect([status(refs.b), status(refs.a)]).toEqual(["stopped", "running"]);
    await kit.advance(10_000_000);
    expect(status(refs.a)).toBe("running");
    expect(status(parent)).toBe("stopping");
    void kill(refs.a);
    await kit.run();
    expect(await exited(parent)).toEqual({ kind: "normal" });
    expect(take(journal)).toEqual(["parent down: normal"]);
  });

  test("a killed parent's children keep their shutdown time, and the parent is not gone before", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ending = gate();
    const { parent, refs } = await crew(kit, journal, {}, { a: { onExit: () => ending.passed } });
    const killed = kill(parent);
    await kit.run();
    expect(take(journal)).toEqual(["a down: shutdown"]);
    expect(isAlive(parent)).toBe(false);
    expect(status(parent)).toBe("stopping");
    ending.open();
    await killed;
    expect(await exited(parent)).toEqual({ kind: "killed" });
    expect(status(refs.a)).toBe("stopped");
  });

  test("a child that fails while its parent ends is not brought back", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const until = gate();
    const { parent, refs } = await crew(kit, journal, {}, { a: {}, b: {} });
    refs.a.failAfter(until.passed, "broken");
    await kit.run();
    void stop(parent);
    await kit.run();
    until.open();
    await kit.run();
    expect(take(journal)).toEqual(["b down: shutdown", "a down: failed", "parent down: normal"]);
    expect(await exited(refs.a)).toMatchObject({ kind: "failed" });
  });

  test("grandchildren end before children, however deep the tree", async () => {
    await using kit = createTestSystem();
    const order: number[] = [];
    const Link = actor({
      name: "link",
      init: (ctx, depth: number) => {
        if (depth < 500) ctx.spawn(Link as never, (depth + 1) as never);
      },
      exit: (ctx) => void order.push(ctx.props),
    });
    const top = kit.system.spawn(Link, 0);
    await kit.run();
    void stop(top);
    await kit.run();
    expect(order).toHaveLength(501);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
  });

  test.each(["kill", 5_000] as const)(
    "ten thousand children with shutdown %s end without a deep stack",
    async (shutdown) => {
      await using kit = createTestSystem();
      const Leaf = actor({ name: "leaf", init: () => ({}) });
      const Parent = actor({
        name: "parent",
        init: (ctx) => {
          for (let i = 0; i < 10_000; i++) ctx.spawn(Leaf, undefined, { shutdown });
        },
      });
      const parent = kit.system.spawn(Parent);
      await started(parent);
      await kit.run();
      void kill(parent);
      await kit.run();
      expect(status(parent)).toBe("stopped");
      expect(kit.system.stats().alive).toBe(0);
    },
  );

  test("a tree ten thousand deep with shutdown kill ends without a deep stack", async () => {
    await using kit = createTestSystem();
    const Deep = actor({
      name: "deep",
      shutdown: "kill",
      init: (ctx, depth: number) => {
        if (depth < 10_000) ctx.spawn(Deep as never, (depth + 1) as never);
      },
    });
    const top = kit.system.spawn(Deep, 0);
    await kit.run();
    expect(kit.system.stats().alive).toBe(10_001);
    void kill(top);
    await kit.run();
    expect(kit.system.stats().alive).toBe(0);
  });
});

describe("children by hand", () => {
  interface Hands {
    stopOne(ref: WorkerRef): Promise<string>;
  }

  test("ctx.children lists them in start order, stops one, stops all, drains all", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) =>
        ["a", "b", "c"].map((id) =>
          ctx.spawn(Worker, worker(id, journal), { restart: "permanent" }),
        ),
      call: {
        refs: (ctx) => ctx.state,
        listed: (ctx) => ctx.children.list(),
        stopOne: (ctx, ref: WorkerRef) => ctx.children.stop(ref),
        stopAll: (ctx) => ctx.children.stopAll(),
        drainAll: (ctx) => ctx.children.drainAll(),
        more: (ctx) => ctx.spawn(Worker, worker("d", journal)),
      },
    });
    const parent = kit.system.spawn(Parent);
    const refs = await parent.refs();
    expect(await parent.listed()).toEqual(refs);
    await kit.run();
    take(journal);
    await parent.stopOne(refs[1]!);
    expect(take(journal)).toEqual(["b down: shutdown"]);
    expect(await parent.listed()).toEqual([refs[0], refs[2]]);
    await parent.stopAll();
    expect(take(journal)).toEqual(["c down: shutdown", "a down: shutdown"]);
    const last = await parent.more();
    last.add(1);
    await parent.drainAll();
    expect(take(journal)).toEqual(["d init", "d up", "d down: normal"]);
    expect(await parent.listed()).toEqual([]);
    expect(status(parent)).toBe("running");
  });

  test("stopping somebody else's child is refused", async () => {
    await using kit = createTestSystem();
    const stranger = kit.system.spawn(Worker, worker("stranger", []));
    const Parent = actor({
      name: "parent",
      init: () => ({}),
      call: {
        stopOne: (ctx, ref: WorkerRef) =>
          ctx.children.stop(ref).then(
            () => "stopped",
            (error: unknown) => (error as Error).name,
          ),
      },
    });
    const parent: Ref<Hands> = kit.system.spawn(Parent);
    expect(await parent.stopOne(stranger)).toBe("BadInputError");
    expect(status(stranger)).toBe("running");
  });
});

describe("significant children", () => {
  const significant: Member = { options: { significant: true, restart: "transient" } };
  const any: Supervision = { ...lenient, autoShutdown: "any" };
  const everyone: Supervision = { ...lenient, autoShutdown: "all" };

  test("never: their end does not matter", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], lenient, { a: significant, b: {} });
    refs.a.end();
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("any: the first that ends by itself ends the parent, with shutdown", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(kit, journal, any, {
      a: significant,
      b: significant,
      c: {},
    });
    refs.b.end();
    await kit.run();
    expect(take(journal)).toEqual([
      "b down: normal",
      "c down: shutdown",
      "a down: shutdown",
      "parent down: shutdown",
    ]);
    expect(await exited(parent)).toEqual({ kind: "shutdown" });
  });

  test("all: the last of them does", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], everyone, {
      a: significant,
      b: significant,
      c: {},
    });
    refs.a.end();
    await kit.run();
    expect(status(parent)).toBe("running");
    refs.b.end();
    await kit.run();
    expect(status(parent)).toBe("stopped");
  });

  test("one that fails and comes back has not ended", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], any, { a: significant });
    refs.a.fail("broken");
    await kit.run();
    expect([status(parent), status(refs.a)]).toEqual(["running", "running"]);
  });

  test("a temporary one ends the parent by its failure as well", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], any, {
      a: { options: { significant: true, restart: "temporary" } },
    });
    refs.a.fail("broken");
    await kit.run();
    expect(status(parent)).toBe("stopped");
  });

  test("children that do not matter do not matter", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(kit, [], any, {
      a: significant,
      b: { options: { restart: "transient" } },
    });
    refs.b.end();
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("one that its parent ends does not end the parent in turn", async () => {
    await using kit = createTestSystem();
    const Parent = actor({
      supervision: any,
      init: (ctx) => ({ child: ctx.spawn(Worker, worker("a", []), significant.options) }),
      call: { dismiss: (ctx) => ctx.children.stop(ctx.state.child) },
    });
    const parent = kit.system.spawn(Parent);
    await parent.dismiss();
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("a significant temporary sibling that goes down with its group does not end the parent", async () => {
    await using kit = createTestSystem();
    const { parent, refs } = await crew(
      kit,
      [],
      { ...any, strategy: "oneForAll" },
      { a: { options: { significant: true, restart: "temporary" } }, b: {} },
    );
    refs.b.fail("broken");
    await kit.run();
    expect([status(parent), status(refs.b), status(refs.a)]).toEqual([
      "running",
      "running",
      "stopped",
    ]);
  });

  test("one that could not start does not end the parent", async () => {
    await using kit = createTestSystem();
    const Parent = actor({
      supervision: any,
      init: (ctx) => {
        const props = worker("a", [], { onInit: () => Promise.reject(new Error("no luck")) });
        ctx.spawn(Worker, props, significant.options);
      },
    });
    const parent = kit.system.spawn(Parent);
    await kit.run();
    expect(status(parent)).toBe("running");
  });

  test("a permanent parent comes back after it", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const { parent, refs } = await crew(
      kit,
      journal,
      any,
      { a: significant },
      { restart: "permanent" },
    );
    refs.a.end();
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: normal",
      "parent down: shutdown",
      "parent init",
      "a init",
      "a up",
    ]);
    expect(status(parent)).toBe("running");
  });
});

describe("maxChildren", () => {
  test("one more than these is refused with a StartError; room comes with an end", async () => {
    await using kit = createTestSystem();
    const Parent = actor({
      supervision: { strategy: "dynamic", maxChildren: 2 },
      init: () => ({}),
      call: { spawn: (ctx) => ctx.spawn(Worker, worker("a", [])) },
    });
    const parent = kit.system.spawn(Parent);
    const one = await parent.spawn();
    await parent.spawn();
    const three = await parent.spawn();
    await expect(started(three)).rejects.toMatchObject({ why: "too-many-children" });
    await stop(one);
    const four = await parent.spawn();
    await started(four);
    expect(status(four)).toBe("running");
  });
});

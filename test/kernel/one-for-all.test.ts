import { describe, expect, test } from "vitest";
import { actor, kill, status, stop, type Supervision } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";
import { crew, onlyOnce, lenient } from "../support/crew.ts";

function fail(): never {
  throw new Error("broken");
}

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

  test("one that ends in the meantime hastens nobody: they still go down one after the other", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ending = gate();
    const { refs } = await crew(kit, journal, all, {
      a: { onExit: () => ending.passed },
      b: {},
      c: { options: { restart: "temporary" } },
    });
    refs.a.fail("broken");
    await kit.run();
    refs.c.fail("broken as well");
    await kit.run();
    expect(take(journal)).toEqual(["a down: failed", "c down: failed"]);
    ending.open();
    await kit.run();
    expect(take(journal)).toEqual(["b down: shutdown", "a init", "a up", "b init", "b up"]);
  });

  test("one that has failed by itself just when its turn to go down comes is up again in the end", async () => {
    await using kit = createTestSystem();
    const [below, last] = [gate(), gate()];
    const leaf = (until?: Promise<void>) => actor({ exit: () => until, cast: { fail } });
    const Eldest = actor({ init: (ctx) => ctx.spawn(leaf(below.passed)), cast: { fail } });
    const Parent = actor({
      supervision: all,
      init: (ctx) => [ctx.spawn(Eldest), ctx.spawn(leaf()), ctx.spawn(leaf(last.passed))] as const,
      call: { refs: (ctx) => ctx.state },
    });
    const refs = await kit.system.spawn(Parent).refs();
    await kit.run();
    refs[1].fail();
    await kit.run();
    refs[0].fail();
    await kit.run();
    // Before the eldest has had its turn to end, it is asked to go down as well.
    below.open();
    last.open();
    await kit.run();
    expect(refs.map(status)).toEqual(["running", "running", "running"]);
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

  test("a group of two thousand comes back as one, and costs one restart", async () => {
    await using kit = createTestSystem();
    const ids = Array.from({ length: 2_000 }, (_, i) => `w${i}`);
    const members = Object.fromEntries(ids.map((id) => [id, {}]));
    const { parent, refs } = await crew(kit, [], { strategy: "oneForAll" }, members);
    refs["w7"]!.fail("broken");
    await kit.run();
    expect(Object.values(refs).filter((ref) => status(ref) !== "running")).toEqual([]);
    expect(status(parent)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
    expect(kit.system.stats().restarts).toBe(1);
  });

  test("a member that has started on its way down goes down all the same", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    let once = true;
    const Hasty = actor({
      name: "hasty",
      supervision: all,
      init: (ctx) =>
        ["a", "b"].map((id) =>
          ctx.spawn(Worker, worker(id, journal), { restart: "permanent", name: id }),
        ),
      onChild(_ctx, { kind, name, ref }) {
        // At this moment b is in line to begin.
        if (kind !== "restarted" || name !== "a" || !once) return;
        once = false;
        void kill(ref);
      },
      call: { refs: (ctx) => ctx.state },
    });
    const [a] = await kit.system.spawn(Hasty).refs();
    await kit.run();
    take(journal);
    a!.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: failed",
      "b down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
      "b down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
    ]);
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

import { describe, expect, test } from "vitest";
import { actor, group, isAlive, nameOf, restart, started, status, stop } from "troupe";
import { createTestSystem } from "troupe/testing";
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

import { describe, expect, test } from "vitest";
import { actor, kill, started, status, stop, type Ref } from "troupe";
import { createTestSystem } from "troupe/testing";
import { take, Worker, worker, type WorkerRef } from "../support/worker.ts";
import { crew, lenient } from "../support/crew.ts";

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

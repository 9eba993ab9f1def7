import { describe, expect, test } from "vitest";
import { actor, exited, isAlive, kill, started, status, stop } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take } from "../support/worker.ts";
import { crew } from "../support/crew.ts";

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

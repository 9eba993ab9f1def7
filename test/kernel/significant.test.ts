import { describe, expect, test } from "vitest";
import { actor, exited, status, type Supervision } from "troupe";
import { createTestSystem } from "troupe/testing";
import { take, Worker, worker } from "../support/worker.ts";
import { crew, lenient, type Member } from "../support/crew.ts";

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

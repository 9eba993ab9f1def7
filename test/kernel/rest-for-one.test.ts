import { describe, expect, test } from "vitest";
import { exited, kill, status, stop, type Strategy, type Supervision } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take } from "../support/worker.ts";
import { crew, lenient } from "../support/crew.ts";

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

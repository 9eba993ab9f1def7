import { describe, expect, test } from "vitest";
import {
  actor,
  exited,
  RestartIntensityError,
  started,
  status,
  supervisor,
  type Supervision,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";
import { crew, onlyOnce } from "../support/crew.ts";

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

  test("a supervisor that gives up before all its children have started does not start", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const supervised = kit.system.spawn(
      supervisor({
        strategy: "oneForAll",
        intensity: { max: 1, within: 1_000 },
        children: {
          a: { actor: Worker, props: worker("a", journal, onlyOnce) },
          b: { actor: Worker, props: worker("b", journal, { onInit: () => gate().passed }) },
        },
      }),
    );
    const outcome = started(supervised).catch((error: unknown) => error);
    await kit.run();
    supervised.child("a").fail("broken");
    await kit.run();
    // `b` was taken down with `a` before it had started, and waits for nobody to bring it up.
    expect(status(supervised)).toBe("stopped");
    expect(await outcome).toMatchObject({
      why: "failed",
      cause: { code: "TROUPE_RESTART_INTENSITY" },
    });
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

  test("its keeper may decide otherwise, by the error", async () => {
    await using kit = createTestSystem();
    const errors: unknown[] = [];
    const { parent, refs } = await crew(
      kit,
      [],
      { intensity: { max: 0, within: 5_000 } },
      { a: {} },
      {
        restart: "permanent",
        onFailure: (error) => {
          errors.push(error);
          return "stop";
        },
      },
    );
    refs.a.fail("broken");
    await kit.run();
    expect(errors).toMatchObject([
      { code: "TROUPE_RESTART_INTENSITY", cause: { message: "broken" } },
    ]);
    expect(await exited(parent)).toMatchObject({ kind: "shutdown" });
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

import { describe, expect, test } from "vitest";
import {
  actor,
  BadInputError,
  exited,
  isAlive,
  nameOf,
  restart,
  status,
  stop,
  supervisor,
  type ChildEntry,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";
import { entry } from "../support/entry.ts";

type Entry = ChildEntry<unknown, never>;

test("a temporary child that was added by start is forgotten when it has ended", async () => {
  await using kit = createTestSystem();
  const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
  const extra = { actor: Worker, props: worker("x", []), restart: "temporary" } as const;
  const first = await app.start("x", extra);
  first.end();
  await kit.run();
  expect((await app.which()).map(({ id }) => id)).toEqual(["a"]);
  // Its id is free again.
  const second = await app.start("x", extra);
  expect(isAlive(second)).toBe(true);
});

describe("which and count", () => {
  test("tell of every child: id, status, restart type, restarts, in start order", async () => {
    await using kit = createTestSystem();
    const App = supervisor({
      children: {
        a: { ...entry("a", []), name: "the-a" },
        b: { actor: Worker, props: worker("b", []), restart: "temporary" },
      },
    });
    const app = kit.system.spawn(App);
    app.child("a").fail("broken");
    app.child("b").end();
    await kit.run();
    expect(await app.which()).toEqual([
      {
        id: "a",
        ref: app.child("a"),
        name: "the-a",
        status: "running",
        restart: "permanent",
        restarts: 1,
      },
      {
        id: "b",
        ref: app.child("b"),
        name: nameOf(app.child("b")),
        status: "stopped",
        restart: "temporary",
        restarts: 0,
      },
    ]);
    expect(await app.count()).toEqual({ specs: 2, active: 1 });
  });
});

describe("start", () => {
  test("adds a child after the others, typed, under the same supervision", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const App = supervisor({ strategy: "restForOne", children: { a: entry("a", journal) } });
    const app = kit.system.spawn(App);
    const b = await app.start("b", entry("b", journal));
    b.add(1);
    expect(await b.value()).toBe(1);
    take(journal);
    app.child("a").fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: failed",
      "b down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
    ]);
    expect((await app.which()).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("refuses an id that is in use, also by a child that has ended; the supervisor goes on", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
    await expect(app.start("a", entry("a", []))).rejects.toThrow(/there is a child "a" already/);
    await app.terminate("a");
    await expect(app.start("a", entry("a", []))).rejects.toThrow(BadInputError);
    expect(status(app)).toBe("running");
    expect(kit.eventsOf("failed")).toEqual([]);
  });

  test("rejects with the StartError of a child that cannot start; its id is free again", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: {} }));
    const bad = entry("x", [], { onInit: () => Promise.reject(new Error("no luck")) });
    await expect(app.start("x", bad)).rejects.toMatchObject({ code: "TROUPE_START" });
    expect(await app.count()).toEqual({ specs: 0, active: 0 });
    await app.start("x", entry("x", []));
    expect(await app.count()).toEqual({ specs: 1, active: 1 });
  });

  test("refuses what is no entry, as its caller's error", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: {} }));
    await expect(app.start("x", { actor: {} } as unknown as Entry)).rejects.toThrow(BadInputError);
    const wrong = { ...entry("x", []), shutdown: -1 };
    await expect(app.start("x", wrong)).rejects.toThrow(/shutdown is -1/);
    expect(status(app)).toBe("running");
  });

  test("a child with a slow init does not keep the supervisor from answering", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: {} }));
    const slow = gate();
    const starting = app.start("slow", entry("slow", [], { onInit: () => slow.passed }));
    expect(await app.count()).toEqual({ specs: 1, active: 1 });
    slow.open();
    await starting;
  });

  test("the children it added are not there after the supervisor's own restart", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
    await app.start("b", entry("b", []));
    await restart(app);
    expect((await app.which()).map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("terminate, restart and delete", () => {
  test("terminate ends a permanent child; its specification stays", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const app = kit.system.spawn(supervisor({ children: { a: entry("a", journal) } }));
    const a = app.child("a");
    await app.terminate("a");
    expect(take(journal).at(-1)).toBe("a down: shutdown");
    await kit.advance(10_000);
    expect(status(a)).toBe("stopped");
    expect(await app.which()).toMatchObject([{ id: "a", status: "stopped" }]);
  });

  test("terminate kills a child that hangs, after its shutdown time", async () => {
    await using kit = createTestSystem();
    const App = supervisor({ children: { a: { ...entry("a", []), shutdown: 200 } } });
    const app = kit.system.spawn(App);
    app.child("a").work();
    await kit.run();
    const ended = app.terminate("a");
    await kit.advance(200);
    await ended;
    expect(await exited(app.child("a"))).toEqual({ kind: "killed" });
  });

  test("terminating twice is fine", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
    await Promise.all([app.terminate("a"), app.terminate("a")]);
    await app.terminate("a");
    expect(await app.count()).toEqual({ specs: 1, active: 0 });
  });

  test("restart of a running child is in place", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
    const a = app.child("a");
    a.add(5);
    await kit.run();
    expect(await app.restart("a")).toBe(a);
    expect(await a.value()).toBe(0);
  });

  test("restart of a child that has ended is a new actor under the old id", async () => {
    await using kit = createTestSystem();
    const App = supervisor({ children: { a: { ...entry("a", []), name: "the-a" } } });
    const app = kit.system.spawn(App);
    const before = app.child("a");
    await app.terminate("a");
    const after = await app.restart("a");
    expect(after).not.toBe(before);
    expect(app.child("a")).toBe(after);
    expect(kit.system.whereIs(Worker, "the-a")).toBe(after);
    expect(await app.count()).toEqual({ specs: 1, active: 1 });
  });

  test("a restart that fails leaves the child where it was, to be tried again", async () => {
    await using kit = createTestSystem();
    let broken = false;
    const Moody = actor({
      init() {
        if (broken) throw new Error("broken");
      },
    });
    const app = kit.system.spawn(supervisor({ children: { a: { actor: Moody } } }));
    await app.terminate("a");
    broken = true;
    await expect(app.restart("a")).rejects.toMatchObject({ code: "TROUPE_START" });
    expect(await app.which()).toMatchObject([{ id: "a", status: "stopped" }]);
    broken = false;
    await app.restart("a");
    expect(await app.which()).toMatchObject([{ id: "a", status: "running" }]);
  });

  test("a child that was terminated and restarted keeps its place in the order", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const App = supervisor({
      strategy: "restForOne",
      children: { a: entry("a", journal), b: entry("b", journal), c: entry("c", journal) },
    });
    const app = kit.system.spawn(App);
    await app.terminate("a");
    await app.restart("a");
    take(journal);
    app.child("a").fail("broken");
    await kit.run();
    expect(take(journal).slice(0, 3)).toEqual([
      "a down: failed",
      "c down: shutdown",
      "b down: shutdown",
    ]);
    take(journal);
    await stop(app);
    expect(take(journal)).toEqual(["c down: shutdown", "b down: shutdown", "a down: shutdown"]);
  });

  test("delete forgets a child that has ended, and refuses one that has not", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
    await expect(app.delete("a")).rejects.toThrow(/is running; terminate it before/);
    await app.terminate("a");
    await app.delete("a");
    expect(await app.which()).toEqual([]);
    await app.start("a", entry("a", []));
    expect(status(app.child("a"))).toBe("running");
  });

  test.each(["terminate", "restart", "delete"] as const)(
    "%s of an unknown id is the caller's error, and no failure of the supervisor",
    async (verb) => {
      await using kit = createTestSystem();
      const app = kit.system.spawn(supervisor({ children: { a: entry("a", []) } }));
      await expect(app[verb]("z")).rejects.toThrow(/no child "z"; there are a/);
      expect(status(app)).toBe("running");
      expect(kit.eventsOf("failed")).toEqual([]);
    },
  );
});

import { describe, expect, test } from "vitest";
import {
  exited,
  isAlive,
  kill,
  restart,
  started,
  status,
  stop,
  supervisor,
  supervisorOf,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";
import { entry } from "../support/entry.ts";

describe("a supervisor starts", () => {
  test("its children in order, each after the one before has started", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const first = gate();
    const App = supervisor({
      children: {
        a: entry("a", journal, { onInit: () => first.passed }),
        b: entry("b", journal),
        c: entry("c", journal),
      },
    });
    const app = kit.system.spawn(App);
    await kit.run();
    expect(take(journal)).toEqual(["a init"]);
    expect(status(app)).toBe("starting");
    first.open();
    await started(app);
    expect(take(journal)).toEqual(["a up", "b init", "b up", "c init", "c up"]);
  });

  test("all or nothing: when the third cannot start, the first two are stopped in reverse", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const App = supervisor({
      children: {
        a: entry("a", journal),
        b: entry("b", journal),
        c: entry("c", journal, { onInit: () => Promise.reject(new Error("no luck")) }),
        d: entry("d", journal),
        e: entry("e", journal),
      },
    });
    const app = kit.system.spawn(App);
    await kit.run();
    expect(take(journal)).toEqual([
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c down: failed",
      "b down: shutdown",
      "a down: shutdown",
    ]);
    await expect(started(app)).rejects.toMatchObject({
      code: "TROUPE_START",
      why: "failed",
      cause: { code: "TROUPE_START", cause: { message: "no luck" } },
    });
    expect(status(app)).toBe("stopped");
    expect(kit.system.stats().alive).toBe(0);
  });

  test("not, when a child's name is taken", async () => {
    await using kit = createTestSystem();
    kit.system.spawn(Worker, worker("other", []), { name: "taken" });
    const App = supervisor({
      children: { a: entry("a", []), b: { ...entry("b", []), name: "taken" } },
    });
    const app = kit.system.spawn(App);
    await expect(started(app)).rejects.toMatchObject({
      cause: { code: "TROUPE_START", why: "name-taken" },
    });
  });

  test("can be stopped while a child's init hangs: what has started is stopped, the rest not begun", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const App = supervisor({
      children: {
        a: entry("a", journal),
        b: entry("b", journal, { onInit: () => new Promise(() => {}) }),
        c: entry("c", journal),
      },
    });
    const app = kit.system.spawn(App);
    await kit.run();
    void stop(app);
    await kit.run();
    expect(status(app)).toBe("stopped");
    expect(journal).not.toContain("c init");
    expect(journal.at(-1)).toBe("a down: shutdown");
  });

  test("nobody more once it is killed, though the child that it waited for has just started", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const children = { a: entry("a", journal), b: entry("b", journal), c: entry("c", journal) };
    const app = kit.system.spawn(supervisor({ children }));
    kit.system.on(() => void kill(app), "started");
    await kit.run();
    expect(take(journal)).toEqual(["a init", "a up", "a down: shutdown"]);
  });

  test("a child that fails while a later one starts comes back meanwhile", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const second = gate();
    const App = supervisor({
      children: {
        a: entry("a", journal),
        b: entry("b", journal, { onInit: () => second.passed }),
      },
    });
    const app = kit.system.spawn(App);
    await kit.run();
    app.child("a").fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["a init", "a up", "b init", "a down: failed", "a init", "a up"]);
    second.open();
    await started(app);
    expect(status(app)).toBe("running");
  });

  test("in order also when a oneForAll child fails while a later one starts", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const App = supervisor({
      strategy: "oneForAll",
      children: {
        a: entry("a", journal),
        b: entry("b", journal, {
          onInit: (run) => (run === 1 ? new Promise(() => {}) : undefined),
        }),
        c: entry("c", journal),
      },
    });
    const app = kit.system.spawn(App);
    await kit.run();
    app.child("a").fail("broken");
    await kit.run();
    const lines = take(journal).filter((line) => !line.includes("down"));
    expect(lines).toEqual([
      "a init",
      "a up",
      "b init",
      "a init",
      "a up",
      "b init",
      "b up",
      "c init",
      "c up",
    ]);
    expect(status(app)).toBe("running");
  });
});

describe("a supervisor ends", () => {
  test("its children in reverse order, in their shutdown times", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const App = supervisor({
      children: { a: entry("a", journal), b: entry("b", journal), c: entry("c", journal) },
    });
    const app = kit.system.spawn(App);
    await started(app);
    take(journal);
    await stop(app);
    expect(take(journal)).toEqual(["c down: shutdown", "b down: shutdown", "a down: shutdown"]);
  });

  test("a supervisor under a supervisor is waited for as long as it takes", async () => {
    await using kit = createTestSystem();
    const ending = gate();
    const Inner = supervisor({
      name: "inner",
      children: {
        a: { ...entry("a", [], { onExit: () => ending.passed }), shutdown: "infinity" },
      },
    });
    const Outer = supervisor({ name: "outer", children: { inner: { actor: Inner } } });
    const outer = kit.system.spawn(Outer);
    await started(outer);
    void stop(outer);
    await kit.advance(3_600_000);
    expect(status(outer)).toBe("stopping");
    ending.open();
    await exited(outer);
  });

  test("a tree restarts from the middle: the inner supervisor gives up, the outer begins it anew", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const Inner = supervisor({
      name: "inner",
      intensity: { max: 0, within: 5_000 },
      children: { a: entry("a", journal), b: entry("b", journal) },
    });
    const Outer = supervisor({
      name: "outer",
      children: { inner: { actor: Inner, restart: "permanent" }, z: entry("z", journal) },
    });
    const outer = kit.system.spawn(Outer);
    await started(outer);
    take(journal);
    const inner = outer.child("inner");
    inner.child("a").fail("broken");
    await kit.run();
    expect(take(journal)).toEqual([
      "a down: failed",
      "b down: shutdown",
      "a init",
      "a up",
      "b init",
      "b up",
    ]);
    expect(outer.child("inner")).toBe(inner);
    expect(await inner.child("a").value()).toBe(0);
  });
});

describe("child(id)", () => {
  const App = supervisor({ children: { a: entry("a", []), b: entry("b", []) } });

  test("can be used before the supervisor's first turn; messages wait for the child", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    const a = app.child("a");
    a.add(5);
    expect(await a.value()).toBe(5);
    expect(app.child("a")).toBe(a);
    await started(app);
  });

  test("of an unknown id throws, and says which there are", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    expect(() => app.child("z" as "a")).toThrow(/no child "z"; there are a, b/);
  });

  test("leads to the same actor over the child's restarts", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    const a = app.child("a");
    a.fail("broken");
    await kit.run();
    expect(app.child("a")).toBe(a);
    expect(isAlive(a)).toBe(true);
  });

  test("leads to the new children after the supervisor's restart", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    const before = app.child("a");
    await started(app);
    await restart(app);
    const after = app.child("a");
    expect(after).not.toBe(before);
    expect(status(before)).toBe("stopped");
    expect(await after.value()).toBe(0);
  });

  test("of a supervisor that is killed before its first turn: the call rejects, nobody is left", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    const a = app.child("a");
    const asked = a.value();
    asked.catch(() => {});
    void kill(app);
    await kit.run();
    await expect(asked).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    expect([status(app), status(a)]).toEqual(["stopped", "stopped"]);
    expect(kit.system.stats().alive).toBe(0);
  });

  test("of a supervisor that is stopped before its first turn: the call settles, nobody is left", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    const a = app.child("a");
    const asked = a.value().then(
      () => "settled",
      () => "settled",
    );
    void stop(app);
    await kit.run();
    expect(await asked).toBe("settled");
    expect([status(app), status(a)]).toEqual(["stopped", "stopped"]);
    expect(kit.system.stats().alive).toBe(0);
  });

  test("that cannot be made throws what making it threw, and so does the start", async () => {
    await using kit = createTestSystem();
    const Broken = supervisorOf()
      .child("a", entry("a", []))
      .child("b", (): ReturnType<typeof entry> => {
        throw new Error("no entry");
      })
      .build();
    const app = kit.system.spawn(Broken);
    expect(() => app.child("b")).toThrow("no entry");
    await expect(started(app)).rejects.toMatchObject({ cause: { message: "no entry" } });
    expect(kit.system.stats().alive).toBe(0);
  });

  test("of a supervisor that has ended is safe to use", async () => {
    await using kit = createTestSystem();
    const app = kit.system.spawn(App);
    await started(app);
    await stop(app);
    await expect(app.child("a").value()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });

  test("of a supervisor whose name was taken is safe to use", async () => {
    await using kit = createTestSystem();
    kit.system.spawn(Worker, worker("x", []), { name: "app" });
    const app = kit.system.spawn(App, undefined, { name: "app" });
    await expect(app.child("a").value()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });
});

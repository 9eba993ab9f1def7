import { describe, expect, test } from "vitest";
import {
  actor,
  BadInputError,
  exited,
  isAlive,
  kill,
  nameOf,
  restart,
  started,
  status,
  stop,
  supervisor,
  supervisorOf,
  type ChildEntry,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker, type WorkerProps } from "../support/worker.ts";

type Entry = ChildEntry<unknown, never>;

/** A child's entry: a permanent worker. */
function entry(id: string, journal: string[], hooks: Partial<WorkerProps> = {}) {
  return { actor: Worker, props: worker(id, journal, hooks), restart: "permanent" } as const;
}

const hopeless = {
  onInit: (run: number) => {
    if (run > 1) throw new Error("no luck");
  },
};

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

describe("while a child is in a restart loop", () => {
  const lenient = { intensity: { max: 1_000, within: 1 } };
  /** Its replacement never starts: it waits 100 ms, tries, fails, waits … */
  const backoff = { kind: "fixed", delay: 100 } as const;

  async function looping() {
    const kit = createTestSystem();
    const App = supervisor({
      ...lenient,
      children: { bad: { ...entry("bad", [], hopeless), backoff }, good: entry("good", []) },
    });
    const app = kit.system.spawn(App);
    await started(app);
    app.child("bad").fail("broken");
    await kit.advance(250);
    expect(status(app.child("bad"))).toBe("restarting");
    return { kit, app };
  }

  test("which and count answer", async () => {
    const { kit, app } = await looping();
    expect(await app.which()).toMatchObject([
      { id: "bad", status: "restarting", restarts: 3 },
      { id: "good", status: "running" },
    ]);
    expect(await app.count()).toEqual({ specs: 2, active: 2 });
    await kit.stop();
  });

  test("start adds a child, whose messages are handled", async () => {
    const { kit, app } = await looping();
    const more = await app.start("more", entry("more", []));
    more.add(1);
    expect(await more.value()).toBe(1);
    await kit.stop();
  });

  test("terminate ends the loop at once, delete forgets it", async () => {
    const { kit, app } = await looping();
    await app.terminate("bad");
    expect(status(app.child("bad"))).toBe("stopped");
    await app.delete("bad");
    await kit.advance(1_000);
    expect(await app.count()).toEqual({ specs: 1, active: 1 });
    await kit.stop();
  });

  test("delete refuses it", async () => {
    const { kit, app } = await looping();
    await expect(app.delete("bad")).rejects.toThrow(/is restarting; terminate it/);
    await kit.stop();
  });

  test("restart tries at once; it rejects when the child ends, not while it is tried again", async () => {
    const { kit, app } = await looping();
    const again = app.restart("bad");
    again.catch(() => {});
    await kit.advance(1_000);
    await app.terminate("bad");
    await expect(again).rejects.toBeDefined();
    await kit.stop();
  });

  test("also in a loop without back-off, whose end is that the budget is spent", async () => {
    await using kit = createTestSystem();
    const App = supervisor({ children: { bad: entry("bad", [], hopeless) } });
    const app = kit.system.spawn(App);
    await started(app);
    app.child("bad").fail("broken");
    await kit.run();
    expect(status(app)).toBe("stopped");
    expect(await exited(app)).toMatchObject({ kind: "shutdown" });
  });

  test("the supervisor stops without waiting for it", async () => {
    const { kit, app } = await looping();
    void stop(app);
    await kit.run();
    expect(status(app)).toBe("stopped");
    await kit.stop();
  });
});

describe("specifications that cannot work are refused when they are made", () => {
  test("an id that looks like an integer, for JavaScript would sort it", () => {
    expect(() => supervisor({ children: { 1: entry("a", []) } })).toThrow(/start it with a letter/);
  });

  test("an empty id", () => {
    expect(() => supervisor({ children: { "": entry("a", []) } })).toThrow(BadInputError);
  });

  test("what is no definition", () => {
    const children = { a: { actor: {} } } as unknown as { a: Entry };
    expect(() => supervisor({ children })).toThrow(/child "a": actor is no definition/);
  });

  test("an id that was used already, in the builder", () => {
    const builder = supervisorOf().child("a", entry("a", []));
    expect(() => builder.child("a" as never, entry("a", []))).toThrow(/child "a" already/);
  });

  test("a bad entry, in the builder", () => {
    const bad = { ...entry("a", []), shutdown: -1 };
    expect(() => supervisorOf().child("a", bad)).toThrow(/shutdown is -1/);
  });

  test("a bad strategy", () => {
    expect(() => supervisor({ strategy: "twoForOne" as "oneForOne", children: {} })).toThrow(
      /strategy is "twoForOne"/,
    );
  });
});

describe("supervisorOf", () => {
  const Client = actor({
    name: "client",
    init: (_ctx, props: { server: { value(): Promise<number> } }) => props,
    call: { ask: (ctx) => ctx.state.server.value() },
  });

  test("a child may be given the refs of those before it, also before they have started", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf({ strategy: "restForOne" })
      .child("server", entry("server", []))
      .child("client", ({ server }) => ({ actor: Client, props: { server } }))
      .build();
    const app = kit.system.spawn(App);
    app.child("server").add(5);
    expect(await app.child("client").ask()).toBe(5);
  });

  test("after the supervisor's restart the refs are those of the new siblings", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf()
      .child("server", entry("server", []))
      .child("client", ({ server }) => ({ actor: Client, props: { server } }))
      .build();
    const app = kit.system.spawn(App);
    await started(app);
    await restart(app);
    app.child("server").add(7);
    expect(await app.child("client").ask()).toBe(7);
  });

  test("two supervisors of one definition have children of their own", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf()
      .child("server", entry("server", []))
      .child("client", ({ server }) => ({ actor: Client, props: { server } }))
      .build();
    const [one, two] = [kit.system.spawn(App), kit.system.spawn(App)];
    one.child("server").add(1);
    two.child("server").add(2);
    expect([await one.child("client").ask(), await two.child("client").ask()]).toEqual([1, 2]);
  });

  test("what making an entry throws is a failed start", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf()
      .child("a", entry("a", []))
      .child("b", (): ReturnType<typeof entry> => {
        throw new Error("no entry");
      })
      .build();
    const app = kit.system.spawn(App);
    await expect(started(app)).rejects.toMatchObject({ cause: { message: "no entry" } });
    await kit.run();
    expect(kit.system.stats().alive).toBe(0);
  });
});

test("autoShutdown: the end of a significant child ends the supervisor, terminate does not", async () => {
  await using kit = createTestSystem();
  const App = supervisor({
    autoShutdown: "any",
    children: {
      a: { actor: Worker, props: worker("a", []), restart: "transient", significant: true },
      b: { actor: Worker, props: worker("b", []), restart: "transient", significant: true },
    },
  });
  const app = kit.system.spawn(App);
  await started(app);
  await app.terminate("a");
  expect(status(app)).toBe("running");
  app.child("b").end();
  await kit.run();
  expect(status(app)).toBe("stopped");
});

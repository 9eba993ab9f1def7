import { exited, kill, stop, type SpawnOptions, type System } from "troupe";
import { describe, expect, test } from "vitest";
import { Inner } from "./actors-inner.ts";
import { door, EVERYWHERE, eventOf, journal, rejection, stageSystem } from "./stage.ts";

/*
 * Timers, sources, tasks and subscriptions: section 7 of docs/semantics.md, and what is gone with
 * an incarnation. Not here: how exact a timer is, which needs a clock that a test moves, and
 * signals of the operating system, which threads have none of.
 */
function inner(system: System, options: SpawnOptions) {
  const book = journal(system);
  const held = door(system);
  const props = { id: "a", journal: book.journal, door: held.ref };
  return { ...book, held, a: system.spawn(Inner, props, options) };
}

describe.each(EVERYWHERE)("what belongs to an actor $where:", ({ here }) => {
  const stage = stageSystem();
  const permanent = { ...here, restart: "permanent" } as const;

  test("timers tick in the order of their due times, and not early", async () => {
    const { a, until, settled } = inner(stage.system, here);
    a.afterEach([50, 1]);
    await until("a tick 50");
    expect(await settled()).toEqual(["a tick 1", "a tick 50"]);
    a.at();
    await until("a at once");
    expect(await a.slept(10)).toBeGreaterThanOrEqual(10);
  });

  test("a timer that comes again does so until the actor ends", async () => {
    const { a, until, settled } = inner(stage.system, here);
    a.every(5);
    await until("a tick 3");
    await stop(a);
    expect((await settled()).slice(0, 3)).toEqual(["a tick 1", "a tick 2", "a tick 3"]);
    expect((await settled()).at(-1)).toBe("a ends: normal");
  });

  test("a timer of the same key takes the place of the first; one that is cancelled is not seen", async () => {
    const { a, until, settled } = inner(stage.system, here);
    a.after(5, "k");
    a.after(20, "k");
    a.after(60_000, "other");
    await until("a tick k");
    expect([await a.cancel("other"), await a.cancel("other")]).toEqual([true, false]);
    expect(await a.cancelQueued()).toBe(true);
    await a.there();
    expect(await settled()).toEqual(["a tick k"]);
  });

  test("a tick waits for the handler that runs", async () => {
    const { a, held, until, lines } = inner(stage.system, here);
    a.after(0);
    a.wait();
    a.note("before or after");
    await held.reached();
    const seen = lines.length;
    held.open();
    await until("a before or after");
    expect(seen).toBe(0);
  });

  test("a tick that throws fails the actor", async () => {
    const { a } = inner(stage.system, here);
    a.failingTick();
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "in a tick" } });
  });

  test("stopAfter and killAfter end it, the second in the middle of a handler", async () => {
    const { a } = inner(stage.system, here);
    a.stopAfter(5);
    expect(await exited(a)).toEqual({ kind: "shutdown", detail: "time is up" });
    const { a: b, settled } = inner(stage.system, here);
    b.killAfter(5);
    expect((await exited(b)).kind).toBe("killed");
    expect(await settled()).toEqual([]);
  });

  test("timers, tasks, sources and subscriptions are gone with their incarnation, queued or pending", async () => {
    const { a, held, until, settled } = inner(stage.system, permanent);
    a.after(0);
    a.source([1], false);
    a.subscribe();
    a.task(false);
    a.wait();
    await held.reached(2);
    await kill(a);
    held.open();
    a.after(5, "new");
    expect(await a.publish("x")).toBe(0);
    await until("a tick new");
    await until("a task aborted");
    expect((await settled()).map(String).toSorted()).toEqual([
      "a source left",
      "a task aborted",
      "a tick new",
    ]);
  });

  test("the outcome of a task comes as a message; others are handled meanwhile", async () => {
    const { a, held, until, settled } = inner(stage.system, here);
    a.task(false);
    await held.reached();
    a.note("meanwhile");
    await until("a meanwhile");
    held.open();
    await until("a task done");
    expect(await settled()).toEqual(["a meanwhile", "a task done"]);
  });

  test("a task that fails fails the actor, or informs it", async () => {
    const { a, until, held } = inner(stage.system, here);
    a.informed();
    await until("a hears Error: told");
    a.task(true);
    held.open();
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "in a task" } });
  });

  test("a source is read item by item, ends, and fails the actor when it fails", async () => {
    const { system } = stage;
    const { a, until, settled } = inner(system, here);
    a.source([1, 2, 3], false);
    await until("a source ended");
    expect((await settled()).filter((line) => !String(line).includes("left"))).toEqual([
      "a item 1",
      "a item 2",
      "a item 3",
      "a item -1",
      "a source ended",
    ]);
    const failed = eventOf(system, "failed");
    a.failingSource();
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "in a source" } });
    expect(await failed).toMatchObject({ phase: "source" });
  });

  test("a subscription is heard in order, from actors and from outside", async () => {
    const { a, until, settled } = inner(stage.system, here);
    a.subscribe();
    expect(await a.publish("one")).toBe(1);
    expect(await a.publish("two")).toBe(1);
    await until("a hears two");
    expect(await settled()).toEqual(["a hears one", "a hears two"]);
    await stop(a);
  });

  test("a stash keeps messages aside, and puts them before what waits", async () => {
    const { a, until, settled } = inner(stage.system, here);
    a.stashing(true);
    for (const what of ["one", "two"]) a.put(what);
    const call = a.stashed("three");
    a.stashing(false);
    a.put("four");
    expect(await call).toBe("three");
    await until("a puts four");
    expect(await settled()).toEqual(["a puts one", "a puts two", "a puts four"]);
  });

  test("a stash is bounded, by an option", async () => {
    const { a } = inner(stage.system, { ...here, mailbox: { stash: 1 } });
    a.stashing(true);
    a.put("one");
    a.put("two");
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { name: "StashFullError" } });
  });

  test("a stash outlives a failure, before what came later", async () => {
    const { a, until, settled } = inner(stage.system, permanent);
    a.stashing(true);
    a.put("stashed");
    a.fail("between");
    a.put("later");
    await until("a puts later");
    expect(await settled()).toEqual(["a ends: failed", "a puts stashed", "a puts later"]);
  });

  test("a stash of one that ends rejects its calls, and its casts are dead letters", async () => {
    const { system } = stage;
    const { a } = inner(system, here);
    a.stashing(true);
    const call = rejection(a.stashed("x"));
    await a.there();
    await stop(a);
    expect(await call).toMatchObject({ name: "ActorStoppedError" });
  });

  test("clearMailbox drops what waits, and says how many", async () => {
    const { a, held } = inner(stage.system, here);
    a.wait();
    await held.reached();
    const clear = a.clear();
    a.note("dropped");
    const call = rejection(a.there());
    held.open();
    expect(await clear).toBe(2);
    expect(await call).toBeInstanceOf(Error);
    expect(await a.there()).toBe(true);
  });
});

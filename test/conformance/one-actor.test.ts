import { kill, mailboxSize, restart, started, status, stop } from "troupe";
import { describe, expect, test } from "vitest";
import { Relay, Subject } from "./actors-subject.ts";
import { door, EVERYWHERE, journal, onOne, onTwo, own, rejection, stageSystem } from "./stage.ts";

/*
 * Section 1 of docs/semantics.md. Not here: 1.7, turns and their budgets, and 1.8, slow handlers,
 * are one thread's business, and tested there.
 */
const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

describe.each(EVERYWHERE)("an actor, $where,", ({ here }) => {
  const stage = stageSystem();

  test("takes no other message while an async handler is pending", async () => {
    const { system } = stage;
    const { journal: ref, lines, settled, until } = journal(system);
    const held = door(system);
    const a = system.spawn(Subject, { id: "a", journal: ref, door: held.ref }, here);
    a.wait();
    a.note("after");
    await held.reached();
    const before = [...lines];
    held.open();
    await until("a after");
    expect(before).toEqual(["a init", "a up", "a waits"]);
    expect(await settled()).toEqual([...before, "a goes on", "a after"]);
  });

  test("is never run inside of who sends to it", () => {
    const { system } = stage;
    const { journal: ref, lines } = journal(system);
    const a = system.spawn(Subject, { id: "a", journal: ref }, here);
    a.note("x");
    expect(lines).toEqual([]);
  });

  test("gets what one sender sends in the order sent, calls among casts", async () => {
    const { system } = stage;
    const { journal: ref } = journal(system);
    const a = system.spawn(Subject, { id: "a", journal: ref }, here);
    const seen: number[] = [];
    for (let n = 0; n < 300; n++) {
      a.note(String(n));
      if (n % 100 === 99) void a.seen().then((all) => seen.push(all.length));
    }
    const all = await a.seen();
    expect(all).toEqual(numbers(300));
    expect(seen).toEqual([100, 200, 300]);
  });

  test("gets what one sender sends in the order sent, over a restart", async () => {
    const { system } = stage;
    const { journal: ref, lines, until } = journal(system);
    const options = { ...here, restart: "permanent" } as const;
    const a = system.spawn(Subject, { id: "a", journal: ref }, options);
    for (let n = 0; n < 10; n++) a.note(String(n));
    a.fail("on purpose");
    for (let n = 10; n < 20; n++) a.note(String(n));
    await until("a 19");
    const handled = lines.filter((line) => /^a \d+$/.test(String(line)));
    expect(handled).toEqual(numbers(20).map((n) => `a ${n}`));
    expect(await a.seen()).toEqual(numbers(20).slice(10));
  });

  test("handles no message twice: not the one that it failed on", async () => {
    const { system } = stage;
    const { journal: ref, settled, until } = journal(system);
    const held = door(system);
    const options = { ...here, restart: "permanent" } as const;
    const a = system.spawn(Subject, { id: "a", journal: ref, door: held.ref }, options);
    a.note("before");
    a.failLater("on purpose");
    a.note("behind");
    await held.reached();
    held.open();
    await until("a behind");
    expect(await settled()).toEqual([
      "a init",
      "a up",
      "a before",
      "a down: failed",
      "a init",
      "a up",
      "a behind",
    ]);
  });

  test("handles no message twice: not the one that it was killed on", async () => {
    const { system } = stage;
    const { journal: ref, settled, until } = journal(system);
    const held = door(system);
    const options = { ...here, restart: "permanent" } as const;
    const a = system.spawn(Subject, { id: "a", journal: ref, door: held.ref }, options);
    a.wait();
    a.note("behind");
    await held.reached();
    await kill(a);
    await until("a behind");
    expect(await settled()).toEqual(["a init", "a up", "a waits", "a init", "a up", "a behind"]);
  });

  test("has a state of its own in each incarnation, made by init from the same props", async () => {
    const { system } = stage;
    const { journal: ref } = journal(system);
    const options = { ...here, restart: "permanent" } as const;
    const a = system.spawn(Subject, { id: "a", journal: ref }, options);
    a.note("first");
    expect([await a.run(), await a.seen()]).toEqual([1, ["first"]]);
    await restart(a);
    expect([await a.run(), await a.seen()]).toEqual([2, []]);
  });

  test("acts on a stop before the messages that came before it", async () => {
    const { system } = stage;
    const { journal: ref, settled } = journal(system);
    const held = door(system);
    const a = system.spawn(Subject, { id: "a", journal: ref, door: held.ref }, here);
    a.wait();
    a.note("never");
    await held.reached();
    const stopped = stop(a);
    held.open();
    expect(await stopped).toEqual({ kind: "normal" });
    expect(await settled()).toEqual(["a init", "a up", "a waits", "a goes on", "a down: normal"]);
  });

  test("is killed in the middle of a handler, though a stop waits", async () => {
    const { system } = stage;
    const { journal: ref, settled } = journal(system);
    const held = door(system);
    const a = system.spawn(Subject, { id: "a", journal: ref, door: held.ref }, here);
    a.wait();
    await held.reached();
    const stopped = stop(a);
    await kill(a);
    expect((await stopped).kind).toBe("killed");
    expect(status(a)).toBe("stopped");
    expect(await settled()).not.toContain("a goes on");
  });

  test("does nothing any more that can be seen after it was killed", async () => {
    const { system } = stage;
    const { journal: ref, settled } = journal(system);
    const held = door(system);
    const options = { ...here, restart: "permanent" } as const;
    const a = system.spawn(Subject, { id: "a", journal: ref, door: held.ref }, options);
    await started(a);
    a.outlive();
    await held.reached();
    await kill(a);
    expect(await a.run()).toBe(2);
    const { failures } = system.stats();
    held.open();
    // The door's answer reached the thread before this call does.
    expect(await a.run()).toBe(2);
    expect(await a.outlived()).toEqual([
      "aborted: true",
      ...["state", "spawn", "timers", "send"].map((what) => `${what}: KilledError`),
    ]);
    expect(await settled()).toEqual(["a init", "a up", "a init", "a up"]);
    expect(system.stats().failures).toBe(failures);
  });
});

describe("between threads", () => {
  const stage = stageSystem();

  test("messages of one sender arrive in the order sent, through a ref that it was sent", async () => {
    const { system } = stage;
    const { journal: ref } = journal(system);
    const from = system.spawn(Relay, undefined, onOne);
    const to = system.spawn(Subject, { id: "to", journal: ref }, onTwo);
    const near = system.spawn(Subject, { id: "near", journal: ref }, onOne);
    expect(await to.where()).not.toBe(await near.where());
    from.notes(to, 500);
    from.notes(near, 500);
    expect([await from.ask(to, "hi"), await from.ask(near, "ho")]).toEqual(["hi", "ho"]);
    expect(await to.seen()).toEqual(numbers(500));
    expect(await near.seen()).toEqual(numbers(500));
  });

  test("messages of two senders are each in order, whatever lies between them", async () => {
    const { system } = stage;
    const { journal: ref } = journal(system);
    const one = system.spawn(Relay, undefined, onOne);
    const two = system.spawn(Relay, undefined, onTwo);
    const to = system.spawn(Subject, { id: "to", journal: ref }, onTwo);
    one.notes(to, 200);
    two.notes(to, 200);
    await Promise.all([one.ask(to, "x"), two.ask(to, "x")]);
    const seen = await to.seen();
    expect(seen.toSorted()).toEqual([...numbers(200), ...numbers(200)].toSorted());
  });

  test("a kill ends an actor that holds its thread, and comes back on a fresh one", async () => {
    const { system } = stage;
    const { journal: ref, settled, until } = journal(system);
    const options = { on: own, restart: "permanent" } as const;
    const a = system.spawn(Subject, { id: "a", journal: ref }, options);
    const thread = await a.where();
    a.block();
    await until("a blocks");
    const waiting = rejection(a.echo("while it blocks"));
    await kill(a);
    expect(await a.where()).not.toBe(thread);
    expect((await waiting).name).toMatch(/ActorStoppedError|ActorFailedError/);
    expect(await a.run()).toBe(2);
    expect(await settled()).not.toContain("a down: killed");
    expect(mailboxSize(a)).toBe(0);
  });
});

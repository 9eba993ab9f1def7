import {
  ActorFailedError,
  ActorStoppedError,
  callAll,
  DeadlockError,
  kill,
  nameOf,
  recipient,
  restart,
  stop,
  TimeoutError,
  withOptions,
  type SpawnOptions,
  type System,
} from "troupe";
import { describe, expect, test } from "vitest";
import { Clerk } from "./actors-calls.ts";
import { OutOfStock } from "./actors-subject.ts";
import {
  door,
  EVERYWHERE,
  eventOf,
  journal,
  onOne,
  onTwo,
  own,
  rejection,
  stageSystem,
} from "./stage.ts";

/* Section 4 of docs/semantics.md, but for streams. */

function clerk(system: System, options: SpawnOptions, id = "a") {
  const book = journal(system);
  const held = door(system);
  const props = { id, journal: book.journal, door: held.ref };
  return { ...book, held, props, a: system.spawn(Clerk, props, options) };
}

describe.each(EVERYWHERE)("a call to an actor $where", ({ here }) => {
  const stage = stageSystem();
  const permanent = { ...here, restart: "permanent" } as const;

  test("settles with the reply, also of an async handler", async () => {
    const { a, held } = clerk(stage.system, here);
    const slow = a.slow("later");
    const quick = a.echo("behind");
    await held.reached();
    held.open();
    expect(await Promise.all([slow, quick])).toEqual(["later", "behind"]);
  });

  test("settles with the handler's refusal: own class, fields, cause, and the actor goes on", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { failures } = system.stats();
    await a.echo("before");
    const error = await rejection(a.refuses(3));
    expect(error).toBeInstanceOf(OutOfStock);
    expect(error).toMatchObject({ message: "only 3 left", left: 3, cause: "sold" });
    expect(error.stack).toContain("refuses");
    expect(await rejection(a.refusesValue("just a text"))).toBe("just a text");
    expect(await a.count()).toBe(1);
    expect(system.stats().failures).toBe(failures);
  });

  test("settles with ActorFailedError, with cause and stack, when the handler fails", async () => {
    const { a, held } = clerk(stage.system, permanent);
    const error = await rejection(a.throws("no"));
    expect(error).toBeInstanceOf(ActorFailedError);
    expect(error.message).toMatch(/^clerk#\d+ failed in throws: RangeError: no$/);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).stack).toContain("throws");
    expect((error.cause as Error).cause).toBeInstanceOf(TypeError);
    held.open();
    expect(await rejection(a.throwsLater("later"))).toMatchObject({ cause: { message: "later" } });
    expect(await a.count()).toBe(0);
  });

  test("settles when its time is up, counted from where it was made; the reply is late", async () => {
    const { system } = stage;
    const { a, held } = clerk(system, here);
    const lateReply = eventOf(system, "lateReply");
    const leave = new AbortController();
    const late = rejection(withOptions(a, { signal: leave.signal }).slow("late"));
    await held.reached();
    const error = await rejection(withOptions(a, { timeout: 5 }).slow("never"));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toContain("slow");
    leave.abort();
    await late;
    held.open();
    expect(await lateReply).toMatchObject({ verb: "slow" });
    expect(await a.echo("goes on")).toBe("goes on");
  });

  test("settles when the caller's signal aborts", async () => {
    const { a, held } = clerk(stage.system, here);
    const leave = new AbortController();
    const slow = rejection(withOptions(a, { signal: leave.signal }).slow("x"));
    await held.reached();
    leave.abort(new Error("enough"));
    expect(await slow).toMatchObject({ message: "enough" });
    const before = AbortSignal.abort(new Error("never"));
    expect(await rejection(withOptions(a, { signal: before }).echo("x"))).toMatchObject({
      message: "never",
    });
    held.open();
  });

  test("is skipped when its caller has left while it waited", async () => {
    const { a, held } = clerk(stage.system, here);
    const slow = a.slow("x");
    await held.reached();
    const leave = new AbortController();
    const left = rejection(withOptions(a, { signal: leave.signal }).echo("skipped"));
    const up = rejection(withOptions(a, { timeout: 1 }).echo("skipped"));
    leave.abort();
    await Promise.all([left, up]);
    // Behind it on the same way: when this is answered, that has been said.
    held.open();
    await slow;
    expect(await a.count()).toBe(0);
  });

  test("tells the handler when the caller leaves, and how long it will wait", async () => {
    const { a, until } = clerk(stage.system, here);
    const remaining = await withOptions(a, { timeout: 60_000 }).remaining();
    expect(remaining).toBeGreaterThan(50_000);
    // Its time begins when the slice ends in which it was made.
    expect(remaining).toBeLessThan(61_000);
    expect(await withOptions(a, { timeout: Infinity }).remaining()).toBe(Infinity);
    const leave = new AbortController();
    const watch = rejection(withOptions(a, { signal: leave.signal }).watch());
    await until("a watches");
    leave.abort();
    await watch;
    await until("a: caller left, 0 ms");
  });

  test("settles when the receiver ends while it waits or is handled, with the reason", async () => {
    const { a, held } = clerk(stage.system, here);
    const running = rejection(a.slow("x"));
    const waiting = rejection(a.echo("x"));
    await held.reached();
    await kill(a);
    for (const error of await Promise.all([running, waiting])) {
      expect(error).toBeInstanceOf(ActorStoppedError);
      expect(error).toMatchObject({ reason: { kind: "killed" } });
    }
    const after = await rejection(a.echo("x"));
    expect(after).toMatchObject({ name: "ActorStoppedError", reason: { kind: "killed" } });
  });

  test("is answered by the next incarnation, where the receiver restarts first", async () => {
    const { a } = clerk(stage.system, permanent);
    await a.echo("one");
    a.fail("between");
    const waits = a.echo("two");
    expect([await waits, await a.count()]).toEqual(["two", 1]);
  });

  test("that nobody awaits and that rejects does not reach the process", async () => {
    const { a } = clerk(stage.system, permanent);
    void a.throws("nobody hears");
    void a.refuses(1);
    expect(await a.echo("on")).toBe("on");
  });

  test("is one of many, whose outcomes come in order", async () => {
    const { a } = clerk(stage.system, here);
    const { a: b } = clerk(stage.system, here);
    await stop(b);
    const outcomes = await callAll([a, b, a], (ref) => ref.echo("x"));
    expect(outcomes.map((each) => each.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("a refused cast is a dead letter, and leaves the actor alone", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const letter = eventOf(system, "deadLetter", ({ verb }) => verb === "refuseNote");
    a.refuseNote("no");
    expect(await letter).toMatchObject({ verb: "refuseNote", args: ["no"], why: "refused" });
    expect(await a.count()).toBe(0);
  });

  test("can be answered later, while others are handled, with a value or an error", async () => {
    const { a } = clerk(stage.system, here);
    const kept = [a.keep(), a.keep()];
    expect(await a.echo("meanwhile")).toBe("meanwhile");
    a.give("now");
    expect(await Promise.all(kept)).toEqual(["now", "now"]);
    const refused = rejection(a.keep());
    a.giveError(7);
    expect(await refused).toBeInstanceOf(OutOfStock);
  });

  test("that is never answered rejects when the incarnation ends that owes it", async () => {
    const { a } = clerk(stage.system, permanent);
    const kept = rejection(a.keep());
    await a.count();
    await restart(a);
    expect(await kept).toMatchObject({ name: "ActorStoppedError" });
    const again = rejection(a.keep());
    await a.count();
    await stop(a);
    expect(await again).toMatchObject({ name: "ActorStoppedError", reason: { kind: "normal" } });
  });

  test("to oneself rejects at once, and is the caller's own refusal or failure", async () => {
    const { a } = clerk(stage.system, permanent);
    const error = await rejection(a.askSelf());
    expect(error.cause).toBeInstanceOf(DeadlockError);
  });

  test("can be forwarded, to one near and to one far, and further", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { a: b } = clerk(system, here, "b");
    const { a: c } = clerk(system, {}, "c");
    const { a: d } = clerk(system, onTwo, "d");
    for (const to of [b, c, d]) {
      // oxlint-disable-next-line no-await-in-loop -- each counts what it has handled
      expect([await a.forward(to, "x"), await to.count()]).toEqual(["x", 1]);
    }
    expect(await a.forwardTwice(d, c, "twice")).toBe("twice");
    expect(await c.forwardTwice(a, d, "thrice")).toBe("thrice");
  });

  test("that was forwarded lives on when the one in the middle ends", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { a: to, held } = clerk(system, onTwo, "to");
    const running = to.slow("x");
    await held.reached();
    const answer = a.forward(to, "lives on");
    await a.count();
    await stop(a);
    held.open();
    expect([await answer, await running]).toEqual(["lives on", "x"]);
  });

  test("that was forwarded rejects when the last one ends, or was dead already", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { a: to, held } = clerk(system, onTwo, "to");
    to.slow("x").catch(() => {});
    await held.reached();
    const answer = rejection(a.forward(to, "x"));
    await a.count();
    await kill(to);
    expect(await answer).toMatchObject({ name: "ActorStoppedError" });
    expect(await rejection(a.forward(to, "x"))).toMatchObject({ name: "ActorStoppedError" });
  });

  test("keeps its caller's time limit and signal when it is forwarded", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { a: to, held } = clerk(system, onOne, "to");
    const running = to.slow("x");
    await held.reached();
    const leave = new AbortController();
    const left = rejection(withOptions(a, { signal: leave.signal }).forward(to, "skipped"));
    const late = rejection(withOptions(a, { timeout: 30 }).forward(to, "skipped"));
    await a.count();
    leave.abort(new Error("left"));
    expect([(await left).message, (await late).name]).toEqual(["left", "TimeoutError"]);
    // Goes the way that the word of it goes, behind it.
    await a.ask(clerk(system, onOne).a, "x");
    held.open();
    await running;
    expect(await to.count()).toBe(0);
  });

  test("can be handed to another actor, who owes it from then on", async () => {
    const { system } = stage;
    const { a } = clerk(system, permanent);
    const { a: heir } = clerk(system, here, "heir");
    const answer = rejection(a.handKeep(heir));
    await a.count();
    await restart(a);
    await kill(heir);
    expect(await answer).toMatchObject({ name: "ActorStoppedError", reason: { kind: "killed" } });
    const { a: gone } = clerk(system, here, "gone");
    await stop(gone);
    expect(await rejection(a.handKeep(gone))).toMatchObject({ name: "ActorStoppedError" });
  });

  test("that was handed on is given by who made the promise to", async () => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { a: heir } = clerk(system, onTwo, "heir");
    const answer = a.handKeep(heir);
    a.give("after all");
    expect(await answer).toBe("after all");
  });

  test("can be made through a recipient, and to one in the same system from outside", async () => {
    const { a } = clerk(stage.system, here);
    expect(await recipient(a, "echo").send("x")).toBe("x");
  });
});

describe.each(EVERYWHERE)("a call from an actor $where", ({ here }) => {
  const stage = stageSystem();
  const targets: readonly [string, SpawnOptions][] = [
    ["where it is spawned", {}],
    ["on one thread", onOne],
    ["on another", onTwo],
    ["on its own", { on: own }],
  ];

  test.each(targets)("to one %s settles as any other", async (_name, there) => {
    const { system } = stage;
    const { a } = clerk(system, { ...here, restart: "permanent" });
    const { a: to, held } = clerk(system, there, "to");
    expect(await a.ask(to, "hi")).toBe("hi");
    // The time limit of who asks, wherever that is.
    expect(await a.askLate(to, 10)).toBe("TimeoutError");
    held.open();
    await stop(to);
    const dead = await rejection(a.ask(to, "hi"));
    expect(dead.cause).toMatchObject({ name: "ActorStoppedError" });
    expect(await a.echo("on")).toBe("on");
  });

  test.each(targets)("to one %s is found when it closes a circle", async (_name, there) => {
    const { system } = stage;
    const { a } = clerk(system, { ...here, restart: "permanent" });
    const { a: to } = clerk(system, { ...there, restart: "permanent" }, "to");
    const error = await rejection(a.askBack(to));
    const causes: unknown[] = [];
    for (let each: unknown = error; each instanceof Error; each = each.cause) causes.push(each);
    const deadlock = causes.find((each) => each instanceof DeadlockError);
    expect(deadlock).toMatchObject({ circle: expect.arrayContaining([nameOf(a), nameOf(to)]) });
  });
});

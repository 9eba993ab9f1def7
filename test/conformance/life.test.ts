import {
  actor,
  drain,
  exited,
  isAlive,
  kill,
  link,
  monitor,
  nameOf,
  restart,
  StartError,
  started,
  status,
  stop,
  TimeoutError,
  type RefOf,
} from "troupe";
import { describe, expect, test } from "vitest";
import { Subject } from "./actors-subject.ts";
import { Parent } from "./actors-trees.ts";
import { door, EVERYWHERE, eventOf, journal, rejection, stageSystem, subject } from "./stage.ts";

/*
 * Section 2 of docs/semantics.md. Not here: `stopWhenUnreferenced`, which counts the refs of one
 * thread: whoever holds one on another thread keeps the actor, as its export holds it.
 */
describe.each(EVERYWHERE)("the start of an actor, $where,", ({ here }) => {
  const stage = stageSystem();

  test("is awaited by what it is sent; nothing is handled before init is done", async () => {
    const { a, held, lines, settled, until } = subject(stage.system, here, { slowFrom: 1 });
    a.note("early");
    await held.reached();
    expect([status(a), isAlive(a), [...lines]]).toEqual(["starting", true, ["a init"]]);
    held.open();
    await started(a);
    expect(status(a)).toBe("running");
    await until("a early");
    expect(await settled()).toEqual(["a init", "a up", "a early"]);
    await started(a);
  });

  test("rejects with StartError and its cause when init fails", async () => {
    const { a, settled } = subject(stage.system, here, { failsFrom: 1 });
    const early = rejection(a.echo("early"));
    const error = await rejection(started(a));
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ why: "failed", cause: new Error("a cannot, run 1") });
    expect(await early).toMatchObject({ name: "ActorStoppedError", reason: { kind: "failed" } });
    expect(await exited(a)).toMatchObject({
      kind: "failed",
      error: { message: "a cannot, run 1" },
    });
    expect(await settled()).toEqual(["a init", "a down: failed"]);
  });

  test("that fails is the spawner's error and never tried again", async () => {
    const options = { ...here, restart: "permanent" } as const;
    const { a, settled } = subject(stage.system, options, { failsFrom: 1 });
    await rejection(started(a));
    await exited(a);
    expect(await settled()).toEqual(["a init", "a down: failed"]);
  });

  test("rejects when init takes longer than its limit", async () => {
    const options = { ...here, initTimeout: 150 };
    const { a, held } = subject(stage.system, options, { slowFrom: 1 });
    expect(await rejection(started(a))).toMatchObject({ name: "StartError", why: "timeout" });
    expect((await exited(a)).kind).toBe("failed");
    held.open();
  });

  test("rejects when it is killed, and when it is stopped meanwhile", async () => {
    for (const [end, why] of [
      [kill, "killed"],
      [stop, "stopped"],
    ] as const) {
      const { a, held } = subject(stage.system, here, { slowFrom: 1 });
      await held.reached();
      const given = rejection(started(a));
      await end(a);
      expect(await given).toMatchObject({ name: "StartError", why });
    }
  });

  test("rejects when the name is taken, and leaves its bearer alone", async () => {
    const options = { ...here, name: "first" };
    const { a } = subject(stage.system, options);
    const { a: other } = subject(stage.system, options);
    expect(await rejection(started(other))).toMatchObject({ why: "name-taken" });
    expect([await a.echo("hi"), nameOf(a)]).toEqual(["hi", options.name]);
    await stop(a);
  });

  test("registers the name before init, and gives it back when that fails", async () => {
    const options = { ...here, name: "named" };
    const { a, held } = subject(stage.system, options, { slowFrom: 1, failsFrom: 1 });
    await held.reached();
    expect(stage.system.whereIs(Subject, "named")).toBe(a);
    held.open();
    await rejection(started(a));
    expect(stage.system.whereIs(Subject, "named")).toBe(undefined);
  });

  test("told by `started` has a time limit, which leaves the actor alone", async () => {
    const { a, held } = subject(stage.system, here, { slowFrom: 1 });
    await held.reached();
    expect(await rejection(started(a, { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    held.open();
    await started(a);
  });

  test("comes before that of its children, and is told to the parent after theirs", async () => {
    const { system } = stage;
    const { journal: book, settled, until } = journal(system);
    const children = ["c", "d"];
    const parent = system.spawn(Parent, { id: "p", journal: book, children }, here);
    expect(await parent.size()).toBe(2);
    await until(7);
    expect((await settled()).slice(0, 3)).toEqual(["p init", "c init", "d init"]);
    expect((await settled()).filter((line) => line === "p: child started")).toHaveLength(2);
  });
});

interface Ending {
  readonly cause: string;
  readonly kind: string;
  readonly end: (a: RefOf<typeof Parent>) => void;
}
const ENDINGS: readonly Ending[] = [
  { cause: "a stop", kind: "normal", end: (a) => void stop(a) },
  { cause: "a stop with a reason", kind: "shutdown", end: (a) => void stop(a, "why") },
  { cause: "a drain", kind: "normal", end: (a) => void drain(a) },
  { cause: "its own ctx.stop", kind: "normal", end: (a) => a.end() },
  { cause: "a failure", kind: "failed", end: (a) => a.fail("boom") },
  { cause: "a kill", kind: "killed", end: (a) => void kill(a) },
];

describe.each(EVERYWHERE)("the death of an actor, $where,", ({ here }) => {
  const stage = stageSystem();

  test.each(ENDINGS)("has one order: by $cause", async ({ kind, end }) => {
    const { system } = stage;
    const { journal: book, lines, until } = journal(system);
    const free = (): string =>
      system.whereIs(Parent, "mortal") === undefined ? "nameless" : "named";
    const Keeper = actor({
      name: "keeper",
      init: (ctx) =>
        ctx.spawn(
          Parent,
          { id: "p", journal: book, children: ["c", "d"] },
          { ...here, name: "mortal", restart: "temporary" },
        ),
      call: { ref: (ctx): unknown => ctx.state },
      onChild(_ctx, event): void {
        if (event.kind === "ended") book.note(`parent: ${event.reason.kind}, ${free()}`);
      },
    });
    const keeper = system.spawn(Keeper);
    await keeper.ref();
    await system.whereIs(Parent, "mortal")!.size();
    const mortal = system.whereIs(Parent, "mortal")!;
    const Linked = actor({
      init: (ctx) => ctx.link(mortal),
      onExit: (_ctx, { reason }): void => book.note(`link: ${reason.kind}, ${free()}`),
    });
    const linked = system.spawn(Linked);
    await started(linked);
    await started(mortal);
    await until(7);
    monitor(mortal, ({ reason }) => book.note(`monitor: ${reason.kind}, ${free()}`));
    const owed = mortal.keep().catch(() => book.note("caller"));
    await mortal.size();
    const gone = exited(mortal).then((reason) => book.note(`waiter: ${reason.kind}`));
    lines.length = 0;
    end(mortal);
    const told = ["link", "monitor", "parent"].map((who) => `${who}: ${kind}, nameless`);
    const last = [...told, `waiter: ${kind}`];
    await Promise.all([gone, owed, ...last.map((line) => until(line)), until("caller")]);
    const hook = kind === "killed" ? [] : [`p down: ${kind}, call open`];
    const first = ["d down: shutdown", "c down: shutdown", ...hook];
    const all = lines.filter((line) => line !== "p: child ended" && line !== "caller");
    expect(all.slice(0, first.length)).toEqual(first);
    expect(all.slice(first.length).map(String).toSorted()).toEqual(last);
    await stop(linked);
  });

  test("has reasons that are data: detail, error and cause arrive", async () => {
    const { system } = stage;
    const { a } = subject(system, here);
    a.end("maintenance");
    expect(await exited(a)).toEqual({ kind: "shutdown", detail: "maintenance" });
    const { a: b } = subject(system, here);
    await rejection(b.throws("deep"));
    const reason = await exited(b);
    expect(reason).toMatchObject({ kind: "failed", error: { message: "deep" } });
    const { error } = reason as { readonly error: RangeError };
    expect(error).toBeInstanceOf(RangeError);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.stack).toContain("deep");
    const { a: c } = subject(system, here);
    const given = { kind: "failed", error: new Error("by order") } as const;
    expect(await stop(c, given)).toEqual(given);
  });

  test("is by the first reason", async () => {
    const { a, held } = subject(stage.system, here);
    a.wait();
    await held.reached();
    const both = [stop(a, "first"), stop(a, "second"), drain(a)];
    held.open();
    expect(await Promise.all(both)).toEqual(
      Array.from({ length: 3 }, () => ({ kind: "shutdown", detail: "first" })),
    );
  });
});

describe.each(EVERYWHERE)("to end an actor, $where,", ({ here }) => {
  const stage = stageSystem();

  test("a stop waits for the running handler, and discards what waits, with a trace", async () => {
    const { system } = stage;
    const { a, held, settled } = subject(system, here);
    const letters: string[] = [];
    const off = system.on((event) => {
      if (event.type === "deadLetter") letters.push(`${event.verb} ${String(event.args[0])}`);
    }, "deadLetter");
    const running = a.slow("answered");
    a.note("discarded");
    const waiting = rejection(a.echo("rejected"));
    await held.reached();
    const stopped = stop(a);
    held.open();
    expect([await running, (await stopped).kind]).toEqual(["answered", "normal"]);
    expect(await waiting).toMatchObject({ name: "ActorStoppedError", reason: { kind: "normal" } });
    a.note("late");
    expect(await rejection(a.echo("late"))).toMatchObject({ name: "ActorStoppedError" });
    off();
    expect(letters).toEqual(["note discarded", "note late"]);
    expect(await settled()).toEqual(["a init", "a up", "a down: normal"]);
  });

  test("a stop has a time limit; what was asked for still holds", async () => {
    const { a, held } = subject(stage.system, here);
    a.wait();
    await held.reached();
    expect(await rejection(stop(a, "now", { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    held.open();
    expect(await exited(a)).toEqual({ kind: "shutdown", detail: "now" });
  });

  test("a stop calls a back-off off, and holds for a permanent actor", async () => {
    const backoff = { kind: "fixed", delay: 60_000 } as const;
    const { a, settled } = subject(stage.system, { ...here, restart: "permanent", backoff });
    const restarting = eventOf(stage.system, "restarting", (event) => event.actor === nameOf(a));
    a.fail("once");
    await restarting;
    expect(status(a)).toBe("restarting");
    const waits = rejection(a.echo("waits"));
    // While the failed incarnation is still on its way out, its reason is the first.
    expect((await stop(a)).kind).toMatch(/normal|failed/);
    expect(await waits).toMatchObject({ name: "ActorStoppedError" });
    expect((await settled()).filter((line) => line === "a init")).toHaveLength(1);
  });

  test("a stop ends a replacement in its hanging init", async () => {
    const { system } = stage;
    const late = door(system);
    const props = { door: late.ref, slowFrom: 2 };
    const { a, settled } = subject(system, { ...here, restart: "permanent" }, props);
    await started(a);
    a.fail("once");
    await late.reached();
    await stop(a);
    expect(await settled()).toEqual([
      "a init",
      "a up",
      "a down: failed",
      "a init",
      "a down: normal",
    ]);
    late.open();
  });

  test("an order holds, also when the running handler then throws, or is killed", async () => {
    for (const cut of [false, true]) {
      const options = { ...here, restart: "permanent" } as const;
      const { a, held, settled } = subject(stage.system, options);
      a.failLater("on the way");
      await held.reached();
      const stopped = stop(a);
      if (cut) await kill(a);
      held.open();
      expect((await stopped).kind).toBe(cut ? "killed" : "failed");
      expect((await settled()).filter((line) => line === "a init")).toHaveLength(1);
    }
  });

  test("a drain handles all that was admitted, and nothing more", async () => {
    const { a, held, settled } = subject(stage.system, here);
    a.wait();
    for (const what of ["one", "two"]) a.note(what);
    const answer = a.echo("three");
    const drained = drain(a);
    a.note("too late");
    const late = rejection(a.echo("too late"));
    await held.reached();
    expect(status(a)).toBe("draining");
    held.open();
    expect([await answer, (await drained).kind]).toEqual(["three", "normal"]);
    expect(await late).toMatchObject({ name: "ActorStoppedError" });
    expect((await settled()).slice(3)).toEqual(["a goes on", "a one", "a two", "a down: normal"]);
  });

  test("a drain of a permanent actor goes on when it fails on the way, then it stays ended", async () => {
    const options = { ...here, restart: "permanent" } as const;
    const { a, held, settled } = subject(stage.system, options);
    a.failLater("on the way");
    a.note("admitted");
    await held.reached();
    const drained = drain(a);
    held.open();
    expect((await drained).kind).toBe("normal");
    expect((await settled()).slice(2)).toEqual([
      "a down: failed",
      "a init",
      "a up",
      "a admitted",
      "a down: normal",
    ]);
  });

  test("a kill discards what waits where nobody comes back, and skips the exit hook", async () => {
    const { a, held, settled } = subject(stage.system, here);
    const running = rejection(a.slow("never"));
    const waiting = rejection(a.echo("never"));
    await held.reached();
    await kill(a);
    expect((await exited(a)).kind).toBe("killed");
    for (const error of [await running, await waiting]) {
      expect(error).toMatchObject({ name: "ActorStoppedError", reason: { kind: "killed" } });
    }
    expect(await settled()).toEqual(["a init", "a up"]);
    await kill(a);
  });

  test("a kill of one that comes back leaves to the next what waits", async () => {
    const { a, held } = subject(stage.system, { ...here, restart: "transient" });
    const running = rejection(a.slow("never"));
    const waiting = a.echo("later");
    await held.reached();
    await kill(a);
    expect(await running).toMatchObject({ name: "ActorStoppedError" });
    expect(await waiting).toBe("later");
    expect(await a.run()).toBe(2);
  });

  test("what has ended is awaited by any number, before and after, and not woken by a restart", async () => {
    const { a } = subject(stage.system, { ...here, restart: "permanent" });
    const before = [exited(a), exited(a)];
    await restart(a);
    expect(await rejection(exited(a, { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    await stop(a, "over");
    expect(new Set([...(await Promise.all(before)), await exited(a)].map((r) => r.kind))).toEqual(
      new Set(["shutdown"]),
    );
    expect([isAlive(a), status(a)]).toEqual([false, "stopped"]);
    expect((await stop(a)).kind).toBe("shutdown");
    expect(await rejection(restart(a))).toMatchObject({ name: "ActorStoppedError" });
  });

  test("a restart by hand waits for the running handler, and keeps the mailbox", async () => {
    const { a, held, settled } = subject(stage.system, { ...here, restart: "permanent" });
    a.wait();
    a.note("kept");
    await held.reached();
    const again = restart(a);
    held.open();
    await again;
    expect([await a.run(), await a.seen()]).toEqual([2, ["kept"]]);
    expect(await settled()).toContain("a down: shutdown");
  });

  test("a restart by hand ends a back-off at once", async () => {
    const backoff = { kind: "fixed", delay: 60_000 } as const;
    const { a, until } = subject(stage.system, { ...here, restart: "permanent", backoff });
    a.fail("once");
    await until("a down: failed");
    await restart(a);
    expect(await a.run()).toBe(2);
  });

  test("a scope stops it at its end", async () => {
    const { a: made } = subject(stage.system, here);
    {
      await using a = made;
      expect(await a.echo("hi")).toBe("hi");
    }
    expect([status(made), (await exited(made)).kind]).toEqual(["stopped", "normal"]);
  });

  test("what is asked of it once more, in the middle of its end, changes nothing", async () => {
    const { a, held, settled } = subject(stage.system, { ...here, restart: "permanent" });
    const other = subject(stage.system, here);
    link(a, other.a);
    a.wait();
    await held.reached();
    const all = [stop(a), stop(a), drain(a), kill(a), restart(a).catch(() => {})];
    held.open();
    await Promise.all(all);
    expect(status(a)).toBe("stopped");
    expect((await settled()).filter((line) => line === "a init")).toHaveLength(1);
  });
});

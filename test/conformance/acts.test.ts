import {
  exited,
  isAlive,
  kill,
  restart,
  StartError,
  started,
  stop,
  type RefOf,
  type SpawnOptions,
} from "troupe";
import { describe, expect, test } from "vitest";
import { Boss } from "./actors-acts.ts";
import type { Subject } from "./actors-subject.ts";
import { door, journal, onOne, onTwo, own, rejection, stageSystem, subject } from "./stage.ts";

/*
 * What is done to any actor, done by an actor: from each place, to one at each place, and to a child
 * that an actor on a thread has spawned there.
 */
interface Way {
  readonly way: string;
  readonly from: SpawnOptions;
  readonly to: SpawnOptions;
}
const WAYS: readonly Way[] = [
  { way: "here, to one here", from: {}, to: {} },
  { way: "here, to one on a thread", from: {}, to: onOne },
  { way: "on a thread, to one here", from: onOne, to: {} },
  { way: "on the same thread", from: onOne, to: onOne },
  { way: "on another thread", from: onOne, to: onTwo },
  { way: "on its own thread, to one on its own", from: { on: own }, to: { on: own } },
];

describe.each(WAYS)("by an actor $way,", ({ from, to }) => {
  const stage = stageSystem();
  const permanent = { ...to, restart: "permanent" } as const;

  test("an actor is stopped, with a reason, and its end awaited by any number", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, from);
    const other = system.spawn(Boss, undefined, onTwo);
    const { a, settled } = subject(system, permanent);
    await a.echo("there");
    const waiting = [exited(a), other.exited(a)];
    expect(await boss.stop(a, "by the boss")).toEqual({
      kind: "shutdown",
      detail: "by the boss",
    });
    const reasons = [...(await Promise.all(waiting)), await other.exited(a)];
    expect(new Set(reasons.map(({ kind }) => kind))).toEqual(new Set(["shutdown"]));
    expect([await boss.isAlive(a), isAlive(a)]).toEqual([false, false]);
    expect(await settled()).toEqual(["a init", "a up", "a down: shutdown"]);
    expect((await boss.stop(a)).kind).toBe("shutdown");
  });

  test("an actor is drained", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, from);
    const { a, held, settled } = subject(system, to);
    a.wait();
    a.note("admitted");
    await held.reached();
    const drained = boss.drain(a);
    held.open();
    expect((await drained).kind).toBe("normal");
    expect((await settled()).slice(-2)).toEqual(["a admitted", "a down: normal"]);
  });

  test("an actor is killed in the middle of a handler, and comes back, or does not", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, from);
    const { a, held } = subject(system, permanent);
    const slow = rejection(a.slow("x"));
    await held.reached();
    await boss.kill(a);
    expect(await slow).toMatchObject({ name: "ActorStoppedError", reason: { kind: "killed" } });
    expect(await a.run()).toBe(2);
    const { a: mortal } = subject(system, to);
    await mortal.echo("there");
    await boss.kill(mortal);
    expect((await boss.exited(mortal)).kind).toBe("killed");
  });

  test("an actor is begun anew, with its mailbox", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, from);
    const { a } = subject(system, to);
    a.note("before");
    await a.seen();
    await boss.restart(a);
    expect([await a.run(), await a.seen()]).toEqual([2, []]);
    await stop(a);
    const refused = await rejection(boss.restart(a));
    expect(refused.cause).toMatchObject({ name: "ActorStoppedError" });
  });

  test("a start is awaited, and told when it fails", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, { ...from, restart: "permanent" });
    const { a, held } = subject(system, to, { slowFrom: 1 });
    const outcome = boss.started(a);
    await held.reached();
    held.open();
    expect(await outcome).toBe("started");
    const { a: bad } = subject(system, to, { failsFrom: 1 });
    expect(await boss.started(bad)).toMatch(/^StartError: failed/);
  });

  test("a time limit is the boss's: what was asked for still holds", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, from);
    const { a, held } = subject(system, to);
    a.wait();
    await held.reached();
    expect(await boss.stopLate(a, 5)).toBe("TimeoutError");
    held.open();
    expect(await exited(a)).toEqual({ kind: "shutdown", detail: "late" });
  });

  test("two others are linked", async () => {
    const { system } = stage;
    const boss = system.spawn(Boss, undefined, from);
    const { a } = subject(system, to);
    const { a: b } = subject(system, onTwo);
    await boss.link(a, b);
    await Promise.all([a.echo("x"), b.echo("x")]);
    a.fail("together");
    expect(await exited(b)).toMatchObject({ kind: "failed", error: { message: "together" } });
  });
});

describe.each([
  { where: "here", from: {} },
  { where: "on a pool", from: onOne },
  { where: "on its own thread", from: { on: own } },
])("a child that an actor $where has spawned", ({ from }) => {
  const stage = stageSystem();

  async function child(more: object = {}, options: Pick<SpawnOptions, "restart"> = {}) {
    const { system } = stage;
    const book = journal(system);
    const held = door(system);
    const boss = system.spawn(Boss, undefined, { ...from, restart: "permanent" });
    const props = { id: "c", journal: book.journal, door: held.ref, ...more };
    const c = (await boss.spawn(props, options)) as RefOf<typeof Subject>;
    return { ...book, held, boss, c };
  }

  test("is as any other: spoken to, killed, begun anew, stopped", async () => {
    const { c, held, settled } = await child();
    expect(await c.echo("hi")).toBe("hi");
    const slow = rejection(c.slow("x"));
    await held.reached();
    await kill(c);
    expect(await slow).toMatchObject({ reason: { kind: "killed" } });
    expect(await c.run()).toBe(2);
    await restart(c);
    expect(await c.run()).toBe(3);
    expect((await stop(c, "enough")).kind).toBe("shutdown");
    expect((await settled()).at(-1)).toBe("c down: shutdown");
  });

  test("tells from afar why it did not start", async () => {
    const { c } = await child({ failsFrom: 1 });
    const error = await rejection(started(c));
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ why: "failed", cause: { message: "c cannot, run 1" } });
  });

  test("ends with its parent, and with its parent's incarnation", async () => {
    const { c, boss } = await child();
    await c.echo("x");
    await restart(boss);
    expect((await exited(c)).kind).toBe("shutdown");
    expect((await rejection(c.echo("x"))).name).toBe("ActorStoppedError");
    const { c: second, boss: other } = await child();
    await stop(other);
    expect((await exited(second)).kind).toBe("shutdown");
  });

  test("is acted on by others, on other threads", async () => {
    const { c } = await child();
    const far = stage.system.spawn(Boss, undefined, onTwo);
    await far.kill(c);
    expect(await c.run()).toBe(2);
    expect(await far.stop(c, "from afar")).toEqual({ kind: "shutdown", detail: "from afar" });
    expect(await exited(c)).toEqual({ kind: "shutdown", detail: "from afar" });
  });
});

import {
  attempt,
  createSystem,
  exited,
  kill,
  MailboxFullError,
  started,
  stop,
  withOptions,
  type WhenFull,
} from "troupe";
import { threads } from "troupe/threads";
import { describe, expect, test } from "vitest";
import { Relay } from "./actors-subject.ts";
import { Checked } from "./actors-values.ts";
import { module } from "./bundle.ts";
import { ELSEWHERE, EVERYWHERE, eventOf, rejection, stageSystem, subject } from "./stage.ts";

/*
 * Section 5 of docs/semantics.md; the stash is asked with what else belongs to an actor. What
 * differs: a cast to an actor elsewhere that is full there cannot throw, as its sender has gone on.
 */
describe.each(EVERYWHERE)("a mailbox $where", ({ where, here }) => {
  const stage = stageSystem();
  const isNear = where === EVERYWHERE[0]!.where;

  async function full(whenFull: WhenFull, capacity = 2) {
    const parts = subject(stage.system, { ...here, mailbox: { capacity, whenFull } });
    await started(parts.a);
    parts.a.wait();
    await parts.held.reached();
    for (let n = 1; n <= capacity; n++) parts.a.note(`old ${n}`);
    return parts;
  }

  test("that is full rejects a call", async () => {
    const { a, held, until } = await full("reject");
    const error = await rejection(a.echo("no room"));
    expect(error).toBeInstanceOf(MailboxFullError);
    expect(error).toMatchObject({ verb: "echo", args: ["no room"], capacity: 2 });
    held.open();
    await until("a old 2");
    expect(await a.echo("room")).toBe("room");
  });

  test("that is full refuses a cast: by a throw, or as a dead letter where its sender has gone on", async () => {
    const { system } = stage;
    const { a, held, until } = await full("reject");
    const letter = eventOf(system, "deadLetter", ({ args }) => args[0] === "new");
    // Where it throws there is none.
    letter.catch(() => {});
    let trace: string;
    try {
      a.note("new");
      trace = (await letter).why;
    } catch (error) {
      trace = (error as Error).name;
    }
    expect(trace).toBe(isNear ? "MailboxFullError" : "mailbox full");
    held.open();
    await until("a old 2");
    expect(await a.seen()).toEqual(["old 1", "old 2"]);
  });

  test.each([
    ["dropOldest", ["old 2", "new"], "old 1"],
    ["dropNewest", ["old 1", "old 2"], "new"],
  ] as const)("that is full drops by its policy, %s, with a trace", async (policy, kept, lost) => {
    const { system } = stage;
    const { a, held, until } = await full(policy);
    const letter = eventOf(system, "deadLetter", ({ args }) => args[0] === lost);
    const overflow = eventOf(system, "overflow", (event) => event.policy === policy);
    a.note("new");
    expect(await letter).toMatchObject({ verb: "note" });
    expect(await overflow).toMatchObject({ verb: "note", policy });
    held.open();
    await until(`a ${kept[1]}`);
    expect(await a.seen()).toEqual(kept);
  });

  test("that is full takes a stop, a kill, and its actor's own work", async () => {
    const { a, held, settled } = await full("reject");
    const stopped = stop(a);
    held.open();
    expect((await stopped).kind).toBe("normal");
    expect(await settled()).not.toContain("a old 1");
    const { a: b } = await full("reject");
    await kill(b);
    expect((await exited(b)).kind).toBe("killed");
  });

  test("holds while its actor starts", async () => {
    const { a, held } = subject(
      stage.system,
      { ...here, mailbox: { capacity: 3 } },
      { slowFrom: 1 },
    );
    await held.reached();
    const calls = Array.from({ length: 5 }, (_, n) => a.echo(String(n)));
    const outcomes = Promise.allSettled(calls);
    await Promise.allSettled(calls.slice(3));
    held.open();
    expect((await outcomes).map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
  });

  test("is tried without a throw: sent, or gone", async () => {
    const { a } = subject(stage.system, here);
    const attempts = attempt(a);
    expect(attempts.note("x")).toBe("sent");
    expect(await a.seen()).toEqual(["x"]);
    await stop(a);
    expect(attempts.note("x")).toBe("gone");
  });
});

describe("the window of what is under way to a thread", () => {
  const small = threads({ size: 1, module, window: 10, name: "small" });

  test("refuses what is too much by the receiver's policy, and is free again", async () => {
    await using system = createSystem({ logger: false });
    const { a } = subject(system, { on: small });
    await started(a);
    let sent = 0;
    const send = (): void => {
      for (; sent < 1_000; sent++) a.note(String(sent));
    };
    expect(send).toThrow(MailboxFullError);
    expect(sent).toBeLessThanOrEqual(10);
    expect(await rejection(a.echo("x"))).toBeInstanceOf(MailboxFullError);
    expect(attempt(a).note("x")).toBe("full");
    await withOptions(a, { whenFull: "wait" }).note("waits");
    expect((await a.seen()).at(-1)).toBe("waits");
  });

  test("drops the newest where the receiver drops, with a trace", async () => {
    await using system = createSystem({ logger: false });
    const { a } = subject(system, { on: small, mailbox: { whenFull: "dropOldest" } });
    await started(a);
    const before = system.stats();
    for (let n = 0; n < 30; n++) a.note(String(n));
    const { deadLetters, overflows } = system.stats();
    const dropped = deadLetters - before.deadLetters;
    expect([dropped >= 20, overflows - before.overflows]).toEqual([true, dropped]);
    await withOptions(a, { whenFull: "wait" }).note("last");
    expect(await a.seen()).toHaveLength(30 - dropped + 1);
  });

  test("lets those who wait in, first come first served; nobody overtakes them", async () => {
    await using system = createSystem({ logger: false });
    const checked = system.spawn(Checked, undefined, { on: small });
    const patient = withOptions(checked, { whenFull: "wait" });
    const casts = Array.from({ length: 200 }, (_, n) => patient.put(String(n), 1));
    const all = await patient.any(null);
    await Promise.all(casts);
    expect(all).toEqual(Array.from({ length: 200 }, (_, n) => `${n}: 1`));
  });

  test("lets go of those who wait when the actor ends", async () => {
    await using system = createSystem({ logger: false });
    const { a, held } = subject(system, { on: small });
    a.wait();
    await held.reached();
    const patient = withOptions(a, { whenFull: "wait" });
    const casts = Array.from({ length: 50 }, (_, n) => patient.note(String(n)));
    await kill(a);
    await Promise.all(casts);
    expect((await exited(a)).kind).toBe("killed");
  });
});

describe.each(ELSEWHERE)("a sender $where", ({ here }) => {
  const stage = stageSystem();

  test("to a full mailbox here is told nothing of it: its cast is a dead letter", async () => {
    const { system } = stage;
    const near = subject(system, { mailbox: { capacity: 1 } });
    near.a.wait();
    await near.held.reached();
    const relay = system.spawn(Relay, undefined, here);
    const letter = eventOf(system, "deadLetter", ({ verb }) => verb === "note");
    relay.notes(near.a, 3);
    expect(await letter).toMatchObject({ verb: "note", why: "mailbox full" });
    near.held.open();
  });
});

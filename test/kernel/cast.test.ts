import { expect, test } from "vitest";
import { actor, exited, refuse, stop } from "troupe";
import { createTestSystem } from "troupe/testing";

const Notes = actor({
  name: "notes",
  init: (_ctx, props: { lines: string[] }) => props.lines,
  cast: {
    write(ctx, line: string) {
      ctx.state.push(line);
    },
    fail(_ctx, error: Error) {
      throw error;
    },
  },
});

test("a cast returns at once, before the receiver has run", async () => {
  const kit = createTestSystem();
  const lines: string[] = [];
  const notes = kit.system.spawn(Notes, { lines });
  expect(notes.write("a")).toBeUndefined();
  expect(lines).toEqual([]);
  await kit.run();
  expect(lines).toEqual(["a"]);
});

test("a cast to an actor that has ended is a dead letter, and does not throw", async () => {
  const kit = createTestSystem();
  const notes = kit.system.spawn(Notes, { lines: [] });
  await stop(notes);
  notes.write("late");
  expect(kit.eventsOf("deadLetter")).toEqual([
    {
      type: "deadLetter",
      actor: "notes#1",
      verb: "write",
      args: ["late"],
      from: null,
      why: "normal",
    },
  ]);
  expect(kit.system.stats().deadLetters).toBe(1);
});

test("a cast to an actor that never started is a dead letter", async () => {
  const kit = createTestSystem();
  const Stillborn = actor({
    init: (): number => {
      throw new Error("no");
    },
    cast: { write() {} },
  });
  const ref = kit.system.spawn(Stillborn);
  ref.write();
  await kit.run();
  ref.write();
  expect(kit.deadLetters).toEqual(["write to actor#1", "write to actor#1"]);
});

test("casts that wait when their actor is stopped are dead letters, one each", async () => {
  const kit = createTestSystem();
  const lines: string[] = [];
  const notes = kit.system.spawn(Notes, { lines });
  await kit.run();
  notes.write("a");
  notes.write("b");
  await stop(notes);
  expect(lines).toEqual([]);
  expect(kit.deadLetters).toEqual(["write to notes#1", "write to notes#1"]);
});

test("casts that wait when their actor fails for good are dead letters, the one that failed is not", async () => {
  const kit = createTestSystem();
  const notes = kit.system.spawn(Notes, { lines: [] });
  notes.fail(new Error("boom"));
  notes.write("after");
  await exited(notes);
  expect(kit.deadLetters).toEqual(["write to notes#1"]);
});

test("a dead letter names its sender, where that is an actor", async () => {
  const kit = createTestSystem();
  const notes = kit.system.spawn(Notes, { lines: [] });
  await stop(notes);
  const Writer = actor({
    name: "writer",
    cast: {
      write: () => notes.write("x"),
    },
  });
  kit.system.spawn(Writer).write();
  await kit.run();
  expect(kit.eventsOf("deadLetter")[0]).toMatchObject({ from: "writer#2" });
});

test("a dead letter names its sender behind an await too, in development", async () => {
  const kit = createTestSystem({ development: true });
  const notes = kit.system.spawn(Notes, { lines: [] });
  await stop(notes);
  const Writer = actor({
    name: "writer",
    cast: {
      async write() {
        await Promise.resolve();
        notes.write("x");
      },
    },
  });
  kit.system.spawn(Writer).write();
  await kit.run();
  expect(kit.eventsOf("deadLetter")[0]).toMatchObject({ from: "writer#2" });
});

test("a refusal in a cast leaves the actor alone, and the cast is a dead letter", async () => {
  const kit = createTestSystem();
  const Picky = actor({
    init: () => ({ taken: 0 }),
    cast: {
      take(ctx, n: number) {
        if (n < 0) throw refuse(new Error("negative"));
        ctx.state.taken += n;
      },
    },
    call: { taken: (ctx) => ctx.state.taken },
  });
  const picky = kit.system.spawn(Picky);
  picky.take(-1);
  picky.take(2);
  expect(await picky.taken()).toBe(2);
  expect(kit.eventsOf("deadLetter")).toMatchObject([{ verb: "take", why: "refused" }]);
});

test("a handler gets exactly the arguments that were sent, undefined ones and those it does not declare, behind any number of messages", async () => {
  const sent = [
    [],
    [undefined],
    [1],
    [1, undefined],
    [undefined, undefined],
    [1, 2],
    [1, 2, undefined],
    [1, 2, 3, 4, undefined],
  ];
  for (const before of [0, 3_000]) {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const Lists = actor({
      cast: {
        fill() {},
        all: (_ctx, ...args: unknown[]) => void log.push(args),
        two(_ctx, _first: unknown = 0, ..._rest: unknown[]) {
          // oxlint-disable-next-line prefer-rest-params -- what was passed, before any defaults
          log.push([...arguments].slice(1));
        },
        four: (_ctx, _a: unknown, _b: unknown, _c: unknown, ...rest: unknown[]) =>
          void log.push(rest),
      },
      call: { back: (_ctx, ...args: unknown[]) => args },
    });
    const lists = kit.system.spawn(Lists);
    for (let n = 0; n < before; n++) lists.fill();
    for (const args of sent) lists.all(...args);
    for (const args of sent) lists.two(...args);
    lists.four(1, 2, 3, 4, undefined);
    const back = await Promise.all(sent.map((args) => lists.back(...args)));
    expect(log).toStrictEqual([...sent, ...sent, [4, undefined]]);
    expect(back).toStrictEqual(sent);
  }
});

import {
  ActorFailedError,
  kill,
  restart,
  stop,
  withOptions,
  type SpawnOptions,
  type System,
} from "troupe";
import { describe, expect, test } from "vitest";
import { Clerk } from "./actors-calls.ts";
import { OutOfStock } from "./actors-subject.ts";
import { door, EVERYWHERE, journal, onOne, onTwo, own, rejection, stageSystem } from "./stage.ts";

/* Streams: 4.9 of docs/semantics.md. Not here: ports, which are objects of one thread. */

function clerk(system: System, options: SpawnOptions, id = "a") {
  const book = journal(system);
  const held = door(system);
  const props = { id, journal: book.journal, door: held.ref };
  return { ...book, held, a: system.spawn(Clerk, props, options) };
}

/** Reads to the end, or to the error, which comes last. */
async function readAll(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const got: unknown[] = [];
  try {
    for await (const item of items) got.push(item);
  } catch (error) {
    got.push(error);
  }
  return got;
}

describe.each(EVERYWHERE)("a stream of an actor $where", ({ here }) => {
  const stage = stageSystem();

  test("gives all that it yields, in order, and ends", async () => {
    const { a, settled, until } = clerk(stage.system, here);
    expect(await readAll(a.upTo(3))).toEqual([1, 2, 3]);
    await until("a closes");
    expect(await settled()).toEqual(["a makes 1", "a makes 2", "a makes 3", "a closes"]);
  });

  test("is not written before it is read, nor ahead of its reader", async () => {
    const { a, settled } = clerk(stage.system, here);
    const items = a.upTo(3);
    await a.echo("x");
    expect(await settled()).toEqual([]);
    const reader = items[Symbol.asyncIterator]();
    for (const n of [1, 2]) {
      // oxlint-disable-next-line no-await-in-loop -- at the reader's pace
      expect(await reader.next()).toEqual({ done: false, value: n });
      // oxlint-disable-next-line no-await-in-loop -- as far as it has come by now
      await a.echo("x");
      expect(await settled()).toHaveLength(n);
    }
    await reader.return!();
  });

  test("ends its writer when its reader leaves", async () => {
    const { a, settled, until } = clerk(stage.system, here);
    for await (const n of a.upTo(100)) if (n === 2) break;
    await until("a closes");
    expect(await settled()).toEqual(["a makes 1", "a makes 2", "a closes"]);
  });

  test("leaves its actor to others while it waits", async () => {
    const { a, held } = clerk(stage.system, here);
    const waits = readAll(a.waits());
    await held.reached();
    expect(await a.echo("meanwhile")).toBe("meanwhile");
    held.open();
    expect(await waits).toEqual(["passed"]);
  });

  test("has a time limit for its steps where a view sets one", async () => {
    const { a, held } = clerk(stage.system, here);
    const items = withOptions(a, { timeout: 20 }).waits();
    expect(await readAll(items)).toMatchObject([{ name: "TimeoutError" }]);
    held.open();
    expect(await a.echo("on")).toBe("on");
  });

  test("that fails fails its actor; the reader's loop throws", async () => {
    const { a } = clerk(stage.system, { ...here, restart: "permanent" });
    const [one, error] = await readAll(a.breaks("torn"));
    expect(one).toBe(1);
    expect(error).toBeInstanceOf(ActorFailedError);
    expect(error).toMatchObject({ cause: { name: "RangeError", message: "torn" } });
    const atOnce = await readAll(a.failsAtOnce("never open"));
    expect(atOnce).toMatchObject([{ cause: { message: "never open" } }]);
    expect(await a.count()).toBe(0);
  });

  test("that is refused leaves its actor alone", async () => {
    const { a } = clerk(stage.system, here);
    await a.echo("x");
    const [, error] = await readAll(a.refusesStream(4));
    expect(error).toBeInstanceOf(OutOfStock);
    expect([error, await a.count()]).toMatchObject([{ left: 4 }, 1]);
  });

  test("does not live over a restart: the reader's loop throws", async () => {
    const { a } = clerk(stage.system, { ...here, restart: "permanent" });
    const reader = a.upTo(5)[Symbol.asyncIterator]();
    await reader.next();
    await restart(a);
    expect(await rejection(reader.next())).toMatchObject({ name: "ActorStoppedError" });
    const second = a.upTo(5)[Symbol.asyncIterator]();
    await second.next();
    await kill(a);
    expect(await rejection(second.next())).toMatchObject({ name: "ActorStoppedError" });
  });

  test("of an actor that ends meanwhile, or is gone, rejects", async () => {
    const { a, held } = clerk(stage.system, here);
    const waits = readAll(a.waits());
    await held.reached();
    await stop(a);
    expect(await waits).toMatchObject([{ name: "ActorStoppedError" }]);
    expect(await readAll(a.upTo(1))).toMatchObject([{ name: "ActorStoppedError" }]);
  });

  test("can be one of many", async () => {
    const { a } = clerk(stage.system, here);
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => readAll(a.upTo(n))));
    expect(all.map((items) => items.length)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    ["where it is spawned", {}],
    ["on one thread", onOne],
    ["on another", onTwo],
    ["on its own", { on: own }],
  ] as [string, SpawnOptions][])("is read by an actor %s", async (_name, there) => {
    const { system } = stage;
    const { a } = clerk(system, here);
    const { a: reader } = clerk(system, there, "reader");
    expect(await reader.read(a, 20)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  test("ends its writer when the actor ends that reads it", async () => {
    const { system } = stage;
    const { a, until } = clerk(system, here);
    const { a: reader } = clerk(system, onTwo, "reader");
    const reading = rejection(reader.read(a, Infinity));
    await until("a makes 5");
    await kill(reader);
    await reading;
    expect(await until("a closes")).toContain("a makes 5");
  });
});

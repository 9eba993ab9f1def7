import { expect, test } from "vitest";
import { Belongings, type Belonging } from "../../src/kernel/belonging.ts";

class Thing implements Belonging {
  place: Belonging["place"] = null;
  readonly name: string;
  readonly #log: string[];
  onRelease: () => void = () => {};

  constructor(name: string, log: string[]) {
    this.name = name;
    this.#log = log;
  }

  release(): void {
    this.#log.push(this.name);
    this.onRelease();
  }
}

function setUp(...names: string[]) {
  const log: string[] = [];
  const list = new Belongings();
  const things = names.map((name) => new Thing(name, log));
  for (const thing of things) list.add(thing);
  return { log, list, things };
}

test("all are released, in the order in which they came, once", () => {
  const { log, list } = setUp("a", "b", "c");
  list.release();
  list.release();
  expect(log).toEqual(["a", "b", "c"]);
});

test.each([0, 1, 2])("number %d of three can be taken out, once or twice", (gone) => {
  const { log, list, things } = setUp("a", "b", "c");
  list.delete(things[gone]!);
  list.delete(things[gone]!);
  expect(things.map((thing) => list.has(thing))).toEqual([0, 1, 2].map((n) => n !== gone));
  list.release();
  expect(log).toEqual(["a", "b", "c"].filter((_, n) => n !== gone));
});

test("one that was taken out can come again, as the last", () => {
  const { log, list, things } = setUp("a", "b");
  list.delete(things[0]!);
  list.add(things[0]!);
  list.release();
  expect(log).toEqual(["b", "a"]);
});

test("one that is taken out by the release of another is not released", () => {
  const { log, list, things } = setUp("a", "b", "c");
  things[0]!.onRelease = () => list.delete(things[1]!);
  list.release();
  expect(log).toEqual(["a", "c"]);
});

test("what belongs to another list stays where it is", () => {
  const { log, list } = setUp("a");
  const other = setUp("b");
  list.delete(other.things[0]!);
  expect(list.has(other.things[0]!)).toBe(false);
  expect(other.list.has(other.things[0]!)).toBe(true);
  list.release();
  expect(log).toEqual(["a"]);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InLine, Line } from "../../src/sim/line.ts";

class Item extends InLine {
  readonly label: string;

  constructor(label: number, waits = 0) {
    super();
    this.label = `${label}`;
    this.waits = waits;
  }
}

/** What a line is: an array whose items know how many have gone before them that came later. */
class Model {
  items: { readonly item: Item; passed: number }[] = [];

  get next(): number {
    const at = this.items.findIndex(({ item, passed }) => passed >= item.waits);
    return at < 0 ? 0 : at;
  }

  take(index: number): { readonly item: Item; passed: number } {
    for (const ahead of this.items.slice(0, index)) ahead.passed++;
    return this.items.splice(index, 1)[0]!;
  }
}

test("a line is an array from which anyone can be taken, and everybody knows whom he let go first", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ push: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ take: fc.nat() }) },
    { weight: 2, arbitrary: fc.constant("next" as const) },
    fc.record({ keep: fc.integer({ min: 2, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const line = new Line<Item>();
      const model = new Model();
      let made = 0;
      let wrong = false;
      for (const each of steps) {
        if (each !== "next" && "push" in each) {
          const item = new Item(made++, each.push);
          line.push(item);
          model.items.push({ item, passed: 0 });
        } else if (each !== "next" && "keep" in each) {
          const wanted = ({ label }: Item): boolean => Number(label) % each.keep !== 0;
          line.keep(wanted);
          model.items = model.items.filter(({ item }) => wanted(item));
        } else if (model.items.length > 0) {
          const index = each === "next" ? model.next : each.take % model.items.length;
          const taken = line.take(index);
          const { item, passed } = model.take(index);
          wrong ||= taken !== item || taken.passed !== passed;
        }
        wrong ||= line.length !== model.items.length;
        wrong ||= line.length > 0 && line.next !== model.next;
      }
      expect(wrong).toBe(false);
    }),
  );
});

describe("who waits", () => {
  test("goes when it has let go as many as it was to", () => {
    const line = new Line<Item>();
    line.push(new Item(0, 2));
    for (const label of [1, 2, 3]) line.push(new Item(label));
    const order = Array.from({ length: 4 }, () => line.take(line.next).label);
    expect(order).toEqual(["1", "2", "0", "3"]);
  });

  test("goes earlier where nobody else is left", () => {
    const line = new Line<Item>();
    line.push(new Item(0, 5));
    line.push(new Item(1));
    expect([line.take(line.next).label, line.take(line.next).label]).toEqual(["1", "0"]);
  });
});

test("a line of thousands keeps its order, and can be used again when it was empty", () => {
  const line = new Line<Item>();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 3_000; i++) line.push(new Item(i));
    const taken = Array.from({ length: 3_000 }, () => Number(line.take(line.next).label));
    expect(taken).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
    expect(line.length).toBe(0);
  }
});

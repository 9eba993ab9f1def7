import { expect, test } from "vitest";
import { InLine, Line } from "../../src/sim/line.ts";

class Somebody extends InLine {
  readonly label: string;

  constructor(label: string, waits = 0) {
    super();
    this.label = label;
    this.waits = waits;
  }
}

function lineOf(...all: readonly Somebody[]): Line<Somebody> {
  const line = new Line<Somebody>();
  for (const each of all) line.push(each);
  return line;
}

test("whoever is to wait lets so many others go first, and is next then", () => {
  const line = lineOf(
    new Somebody("a", 2),
    new Somebody("b"),
    new Somebody("c"),
    new Somebody("d"),
  );
  const order = Array.from({ length: 4 }, () => line.take(line.next).label);
  expect(order).toEqual(["b", "c", "a", "d"]);
});

test("where everybody waits, the first that came goes", () => {
  const line = lineOf(new Somebody("a", 2), new Somebody("b", 1));
  expect(line.take(line.next).label).toBe("a");
});

test("who was passed over knows how often, whoever took the others out", () => {
  const line = lineOf(new Somebody("a"), new Somebody("b"), new Somebody("c"));
  line.take(2);
  line.take(1);
  expect(line.take(0)).toMatchObject({ label: "a", passed: 2 });
});

test("who leaves without a turn knows it as well, and the others stay as they are", () => {
  const line = lineOf(new Somebody("a"), new Somebody("b"), new Somebody("c"));
  line.take(2);
  const gone = line.keep(({ label }) => label !== "a");
  expect(gone).toMatchObject([{ label: "a", passed: 1 }]);
  expect(line.take(0)).toMatchObject({ label: "b", passed: 1 });
  expect(line.length).toBe(0);
});

import { expect, test } from "vitest";
import { fingerprint } from "../../../src/sim/history/fingerprint.ts";

test("values that hold the same have one fingerprint", () => {
  const pairs: [unknown, unknown][] = [
    [
      { a: 1, b: [2, "x"] },
      { b: [2, "x"], a: 1 },
    ],
    [
      new Map([
        ["a", { n: 1n }],
        ["b", { n: 2n }],
      ]),
      new Map([
        ["b", { n: 2n }],
        ["a", { n: 1n }],
      ]),
    ],
    [new Set(["a", "b"]), new Set(["b", "a"])],
    [Number.NaN, Number.NaN],
    [Symbol.for("a"), Symbol.for("a")],
    [Object.create(null), {}],
  ];
  for (const [one, other] of pairs) expect(fingerprint(one)).toBe(fingerprint(other));
});

test("values that differ, be it in type, depth or order of items, differ in their fingerprint", () => {
  const values: unknown[] = [
    1,
    "1",
    1n,
    "1n",
    true,
    "true",
    null,
    "null",
    undefined,
    "undefined",
    0,
    -0,
    Number.NaN,
    [],
    {},
    [[]],
    [1, 2],
    [2, 1],
    ["1,2"],
    ["1", "2"],
    { a: undefined },
    { a: { b: 1 } },
    { "a:{b": 1 },
    new Map(),
    new Set(),
    new Set([1]),
    new Map([[1, 1]]),
    Symbol.for("a"),
    "Symbol(a)",
  ];
  expect(new Set(values.map((value) => fingerprint(value))).size).toBe(values.length);
});

test("what cannot be seen through is equal to itself only", () => {
  class Purse {
    readonly #coins: number;
    constructor(coins: number) {
      this.#coins = coins;
    }
    get isEmpty(): boolean {
      return this.#coins === 0;
    }
  }
  const makers: (() => unknown)[] = [
    () => new Purse(1),
    () => () => 1,
    () => Symbol("a"),
    () => Object.defineProperty({}, "hidden", { value: 1 }),
    // oxlint-disable-next-line no-sparse-arrays -- a hole is what this is about
    () => [1, , 2],
  ];
  for (const make of makers) {
    const one = make();
    expect(fingerprint([one])).toBe(fingerprint([one]));
    expect(fingerprint(one)).not.toBe(fingerprint(make()));
  }
});

test("a circle is no endless loop", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(fingerprint(circle)).toBe(fingerprint(circle));
});

import { expect, test } from "vitest";
import { transfer } from "troupe/threads";
import { goesAsItIs, holdsNothingSpecial } from "../../src/wire/look.ts";

/** A value to which 2^24 ways lead, and that counts how often it is looked at. */
function shared(leaf: unknown): { value: unknown; looks: () => number } {
  let looks = 0;
  let value: unknown = {
    get leaf() {
      looks++;
      return leaf;
    },
  };
  for (let i = 0; i < 24; i++) value = [value, value];
  return { value, looks: () => looks };
}

test("what many ways lead to is not looked at once for each", () => {
  const { value, looks } = shared(1);
  expect(goesAsItIs(value)).toBe(false);
  expect(holdsNothingSpecial(value)).toBe(true);
  expect(looks()).toBeLessThan(5_000);
});

test("what is special is found wherever it lies", () => {
  const special = [() => 1, Symbol("s"), new Error("e"), transfer(new Uint8Array(1))];
  for (const part of special) {
    const circle: unknown[] = [part];
    circle.push(circle);
    const places = [part, [undefined, part], { a: { b: part } }, new Map([[1, [part]]])];
    for (const value of [...places, new Set([part]), circle, shared(part).value]) {
      expect(goesAsItIs(value)).toBe(false);
      expect(holdsNothingSpecial(value)).toBe(false);
    }
  }
});

test("what the host copies whole holds nothing special", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const values = [
    undefined,
    null,
    1n,
    "text",
    new Date(0),
    /x/u,
    new Uint8Array(1),
    new ArrayBuffer(1),
    { list: [1, undefined, { deep: null }] },
    new Map([[{ key: 1 }, new Set([1])]]),
    Object.assign(Object.create(null) as object, { a: 1 }),
    circle,
  ];
  expect(values.filter((value) => !holdsNothingSpecial(value))).toEqual([]);
});

test("what would arrive empty is special, so that it is refused", () => {
  expect(holdsNothingSpecial(new URL("http://example.org/"))).toBe(false);
  expect(holdsNothingSpecial([new WeakMap()])).toBe(false);
  expect(holdsNothingSpecial({ later: Promise.resolve(1) })).toBe(false);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { hashNumber, hashText, hashValue, RollingHash } from "../../src/sim/trace.ts";

function hashOf(words: readonly number[]): string {
  const hash = new RollingHash();
  for (const word of words) hash.add(word);
  return hash.text;
}

test("the same words have the same hash, and others another", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (a, b) => {
      expect(hashOf(a)).toMatch(/^[0-9a-f]{16}$/);
      expect(hashOf(a) === hashOf(b)).toBe(a.length === b.length && a.every((x, i) => x === b[i]));
    }),
  );
});

test("the order of words counts, and so does how many there are", () => {
  expect(hashOf([1, 2])).not.toBe(hashOf([2, 1]));
  expect(hashOf([0])).not.toBe(hashOf([0, 0]));
  expect(hashOf([])).not.toBe(hashOf([0]));
});

test("numbers hash alike only where they are the same", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (a, b) => {
      expect(hashNumber(a) === hashNumber(b)).toBe(Object.is(a, b));
    }),
  );
  expect(hashNumber(Number.NaN)).toBe(hashNumber(0 / 0));
});

test("texts hash by their first 64 characters and their length", () => {
  const long = "x".repeat(64);
  expect(hashText("a")).not.toBe(hashText("b"));
  expect(hashText(`${long}a`)).toBe(hashText(`${long}b`));
  expect(hashText(`${long}a`)).not.toBe(hashText(`${long}ab`));
});

test("arguments hash by value where that is cheap, else by type", () => {
  const values = [1, "1", true, false, undefined, null, {}];
  expect(new Set(values.map(hashValue)).size).toBe(values.length);
  expect(hashValue({ a: 1 })).toBe(hashValue([2]));
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { BadInputError } from "troupe";
import { Chance, mix } from "../../src/sim/chance.ts";

const draws = (seed: number, count: number): number[] => {
  const chance = new Chance(seed);
  return Array.from({ length: count }, () => chance.bits());
};

test("the same seed draws the same numbers, on every machine and for ever", () => {
  // Written down once: decision files and reported seeds live on these.
  expect(draws(1, 4)).toEqual([1228566310, 1041339923, 2248853198, 1551223671]);
  expect(draws(1, 100)).toEqual(draws(1, 100));
});

test("neighbouring seeds do not begin alike", () => {
  const firsts = Array.from({ length: 10_000 }, (_, seed) => draws(seed, 1)[0]!);
  expect(new Set(firsts).size).toBeGreaterThan(9_990);
  const small = firsts.filter((first) => first < 2 ** 31).length;
  expect(small).toBeGreaterThan(4_800);
  expect(small).toBeLessThan(5_200);
});

test("whole numbers lie within their range and reach both ends of it", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -5, max: 5 }), fc.nat(5), (seed, least, width) => {
      const chance = new Chance(seed);
      const drawn = Array.from({ length: 300 }, () => chance.int(least, least + width));
      expect(Math.min(...drawn)).toBe(least);
      expect(Math.max(...drawn)).toBe(least + width);
      expect(drawn.every(Number.isInteger)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("what is certain draws nothing", () => {
  const chance = new Chance(7);
  expect([chance.bool(0), chance.bool(1), chance.bool(-1), chance.bool(2)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect(chance.bits()).toBe(draws(7, 1)[0]);
});

test("a probability is met, more or less", () => {
  const chance = new Chance(3);
  const hits = Array.from({ length: 10_000 }, () => chance.bool(0.1)).filter(Boolean).length;
  expect(hits).toBeGreaterThan(900);
  expect(hits).toBeLessThan(1_100);
});

test("shuffling keeps every item, and brings each order", () => {
  const chance = new Chance(5);
  const orders = Array.from({ length: 500 }, () => chance.shuffle(["a", "b", "c"]).join(""));
  expect(new Set(orders).size).toBe(6);
  expect(orders.every((order) => order.split("").toSorted().join("") === "abc")).toBe(true);
});

test("shuffling leaves what it was given alone", () => {
  const items = [1, 2, 3, 4, 5];
  new Chance(1).shuffle(items);
  expect(items).toEqual([1, 2, 3, 4, 5]);
});

test("there is nothing to pick from an empty list", () => {
  expect(() => new Chance(1).pick([])).toThrow(BadInputError);
});

test("mixing keeps different numbers different", () => {
  const mixed = Array.from({ length: 10_000 }, (_, value) => mix(value));
  expect(new Set(mixed).size).toBe(10_000);
});

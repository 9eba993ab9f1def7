import { expect, test } from "vitest";
import { ratio, summarize } from "../../bench/statistics.ts";

test("the median is the middle one, or what is between the two in the middle", () => {
  expect(summarize([9, 1, 2]).median).toBe(2);
  expect(summarize([4, 1, 2, 9]).median).toBe(3);
});

test("the order is that of numbers, and the values stay as they were", () => {
  const values = [10, 9, 100];
  expect(summarize(values)).toMatchObject({ min: 9, median: 10, max: 100 });
  expect(values).toEqual([10, 9, 100]);
});

test("the spread is from the least to the greatest, as a part of the median", () => {
  expect(summarize([8, 10, 15]).spread).toBeCloseTo(0.7);
  expect(summarize([5]).spread).toBe(0);
});

test("no values have no median", () => {
  expect(summarize([]).median).toBeNaN();
});

test("a ratio compares the turns of each round, so that a slow minute hits both sides", () => {
  // The machine was ten times slower in the second round.
  expect(ratio([1, 10, 1], [2, 20, 2])).toBe(0.5);
});

test("a ratio ends with the shorter of the two", () => {
  expect(ratio([1, 1, 99], [2, 2])).toBe(0.5);
});

test("there is no ratio to what is not above zero", () => {
  expect(ratio([1, 1], [0, 0])).toBeNaN();
  expect(ratio([1, 1], [-2, -2])).toBeNaN();
  expect(ratio([-1, -1], [2, 2])).toBeNaN();
});

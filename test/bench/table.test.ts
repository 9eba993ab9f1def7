import { expect, test } from "vitest";
import { resultRow } from "../../bench/results.ts";
import { lines, short } from "../../bench/table.ts";
import { rowOf } from "./support.ts";

test.each([
  [1_234_567, "1,234,567"],
  [99.96, "100.0"],
  [12.34, "12.3"],
  [1.234, "1.23"],
  [0, "0.00"],
  [0.000_21, "0.0002"],
  [-2.1, "-2.10"],
])("%d is shown as %s", (value, text) => {
  expect(short(value)).toBe(text);
});

test("a row has a line for troupe, and one for each of the others with the ratio to it", () => {
  const [ours, theirs, ...rest] = lines(rowOf("cast", 50, { nact: 1_000 }));
  expect(ours).toMatch(/^cast +ns +50\.0 +50\.0 +0 %$/);
  expect(theirs).toMatch(/^ {2}nact +ns +1,000 +1,000 +0 % +0\.05 ×$/);
  expect(rest).toEqual([]);
});

test("what a reader has to know about a peer stands behind its name", () => {
  const beside = [{ who: "xstate", values: [40], note: "does not queue" }];
  const row = resultRow("cast", { label: "cast", unit: "ns", values: [50], beside });
  expect(lines(row)[1]).toMatch(/^ {2}xstate \(does not queue\) /);
});

test("one value has no spread, and nothing has no ratio to it", () => {
  const beside = [{ who: "object", values: [-1] }];
  const row = resultRow("memory", { label: "left", unit: "bytes", values: [3], beside });
  expect(lines(row)[0]).toMatch(/ –$/);
  expect(lines(row)[1]).toMatch(/ – +–$/);
});

test("where more is better, the unit says so", () => {
  expect(lines(rowOf("kv", 50_000, {}, "per s"))[0]).toContain("/s ↑");
  expect(lines(rowOf("speed-up", 1.9, {}, "×"))[0]).toContain("× ↑");
  expect(lines(rowOf("cast", 50, {}))[0]).not.toContain("↑");
});

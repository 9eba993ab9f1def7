import { expect, test } from "vitest";
import { chart, type Bars } from "../../bench/chart.ts";

const TEXT = { title: "What it costs", subtitle: "less is better", axis: "time" };

const draw = (...groups: Bars[]): string => chart(groups, TEXT);

const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="(?:ours|peer)"[^>]* width="(?<width>[\d.]+)"/g)].map((match) =>
    Number(match.groups?.["width"]),
  );

const heightOf = (svg: string): number => Number(/height="(?<h>\d+)"/.exec(svg)?.groups?.["h"]);

test("title, what is better, and the axis are written on it", () => {
  const svg = draw({ label: "cast", bars: [{ who: "troupe", value: 50, kind: "ours" }] });
  for (const text of Object.values(TEXT)) expect(svg).toContain(`>${text}</text>`);
});

test("ten times as much is as much longer, wherever it is", () => {
  const bars = [1, 10, 100, 1_000].map((value) => ({ who: "x", value, kind: "peer" as const }));
  const [one = 0, ten = 0, hundred = 0, thousand = 0] = widths(draw({ label: "cast", bars }));
  expect(hundred - ten).toBeCloseTo(thousand - hundred, 0);
  expect(hundred - ten).toBeGreaterThan(50);
  expect(one).toBeLessThan(ten);
});

test("the axis goes from the power of ten below to the one above", () => {
  const bars = [7, 70_000].map((value) => ({ who: "x", value, kind: "peer" as const }));
  const svg = draw({ label: "cast", bars });
  const labels = [...svg.matchAll(/>(?<label>[\d.]+ [nµm]s)<\/text>/g)].map(
    (match) => match.groups?.["label"],
  );
  expect(new Set(labels)).toEqual(new Set(["1 ns", "10 ns", "100 ns", "1 µs", "10 µs", "100 µs"]));
});

test("a group is as high as its bars, and the picture as all groups", () => {
  const bar = { who: "x", value: 5, kind: "peer" } as const;
  const one = heightOf(draw({ label: "a", bars: [bar] }));
  const two = heightOf(draw({ label: "a", bars: [bar, bar] }));
  const both = heightOf(draw({ label: "a", bars: [bar] }, { label: "b", bars: [bar] }));
  expect(two).toBeGreaterThan(one);
  expect(both).toBeGreaterThan(two);
});

test("names may have any characters", () => {
  const svg = draw({ label: "a & b", bars: [{ who: '<"x">', value: 5, kind: "peer" }] });
  expect(svg).toContain("a &amp; b");
  expect(svg).toContain("&lt;&quot;x&quot;>");
});

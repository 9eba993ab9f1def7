import { expect, test } from "vitest";
import { markdownTable, replaceBetween } from "../../bench/markdown.ts";
import { rowOf } from "./support.ts";

const PEERS = ["nact", "xstate", "Erlang"];

const cells = (line: string | undefined): string[] =>
  (line ?? "")
    .split("|")
    .map((cell) => cell.trim())
    .slice(1, -1);

test("peers have a column each, in their order, and whatever else is beside is the limit", () => {
  const rows = [
    rowOf("cast", 50, { "method call": 1, Erlang: 100 }),
    rowOf("ring", 50, { xstate: 200 }),
  ];
  const [head, align, cast, ring] = markdownTable(rows, PEERS).split("\n").map(cells);
  expect(head).toEqual(["workload", "unit", "troupe", "limit", "xstate", "Erlang"]);
  expect(align).toEqual(["---", "---", "--:", "--:", "--:", "--:"]);
  expect(cast).toEqual(["cast", "ns", "50.0", "1.00 (50.0 ×)", "", "100 (0.50 ×)"]);
  expect(ring).toEqual(["ring", "ns", "50.0", "", "200 (0.25 ×)", ""]);
});

test("a peer that is ahead stands in bold, and the limit, which always is, does not", () => {
  const [, , row] = markdownTable([rowOf("cast", 50, { floor: 1, nact: 25, xstate: 99 })], PEERS)
    .split("\n")
    .map(cells);
  expect(row).toEqual([
    "cast",
    "ns",
    "50.0",
    "1.00 (50.0 ×)",
    "**25.0 (2.00 ×)**",
    "99.0 (0.51 ×)",
  ]);
});

test.each([
  ["per s", "/s ↑"],
  ["×", "× ↑"],
] as const)("where more is better, in %s, a peer with more is ahead", (unit, shown) => {
  const [, , row] = markdownTable([rowOf("kv", 50, { nact: 100, xstate: 25 }, unit)], PEERS)
    .split("\n")
    .map(cells);
  expect(row).toEqual(["kv", shown, "50.0", "**100 (0.50 ×)**", "25.0 (2.00 ×)"]);
});

test("a figure without a ratio stands alone, also when it has been through JSON", () => {
  const rows = [rowOf("left", 50, { nact: -1 })];
  const again: typeof rows = JSON.parse(JSON.stringify(rows));
  for (const each of [rows, again]) {
    expect(cells(markdownTable(each, PEERS).split("\n")[2]).at(-1)).toBe("-1.00");
  }
});

test("what is between the markers is replaced, and nothing else", () => {
  const text = "a\n<!-- begin: x -->\nold\n<!-- end: x -->\nb\n";
  expect(replaceBetween(text, "x", "new")).toBe(
    "a\n<!-- begin: x -->\n\nnew\n\n<!-- end: x -->\nb\n",
  );
});

test.each([["nothing"], ["<!-- begin: x -->"], ["<!-- end: x --> <!-- begin: x -->"]])(
  "%j has no place for it, and the message says how to make one",
  (text) => {
    expect(() => replaceBetween(text, "x", "new")).toThrow(
      "the place for x is missing: write <!-- begin: x --> and <!-- end: x --> where it goes",
    );
  },
);

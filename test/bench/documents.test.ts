import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { replaceBetween } from "../../bench/markdown.ts";
import { workloadNames } from "../../bench/workloads/all.ts";

const text = readFileSync(new URL("../../docs/benchmarks.md", import.meta.url), "utf8");

test("the page says of every workload what it is", () => {
  const listed = new Set([...text.matchAll(/^\| `(?<name>[\w-]+)`/gm)].map((row) => row[1]));
  // Two sizes of one thing share a line.
  const missing = workloadNames.filter((name) => !listed.has(name) && name !== "skynet-1m");
  expect(missing).toEqual([]);
});

test("the page has a place for the figures", () => {
  expect(replaceBetween(text, "figures", "new")).toContain("-->\n\nnew\n\n<!--");
});

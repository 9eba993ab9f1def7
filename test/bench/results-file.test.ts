import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../bench/options.ts";
import { checkWritable, readResults, writeResults } from "../../bench/results-file.ts";
import { resultRow, type Results } from "../../bench/results.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "results-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of these workloads, with so many beside each. */
function results(workloads: readonly string[], others: number): Results {
  const beside = Array.from({ length: others }, (_, n) => ({ who: `peer ${n}`, values: [2] }));
  const rows = workloads.map((name) =>
    resultRow(name, { label: name, unit: "ns", values: [1], beside }),
  );
  return { date: "2026-01-01", machine: "one", versions: {}, rows };
}

test("figures that were written are read again", () => {
  const path = join(folder, "whole.json");
  writeResults(path, results(["cast", "ring"], 2));
  expect(readResults(path, ["cast", "ring"])).toEqual(results(["cast", "ring"], 2));
});

test("figures of a part of the table are refused, or the page would lose the rest", () => {
  const path = join(folder, "part.json");
  writeResults(path, results(["cast"], 2));
  expect(() => readResults(path, ["cast", "ring", "big"])).toThrow(
    new UsageError(`--from ${path} has no figures of ring, big`),
  );
});

test("figures without peers are refused, or the page would lose them", () => {
  const path = join(folder, "alone.json");
  writeResults(path, results(["cast"], 1));
  expect(() => readResults(path, ["cast"])).toThrow(/no figures of peers; measure with --peers$/);
});

test.each([
  ["no JSON", "{", /cannot be read: SyntaxError/],
  ["an empty object", "{}", /is nothing that --json wrote$/],
  ["null", "null", /is nothing that --json wrote$/],
])("%s is refused with a sentence", (_, content, message) => {
  const path = join(folder, "bad.json");
  writeFileSync(path, content);
  expect(() => readResults(path, [])).toThrow(UsageError);
  expect(() => readResults(path, [])).toThrow(message);
});

test("a file that is not there, or cannot be written, is named before anything is measured", () => {
  const path = join(folder, "nowhere", "x.json");
  expect(() => readResults(path, [])).toThrow(/^--from .*x\.json cannot be read: Error: ENOENT/);
  expect(() => checkWritable(path)).toThrow(/^--json .*x\.json cannot be written: Error: ENOENT/);
});

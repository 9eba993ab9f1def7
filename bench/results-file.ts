import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { UsageError } from "./options.ts";
import type { Results } from "./results.ts";

/** Found out before anything is measured, which takes minutes. */
export function checkWritable(path: string): void {
  try {
    closeSync(openSync(path, "a"));
  } catch (error) {
    throw new UsageError(`--json ${path} cannot be written: ${String(error)}`);
  }
}

export function writeResults(path: string, results: Results): void {
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
}

/** What `writeResults` wrote; the documents are made of nothing less than all of it. */
export function readResults(path: string, workloads: readonly string[]): Results {
  const results = parsed(path);
  const missing = workloads.filter((name) => !results.rows.some((row) => row.workload === name));
  if (missing.length > 0) {
    throw new UsageError(`--from ${path} has no figures of ${missing.join(", ")}`);
  }
  if (!results.rows.some(({ beside }) => beside.length > 1)) {
    throw new UsageError(`--from ${path} has no figures of peers; measure with --peers`);
  }
  return results;
}

function parsed(path: string): Results {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--from ${path} cannot be read: ${String(error)}`);
  }
  if (!Array.isArray((found as Partial<Results> | null)?.rows)) {
    throw new UsageError(`--from ${path} is nothing that --json wrote`);
  }
  return found as Results;
}

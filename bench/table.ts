import { summarize } from "./statistics.ts";
import type { Measurement } from "./workload.ts";

const WIDTHS = [42, 7, 10, 10, 8, 26, 8] as const;

function cells(texts: readonly string[]): string {
  return texts
    .map((text, i) =>
      i === 0 || i === 5 ? text.padEnd(WIDTHS[i] ?? 0) : text.padStart(WIDTHS[i] ?? 0),
    )
    .join(" ")
    .trimEnd();
}

/** Three digits are more than this machine can promise. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export const header = cells(["workload", "unit", "median", "min", "spread", "  beside", "ratio"]);

export function line({ label, unit, values, limit }: Measurement): string {
  const { median, min, spread } = summarize(values);
  const start = [label, unit, short(median), short(min), values.length > 1 ? percent(spread) : "–"];
  if (limit === undefined) return cells(start);
  const theirs = summarize(limit.values).median;
  return cells([...start, `  ${limit.label} ${short(theirs)}`, `${short(median / theirs)} ×`]);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}

import type { ResultBeside, ResultRow } from "./results.ts";
import { isMoreBetter, type Unit } from "./workload.ts";

const WIDTHS = [44, 6, 10, 10, 7, 9] as const;

function cells(texts: readonly string[]): string {
  return texts
    .map((text, i) => (i === 0 ? text.padEnd(WIDTHS[0]) : text.padStart(WIDTHS[i] ?? 0)))
    .join(" ")
    .trimEnd();
}

/** Three digits: more than a machine can promise. Where they would all be zero, one that is not. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  if (size >= 0.005 || size === 0) return value.toFixed(size >= 10 ? 1 : 2);
  return value.toPrecision(1);
}

function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${short(ratio)} ×` : "–";
}

/** Which way is better, where it is not the usual one. */
export function unitOf(unit: Unit): string {
  const name = unit === "per s" ? "/s" : unit;
  return isMoreBetter(unit) ? `${name} ↑` : name;
}

export const header = cells(["workload", "unit", "median", "min", "spread", "ratio"]);

/** A row as lines of text: troupe's figure, and below it those of the others. */
export function lines({ label, unit, beside, ...ours }: ResultRow): string[] {
  return [
    cells([label, unitOf(unit), short(ours.median), short(ours.min), spreadOf(ours)]),
    ...beside.map((each) =>
      cells([
        `  ${nameOf(each)}`,
        unitOf(unit),
        short(each.median),
        short(each.min),
        spreadOf(each),
        times(each.ratio),
      ]),
    ),
  ];
}

function nameOf({ who, note }: ResultBeside): string {
  return note === undefined ? who : `${who} (${note})`;
}

function spreadOf({ values, spread }: Pick<ResultRow, "values" | "spread">): string {
  return values.length > 1 && Number.isFinite(spread) ? `${(spread * 100).toFixed(0)} %` : "–";
}

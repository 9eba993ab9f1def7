import { resultRow, type ResultRow } from "../../bench/results.ts";
import type { Beside, Unit } from "../../bench/workload.ts";

/** A row of which every round had the same figure. */
export function rowOf(
  label: string,
  value: number,
  beside: Readonly<Record<string, number>>,
  unit: Unit = "ns",
): ResultRow {
  return resultRow(label, {
    label,
    unit,
    values: [value, value],
    beside: Object.entries(beside).map(([who, each]): Beside => ({ who, values: [each, each] })),
  });
}

import { ratio, summarize, type Summary } from "./statistics.ts";
import type { Beside, Measurement, Unit } from "./workload.ts";

/** What `--json` writes, and the documents are made of. */
export interface Results {
  /** When, and on what. */
  readonly date: string;
  readonly machine: string;
  /** The versions of those that took part. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly ResultRow[];
}

export interface ResultRow extends Summary {
  readonly workload: string;
  readonly label: string;
  readonly unit: Unit;
  readonly values: readonly number[];
  readonly beside: readonly ResultBeside[];
}

export interface ResultBeside extends Summary {
  readonly who: string;
  readonly note?: string;
  readonly values: readonly number[];
  /** Troupe's figure as a part of theirs. */
  readonly ratio: number;
}

export function resultRow(workload: string, measurement: Measurement): ResultRow {
  const { label, unit, values, beside = [] } = measurement;
  return {
    workload,
    label,
    unit,
    values,
    ...summarize(values),
    beside: beside.map((each) => resultBeside(values, each)),
  };
}

function resultBeside(ours: readonly number[], theirs: Beside): ResultBeside {
  return { ...theirs, ...summarize(theirs.values), ratio: ratio(ours, theirs.values) };
}

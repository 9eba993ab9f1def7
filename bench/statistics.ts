export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** From the least to the greatest, as a part of the median: what the machine's noise is worth. */
  readonly spread: number;
}

export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const half = (sorted.length - 1) / 2;
  const median = (at(Math.floor(half)) + at(Math.ceil(half))) / 2;
  const [min, max] = [at(0), at(sorted.length - 1)];
  return { median, min, max, spread: (max - min) / median };
}

/**
 * Ours to theirs, the median of the rounds: a round's two figures were taken within seconds, and
 * the medians of each may come from different ones. NaN where one is not above zero: next to
 * nothing is no measure of anything.
 */
export function ratio(ours: readonly number[], theirs: readonly number[]): number {
  const rounds = Math.min(ours.length, theirs.length);
  const each = Array.from({ length: rounds }, (_, i) => (ours[i] ?? NaN) / (theirs[i] ?? NaN));
  const { median } = summarize(each.map((part) => (part > 0 ? part : NaN)));
  return Number.isFinite(median) ? median : NaN;
}

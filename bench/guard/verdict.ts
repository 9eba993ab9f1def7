/** Slower than this, relative to what it was, is too slow. */
export const MARGIN = 1.3;
/** A machine may be slow once; not as often as this, in a new process each time. */
export const ATTEMPTS = 5;

export interface Verdict {
  readonly passed: boolean;
  /** What was measured, until it was good enough. */
  readonly ratios: readonly number[];
  /** The most that it may be. */
  readonly limit: number;
}

/** Measures until it is fast enough, or has been too slow too often. */
export async function judge(figure: number, measure: () => Promise<number>): Promise<Verdict> {
  const limit = figure * MARGIN;
  const ratios: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ratio = await measure();
    ratios.push(ratio);
    if (ratio <= limit) return { passed: true, ratios, limit };
  }
  return { passed: false, ratios, limit };
}

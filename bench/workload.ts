/** Something that is measured, in a process of its own. */
export interface Workload {
  readonly name: string;
  /** What one operation is, for the reader of the table. */
  readonly what: string;
  measure(): Promise<Measurement[]>;
}

type Unit = "ns" | "bytes" | "ms";

/** One row of the table. */
export interface Measurement {
  readonly label: string;
  readonly unit: Unit;
  /** One for each repetition. */
  readonly values: readonly number[];
  /** The leanest JavaScript that does the same work, measured in turns with it. */
  readonly limit?: Limit;
}

interface Limit {
  readonly label: string;
  readonly values: readonly number[];
}

/** A repetition: does `ops` operations, and resolves when all of them are done. */
type Round = () => void | Promise<void>;

export interface Race {
  readonly label: string;
  readonly ops: number;
  readonly round: Round;
  readonly limit: { readonly label: string; readonly round: Round };
}

const WARM_UPS = 3;
const REPETITIONS = 9;

/** Times an actor's work and its limit in turns, so that what slows the machine slows both. */
export async function race({ label, ops, round, limit }: Race): Promise<Measurement> {
  for (let i = 0; i < WARM_UPS; i++) {
    await limit.round();
    await round();
  }
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < REPETITIONS; i++) {
    theirs.push(await nanosPerOp(limit.round, ops));
    ours.push(await nanosPerOp(round, ops));
  }
  return { label, unit: "ns", values: ours, limit: { label: limit.label, values: theirs } };
}

async function nanosPerOp(round: Round, ops: number): Promise<number> {
  // What the round before has left behind is not this one's to pay for.
  globalThis.gc?.();
  const start = performance.now();
  await round();
  return ((performance.now() - start) * 1e6) / ops;
}

const nothing = (): void => {};

/** A promise, and what resolves it: an actor tells the bench that it is done. */
export function signal(): { readonly fired: Promise<void>; readonly fire: () => void } {
  let fire = nothing;
  const fired = new Promise<void>((resolve) => (fire = resolve));
  return { fired, fire };
}

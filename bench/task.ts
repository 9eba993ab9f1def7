import type { Prepare, Round, Size, Task, Turn } from "./workload.ts";

/** What all tasks have in common. */
interface Common<S> {
  readonly adapter: string;
  readonly size: Size;
  readonly troupe: Prepare<S>;
  readonly plain?: { readonly who: string; readonly prepare: Prepare<S> };
  readonly rounds?: number;
  readonly quoted?: Task["quoted"];
}

/** A task of which the time is taken, in ns for each operation. */
export interface Timed extends Common<Round> {
  readonly label: string;
  readonly ops: (size: Size) => number;
  /** What a round of so many operations returns, if it did them; their number, unless given. */
  readonly expects?: (ops: number, size: Size) => number;
  /**
   * Whether a round is the same thing again and again, so that whoever is slow may do fewer. Not
   * so where all of it is under way at once.
   */
  readonly divisible: boolean;
}

const ROUNDS = 9;
const WARM_UPS = 3;
/** Enough of a warm-up for whom one round takes long. */
const WARM_UP_MS = 1_000;
/** A round that can be divided shall not take longer: nine of them, of nine contenders, add up. */
const ROUND_MS = 500;

export function timed(task: Timed): Task {
  const expects = task.expects ?? ((ops) => ops);
  return {
    ...task,
    rows: [{ label: task.label, unit: "ns" }],
    rounds: task.rounds ?? ROUNDS,
    fresh: false,
    expects,
    plain: task.plain,
    begin: async (subject, size) => {
      // What `prepare` of a timed task returns.
      const round = subject as Round;
      let ops = task.ops(size);
      const turn: Turn = async () => [await nanosPerOp(round, ops, expects(ops, size))];
      const start = performance.now();
      for (let i = 0; i < WARM_UPS && performance.now() - start < WARM_UP_MS; i++) {
        const [ns = 0] = await turn();
        while (task.divisible && (ns * ops) / 1e6 > ROUND_MS && ops >= 10_000) ops /= 10;
      }
      return turn;
    },
  };
}

async function nanosPerOp(round: Round, ops: number, expected: number): Promise<number> {
  // No collection in between: V8 makes the young generation small after a full one, and every round
  // would pay for its growth, which no program that goes on does. Each pays for its own garbage.
  const start = performance.now();
  const result = await round(ops);
  const ms = performance.now() - start;
  checkResult(result, expected);
  return (ms * 1e6) / ops;
}

/** Whoever is fast because he does not do the work shall not look fast. */
export function checkResult(result: number, expected: number): void {
  if (result !== expected) throw new Error(`the result is ${result}, and should be ${expected}`);
}

/** A task with figures of its own kind. */
interface Gauged<S> extends Common<S> {
  readonly rows: Task["rows"];
  readonly fresh: boolean;
  readonly warmUp?: boolean;
  readonly measure: (subject: S, size: Size) => Promise<readonly number[]>;
}

export function gauged<S>({ measure, warmUp = false, ...task }: Gauged<S>): Task {
  return {
    ...task,
    rounds: task.rounds ?? 3,
    ops: () => 1,
    expects: () => Number.NaN,
    plain: task.plain,
    begin: async (subject, size) => {
      // What `prepare` of this task returns; a peer's is checked by `measure` failing.
      const turn: Turn = () => measure(subject as S, size);
      if (warmUp) await turn();
      return turn;
    },
  };
}

const nothing = (): void => {};

/** A promise, and what resolves it: an actor tells the bench that it is done. */
export function signal<T = void>(): {
  readonly fired: Promise<T>;
  readonly fire: (value: T) => void;
} {
  let fire: (value: T) => void = nothing;
  const fired = new Promise<T>((resolve) => (fire = resolve));
  return { fired, fire };
}

/*
 *   workload       what `--only` can name; a process of its own for each
 *    └ task        one thing to do, in one size; who can do it takes part
 *       └ row      a figure of it: one line of the table
 */

/** What a figure is in; a `%` is a part of a whole, a `×` how many times as fast. */
export type Unit = "ns" | "ms" | "bytes" | "per s" | "%" | "×";

/** Of all others less is better. */
export function isMoreBetter(unit: Unit): boolean {
  return unit === "per s" || unit === "×";
}

/** One row of the results. */
export interface Measurement {
  readonly label: string;
  readonly unit: Unit;
  /** Troupe's, one for each round. */
  readonly values: readonly number[];
  /** What others needed for the same. */
  readonly beside?: readonly Beside[];
}

export interface Beside {
  readonly who: string;
  readonly values: readonly number[];
  /** What a reader has to know before comparing: "does not queue". */
  readonly note?: string;
}

/** A workload that contenders do in turns. */
export interface Contest {
  readonly name: string;
  /** What one operation is, for the reader. */
  readonly what: string;
  readonly tasks: readonly Task[];
}

/** A workload that knows by itself how to measure, and whom it has beside it. */
interface Alone {
  readonly name: string;
  readonly what: string;
  measure(): Promise<Measurement[]>;
}

export type Workload = Contest | Alone;

/** How much of something there is: messages, actors, leaves. */
export type Size = Readonly<Record<string, number>>;

/** Makes ready what is to be measured. */
export type Prepare<S> = (size: Size) => S | Promise<S>;

/** Does so many operations, and returns proof of it: how many messages were counted, a sum. */
export type Round = (ops: number) => number | Promise<number>;

/** A turn in a contest: a value for each row. */
export type Turn = () => Promise<readonly number[]>;

interface TaskRow {
  readonly label: string;
  readonly unit: Unit;
  /** Nobody is beside it: it is a question that only troupe is asked. */
  readonly alone?: boolean;
}

export interface Task {
  readonly rows: readonly TaskRow[];
  /** The name under which peers export it; what they have no export for, they do not take part in. */
  readonly adapter: string;
  readonly size: Size;
  /** How often it is repeated, if there is time. */
  readonly rounds: number;
  /** Whether every round needs a new process: for what can be done only once. */
  readonly fresh: boolean;
  /** For contenders that are not JavaScript: what to ask of them, and what they must answer. */
  readonly ops: (size: Size) => number;
  readonly expects: (ops: number, size: Size) => number;
  readonly troupe: Prepare<unknown>;
  /** The leanest JavaScript that does the same work. */
  readonly plain: { readonly who: string; readonly prepare: Prepare<unknown> } | undefined;
  /** Figures that others have for the first row, and that were not taken in this run. */
  readonly quoted?: readonly Beside[] | undefined;
  /** Warms up what was prepared, and returns what measures it once. */
  readonly begin: (subject: unknown, size: Size) => Promise<Turn>;
}

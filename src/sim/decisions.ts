/** One step of a client. */
export interface Command {
  readonly client: number;
  /** How long the client waits before it. */
  readonly pauseMs: number;
  readonly name: string;
  /** Of the chance that the command draws its arguments from. */
  readonly seed: number;
}

/** Something that went wrong on purpose. */
export interface Fault {
  readonly kind: string;
  readonly place: string;
  /** Which time at that place, of those where this kind could have happened. */
  readonly nth: number;
  /** JSON. */
  readonly value: unknown;
}

/** Which of those in line had the turn, where it was not the first. */
export interface Pick {
  /** Which choice of the run, counted from 0. */
  readonly choice: number;
  /** Its place in the line, from 1. */
  readonly pick: number;
}

/** All that was chosen in a run; what is not in it was the first in line, and no fault. */
export interface Decisions {
  readonly workload: readonly Command[];
  readonly faults: readonly Fault[];
  readonly turns: readonly Pick[];
  /** Seed of everything that actors draw. */
  readonly random: number;
}

/** How many decisions a run needs: the measure that shrinking makes smaller. */
export function countDecisions({ workload, faults, turns }: Decisions): number {
  return workload.length + faults.length + turns.length;
}

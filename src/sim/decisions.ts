/** One step of a client. */
export interface Command {
  readonly client: number;
  /** How long the client waits before it. */
  readonly pauseMs: number;
  readonly name: string;
  /** Of the chance that the command draws its arguments from; it is also the command's number. */
  readonly seed: number;
}

/**
 * A place in a run that stays the same when other decisions are dropped: the n-th time, among what
 * was done for one command, that somebody had a turn or something could have failed.
 */
interface Occasion {
  /** The seed of the command that it was done for; 0 for what no client has asked for. */
  readonly command: number;
  /** Counted from 1. */
  readonly nth: number;
}

/** Something that went wrong on purpose. */
export interface Fault extends Occasion {
  readonly kind: string;
  readonly place: string;
  /** JSON. */
  readonly value: unknown;
}

/** A turn that others took first, though they came later. */
export interface Wait extends Occasion {
  readonly who: string;
  /** How often it was passed over. */
  readonly waits: number;
}

/** All that was chosen in a run; what is not in it went first come, first served, without fault. */
export interface Decisions {
  readonly workload: readonly Command[];
  readonly faults: readonly Fault[];
  readonly turns: readonly Wait[];
  /** Seed of everything that actors draw. */
  readonly random: number;
}

/** How many decisions a run needs: the measure that shrinking makes smaller. */
export function countDecisions({ workload, faults, turns }: Decisions): number {
  return workload.length + faults.length + turns.length;
}

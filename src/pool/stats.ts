import type { DiscardReason } from "../index.ts";

/** How a factory is doing. `submitted` is the sum of all that follows it but `retried` and below. */
export interface PoolStats {
  /** Jobs that came, since the factory began. */
  readonly submitted: number;
  /** Jobs that wait. */
  readonly queued: number;
  /** Jobs that workers are at. */
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly discarded: Readonly<Record<DiscardReason, number>>;
  /** Attempts that followed another one. */
  readonly retried: number;
  /** Workers that jobs may go to. */
  readonly size: number;
  /** Of these, and of those that finish what they have: free ones, and ones that are starting. */
  readonly idle: number;
  readonly starting: number;
  /** Workers that were put in the place of one that had died. */
  readonly replaced: number;
  /** Times that a worker was found stuck. */
  readonly stuck: number;
  /** Jobs that would be taken now: by free workers, and by queues up to their limit. */
  readonly capacity: number;
}

/** One worker's place, and who has it. */
export interface WorkerInfo {
  /** Its number. */
  readonly worker: number;
  /** The actor's label; null while none is there. */
  readonly name: string | null;
  readonly status: "starting" | "idle" | "busy" | "down";
  /** Finishes what it has, and then ends. */
  readonly draining: boolean;
  /** Jobs in its own queue. */
  readonly queued: number;
  /** How long it has been at its job, in ms; known where `stuck` is set, else 0. */
  readonly busyMs: number;
  readonly replaced: number;
}

/** What is known elsewhere, and not counted. */
type Present = Pick<PoolStats, "queued" | "size" | "idle" | "starting" | "replaced" | "capacity">;

/** The counters of one factory. */
export class Tally {
  submitted = 0;
  running = 0;
  done = 0;
  failed = 0;
  retried = 0;
  stuck = 0;
  readonly discarded: Record<DiscardReason, number> = {
    ttl: 0,
    overload: 0,
    rateLimited: 0,
    shutdown: 0,
    abandoned: 0,
  };

  report(present: Present): PoolStats {
    const { submitted, running, done, failed, retried, stuck } = this;
    const discarded = { ...this.discarded };
    return { submitted, running, done, failed, discarded, retried, stuck, ...present };
  }
}

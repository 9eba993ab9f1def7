import { hashText } from "../kernel/hash.ts";
import { checkFunction } from "../kernel/options.ts";
import type { JobKey, QueuedJob } from "./job.ts";
import type { LimiterMaker } from "./rate-limit.ts";

/** What a router sees of the factory. */
export interface Floor {
  /** Workers that jobs may go to: those numbered below it. */
  readonly size: number;
  /** Milliseconds on the world's monotonic clock. */
  readonly now: number;
  /** The free worker that has been free for longest; undefined where none is. */
  idle(): number | undefined;
  /**
   * The worker that has a job of this key, at work or in its queue; undefined where none has, or
   * where the router does not say `followsKeys`. It may be one that the factory no longer counts.
   */
  workerOf(key: JobKey): number | undefined;
  /** Jobs that wait for this worker, the one that it is at included. */
  load(worker: number): number;
}

/**
 * Says which worker a job goes to.
 *
 * Open: bring your own. It is asked once for each job as it comes, and again for those that wait in
 * the factory's queue when the factory grows. A throw refuses the job.
 */
export interface Router<B = unknown> {
  /** The worker's number, from 0; undefined: the job waits in the factory's queue for the next that is free. */
  route(job: QueuedJob<B>, floor: Floor): number | undefined;
  /** It asks for `workerOf`, which costs a look-up for each job. */
  readonly followsKeys?: boolean;
  /** False: the job is discarded as rate-limited. */
  admits?(job: QueuedJob<B>, now: number): boolean;
  /** A job that was admitted has been taken. */
  taken?(job: QueuedJob<B>, now: number): void;
}

/** Makes a router: `router: queuer`, or what `custom` and `rateLimited` answer. */
export type RouterMaker<B = unknown> = () => Router<B>;

/** To the worker that has been free for longest, else into the factory's queue. */
export const queuer: RouterMaker = () => ({ route: (_, floor) => floor.idle() });

/**
 * To the worker that has a job of this key, else as `queuer`: one key is never at two workers.
 *
 * Jobs of a key are begun in the order in which they came, and one that comes does not pass those
 * that wait. A worker takes jobs of its key and others in turn.
 */
export const stickyQueuer: RouterMaker = () => ({
  followsKeys: true,
  route: ({ key }, floor) => (key === undefined ? undefined : floor.workerOf(key)) ?? floor.idle(),
});

/**
 * To the worker that the key's hash says; without a key, to the one with the least to do.
 *
 * All jobs of a key are done in the order in which they came, also over a resize: a key whose jobs
 * are under way stays with its worker until they are done.
 */
export const keyPersistent: RouterMaker = () => ({
  followsKeys: true,
  route({ key }, floor) {
    if (key === undefined) return leastLoaded(floor);
    return floor.workerOf(key) ?? byHash(hashText(String(key)), floor);
  },
});

/** To each worker in turn. */
export const roundRobin: RouterMaker = () => {
  let last = -1;
  return {
    route(_, { size }) {
      if (size === 0) return undefined;
      return (last = (last + 1) % size);
    },
  };
};

/** To the worker with the number that `choose` answers, modulo their count; it need not be whole. */
export function custom<B>(
  choose: (job: QueuedJob<B>, floor: Floor) => number | undefined,
): RouterMaker<B> {
  checkFunction("custom: choose", choose);
  return () => ({
    route(job, floor) {
      const chosen = choose(job, floor);
      return chosen === undefined ? undefined : byHash(Math.floor(chosen), floor);
    },
  });
}

/** As `inner`, but no faster than the limiter lets in: what is over that is discarded. */
export function rateLimited<B>(inner: RouterMaker<B>, limiter: LimiterMaker): RouterMaker<B> {
  checkFunction("rateLimited: inner", inner);
  checkFunction("rateLimited: limiter", limiter);
  return () => {
    const router = inner();
    const limit = limiter();
    return {
      ...(router.followsKeys === undefined ? {} : { followsKeys: router.followsKeys }),
      route: (job, floor) => router.route(job, floor),
      admits: (job, now) => limit.check(now) && router.admits?.(job, now) !== false,
      taken(job, now) {
        limit.bump(now);
        router.taken?.(job, now);
      },
    };
  };
}

function byHash(hash: number, { size }: Floor): number | undefined {
  return size === 0 ? undefined : ((hash % size) + size) % size;
}

function leastLoaded(floor: Floor): number | undefined {
  const idle = floor.idle();
  if (idle !== undefined || floor.size === 0) return idle;
  let best = 0;
  for (let worker = 1; worker < floor.size; worker++) {
    if (floor.load(worker) < floor.load(best)) best = worker;
  }
  return best;
}

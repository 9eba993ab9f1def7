import type { ActorDef, Ref, SpawnOptions } from "../index.ts";
import { define, type Definition } from "../behaviours/actor.ts";
import { factoryActor, type AnyFactorySpec } from "./factory-actor.ts";
import type { Job } from "./job.ts";
import type { QueueMaker } from "./queue.ts";
import type { RouterMaker } from "./routing.ts";
import type { RunningJob } from "./running-job.ts";
import type { LiveSettings, StartPolicy } from "./settings.ts";
import type { PoolStats, WorkerInfo } from "./stats.ts";

/** A factory, as those who have work for it see it. `B` is the body of a job, `R` its result. */
export interface Factory<B, R> {
  /**
   * Does a job; resolves with its result, without a time limit unless the caller sets one.
   *
   * Rejects with `JobDiscardedError`, whose `reason` says why it was not begun; with what the worker
   * refused it with; with `ActorFailedError` or `ActorStoppedError` when the worker died on it and it
   * is not to be begun again; with `TimeoutError` when the worker was stuck.
   */
  submit(job: Job<B>): Promise<R>;
  /** Resolves when the job has been taken, before it is done; rejects as `submit` when it is not. */
  enqueue(job: Job<B>): Promise<void>;
  /** Does a job whose result nobody waits for; what becomes of it is counted, and told to `onEvent`. */
  dispatch(job: Job<B>): void;
  /**
   * Resolves when a job that comes now would be taken without a long wait.
   *
   * Of each place one is told, first come first served; it is kept for 50 ms, or until a job comes.
   */
  room(): Promise<void>;
  stats(): Promise<PoolStats>;
  workers(): Promise<WorkerInfo[]>;
  /** Jobs that wait. */
  queueDepth(): Promise<number>;
  /** Jobs that would be taken now: by free workers, and by queues up to their limit. */
  availableCapacity(): Promise<number>;
  /** Workers that are at a job. */
  activeWorkers(): Promise<number>;
  /** Changes the number of workers; those that are too many end when they have done what they have. */
  resize(size: number): Promise<void>;
  /** Changes settings; what is not given stays, and null takes one away. Refused, it changes nothing. */
  update(settings: LiveSettings<B>): Promise<void>;
  /**
   * Finishes: takes no more jobs, does those that it has, then ends; resolves with the last counts.
   *
   * With no workers, those that wait wait on. Rejects where somebody else ends the factory first.
   *
   * To end at once, `stop` it: what waits is discarded, what runs may finish in the workers' shutdown time.
   */
  finish(): Promise<PoolStats>;
  /**
   * The counts, each time that they have changed, at most every so many ms (default 1,000).
   *
   * Ends by itself behind the last counts when the factory has finished, and throws when it ends otherwise.
   */
  progress(everyMs?: number): AsyncIterable<PoolStats>;
}

/** What every factory may be given beside its workers and what they do. */
export interface FactoryOptions<B> extends LiveSettings<B> {
  /** In labels and logs. Default `factory`. */
  readonly name?: string;
  /** Where workers run: on a pool of threads, say. Default: here. */
  readonly on?: SpawnOptions["on"];
  /** How each worker is spawned and looked after. A worker that ends is replaced, whatever this says. */
  readonly child?: Omit<SpawnOptions, "restart" | "name" | "on">;
  /** Which worker a job goes to. Default `queuer`. */
  readonly router?: RouterMaker<B>;
  /** In which order jobs wait. Default `fifo`. */
  readonly queue?: QueueMaker<B>;
  /** How a worker that cannot be started is tried again. */
  readonly start?: Partial<StartPolicy>;
  readonly mailbox?: Definition["mailbox"];
  readonly priority?: Definition["priority"];
  /** Runs when all workers have started; a throw fails the start. */
  readonly onStarted?: () => void | Promise<void>;
  /** Runs when it takes no more jobs, because of `finish`; a throw fails the factory. */
  readonly onDraining?: () => void;
  /** Runs at its end, however that comes but by a kill. */
  readonly onStopped?: () => void | Promise<void>;
}

/** What `factory` is made from. */
export type FactorySpec<A, P, B, R> = FactoryOptions<B> & {
  readonly worker: ActorDef<A, P>;
  /**
   * Does a job with a worker: `(worker, file: string) => worker.resize(file)`.
   *
   * Calls to `worker` have no time limit. A throw, or a rejection, fails the job.
   */
  readonly run: (worker: Ref<A>, body: B, job: RunningJob) => R;
} & WorkerProps<P>;

/** Props are asked for when the worker has some. */
type WorkerProps<P> = unknown extends P
  ? { readonly props?: undefined }
  : [P] extends [void]
    ? { readonly props?: undefined }
    : {
        /** Makes the props of the worker with this number, from 0; a throw is a start that has failed. */
        readonly props: (worker: number) => P;
      };

/**
 * Defines a factory: a supervisor of alike workers, and the jobs that they do.
 *
 * ```ts
 * const Resizers = factory({
 *   worker: Resizer,
 *   size: 4,
 *   run: (worker, file: string) => worker.resize(file),
 * });
 * const small = await system.spawn(Resizers).submit({ body: "cat.png" });
 * ```
 *
 * Each job ends once: done, failed or discarded. A worker is at one job at a time; jobs of one
 * queue begin in its order. A job whose worker dies fails, or is begun again before what waits
 * behind it, as `retry` says. It has started when all of its workers have.
 *
 * Throws `BadInputError` for options that cannot work.
 */
export function factory<A, P, B, R>(
  spec: FactorySpec<A, P, B, R>,
): ActorDef<Factory<B, Awaited<R>>> {
  return define(factoryActor(spec as unknown as AnyFactorySpec));
}

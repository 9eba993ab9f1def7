/** Worker pools: a factory gives jobs to workers, in order, within limits, and tells what became of each. */
export type { PoolEvent } from "./events.ts";
export { factory, type Factory, type FactoryOptions, type FactorySpec } from "./factory.ts";
export type { Job, JobKey, QueuedJob } from "./job.ts";
export { byPriority, fifo, type JobQueue, type PriorityOptions, type QueueMaker } from "./queue.ts";
export {
  leakyBucket,
  type LeakyBucketOptions,
  type LimiterMaker,
  type RateLimiter,
} from "./rate-limit.ts";
export {
  custom,
  keyPersistent,
  queuer,
  rateLimited,
  roundRobin,
  stickyQueuer,
  type Floor,
  type Router,
  type RouterMaker,
} from "./routing.ts";
export type { RunningJob } from "./running-job.ts";
export type {
  CapacityController,
  Discard,
  LiveSettings,
  Retry,
  StartPolicy,
  Stuck,
} from "./settings.ts";
export type { PoolStats, WorkerInfo } from "./stats.ts";
export { submitAll, type JobOutcome, type SubmitAllOptions } from "./submit-all.ts";

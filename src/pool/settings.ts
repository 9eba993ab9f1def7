import { BadInputError, type Backoff } from "../index.ts";
import {
  checkBackoff,
  checkDelay,
  checkFunction,
  checkOneOf,
  LONGEST_MS,
} from "../kernel/options.ts";
import { describe } from "../kernel/exit-reason.ts";
import type { DiscardReason } from "../index.ts";
import type { PoolEvent } from "./events.ts";
import type { QueuedJob } from "./job.ts";
import type { PoolStats } from "./stats.ts";

/** Which jobs are not taken, or given up, when too many wait. */
export interface Discard {
  /**
   * Jobs that may wait in one queue: the factory's, or each worker's, as the router says. Those that
   * workers are at do not count; 0 lets none wait. A function is asked again every `everyMs`.
   */
  readonly limit: number | ((stats: PoolStats) => number);
  /** For a `limit` that is a function, in ms. Default 1,000. */
  readonly everyMs?: number;
  /** `newest` (default): the one that comes is refused. `oldest`: the next in line makes room. */
  readonly mode?: "newest" | "oldest";
}

/** What becomes of a job whose worker has died on it. */
export interface Retry<B = unknown> {
  /** Times that it is begun again, at the head of the line; `Infinity` for ever. Default 0. */
  readonly max: number;
  /** Says for which errors; also of jobs that a live worker has failed. Default: where the worker died. */
  readonly when?: (error: unknown, job: QueuedJob<B>, workerDied: boolean) => boolean;
}

/** When a worker counts as stuck. */
export interface Stuck {
  /** Time that one attempt at a job may take, in ms; seen at most a quarter of that late. */
  readonly afterMs: number;
  /** `replace` (default): the worker is killed and another put in its place. `report`: told, once. */
  readonly action?: "replace" | "report";
}

/** Changes the number of workers as the load does. */
export interface CapacityController {
  /** In ms. Default 1,000. */
  readonly everyMs?: number;
  /** How many workers there should be; a promise of it is waited for. */
  readonly size: (stats: PoolStats) => number | Promise<number>;
}

/** What may be changed while the factory runs. */
export interface LiveSettings<B = unknown> {
  /** Workers. With 0, jobs wait until there are some. Default 1. */
  readonly size?: number;
  /** Default: any number of jobs may wait. */
  readonly discard?: Discard | null;
  /** Default: a job whose worker has died fails. */
  readonly retry?: Retry<B> | number;
  /** Default: a job may take any time. */
  readonly stuck?: Stuck | null;
  readonly capacity?: CapacityController | null;
  /** Hears of each job that is discarded, before whoever submitted it does. */
  readonly onDiscard?: ((job: QueuedJob<B>, reason: DiscardReason) => void) | null;
  /** Hears of everything; costs nothing where it is not given. */
  readonly onEvent?: ((event: PoolEvent<B>) => void) | null;
}

/** How a worker that cannot be started is tried again. */
export interface StartPolicy {
  /** Default exponential, from 10 ms to 10 s. A worker that had started is replaced at once. */
  readonly backoff: Backoff;
  /** Failed starts of one worker in a row with which the factory fails. Default 10. */
  readonly giveUpAfter: number;
}

/** What was given, as it would be written: text is told from a number. */
export function given(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : describe(value);
}

export const START_POLICY: StartPolicy = {
  backoff: { kind: "exponential", min: 10, max: 10_000, jitter: 0.2 },
  giveUpAfter: 10,
};

/** Refuses a start policy that cannot work. */
export function checkStart(what: string, start: Partial<StartPolicy> | undefined): void {
  const { backoff, giveUpAfter } = start ?? {};
  checkBackoff(`${what}.backoff`, backoff);
  if (giveUpAfter === undefined || (typeof giveUpAfter === "number" && giveUpAfter >= 1)) return;
  throw new BadInputError(
    `${what}.giveUpAfter is ${given(giveUpAfter)}; it must be a number of starts, at least 1`,
  );
}

/** Workers that one factory may have. */
const MOST_WORKERS = 1_000_000;

export function checkSize(what: string, size: unknown): number {
  if (Number.isInteger(size) && (size as number) >= 0 && (size as number) <= MOST_WORKERS) {
    return size as number;
  }
  throw new BadInputError(
    `${what} is ${given(size)}; it must be a whole number from 0 to ${MOST_WORKERS}`,
  );
}

/** What a limit function has answered, too. */
export function checkQueueLimit(what: string, limit: unknown): number {
  if (typeof limit === "number" && limit >= 0) return limit;
  throw new BadInputError(`${what} is ${given(limit)}; it must be a number of jobs, at least 0`);
}

const LIVE: readonly (keyof LiveSettings)[] = [
  ...(["size", "discard", "retry", "stuck", "capacity", "onDiscard", "onEvent"] as const),
];

/** Refuses what is no change of settings; nothing else of it is done then. */
export function checkUpdate(what: string, settings: LiveSettings): void {
  if (typeof settings !== "object" || settings === null) {
    throw new BadInputError(`${what} got ${given(settings)}; it takes settings, as { size: 8 }`);
  }
  for (const key of Object.keys(settings)) {
    if ((LIVE as readonly string[]).includes(key)) continue;
    throw new BadInputError(`${what}: "${key}" cannot be changed; ${LIVE.join(", ")} can`);
  }
  checkLive(what, settings);
}

/** Refuses settings that cannot work, naming what is wrong with them. */
export function checkLive(what: string, settings: LiveSettings): void {
  const { size, discard, retry, stuck, capacity, onDiscard, onEvent } = settings;
  if (size !== undefined) checkSize(`${what}: size`, size);
  if (discard != null) {
    const { limit, everyMs, mode } = discard;
    if (typeof limit !== "function") checkQueueLimit(`${what}: discard.limit`, limit);
    checkInterval(`${what}: discard.everyMs`, everyMs);
    checkOneOf(`${what}: discard.mode`, mode, ["newest", "oldest"]);
  }
  if (retry !== undefined) checkRetry(`${what}: retry`, retry);
  if (stuck != null) {
    checkInterval(`${what}: stuck.afterMs`, stuck.afterMs ?? Number.NaN);
    checkOneOf(`${what}: stuck.action`, stuck.action, ["replace", "report"]);
  }
  if (capacity != null) {
    checkInterval(`${what}: capacity.everyMs`, capacity.everyMs);
    checkFunction(`${what}: capacity.size`, capacity.size);
  }
  if (onDiscard != null) checkFunction(`${what}: onDiscard`, onDiscard);
  if (onEvent != null) checkFunction(`${what}: onEvent`, onEvent);
}

/** At least a millisecond: what looks more often does nothing else. */
export function checkInterval(what: string, ms: unknown): void {
  if (ms === undefined) return;
  if (typeof ms === "number" && ms >= 1 && ms <= LONGEST_MS) return;
  throw new BadInputError(`${what} is ${given(ms)}; it must be a time in ms, at least 1`);
}

function checkRetry(what: string, retry: Retry | number): void {
  const max = typeof retry === "number" ? retry : (retry as Partial<Retry> | null)?.max;
  if (typeof max !== "number" || !(max >= 0)) {
    throw new BadInputError(`${what} is ${given(max)}; it must be a number of times, at least 0`);
  }
  if (typeof retry === "object" && retry.when !== undefined) {
    checkFunction(`${what}.when`, retry.when);
  }
}

/** Refuses a time to live that is none. */
export function checkTtl(what: string, ttlMs: unknown): void {
  checkDelay(what, ttlMs);
}

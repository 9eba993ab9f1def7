import {
  BadInputError,
  JobDiscardedError,
  withOptions,
  type DiscardReason,
  type Ref,
} from "../index.ts";
import { describe } from "../kernel/exit-reason.ts";
import { Condition } from "./condition.ts";
import type { Factory } from "./factory.ts";
import type { Job } from "./job.ts";

/** What became of one of many jobs. */
export type JobOutcome<B, R> = Which<B> & (Done<R> | Failed | Discarded);

interface Which<B> {
  readonly job: Job<B>;
  /** Jobs that came before it. */
  readonly index: number;
}

interface Done<R> {
  readonly status: "done";
  readonly result: R;
}

interface Failed {
  readonly status: "failed";
  /** What `submit` rejects with. */
  readonly error: unknown;
}

interface Discarded {
  readonly status: "discarded";
  readonly reason: DiscardReason;
  readonly error: JobDiscardedError;
}

/** How much `submitAll` gives away at one time. */
export interface SubmitAllOptions {
  /**
   * Jobs that the factory has at one time, and outcomes that the loop has not come to.
   *
   * Default: as many as the factory has `room()` for, at most 1,000.
   */
  readonly inFlight?: number;
}

const USUALLY_IN_FLIGHT = 1_000;
/** Jobs that are sent before the factory has looked at them, so that its mailbox does not fill up. */
const MOST_AT_ONCE = 64;

/**
 * Has many jobs done, and tells what became of each, in the order in which they end.
 *
 * ```ts
 * for await (const outcome of submitAll(resizers, files.map((body) => ({ body })))) {
 *   if (outcome.status !== "done") console.error(outcome.job.body, outcome.error);
 * }
 * ```
 *
 * It begins with the loop, and takes the next job when it can be given away, so `jobs` may have no
 * end. When the loop is left, jobs that wait are abandoned and never begun, and those that workers are
 * at come to their end unheard. An error of `jobs` ends the loop, behind the outcomes of those before.
 */
export function submitAll<B, R>(
  factory: Ref<Factory<B, R>>,
  jobs: Iterable<Job<B>> | AsyncIterable<Job<B>>,
  options: SubmitAllOptions = {},
): AsyncGenerator<JobOutcome<B, R>, void, undefined> {
  const { inFlight } = options;
  if (inFlight !== undefined && !(Number.isFinite(inFlight) && inFlight >= 1)) {
    throw new BadInputError(
      `submitAll: inFlight is ${describe(inFlight)}; it must be a number of jobs, at least 1`,
    );
  }
  return new Batch(factory, iteratorOf(jobs), inFlight).outcomes();
}

function iteratorOf<T>(jobs: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  if (typeof jobs === "object" && jobs !== null) {
    if (Symbol.asyncIterator in jobs) return jobs[Symbol.asyncIterator]();
    if (Symbol.iterator in jobs) return jobs[Symbol.iterator]();
  }
  throw new BadInputError(
    `submitAll: jobs is ${describe(jobs)}; it must be an array of jobs, or anything else to go through`,
  );
}

/**
 * ```text
 *   jobs ──► held back? ──► submit ──► factory ──► ended ──► loop
 *              inFlight, room                      counted until it is handed out
 * ```
 */
class Batch<B, R> {
  readonly #factory: Ref<Factory<B, R>>;
  readonly #jobs: Iterator<Job<B>> | AsyncIterator<Job<B>>;
  readonly #inFlight: number;
  readonly #asksForRoom: boolean;
  readonly #abort = new AbortController();
  readonly #ended: JobOutcome<B, R>[] = [];
  #open = 0;
  #isPulling = false;
  /** There is no further job: none was left, none could be had, or nobody wants one. */
  #isLast = false;
  #isLeft = false;
  #thrown: { readonly error: unknown } | null = null;
  readonly #mayPull = new Condition(() => this.#isLeft || this.#open < this.#inFlight);
  readonly #hasNews = new Condition(
    () => this.#ended.length > 0 || (this.#isLast && this.#open === 0),
  );

  constructor(
    factory: Ref<Factory<B, R>>,
    jobs: Iterator<Job<B>> | AsyncIterator<Job<B>>,
    inFlight: number | undefined,
  ) {
    this.#factory = withOptions(factory, { signal: this.#abort.signal });
    this.#jobs = jobs;
    this.#inFlight = inFlight ?? USUALLY_IN_FLIGHT;
    this.#asksForRoom = inFlight === undefined;
  }

  async *outcomes(): AsyncGenerator<JobOutcome<B, R>, void, undefined> {
    void this.#pull();
    try {
      for (;;) {
        if (this.#ended.length === 0) {
          await new Promise<void>((resolve) => this.#hasNews.wait(resolve));
        }
        const outcome = this.#ended.shift();
        if (outcome === undefined) break;
        this.#open--;
        this.#mayPull.look();
        yield outcome;
      }
    } finally {
      await this.#leave();
    }
    if (this.#thrown !== null) throw this.#thrown.error;
  }

  async #pull(): Promise<void> {
    try {
      for (let index = 0; ; index++) {
        if (this.#open >= this.#inFlight) {
          await new Promise<void>((resolve) => this.#mayPull.wait(resolve));
        }
        if (this.#isLeft) break;
        this.#isPulling = true;
        const next = this.#jobs.next();
        const { done, value } = "then" in next ? await next : next;
        this.#isPulling = false;
        if (done === true) break;
        await this.#mayGive(index);
        if (this.#isLeft) break;
        this.#submit(value, index);
      }
    } catch (error) {
      this.#isPulling = false;
      this.#thrown = { error };
    }
    this.#isLast = true;
    this.#hasNews.look();
  }

  /** A factory that is gone answers neither, and says so to the job. */
  async #mayGive(index: number): Promise<void> {
    if (this.#asksForRoom) await this.#factory.room().catch(() => {});
    // Answered behind all that was sent: meanwhile others have their turns.
    else if (index % MOST_AT_ONCE === 0) await this.#factory.queueDepth().catch(() => {});
  }

  #submit(job: Job<B>, index: number): void {
    this.#open++;
    this.#factory.submit(job).then(
      (result) => this.#add({ job, index, status: "done", result }),
      (error: unknown) => this.#add({ job, index, ...refused(error) }),
    );
  }

  #add(outcome: JobOutcome<B, R>): void {
    this.#ended.push(outcome);
    this.#hasNews.look();
  }

  /** Nobody looks any more. A source that is waited for may never answer, and is only told. */
  async #leave(): Promise<void> {
    const isAtOnce = !this.#isPulling;
    this.#isLeft = true;
    this.#abort.abort();
    this.#mayPull.look();
    if (this.#isLast) return;
    const told = Promise.resolve(this.#jobs.return?.());
    if (isAtOnce) await told;
    else told.catch(() => {});
  }
}

function refused(error: unknown): Failed | Discarded {
  if (!(error instanceof JobDiscardedError)) return { status: "failed", error };
  return { status: "discarded", reason: error.reason, error };
}

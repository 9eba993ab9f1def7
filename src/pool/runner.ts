import { ActorFailedError, ActorStoppedError, KilledError } from "../index.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { besideActors, running } from "../kernel/running.ts";
import { pendingOf } from "../kernel/verb.ts";
import type { Task } from "./job.ts";
import { Cancel, RunningJob } from "./running-job.ts";
import type { Slot } from "./slot.ts";
import { WorkerCall } from "./worker-call.ts";

/** Outcomes without a worker's turn before the host is given one. */
const UNWORKED_IN_A_ROW = 256;

/** The user's `run`, as it is at run time. */
export type Run = (worker: never, body: never, job: RunningJob) => unknown;

/** Waits for the outcome of what a worker is at. */
export interface Attempt {
  /** The outcome is not waited for any more. */
  isOver: boolean;
  /** The worker that it was given to, and which of the slot's lives that was. */
  label: string;
  life: number;
  /** Tells what is at work that it need not go on; null where `run` cannot listen. */
  cancel: Cancel | null;
  readonly done: (result: unknown) => void;
  readonly failed: (error: unknown) => void;
}

/** Whom a runner tells, once for each attempt. */
export interface RunnerOwner {
  isDone(slot: Slot, result: unknown): void;
  hasFailed(slot: Slot, attempt: Attempt, error: unknown): void;
  /** What the two throw: outcomes come beside the factory's turns. */
  threw(error: unknown): void;
}

/** Gives jobs to `run`, and hears what comes of each. */
export class Runner {
  /** `run` asks for more than the body. */
  readonly wantsJob: boolean;
  readonly #run: Run;
  readonly #owner: RunnerOwner;
  readonly #kernel: Kernel;
  /** Outcomes that no worker has brought, since the host last had a turn for one. */
  #unworked = 0;

  constructor(run: Run, owner: RunnerOwner, kernel: Kernel) {
    this.#run = run;
    this.#owner = owner;
    this.#kernel = kernel;
    // `(worker, body)` does not; what takes `(worker, ...rest)` may have it in there.
    this.wantsJob = run.length !== 2;
  }

  begin(slot: Slot, task: Task): void {
    const attempt = (slot.attempt ??= this.#attemptAt(slot));
    attempt.label = slot.label;
    attempt.life = slot.life;
    const outcome = this.#outcomeOf(slot, task, attempt);
    if (outcome instanceof WorkerCall) outcome.tellTo(attempt);
    else this.#wait(pendingOf(outcome) ?? Promise.resolve(outcome), attempt);
  }

  /** As nobody: the factory does not wait for what `run` asks of others, itself among them. */
  #outcomeOf(slot: Slot, task: Task, attempt: Attempt): unknown {
    const job = this.wantsJob ? jobFor(attempt, slot, task) : undefined;
    const run = this.#run;
    if (this.#kernel.scope !== undefined) {
      const bySelf = (): unknown => run(slot.face as never, task.body as never, job!);
      return settled(() => besideActors(this.#kernel, bySelf));
    }
    // The same without a closure, which was a third of a job's cost.
    const { cell } = running;
    running.cell = null;
    try {
      return run(slot.face as never, task.body as never, job!);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      running.cell = cell;
    }
  }

  /**
   * Of what no worker has answered: a job that fails by itself, and is begun again, would be a chain
   * of promises that never lets the host have a turn.
   */
  #wait(outcome: PromiseLike<unknown>, { done, failed }: Attempt): void {
    if (++this.#unworked < UNWORKED_IN_A_ROW) {
      outcome.then(done, failed);
      return;
    }
    this.#unworked = 0;
    const { world } = this.#kernel;
    outcome.then(
      (result) => world.yieldToHost(() => done(result)),
      (error: unknown) => world.yieldToHost(() => failed(error)),
    );
  }

  #attemptAt(slot: Slot): Attempt {
    const owner = this.#owner;
    const attempt: Attempt = {
      isOver: false,
      label: "",
      life: 0,
      cancel: null,
      done(result) {
        if (attempt.isOver || slot.task === null) return;
        try {
          owner.isDone(slot, result);
        } catch (error) {
          owner.threw(error);
        }
      },
      failed(error) {
        if (attempt.isOver || slot.task === null) return;
        try {
          owner.hasFailed(slot, attempt, error);
        } catch (thrown) {
          owner.threw(thrown);
        }
      },
    };
    return attempt;
  }
}

function settled(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    return Promise.reject(error);
  }
}

function jobFor(attempt: Attempt, slot: Slot, task: Task): RunningJob {
  attempt.cancel = new Cancel();
  return new RunningJob(slot, task, attempt.cancel);
}

/** Whether what a call was rejected with tells that the worker has ended, or its incarnation. */
export function isEndOf(label: string, error: unknown): boolean {
  const tells =
    error instanceof ActorFailedError ||
    error instanceof ActorStoppedError ||
    error instanceof KilledError;
  return tells && error.actor === label;
}

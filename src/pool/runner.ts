import { ActorFailedError, ActorStoppedError, KilledError } from "../index.ts";
import { pendingOf } from "../kernel/verb.ts";
import type { Task } from "./job.ts";
import { Cancel, RunningJob } from "./running-job.ts";
import type { Slot } from "./slot.ts";
import { WorkerCall } from "./worker-call.ts";

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

  constructor(run: Run, owner: RunnerOwner) {
    this.#run = run;
    this.#owner = owner;
    // `(worker)` and `(worker, body)` do not; what takes `(...args)` may hand it on to one that does.
    this.wantsJob = run.length !== 1 && run.length !== 2;
  }

  begin(slot: Slot, task: Task): void {
    const attempt = (slot.attempt ??= this.#attemptAt(slot));
    attempt.label = slot.label;
    attempt.life = slot.life;
    let outcome: unknown;
    try {
      const job = this.wantsJob ? jobFor(attempt, slot, task) : undefined;
      outcome = this.#run(slot.face as never, task.body as never, job as RunningJob);
    } catch (error) {
      outcome = Promise.reject(error);
    }
    if (outcome instanceof WorkerCall) outcome.tellTo(attempt);
    else (pendingOf(outcome) ?? Promise.resolve(outcome)).then(attempt.done, attempt.failed);
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

import type { JobKey, Task } from "./job.ts";
import type { Attempt, Slot } from "./slot.ts";

/** What `run` is told of a job beside its body. */
export class RunningJob {
  readonly key: JobKey | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** The worker's number. */
  readonly worker: number;
  readonly #task: Task;
  readonly #attempt: Attempt;

  constructor({ index }: Slot, task: Task, attempt: Attempt) {
    this.key = task.key;
    this.attempt = task.attempts;
    this.worker = index;
    this.#task = task;
    this.#attempt = attempt;
  }

  /** Aborts when the result is of no use any more: nobody waits for it, or the worker is being replaced. */
  get signal(): AbortSignal {
    const known = this.#attempt.abort;
    if (known !== null) return known.signal;
    const abort = new AbortController();
    this.#attempt.abort = abort;
    const left = this.#task.request?.signal;
    if (left?.aborted === true) abort.abort(left.reason);
    else left?.addEventListener("abort", () => abort.abort(left.reason));
    return abort.signal;
  }
}

import type { JobKey, Task } from "./job.ts";
import type { Slot } from "./slot.ts";

/** Ends the work on one attempt at a job, as far as it listens; costs little until it does. */
export class Cancel {
  #abort: AbortController | null = null;
  #why: unknown = undefined;
  #isOver = false;

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#isOver) this.#abort.abort(this.#why);
    }
    return this.#abort.signal;
  }

  get isAskedFor(): boolean {
    return this.#abort !== null;
  }

  now(why: unknown): void {
    this.#isOver = true;
    this.#why = why;
    this.#abort?.abort(why);
  }
}

/** What `run` is told of a job beside its body. */
export class RunningJob {
  readonly key: JobKey | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** The worker's number. */
  readonly worker: number;
  readonly #task: Task;
  readonly #cancel: Cancel;

  constructor({ index }: Slot, task: Task, cancel: Cancel) {
    this.key = task.key;
    this.attempt = task.attempts;
    this.worker = index;
    this.#task = task;
    this.#cancel = cancel;
  }

  /** Aborts when the result is of no use any more: nobody waits for it, or the worker is being replaced. */
  get signal(): AbortSignal {
    const cancel = this.#cancel;
    if (cancel.isAskedFor) return cancel.signal;
    const left = this.#task.request?.signal;
    if (left?.aborted === true) cancel.now(left.reason);
    else left?.addEventListener("abort", () => cancel.now(left.reason));
    return cancel.signal;
  }
}

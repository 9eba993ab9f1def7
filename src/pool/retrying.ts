import type { ActorLog } from "../index.ts";
import type { Task } from "./job.ts";
import type { Retry } from "./settings.ts";

/** Says which jobs are begun again. */
export class Retrying {
  readonly #log: ActorLog;
  #policy: Retry = { max: 0 };

  constructor(log: ActorLog) {
    this.#log = log;
  }

  set(policy: Retry | number): void {
    this.#policy = typeof policy === "number" ? { max: policy } : policy;
  }

  isAllowed(task: Task, error: unknown, workerDied: boolean): boolean {
    const { max, when } = this.#policy;
    if (task.attempts > max || task.isAbandoned) return false;
    if (when === undefined) return workerDied;
    try {
      return when(error, task, workerDied);
    } catch (thrown) {
      this.#log.error("retry.when threw; the job fails", { error: thrown });
      return false;
    }
  }
}

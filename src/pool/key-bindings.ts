import type { JobKey, Task } from "./job.ts";
import type { Slot } from "./slot.ts";

interface Binding {
  readonly slot: Slot;
  jobs: number;
}

/** Which worker has the jobs of a key, as long as it has any. */
export class KeyBindings {
  readonly #byKey = new Map<JobKey, Binding>();
  /** Jobs of a key that wait in the factory's line. */
  readonly #waiting = new Map<JobKey, number>();

  of(key: JobKey): Slot | undefined {
    return this.#byKey.get(key)?.slot;
  }

  /** The same for a job that comes: none, where one of its key waits that it must not pass. */
  forNext(key: JobKey): Slot | undefined {
    return this.#waiting.has(key) ? undefined : this.of(key);
  }

  /** So many more, or fewer, of its key wait in the factory's line. */
  wait({ key }: Task, more: 1 | -1): void {
    if (key === undefined) return;
    const count = (this.#waiting.get(key) ?? 0) + more;
    if (count === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, count);
  }

  bind(task: Task, slot: Slot): void {
    const { key } = task;
    if (key === undefined || task.bindsKey) return;
    task.bindsKey = true;
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, { slot, jobs: 1 });
    else known.jobs++;
  }

  release(task: Task): void {
    if (!task.bindsKey) return;
    task.bindsKey = false;
    const known = this.#byKey.get(task.key!)!;
    if (--known.jobs === 0) this.#byKey.delete(task.key!);
  }
}

import type { JobKey, Task } from "./job.ts";
import type { Slot } from "./slot.ts";

interface Binding {
  readonly slot: Slot;
  jobs: number;
}

/** Which worker has the jobs of a key, as long as it has any. */
export class KeyBindings {
  readonly #byKey = new Map<JobKey, Binding>();

  of(key: JobKey): Slot | undefined {
    return this.#byKey.get(key)?.slot;
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

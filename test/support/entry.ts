import { Worker, worker, type WorkerProps } from "./worker.ts";

/** A child's entry: a permanent worker. */
export function entry(id: string, journal: string[], hooks: Partial<WorkerProps> = {}) {
  return { actor: Worker, props: worker(id, journal, hooks), restart: "permanent" } as const;
}

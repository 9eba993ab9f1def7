import { PEERS } from "./paths.ts";
import { inSize } from "./smoke.ts";
import type { Prepare, Task, Turn } from "./workload.ts";
import { loadWorkload, workloadNames } from "./workloads/all.ts";

/** Which contender does what. */
export interface LaneOrder {
  readonly runs: "here" | "peer";
  readonly module: string;
  readonly workload: string;
  readonly task: number;
  readonly smoke: boolean;
}

/** What a lane says to its parent: once that it is ready, then the values of each turn. */
export type LaneSays =
  | { readonly ready: boolean }
  | { readonly values: readonly number[] }
  | { readonly failed: string };

/** What the contender has for the task; undefined when it does not take part. */
async function adapterOf(order: LaneOrder, task: Task): Promise<Prepare<unknown> | undefined> {
  if (order.runs === "here") {
    return order.module === "troupe" ? task.troupe : task.plain?.prepare;
  }
  // To import a library is a part of its `start`, so those stand in a file of their own.
  const [file, name] =
    task.adapter === "start" ? ["start", order.module] : [order.module, task.adapter];
  const module: unknown = await import(new URL(`${file}.mjs`, PEERS).href);
  // Peers are plain JavaScript; what they return is checked when they are measured.
  return (module as Readonly<Record<string, Prepare<unknown> | undefined>>)[name];
}

async function prepared(order: LaneOrder): Promise<Turn | undefined> {
  const name = workloadNames.find((each) => each === order.workload);
  const workload = name === undefined ? undefined : await loadWorkload(name);
  const task = workload !== undefined && "tasks" in workload && workload.tasks[order.task];
  if (!task) throw new Error(`there is no task ${order.task} of ${order.workload}`);
  const prepare = await adapterOf(order, task);
  if (prepare === undefined) return undefined;
  const size = inSize(task.size, order.smoke);
  // A peer declines a size that it cannot manage by having nothing for it.
  const subject = await prepare(size);
  return subject === undefined ? undefined : task.begin(subject, size);
}

const say = (said: LaneSays): void => void process.send?.(said);

function failed(error: unknown): void {
  say({ failed: String(error) });
}

// What the parent passes is a LaneOrder; see lanes.ts.
const order = JSON.parse(process.argv[2] ?? "{}") as LaneOrder;
process.on("uncaughtException", failed);
// Without a parent there is nobody to work for, and a flood would go on for ever.
process.on("disconnect", () => process.exit());
const turn = await prepared(order).catch(failed);
process.on("message", () => {
  turn?.().then((values) => say({ values }), failed);
});
say({ ready: turn !== undefined });

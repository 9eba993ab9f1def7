import { beforeAll, expect, test, vi } from "vitest";
import { inSize } from "../../bench/smoke.ts";
import type { Prepare, Task, Workload } from "../../bench/workload.ts";
import { loadWorkload, workloadNames } from "../../bench/workloads/all.ts";

/*
 * Everything small, and once. It is the work that is looked at here, and not the time that it takes;
 * still it takes some, for timers are due and event loops are watched by the clock of the host.
 */
const workloads: readonly Workload[] = await Promise.all(workloadNames.map(loadWorkload));

const tasks: readonly Task[] = workloads.flatMap((each) => ("tasks" in each ? each.tasks : []));

const labelOf = (task: Task): string => task.rows[0]?.label ?? "";

const limits = tasks.flatMap((task) =>
  task.plain === undefined ? [] : [{ label: labelOf(task), task, plain: task.plain }],
);

/** What is timed checks its result by itself. */
async function expectFigures(task: Task, prepare: Prepare<unknown>): Promise<void> {
  const size = inSize(task.size, true);
  const turn = await task.begin(await prepare(size), size);
  const values = await turn();
  expect(values).toHaveLength(task.rows.length);
  for (const value of values) expect(Number.isFinite(value)).toBe(true);
}

// As it is measured: without what looks for slow handlers.
beforeAll(() => void vi.stubEnv("NODE_ENV", "production"));

test("every workload has the name that it is asked for by", () => {
  expect(workloads.map(({ name }) => name)).toEqual(workloadNames);
});

test("no two rows have the same label", () => {
  const labels = tasks.flatMap(({ rows }) => rows.map(({ label }) => label));
  expect(new Set(labels).size).toBe(labels.length);
});

test.each(tasks.map((task) => [labelOf(task), task] as const))(
  "%s: troupe does it, with a figure for each row",
  async (_label, task) => expectFigures(task, task.troupe),
);

test.each(limits)("$label: $plain.who does the same", async ({ task, plain }) =>
  expectFigures(task, plain.prepare),
);

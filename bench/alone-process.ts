import { loadWorkload, workloadNames } from "./workloads/all.ts";

/** Measures the one workload that it is named, and tells its parent. */
const name = workloadNames.find((each) => each === process.argv[2]);
const workload = name === undefined ? undefined : await loadWorkload(name);
if (workload === undefined || !("measure" in workload)) {
  throw new Error(`${process.argv[2]} is no workload that measures alone`);
}
const measurements = await workload.measure();
// What it has started may keep the process busy for ever.
process.send?.(measurements, () => process.exit(0));

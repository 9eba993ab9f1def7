import { workloads } from "./workloads/all.ts";

/** Measures the one workload that it is named, and tells its parent. */
const [, , name] = process.argv;
const workload = workloads.find((each) => each.name === name);
if (workload === undefined) throw new Error(`there is no workload ${name}`);
const measurements = await workload.measure();
// Systems stay up until here: an actor that floods keeps the process busy for ever.
process.send?.(measurements, () => process.exit(0));

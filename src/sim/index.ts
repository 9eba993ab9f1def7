/**
 * Deterministic simulation: a service as it is, under thousands of schedules, crashes and faults.
 *
 * `simulate` looks for a run in which something does not hold; `replay` shows it again.
 */
export { everyCallSettles } from "./checks/every-call-settles.ts";
export { noLeaks } from "./checks/no-leaks.ts";
export type { Observation } from "./checks/observation.ts";
export { pairOrder } from "./checks/pair-order.ts";
export { restartIntensity } from "./checks/restart-intensity.ts";
export type { Chance } from "./chance.ts";
export type { Exploration } from "./choices.ts";
export type { Step as DiagramStep } from "./diagram/diagram.ts";
export { EscapedAwaitError, NondeterminismError, SimulationError } from "./errors.ts";
export type { ActorFault, Faults, MessageFaults, Range, Who } from "./faults.ts";
export { InjectedCrash } from "./harm.ts";
export type { SimDisk, DiskEntry, SimDiskOptions } from "./disk/sim-disk.ts";
export type { DiskFaults, MsRange } from "./disk/disk-faults.ts";
export type { DiskLatency } from "./disk/disk-time.ts";
export type {
  Disk,
  DiskData,
  DiskFlags,
  DiskHandle,
  DiskPromises,
  DiskRemoveOptions,
  DiskStats,
  DiskWriteOptions,
} from "./disk/disk-types.ts";
export {
  History,
  type Operation,
  type Outcome,
  type Recorder,
  type RecordOptions,
} from "./history/history.ts";
export {
  checkLinearizable,
  linearizable,
  type Linearizability,
  type LinearizableCheckOptions,
  type LinearizableOptions,
} from "./history/linearizable.ts";
export { model, type AnyModel, type Invocation, type Model } from "./history/model.ts";
export { counter, map, register } from "./history/models.ts";
export { replay, type Replay, type ReplayResult, type ReplayStep } from "./replay.ts";
export type { RunFailure } from "./run-result.ts";
export {
  scenario,
  type Check,
  type CommandFn,
  type CommandContext,
  type Conditions,
  type Scenario,
  type Verdict,
  type View,
  type Workload,
} from "./scenario.ts";
export type { Sim } from "./sim.ts";
export { simulate, type SimulateOptions } from "./simulate.ts";
export type { SimulationReport } from "./tally.ts";

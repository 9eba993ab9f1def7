/** Programs that belong to actors: run, supervised, piped into each other. */
export type { ChildProcess, ProgramExit, StopOptions } from "./child.ts";
export { ProgramError, type ProgramFailure } from "./errors.ts";
export type { Input } from "./input.ts";
export type { Output } from "./output.ts";
export { pipe, type ByteSink, type PipeOptions } from "./pipe.ts";
export { run, type RunOptions, type Stream } from "./run.ts";
export { program, type OutputName, type Program, type ProgramSpec } from "./program.ts";
export {
  checkHealth,
  type CheckReport,
  type HealthCheck,
  type HealthOptions,
  type HealthReport,
} from "./health.ts";
export {
  notify,
  notifyProgram,
  unixDatagrams,
  type Notification,
  type NotifyTransport,
  type UnixDatagrams,
} from "./notify.ts";
export {
  serviceManager,
  type ServiceEnvironment,
  type ServiceManager,
  type ServiceManagerSpec,
  type ServiceReport,
} from "./service-manager.ts";

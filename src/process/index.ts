/** Programs that belong to actors: run, supervised, piped into each other. */
export type { ChildProcess, ProgramExit, StopOptions } from "./child.ts";
export { ProgramError, type ProgramFailure } from "./errors.ts";
export type { Input } from "./input.ts";
export type { Output } from "./output.ts";
export { pipe, type ByteSink, type PipeOptions } from "./pipe.ts";
export { run, type RunOptions, type Stream } from "./run.ts";
export { program, type OutputName, type Program, type ProgramSpec } from "./program.ts";

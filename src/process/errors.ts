import { TroupeError } from "../index.ts";
import type { ProgramExit } from "./child.ts";

/** What is known of a program that did not do what it was run for. */
export interface ProgramFailure {
  readonly exit?: ProgramExit | undefined;
  /** The last lines of its standard error, the newest last. */
  readonly stderr?: readonly string[];
  readonly cause?: unknown;
}

/**
 * A program could not be started, or did not end well.
 *
 * `exitCode` and `signal` are null where it never ran; then `cause` is the host's error.
 */
export class ProgramError extends TroupeError {
  static readonly code = "TROUPE_PROGRAM";
  readonly code = "TROUPE_PROGRAM";
  readonly command: string;
  readonly exitCode: number | null;
  /** The signal that ended it, such as `SIGSEGV`. */
  readonly signal: string | null;
  readonly stderr: readonly string[];

  constructor(command: string, what: string, failure: ProgramFailure = {}) {
    const { exit, stderr = [], cause } = failure;
    const last = stderr.at(-1);
    super(`${command} ${what}${last === undefined ? "" : `; it said: ${last}`}`, { cause });
    this.command = command;
    this.exitCode = exit?.code ?? null;
    this.signal = exit?.signal ?? null;
    this.stderr = stderr;
  }
}

/** As a person would say it: `exited with code 2`. */
export function describeExit({ code, signal }: ProgramExit): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

import { spawn, type ChildProcess as HostChild, type SpawnOptions } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { stat } from "node:fs/promises";
import { env } from "node:process";
import { BadInputError, KilledError, type InitContext } from "../index.ts";
import { checkDelay, checkName, checkOneOf } from "../kernel/options.ts";
import { checkSignalName } from "./signal-name.ts";
import { Child, type ChildProcess, type StopOptions } from "./child.ts";
import { ProgramError } from "./errors.ts";

/** Where a stream of a program's goes: to its actor, nowhere, or where this process's goes. */
export type Stream = "pipe" | "ignore" | "inherit";

/** How a program is run, and how it is ended. */
export interface RunOptions extends StopOptions {
  /** The folder in which it runs. Default: that of this process. */
  readonly cwd?: string;
  /**
   * Variables beside those of this process; undefined takes one away.
   *
   * Those by which a service manager speaks to this process (`NOTIFY_SOCKET` and the like) are not
   * handed on: another program would speak for this one.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default `pipe`. */
  readonly stdin?: Stream;
  /** Default `pipe`. */
  readonly stdout?: Stream;
  /** Default `pipe`. */
  readonly stderr?: Stream;
}

/**
 * Runs a program that belongs to an actor: it is ended with the actor's incarnation.
 *
 * ```ts
 * const child = await run(ctx, "sort", ["-n"]);
 * ctx.source(child.stdout.lines(), (line) => void ctx.state.push(line));
 * child.stdin.end("2\n1\n");
 * ```
 *
 * There is no shell: arguments are what they are. When the incarnation ends, the program is asked
 * to end by `stopSignal`, and killed after `killAfterMs`; at a kill it is killed at once. Whoever
 * wants the actor's end to be the program's awaits `child.stop()` in the `exit` hook.
 *
 * Rejects with `ProgramError` where it cannot be started; `cause` is the host's error, such as
 * `ENOENT`. A program that ends is no failure, whatever its code: that is `program`'s business.
 */
export async function run(
  ctx: Pick<InitContext, "signal">,
  command: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<ChildProcess> {
  checkRun("run", command, args, options);
  const { signal } = ctx;
  signal.throwIfAborted();
  const child = await launch(command, args, options);
  const leave = (): void => child.leave(signal.reason instanceof KilledError);
  // An actor may have many: that is no leak.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", leave, { once: true });
  void child.closed.then(() => signal.removeEventListener("abort", leave));
  if (signal.aborted) leave();
  signal.throwIfAborted();
  return child;
}

/** Starts a program that nobody looks after yet. */
export async function launch(
  command: string,
  args: readonly string[],
  options: RunOptions,
  said: string = [command, ...args].join(" "),
): Promise<Child> {
  try {
    const host = start(command, args, options);
    await once(host, "spawn");
    return new Child(said, host, options);
  } catch (cause) {
    const why = await explain(cause, options.cwd);
    throw new ProgramError(said, `could not be started: ${why}`, { cause });
  }
}

/** Refuses at once what cannot be run. */
export function checkRun(
  what: string,
  command: string,
  args: readonly string[],
  options: RunOptions,
): void {
  checkName(`${what}: command`, command ?? "");
  if (!Array.isArray(args) || args.some((arg) => typeof arg !== "string")) {
    throw new BadInputError(`${what}: the arguments of ${command} must be a list of strings`);
  }
  for (const stream of ["stdin", "stdout", "stderr"] as const) {
    checkOneOf(`${what}: ${stream}`, options[stream], ["pipe", "ignore", "inherit"]);
  }
  checkDelay(`${what}: killAfterMs`, options.killAfterMs);
  checkSignalName(`${what}: stopSignal`, options.stopSignal);
}

const NOT_HANDED_ON = {
  NOTIFY_SOCKET: undefined,
  WATCHDOG_USEC: undefined,
  WATCHDOG_PID: undefined,
};

function start(command: string, args: readonly string[], options: RunOptions): HostChild {
  const { cwd, group = false, stdin = "pipe", stdout = "pipe", stderr = "pipe" } = options;
  const settings: SpawnOptions = {
    stdio: [stdin, stdout, stderr],
    env: { ...env, ...NOT_HANDED_ON, ...options.env },
    detached: group,
    windowsHide: true,
    ...(cwd === undefined ? {} : { cwd }),
  };
  return spawn(command, args, settings);
}

/** The host says that the command is missing, where it is the folder. */
async function explain(error: unknown, cwd: string | undefined): Promise<string> {
  if (cwd !== undefined) {
    const folder = await stat(cwd).catch(() => null);
    if (folder?.isDirectory() !== true) return `there is no folder ${cwd}`;
  }
  return error instanceof Error ? error.message : String(error);
}

import { isThenable } from "../kernel/verb.ts";
import type { Chance } from "./chance.ts";
import type { Observation } from "./checks/observation.ts";
import type { Faults, Range } from "./faults.ts";
import type { History, Recorder } from "./history/history.ts";
import type { Sim } from "./sim.ts";
import type { SimDiskOptions } from "./disk/sim-disk.ts";

/** What a check is shown. */
export interface View<App> {
  /** What `boot` returned: of the present life of the process. */
  readonly app: App;
  readonly sim: Sim;
  /** What clients recorded. */
  readonly history: History;
}

/** False, or a text that says what is wrong, where something does not hold; or it throws. */
export type Verdict = boolean | string | undefined | void;

/** A condition as a function, or a ready-made one such as `pairOrder()`. */
export type Check<App> = ((view: View<App>) => Verdict) | Observation;

/** What a command of the workload is given. */
export interface CommandContext<App> {
  readonly app: App;
  readonly sim: Sim;
  /** Of this command alone: what it draws is the same when others are left out. */
  readonly chance: Chance;
  /** Counted from 1. */
  readonly client: number;
  /** Records what is asked and answered, for checks of the history. */
  readonly history: Recorder;
}

/** Something that a client does; the client goes on when the promise has settled, either way. */
export type CommandFn<App> = (context: CommandContext<App>) => unknown;

/** What the clients of a service do. */
export interface Workload<App> {
  /** They work side by side; each waits for one command before the next. Default 1. */
  readonly clients?: number;
  /** Commands of each client. Default 10. */
  readonly steps?: number;
  /** How long a client waits before each. Default 0 to 2. */
  readonly pauseMs?: Range;
  /** Picked at random, all alike unless they have a weight. */
  readonly commands: Readonly<
    Record<string, CommandFn<App> | { readonly weight: number; readonly run: CommandFn<App> }>
  >;
}

/** Conditions as functions, by name. */
export type Conditions<App> = Readonly<Record<string, (view: View<App>) => Verdict>>;

/** A service, what is done to it, and what must hold. */
export interface Scenario<App> {
  /** In what is printed, and in the names of files. Default `simulation`. */
  readonly name?: string;
  /**
   * Starts the service as it is: a `createSystem()` in here makes a simulated system.
   *
   * Called again after a crash of the process.
   */
  readonly boot: (sim: Sim) => App | Promise<App>;
  readonly workload?: Workload<App>;
  readonly faults?: Faults;
  /** What is on the disk at the start, and how long it takes. */
  readonly disk?: Omit<SimDiskOptions, "faults">;
  /** Hold after every step, from the end of `boot` on. */
  readonly always?: Readonly<Record<string, Check<App>>>;
  /** Come true after the faults have stopped, each at some time, in this order. */
  readonly eventually?: Conditions<App>;
  /** Limit in ms of simulated time for that, and for commands to settle. Default 60,000. */
  readonly within?: number;
  /**
   * Hold when the clients are done, all that was to come true has, and nobody has anything left to
   * do at that moment: `linearizable(model)`.
   */
  readonly finally?: Conditions<App>;
  /**
   * Limit in ms of simulated time for the part with faults; it ends when all clients are done.
   * Default 60,000. Without a workload it takes that long.
   */
  readonly virtualTime?: number;
}

/** The same scenario: what `boot` returns is inferred for the functions that follow it. */
export function scenario<App>(description: Scenario<App>): Scenario<App> {
  return description;
}

/** A check that says no. */
export function complaintOf(verdict: unknown): string | undefined {
  if (verdict === false) return "it is false";
  if (isThenable(verdict)) return "it is a promise; a check says at once what it sees";
  return typeof verdict === "string" ? verdict : undefined;
}

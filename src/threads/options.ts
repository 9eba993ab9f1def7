import { cores, mayExist, type WorkerInit } from "../world/workers.ts";
import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";
import {
  checkFunction,
  checkLimit,
  checkName,
  checkNumber,
  checkOneOf,
} from "../kernel/options.ts";
import type { HostOptions, ThreadOptions } from "./thread.ts";
import type { WatchdogOptions } from "./watchdog.ts";

/** What every thread may be given. */
export interface ThreadSettings extends HostOptions {
  /** The file that each thread loads: it defines the actors, and registers them. */
  readonly module?: URL | string;
  /**
   * Makes the host's worker, where a bundler has to see it:
   * `(options) => new Worker(new URL("./actors.js", import.meta.url), options)`.
   */
  readonly worker?: (options: WorkerInit) => unknown;
  /** Messages that may be under way to a thread. Default 100,000. */
  readonly window?: number;
  /** Time in which the module must be loaded, in ms. Default 30,000. */
  readonly startTimeout?: number;
  /** Finds threads that are blocked. Default: after 5,000 ms they are reported. */
  readonly watchdog?: WatchdogOptions | false;
}

/** How a pool of threads is made. What is not given has a default. */
export interface ThreadsOptions extends ThreadSettings {
  /** Default: one less than there are cores, at least 1. With 0, actors run where they are spawned. */
  readonly size?: number;
  /** Of the pool, in labels and logs. Default `threads`. */
  readonly name?: string;
}

const WATCHDOG: WatchdogOptions = { limitMs: 5_000, action: "report" };

export function defaultSize(): number {
  return Math.max(1, cores() - 1);
}

/** Refuses options that cannot work, naming the one that is wrong. */
export function checkThreads(what: string, options: ThreadsOptions): void {
  checkNumber(`${what}: size`, options.size, 0, "threads");
  if (options.size !== undefined && !Number.isInteger(options.size)) {
    throw new BadInputError(`${what}: size is ${options.size}; it must be a whole number`);
  }
  checkName(`${what}: name`, options.name);
  checkNumber(`${what}: window`, options.window, 1, "messages");
  checkLimit(`${what}: startTimeout`, options.startTimeout);
  if (options.worker !== undefined) checkFunction(`${what}: worker`, options.worker);
  if (options.watchdog === undefined || options.watchdog === false) return;
  checkNumber(`${what}: watchdog.limitMs`, options.watchdog.limitMs, 1, "ms");
  checkOneOf(`${what}: watchdog.action`, options.watchdog.action, ["report", "terminate"]);
}

/** Fills in what was not given; refuses a module that is not there. */
export function threadOptions(
  what: string,
  settings: ThreadSettings,
): Omit<ThreadOptions, "name" | "beatMs"> {
  const { module, worker, window = 100_000, startTimeout = 30_000 } = settings;
  const { resourceLimits, env, argv, execArgv } = settings;
  return {
    url: worker === undefined ? urlOf(what, module) : "its worker",
    make: worker,
    host: {
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(env === undefined ? {} : { env }),
      ...(argv === undefined ? {} : { argv: [...argv] }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    },
    window,
    startTimeout,
  };
}

export function watchdogOf({ watchdog }: ThreadSettings): WatchdogOptions | null {
  return watchdog === false ? null : (watchdog ?? WATCHDOG);
}

function urlOf(what: string, module: URL | string | undefined): string {
  if (module === undefined) {
    throw new BadInputError(
      `${what}: module is missing; give the file that registers the actors: new URL("./actors.js", import.meta.url)`,
    );
  }
  const url = parse(what, module);
  if (url.startsWith("data:")) {
    throw new BadInputError(
      `${what}: module is a data: URL: a bundler took the file for data, and has not bundled it; give worker: (options) => new Worker(new URL("./actors.js", import.meta.url), options)`,
    );
  }
  if (mayExist(url)) return url;
  const source = url.replace(/js$/, "ts");
  if (source !== url && mayExist(source)) {
    throw new BadInputError(
      `${what}: there is no file ${url}, but there is ${source}: compile it, and run what was compiled; or give the .ts where Node strips types (22.18 and later)`,
    );
  }
  throw new BadInputError(
    `${what}: there is no file ${url}; where a bundler made this program, add the module as an entry of its own, or give worker: (options) => new Worker(new URL("./actors.js", import.meta.url), options)`,
  );
}

function parse(what: string, module: URL | string): string {
  try {
    return new URL(module).href;
  } catch {
    throw new BadInputError(
      `${what}: module is ${describe(module)}; it must be a URL: new URL("./actors.js", import.meta.url)`,
    );
  }
}

import { BadInputError } from "../index.ts";

/** What requests may take of the process. Times are in ms, sizes in bytes. */
export interface HttpLimits {
  /** Requests under way at one time; one more is answered with 503. Default: no limit. */
  readonly requests?: number;
  /** Connections at one time; one more is closed. Default: no limit. */
  readonly connections?: number;
  /** A request body; one that is longer, or says so, is answered with 413. Default 1 MiB. */
  readonly bodyBytes?: number;
  /** The head of a request; a longer one is answered with 431. Default 16 KiB. */
  readonly headBytes?: number;
  /** Time for the head of a request to come; then 408. Default 60,000. */
  readonly headMs?: number;
  /** Time for a whole request to come, its body included; then 408. Default 300,000. */
  readonly requestMs?: number;
  /** Time that a connection may wait for its next request. Default 5,000. */
  readonly keepAliveMs?: number;
}

const KIB = 1024;

const DEFAULTS: Required<HttpLimits> = {
  requests: Infinity,
  connections: Infinity,
  bodyBytes: KIB * KIB,
  headBytes: 16 * KIB,
  headMs: 60_000,
  requestMs: 300_000,
  keepAliveMs: 5_000,
};

/** Refuses what has no fields to look at. */
export function checkObject(what: string, given: unknown): asserts given is object {
  if (typeof given === "object" && given !== null) return;
  throw new BadInputError(`${what} is ${String(given)}; it must be an object`);
}

/** Fills in what was not given; refuses what is no limit. */
export function resolveLimits(given: HttpLimits = {}): Required<HttpLimits> {
  checkObject("httpServer: limits", given);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      const known = Object.keys(DEFAULTS).join(", ");
      throw new BadInputError(
        `httpServer: limits: there is no limit "${name}"; there are ${known}`,
      );
    }
    if (typeof value === "number" && value > 0) continue;
    throw new BadInputError(
      `httpServer: limits.${name} is ${value}; it must be a number more than 0`,
    );
  }
  return { ...DEFAULTS, ...given };
}

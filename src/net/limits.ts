import { BadInputError } from "../index.ts";

/** What one connection may take of the process. */
export interface ConnectionLimits {
  /** Bytes that were read and wait for the actor: with more, reading pauses. Default 64 KiB. */
  readonly readBytes?: number;
  /** Bytes that were written and wait for the peer: with more, `write` says to wait. Default 64 KiB. */
  readonly writeBytes?: number;
  /**
   * Bytes that wait for a peer that does not read: with more, the next write cuts it off.
   *
   * One write is taken whatever its size, so that a large answer is not a fault. Default 64 MiB.
   */
  readonly unsentBytes?: number;
  /** What is left to send when the actor has ended must be taken in this time. Default 5,000 ms. */
  readonly closeMs?: number;
  /**
   * After so long without a byte the host asks the peer whether it is still there; one that does not
   * answer, as after a power cut, is gone some 10 s later; much later where something was written that
   * it has not taken, for then the host sends that again first. Not for Unix sockets. Default: never.
   */
  readonly keepAliveMs?: number;
}

/** What all connections of a server may take together, and how long each may be silent. */
export interface ServerLimits extends ConnectionLimits {
  /** More than these are refused. Default: no limit. */
  readonly connections?: number;
  /**
   * A connection on which no byte moved for so long is closed; it takes up to a quarter longer.
   * Default: never.
   */
  readonly idleMs?: number;
}

const KIB = 1024;

const DEFAULTS: Required<ServerLimits> = {
  readBytes: 64 * KIB,
  writeBytes: 64 * KIB,
  unsentBytes: 64 * KIB * KIB,
  closeMs: 5_000,
  keepAliveMs: Infinity,
  connections: Infinity,
  idleMs: Infinity,
};

/** Fills in what was not given; refuses what is no limit. */
export function resolveLimits(what: string, given: ServerLimits = {}): Required<ServerLimits> {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in DEFAULTS)) {
      const known = Object.keys(DEFAULTS).join(", ");
      throw new BadInputError(`${what}: there is no limit "${name}"; there are ${known}`);
    }
    if (typeof value === "number" && value > 0) continue;
    throw new BadInputError(`${what}.${name} is ${value}; it must be a number more than 0`);
  }
  return { ...DEFAULTS, ...given };
}

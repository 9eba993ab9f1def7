import { BadInputError } from "../../index.ts";

/** From the least to the most, in whole ms; one number for always the same. */
export type MsRange = number | readonly [least: number, most: number];

/**
 * What may go wrong with a simulated disk. Each is off unless it is given, but for what a power cut
 * takes: that is no fault of the disk, it is what disks do.
 */
export interface DiskFaults {
  /** False: a power cut takes nothing but open files. Default true. */
  readonly loseUnsynced?: boolean;
  /**
   * True: of what was not synced, any part may survive a power cut. Default false: what survives is
   * what was written first.
   */
  readonly reorder?: boolean;
  /** How probable it is that the first write that a power cut took is there in part. Default 0.5. */
  readonly torn?: number;
  /** How probable it is that a write or a new file fails with ENOSPC. */
  readonly full?: number;
  /** All files together have no more room than this; what goes beyond is written in part, or ENOSPC. */
  readonly capacityBytes?: number;
  /** How probable it is that a write takes only a part of the bytes, and says so. */
  readonly shortWrite?: number;
  /** A sync takes longer by this. Those of the `…Sync` functions take no time at all. */
  readonly slowSync?: { readonly chance: number; readonly ms: MsRange };
  /**
   * How probable it is that a sync fails with EIO.
   *
   * A part of what the file had to be written is then on the disk. The rest counts as written, as on
   * Linux: reads show it, a second sync succeeds without writing it, and a power cut takes it. A
   * directory is milder: its names wait for the next sync.
   */
  readonly failedSync?: number;
  /** How probable it is that a read fails with EIO. */
  readonly failedRead?: number;
  /** How probable it is that a write fails with EIO, having written nothing. */
  readonly failedWrite?: number;
}

type Check = (what: string, given: unknown) => void;

const CHECKS: { readonly [K in keyof Required<DiskFaults>]: Check } = {
  loseUnsynced: checkFlag,
  reorder: checkFlag,
  torn: checkProbability,
  full: checkProbability,
  capacityBytes: checkWhole,
  shortWrite: checkProbability,
  slowSync(what, given) {
    const { chance, ms, ...rest } = Object(given) as Record<string, unknown>;
    for (const name in rest) {
      throw new BadInputError(`${what}: there is no "${name}"; there are chance, ms`);
    }
    checkProbability(`${what}.chance`, chance);
    checkRange(`${what}.ms`, ms);
  },
  failedSync: checkProbability,
  failedRead: checkProbability,
  failedWrite: checkProbability,
};

/** Refuses faults that cannot be meant, naming the one that is wrong. */
export function checkDiskFaults(what: string, faults: DiskFaults): void {
  for (const [name, given] of Object.entries(faults)) {
    const check = (CHECKS as Partial<Record<string, Check>>)[name];
    if (check === undefined) {
      const known = Object.keys(CHECKS).join(", ");
      throw new BadInputError(`${what}: there is no fault "${name}"; there are ${known}`);
    }
    if (given !== undefined) check(`${what}.${name}`, given);
  }
}

/** Refuses what is no time in whole ms, and no pair of such. */
export function checkRange(what: string, given: unknown): void {
  const [least, most, ...more]: readonly unknown[] = Array.isArray(given) ? given : [given, given];
  if (isWhole(least) && isWhole(most) && least <= most && more.length === 0) return;
  throw new BadInputError(
    `${what} is ${JSON.stringify(given)}; it must be whole ms such as 5, or [least, most] such as [1, 20]`,
  );
}

function checkProbability(what: string, given: unknown): void {
  if (typeof given === "number" && given >= 0 && given <= 1) return;
  throw new BadInputError(
    `${what} is ${JSON.stringify(given)}; it must be a probability, from 0 to 1`,
  );
}

function checkWhole(what: string, given: unknown): void {
  if (isWhole(given)) return;
  throw new BadInputError(
    `${what} is ${JSON.stringify(given)}; it must be a whole number, at least 0`,
  );
}

function checkFlag(what: string, given: unknown): void {
  if (typeof given === "boolean") return;
  throw new BadInputError(`${what} is ${JSON.stringify(given)}; it must be true or false`);
}

function isWhole(given: unknown): given is number {
  return typeof given === "number" && Number.isSafeInteger(given) && given >= 0;
}

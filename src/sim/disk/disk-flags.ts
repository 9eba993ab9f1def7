import { constants } from "node:fs";
import type { DiskFlags } from "./disk-types.ts";

const {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_DSYNC,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_TRUNC,
  O_WRONLY,
} = constants;

/** How a file was asked to be opened. */
export interface OpenMode {
  readonly reads: boolean;
  readonly writes: boolean;
  readonly appends: boolean;
  readonly creates: boolean;
  readonly isExclusive: boolean;
  readonly truncates: boolean;
  readonly wantsDirectory: boolean;
  /** Each write is synced before it returns. */
  readonly syncs: boolean;
}

const LETTERS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  "r+": O_RDWR,
  "rs+": O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  "w+": O_TRUNC | O_CREAT | O_RDWR,
  "wx+": O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  "a+": O_APPEND | O_CREAT | O_RDWR,
  "ax+": O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  "as+": O_APPEND | O_CREAT | O_RDWR | O_SYNC,
};
/** The same in another order. */
const ALSO: Readonly<Record<string, string>> = {
  sr: "rs",
  "sr+": "rs+",
  xw: "wx",
  "xw+": "wx+",
  xa: "ax",
  sa: "as",
  "xa+": "ax+",
  "sa+": "as+",
};

/** Reads node's flags; throws a `TypeError` with node's code for letters that mean nothing. */
export function readFlags(flags: DiskFlags): OpenMode {
  const bits = typeof flags === "number" ? flags : LETTERS[ALSO[flags] ?? flags];
  if (bits === undefined) {
    const error = new TypeError(`The argument 'flags' is invalid. Received '${flags}'`);
    throw Object.assign(error, { code: "ERR_INVALID_ARG_VALUE" });
  }
  const way = bits & (O_RDONLY | O_WRONLY | O_RDWR);
  return {
    reads: way !== O_WRONLY,
    writes: way !== O_RDONLY,
    appends: (bits & O_APPEND) !== 0,
    creates: (bits & O_CREAT) !== 0,
    isExclusive: (bits & O_EXCL) !== 0,
    truncates: (bits & O_TRUNC) !== 0,
    // Some hosts lack these two.
    wantsDirectory: (bits & (O_DIRECTORY ?? 0)) !== 0,
    syncs: (bits & ((O_SYNC ?? 0) | (O_DSYNC ?? 0))) !== 0,
  };
}

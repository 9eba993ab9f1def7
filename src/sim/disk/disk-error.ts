import { constants } from "node:os";

/** Node's words for them; they are the same on every system. */
const WORDS = {
  EBADF: "bad file descriptor",
  EBUSY: "resource busy or locked",
  EEXIST: "file already exists",
  EFBIG: "file too large",
  EINVAL: "invalid argument",
  EIO: "i/o error",
  EISDIR: "illegal operation on a directory",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
} as const;

export type DiskErrorCode = keyof typeof WORDS;

/** What was asked of the disk, as node's errors tell it. */
export interface DiskCall {
  readonly syscall: string;
  readonly path?: string;
  readonly dest?: string;
}

/** An error that looks like node's: `ENOENT: no such file or directory, open '/x'`. */
export function diskError(code: DiskErrorCode, call: DiskCall): NodeJS.ErrnoException {
  const { syscall, path, dest } = call;
  const from = path === undefined ? "" : ` '${path}'`;
  const to = dest === undefined ? "" : ` -> '${dest}'`;
  const error = new Error(`${code}: ${WORDS[code]}, ${syscall}${from}${to}`);
  return Object.assign(error, { errno: -constants.errno[code], code, ...call });
}

/** For arguments that node refuses before it asks the system. */
export function outOfRange(name: string, range: string, value: number): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${value}`;
  return Object.assign(new RangeError(message), { code: "ERR_OUT_OF_RANGE" });
}

/** What `rm` says of a directory that it was not told to take. */
export function isDirectoryError(path: string): NodeJS.ErrnoException {
  const { EISDIR } = constants.errno;
  const message = `Path is a directory: rm returned EISDIR (is a directory) ${path}`;
  const found = { code: "ERR_FS_EISDIR", errno: EISDIR, syscall: "rm", path };
  return Object.assign(new Error(message), found);
}

/** What a file handle says once it was closed. */
export function fileClosedError(syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error("file closed"), { code: "EBADF", syscall });
}

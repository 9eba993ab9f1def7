import { close, constants, fstat, open, read, type Stats } from "node:fs";
import { promisify } from "node:util";

/**
 * Files by descriptor, as promises.
 *
 * Node's file handles would not do: a descriptor that a socket takes over must have no second owner.
 */
export const closeFile: (fd: number) => Promise<void> = promisify(close);
export const statFile: (fd: number) => Promise<Stats> = promisify(fstat);
const openFile = promisify(open);
const readFile = promisify(read);

/** An open file, and what it was when it was opened. */
export interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

/** Opens to read, such that a named pipe does not wait for somebody who writes. */
export async function openToRead(path: string): Promise<OpenFile> {
  // Windows has no such flag, and no such pipes among its files.
  const opened = await withStats(
    await openFile(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)),
  );
  const { stats } = opened;
  if (stats.isFile() || stats.isFIFO() || stats.isDirectory()) return opened;
  await closeFile(opened.fd);
  return withStats(await openFile(path, "r"));
}

async function withStats(fd: number): Promise<OpenFile> {
  try {
    return { fd, stats: await statFile(fd) };
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
}

/** At most `size` bytes from `at` on; none at the end. */
export async function readAt(fd: number, size: number, at: number): Promise<Buffer> {
  const { bytesRead, buffer } = await readFile(fd, Buffer.allocUnsafe(size), 0, size, at);
  return buffer.subarray(0, bytesRead);
}

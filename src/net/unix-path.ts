import { once } from "node:events";
import { linkSync, lstatSync, renameSync, rmSync, unlinkSync, type Stats } from "node:fs";
import { chmod, lstat, mkdtemp } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { dirname, join } from "node:path";
import { platform } from "node:process";
import { BadInputError } from "../index.ts";

/** What fits into the host's address of a Unix socket, without the zero at its end. */
const LONGEST = platform === "linux" ? 107 : 103;
/** What the place in which a socket is made ready adds to the name of its directory. */
const STAGED = "/.sXXXXXX/s".length;

/** True when a file stands for the socket: not in Linux's abstract names, nor in Windows' pipes. */
function hasFile(path: string): boolean {
  return !path.startsWith("\0") && !path.startsWith("\\\\");
}

/** Refuses what cannot be the path of a socket: hosts cut one that is too long, and use the rest. */
export function checkPath(what: string, path: unknown): asserts path is string {
  if (typeof path !== "string" || path === "") {
    throw new BadInputError(`${what}.path is ${String(path)}; it must be the path of a file`);
  }
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST || path.startsWith("\\\\")) return;
  throw new BadInputError(
    `${what}.path has ${bytes} bytes, this host takes ${LONGEST}: ${path}; put it into a directory with a shorter name`,
  );
}

/** Where and how a server listens on a path. */
export interface PathToListen {
  readonly path: string;
  /** Who may connect, as the permissions of a file: 0o660 for owner and group. */
  readonly mode?: number;
  readonly backlog?: number;
}

/**
 * Makes a server listen on a path, and answers with what takes the path away again.
 *
 * ```text
 *   mkdtemp  dir/.sAbCdEf/        which nobody else may enter
 *   listen   dir/.sAbCdEf/s       chmod mode: before anybody can connect
 *   link     ──► dir/name         fails where there is something
 *                  └ a socket on which nobody answers: taken away, and once more
 * ```
 *
 * So two servers that find the same leftover of a crash cannot take the path from each other, and
 * one that listens is never taken for a leftover. Rejects with `EADDRINUSE` where something is.
 */
export async function listenOnPath(
  server: Server,
  { path, mode, backlog }: PathToListen,
  signal: AbortSignal,
): Promise<() => void> {
  const listening = async (at: string): Promise<void> => {
    signal.throwIfAborted();
    server.listen({ path: at, ...(backlog === undefined ? {} : { backlog }) });
    // A server that is closed meanwhile never says that it listens.
    await once(server, "listening", { signal });
  };
  if (!hasFile(path)) {
    await listening(path);
    return () => {};
  }
  const directory = dirname(path);
  checkPath("listen: the place where a socket is made ready", directory + " ".repeat(STAGED));
  const staging = await mkdtemp(join(directory, ".s"));
  try {
    const staged = join(staging, "s");
    await listening(staged);
    if (mode !== undefined) await chmod(staged, mode);
    const ours = await lstat(staged);
    await claim(path, staged, join(staging, "old"));
    return () => takeAway(path, ours);
  } finally {
    // Not later: from now on peers come, and until the caller goes on nobody receives them.
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Gives the socket its name; what is left of a server that is dead makes way.
 *
 * The last step is taken at once, and not by the host beside us: who connects in between would be
 * accepted before anybody listens for connections, and never be seen.
 */
async function claim(path: string, staged: string, aside: string): Promise<void> {
  for (;;) {
    try {
      linkSync(staged, path);
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const found = await lstat(path).catch(() => null);
    if (found === null) continue;
    if (!found.isSocket() || (await answers(path))) throw inUse(path);
    setAside(path, found, aside);
  }
}

/**
 * Takes away what was found, unless somebody else was faster, and something else has the name now.
 *
 * In one turn: while a rival's socket is aside, a third would find the path free.
 */
function setAside(path: string, found: Stats, aside: string): void {
  try {
    const now = lstatSync(path);
    // One that has another's place on the disk was linked later.
    if (!same(now, found) || now.ctimeMs !== found.ctimeMs) return;
    renameSync(path, aside);
    // Another process was faster: what was taken is theirs, and goes back.
    if (!same(lstatSync(aside), found)) linkSync(aside, path);
  } catch (error) {
    const code = codeOf(error);
    // Not ours to move, as in a directory that belongs to all: that does not change by trying.
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  }
  rmSync(aside, { force: true });
}

/** True when somebody listens there, or it cannot be told: `EAGAIN` is a server that is busy. */
async function answers(path: string): Promise<boolean> {
  const probe = connect(path).on("error", () => {});
  try {
    await once(probe, "connect");
    return true;
  } catch (error) {
    const code = codeOf(error);
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  } finally {
    probe.destroy();
  }
}

/** At once, and not later: a successor may listen on the same path in the next turn. */
function takeAway(path: string, ours: Stats): void {
  try {
    if (same(lstatSync(path), ours)) unlinkSync(path);
  } catch {
    // Gone already, or in a directory that is: then nobody finds it either.
  }
}

function same(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** As the host says it of a port. */
function inUse(path: string): Error {
  const error = new Error(`listen EADDRINUSE: address already in use ${path}`);
  return Object.assign(error, { code: "EADDRINUSE", syscall: "listen", address: path });
}

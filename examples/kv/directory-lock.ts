/** Two servers on the same data would write over each other. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Holds the id of the process that uses the directory. */
const LOCK = "lock";

/** Takes a directory for this process until that exits; throws when another process has it. */
export function lockDirectory(path: string): void {
  mkdirSync(path, { recursive: true });
  const lock = join(path, LOCK);
  const holder = Number(readIfThere(lock) ?? "");
  if (holder !== process.pid && isAlive(holder)) {
    throw new Error(
      `process ${holder} uses this data; if it is no kv server, delete ${lock} and start again`,
    );
  }
  // A process that was killed left its lock behind.
  writeFileSync(lock, String(process.pid));
  process.on("exit", () => rmSync(lock, { force: true }));
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

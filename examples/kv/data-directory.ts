/** The directory that holds a server's files, and what must be true of it before they are opened. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How many shards there are decides where each key is; so it cannot change once there are keys. */
const ABOUT = "kv.json";
/** Holds the id of the process that uses the directory: two would write over each other. */
const LOCK = "lock";

export class DataDirectory {
  readonly #path: string;

  /**
   * Makes the directory, and takes it for this process until that exits.
   *
   * Throws when another process has it, or when it was made for another number of shards.
   */
  constructor(path: string, shards: number) {
    this.#path = path;
    mkdirSync(path, { recursive: true });
    takeLock(join(path, LOCK));
    const about = join(path, ABOUT);
    const found = readShards(about);
    if (found === undefined) {
      writeFileSync(about, `${JSON.stringify({ shards })}\n`, { flush: true });
    } else if (found !== shards) {
      throw new Error(
        `the data in ${path} is divided among ${found} shards, not ${shards}: start with --shards ${found}, or give another --dir`,
      );
    }
  }

  shardFile(shard: number): string {
    return join(this.#path, `shard-${shard}.aof`);
  }
}

function readShards(path: string): number | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const { shards } = JSON.parse(text) as { shards?: unknown };
  if (typeof shards === "number") return shards;
  throw new Error(`${path} does not say how many shards there are; it is damaged`);
}

function takeLock(path: string): void {
  const holder = Number(readIfThere(path) ?? "");
  if (holder !== process.pid && isAlive(holder)) {
    throw new Error(
      `process ${holder} uses this data; if it is no kv server, delete ${path} and start again`,
    );
  }
  // A process that was killed left its lock behind.
  writeFileSync(path, String(process.pid));
  process.on("exit", () => rmSync(path, { force: true }));
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

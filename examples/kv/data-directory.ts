/** The directory that holds a server's files, and what must be true of it before they are opened. */
import { dirname, join, resolve } from "node:path";
import type { Files } from "./files.ts";

/** How many shards there are decides where each key is; so it cannot change once there are keys. */
const ABOUT = "kv.json";

export class DataDirectory {
  readonly files: Files;
  readonly shards: number;
  readonly #path: string;

  /**
   * Makes the directory, so that it survives a power cut.
   *
   * Throws when it was made for another number of shards.
   */
  constructor(files: Files, path: string, shards: number) {
    this.files = files;
    this.shards = shards;
    this.#path = path;
    files.mkdirSync(path, { recursive: true });
    const found = this.#readShards();
    if (found === undefined) this.#begin();
    else if (found !== shards) {
      throw new Error(
        `the data in ${path} is divided among ${found} shards, not ${shards}: start with --shards ${found}, or give another --dir`,
      );
    }
  }

  shardFile(shard: number): string {
    return join(this.#path, `shard-${shard}.aof`);
  }

  #readShards(): number | undefined {
    const path = join(this.#path, ABOUT);
    if (!this.files.existsSync(path)) return undefined;
    const shards = shardsIn(this.files.readFileSync(path, "utf8"));
    if (shards !== undefined) return shards;
    throw new Error(`${path} does not say how many shards there are; it is damaged`);
  }

  /** What says how many shards there are is there as a whole, or not at all, and before all shards. */
  #begin(): void {
    const { files, shards } = this;
    const about = join(this.#path, ABOUT);
    // Nobody knows which of those above were there before.
    for (let at = resolve(this.#path); at !== dirname(at);) {
      at = dirname(at);
      syncIfMine(files, at);
    }
    files.writeFileSync(`${about}.new`, `${JSON.stringify({ shards })}\n`, { flush: true });
    files.renameSync(`${about}.new`, about);
    syncDirectory(files, this.#path);
  }
}

function shardsIn(text: string): number | undefined {
  try {
    const about: unknown = JSON.parse(text);
    if (typeof about !== "object" || about === null || !("shards" in about)) return undefined;
    return typeof about.shards === "number" ? about.shards : undefined;
  } catch {
    return undefined;
  }
}

/** A directory that this process may not read was not made by it. */
function syncIfMine(files: Files, path: string): void {
  try {
    syncDirectory(files, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EACCES")) throw error;
  }
}

function syncDirectory(files: Files, path: string): void {
  const fd = files.openSync(path, "r");
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}

/** The directory that holds a server's files, and what must be true of it before they are opened. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How many shards there are decides where each key is; so it cannot change once there are keys. */
const ABOUT = "kv.json";

export class DataDirectory {
  readonly #path: string;

  /** Makes the directory; throws when it was made for another number of shards. */
  constructor(path: string, shards: number) {
    this.#path = path;
    mkdirSync(path, { recursive: true });
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
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { shards } = JSON.parse(text) as { shards?: unknown };
  if (typeof shards === "number") return shards;
  throw new Error(`${path} does not say how many shards there are; it is damaged`);
}

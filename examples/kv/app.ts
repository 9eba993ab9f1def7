/**
 * The tree of actors:
 *
 * ```
 *   kv ─┬─ shards ─┬─ shard 0     owns a part of the keys, and its file
 *       │          └─ shard 1 …
 *       └─ listener ─┬─ client    one for each connection
 *                    └─ client …
 * ```
 *
 * A shard that fails comes back by itself, with its data, and nobody else notices. It is stopped
 * from the right: first nobody new, then the clients that are there, at last the shards.
 */
import { partitioned, supervisorOf, type System } from "troupe";
import { tcpServer } from "troupe/net";
import { client, CLIENTS } from "./client-actor.ts";
import type { DataDirectory } from "./data-directory.ts";
import { error } from "./resp.ts";
import { MOST_CLIENTS } from "./server-info.ts";
import { Shard } from "./shard-actor.ts";

export interface KvOptions {
  readonly host: string;
  readonly port: number;
  readonly shards: number;
  readonly directory: DataDirectory;
  /** A shard's file is not rewritten before it is so long. */
  readonly rewriteBytes: number;
}

export function kvApp(system: System, options: KvOptions) {
  const { host, port, shards, directory, rewriteBytes } = options;
  const shardsOf = partitioned({
    name: "shards",
    actor: Shard,
    partitions: shards,
    props: (shard) => ({ path: directory.shardFile(shard), rewriteBytes }),
    child: { restart: "permanent", shutdown: 30_000 },
    // A shard may be crashed on purpose, and often; one that cannot start is given up soon enough.
    intensity: { max: 20, within: 5_000 },
  });
  return supervisorOf({ name: "kv", strategy: "restForOne" })
    .child("shards", { actor: shardsOf, restart: "permanent" })
    .child("listener", (refs) => ({
      actor: tcpServer({
        name: "listener",
        connection: client({
          shards: () => refs.shards.partitions(),
          clients: () => system.group(CLIENTS).size,
        }),
        // A client that is owed nothing is not waited for.
        child: { shutdown: 500 },
        limits: { connections: MOST_CLIENTS },
        refusal: error("ERR max number of clients reached"),
      }),
      props: { host, port },
      restart: "permanent",
    }))
    .build();
}

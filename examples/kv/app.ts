/**
 * The tree of actors:
 *
 * ```
 *   kv ─┬─ threads               where shards run, with --threads
 *       ├─ shards ─┬─ shard 0     owns a part of the keys, and its file
 *       │          └─ shard 1 …
 *       └─ listener ─┬─ client    one for each connection
 *                    └─ client …
 * ```
 *
 * A shard that fails comes back by itself, with its data, and nobody else notices. It is stopped
 * from the bottom: first nobody new, then the clients that are there, at last the shards.
 */
import fs from "node:fs";
import { partitioned, supervisorOf, type ActorDef, type System } from "troupe";
import { tcpServer, type Connection, type ListenOnPort, type TcpServer } from "troupe/net";
import { threads } from "troupe/threads";
import { askHere, askOnThread } from "./ask-shard.ts";
import { client, CLIENTS } from "./client-actor.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { SyncPolicy } from "./journal.ts";
import { error } from "./resp.ts";
import { MOST_CLIENTS } from "./server-info.ts";
import { Shard } from "./shard-actor.ts";
import { SHARD_MODULE } from "./shard-thread.ts";

export interface KvOptions {
  readonly host: string;
  readonly port: number;
  readonly directory: DataDirectory;
  readonly sync: SyncPolicy;
  /** A shard's file is not rewritten before it is so long. */
  readonly rewriteBytes: number;
  /** Threads that the shards are put on. Default 0: they run where all else does. */
  readonly threads?: number;
}

/** Defines who lets clients in: it starts the actor that it is given for each connection. */
export type Listener<L> = (
  connection: ActorDef<unknown, Connection>,
) => ActorDef<L, Pick<ListenOnPort, "host" | "port">>;

export const overTcp: Listener<TcpServer> = (connection) =>
  tcpServer({
    name: "listener",
    connection,
    // A client that is owed nothing is not waited for.
    child: { shutdown: 500 },
    limits: { connections: MOST_CLIENTS },
    refusal: error("ERR max number of clients reached"),
  });

export function kvApp<L>(system: System, options: KvOptions, listener: Listener<L>) {
  const { host, port, directory, sync, rewriteBytes, threads: size = 0 } = options;
  const { files } = directory;
  const pool = threads({ size, module: SHARD_MODULE });
  const shards = partitioned({
    name: "shards",
    actor: Shard,
    partitions: directory.shards,
    props: (shard) => ({
      ...(files === fs ? {} : { files }),
      path: directory.shardFile(shard),
      sync,
      rewriteBytes,
    }),
    child: { on: pool, restart: "permanent", shutdown: 30_000 },
    // A shard may be crashed on purpose, and often; one that cannot start is given up soon enough.
    intensity: { max: 20, within: 5_000 },
  });
  return supervisorOf({ name: "kv", strategy: "restForOne" })
    .child("threads", { actor: pool, restart: "permanent" })
    .child("shards", { actor: shards, restart: "permanent" })
    .child("listener", (refs) => ({
      actor: listener(
        client({
          shards: () => refs.shards.partitions(),
          ask: size === 0 ? askHere : askOnThread,
          endThread: (index) => refs.threads.terminate(index),
          clients: () => system.group(CLIENTS).size,
          sync,
        }),
      ),
      props: { host, port },
      restart: "permanent",
    }))
    .build();
}

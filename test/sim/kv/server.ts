import { createSystem, started } from "troupe";
import type { Sim } from "troupe/sim";
import { kvApp } from "../../../examples/kv/app.ts";
import { DataDirectory } from "../../../examples/kv/data-directory.ts";
import type { SyncPolicy } from "../../../examples/kv/journal.ts";
import type { MemoryConnection } from "../../../examples/kv/memory-connection.ts";
import { inMemory } from "../../../examples/kv/memory-listener.ts";

/** The key-value server as `npm start` runs it, without sockets, on the simulated disk. */
export interface KvServer {
  /** The connection of a client, made when it first asks, and again when it is broken. */
  connection(client: number): Promise<MemoryConnection>;
}

export interface KvServerOptions {
  readonly sync: SyncPolicy;
  readonly shards?: number;
  /** Small: files are rewritten again and again. */
  readonly rewriteBytes?: number;
}

/** Starts it as `main.ts` does. */
export async function startServer(sim: Sim, options: KvServerOptions): Promise<KvServer> {
  const { sync, shards = 2, rewriteBytes = 120 } = options;
  const system = createSystem({ name: "kv", callTimeout: Infinity, development: false });
  const directory = new DataDirectory(sim.disk, "/var/kv", shards);
  const address = { host: "memory", port: 6399 };
  const app = system.spawn(
    kvApp(system, { ...address, directory, sync, rewriteBytes }, inMemory),
    undefined,
    { restart: "permanent" },
  );
  await started(app);
  const connections = new Map<number, MemoryConnection>();
  return {
    async connection(client) {
      const open = connections.get(client);
      if (open?.isOpen === true) return open;
      const made = await app.child("listener").connect();
      connections.set(client, made);
      return made;
    },
  };
}

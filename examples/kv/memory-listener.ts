/** Clients without sockets, for tests and simulations: they run what clients over TCP run. */
import { drain, implement, monitor } from "troupe";
import type { Listener } from "./app.ts";
import { MemoryConnection } from "./memory-connection.ts";

export interface MemoryListener {
  /** A new connection; the client's end of it is the caller's. */
  connect(): Promise<MemoryConnection>;
}

/** A connection ends with its actor: normally when that does, with a reset when it fails. */
export const inMemory: Listener<MemoryListener> = (client) => {
  let last = 0;
  return implement<MemoryListener>()({
    name: "listener",
    supervision: { strategy: "dynamic" },
    init: (_ctx, { host, port }) => ({ address: host ?? "", port }),
    call: {
      connect(ctx) {
        const connection = new MemoryConnection(++last, ctx.state);
        const actor = ctx.spawn(client, connection, { restart: "temporary", shutdown: 500 });
        connection.onReadToEnd = () => void drain(actor);
        monitor(actor, ({ reason: { kind } }) => {
          if (kind === "normal" || kind === "shutdown") connection.end();
          else connection.destroy();
        });
        return connection;
      },
    },
  });
};

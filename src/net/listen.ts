import { createServer, type Server } from "node:net";
import { once } from "node:events";

/** Where a server listens. */
export interface ListenOptions {
  /** 0 for any that is free; a restarted server takes the same one again. */
  readonly port: number;
  /** Default 127.0.0.1, which only this machine can reach. */
  readonly host?: string;
  /** Connections that the host keeps waiting to be accepted. Default 511. */
  readonly backlog?: number;
}

/**
 * Binds and listens, until the signal aborts.
 *
 * Rejects with the host's error, such as `EADDRINUSE`. Sockets may be half-open, and count as full
 * with `writeBytes` unsent.
 */
export async function listen(
  options: ListenOptions,
  writeBytes: number,
  signal: AbortSignal,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, highWaterMark: writeBytes });
  signal.addEventListener("abort", () => server.close(), { once: true });
  server.listen({ host: "127.0.0.1", ...options });
  await once(server, "listening");
  // Closing did nothing while the host's name was still being looked up.
  if (signal.aborted) server.close();
  return server;
}

import { once } from "node:events";
import { Socket } from "node:net";
import { KilledError, type InitContext } from "../index.ts";
import type { Connection } from "./connection.ts";
import { resolveLimits, type ConnectionLimits } from "./limits.ts";
import { SocketConnection } from "./socket-connection.ts";

/** Where to, and within which limits. */
export interface ConnectOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly limits?: ConnectionLimits;
  /** This side stays open when the peer has ended its own. Default false. */
  readonly halfOpen?: boolean;
}

/**
 * Opens a connection that belongs to an actor: it ends with the actor's incarnation.
 *
 * Rejects with the host's error, such as `ECONNREFUSED`. After a kill the peer sees a reset;
 * otherwise what was written is sent first.
 */
export async function connect(
  ctx: Pick<InitContext, "signal">,
  options: ConnectOptions,
): Promise<Connection> {
  const { port, host = "127.0.0.1", halfOpen = false } = options;
  const limits = resolveLimits("connect: limits", options.limits);
  const { signal } = ctx;
  const socket = new Socket({ allowHalfOpen: true, highWaterMark: limits.writeBytes } as object);
  socket.connect({ port, host });
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : error;
  }
  const connection = new SocketConnection(socket, limits, {
    onReadToEnd: (ended) => {
      if (!halfOpen) ended.finish();
    },
    onClose: () => signal.removeEventListener("abort", leave),
    onCutOff: () => {},
  });
  const leave = (): void => {
    if (signal.reason instanceof KilledError) connection.destroy();
    else connection.finish();
  };
  signal.addEventListener("abort", leave, { once: true });
  return connection;
}

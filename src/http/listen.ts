import { once } from "node:events";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { BadInputError } from "../index.ts";
import { checkPort } from "../net/dial.ts";
import { checkPath, listenOnPath } from "../net/unix-path.ts";
import type { HttpLimits } from "./limits.ts";

/** Where an HTTP server listens: a port, or a path. */
export type HttpListenOptions = HttpListenOnPort | HttpListenOnPath;

/** A port, for this machine or for others too. */
export interface HttpListenOnPort {
  /** 0 for any that is free; a restarted server takes the same one again. */
  readonly port: number;
  /** Default 127.0.0.1, which only this machine can reach. */
  readonly host?: string;
  /** Connections that the host keeps waiting to be accepted. Default 511. */
  readonly backlog?: number;
  readonly path?: undefined;
}

/**
 * A Unix socket.
 *
 * What a server that crashed has left there is replaced; the file is gone when the server ends.
 */
export interface HttpListenOnPath {
  readonly path: string;
  /** Who may connect, as a file's permissions: 0o660. Default: the host's. */
  readonly mode?: number;
  readonly backlog?: number;
  readonly port?: undefined;
}

/** Where it is reached. */
export interface HttpAddress {
  /** `http://127.0.0.1:8080`, without a slash behind; of a Unix socket `unix:` and the path. */
  readonly url: string;
  /** The host's, as a number; of a Unix socket its path. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

export type { TlsOptions };

/** Refuses what is nowhere, before anything is begun. */
export function checkListen(options: HttpListenOptions): void {
  // Who spawns without props gives undefined, where the compiler does not see it.
  const { port, path } = Object(options) as Partial<HttpListenOptions>;
  if ((port === undefined) === (path === undefined)) {
    throw new BadInputError(
      `httpServer: listen at a port (0 for any) or at a path; given were port ${port} and path ${path}`,
    );
  }
  if (port !== undefined) checkPort("httpServer: port", port, 0);
  if (path !== undefined) checkPath("httpServer", path);
}

/** Less than what fits into 31 bits: the host adds to its times. */
const MOST = 2_000_000_000;

/** Makes the host's server, with the limits that are its own business. */
export function makeServer(limits: Required<HttpLimits>, tls: TlsOptions | undefined): Server {
  const { headMs, requestMs, keepAliveMs, headBytes, connections } = limits;
  const options: ServerOptions = {
    headersTimeout: hostTime(headMs === Infinity ? headMs : Math.min(headMs, requestMs)),
    requestTimeout: hostTime(requestMs),
    keepAliveTimeout: hostTime(keepAliveMs),
    // The host looks for those that are late every so often.
    connectionsCheckingInterval: Math.ceil(
      Math.max(10, Math.min(30_000, headMs / 4, requestMs / 4)),
    ),
    maxHeaderSize: Math.min(Math.ceil(headBytes), MOST),
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(options)
      : // Node gives a handshake 120 s; nobody has to wait longer for it than for a head.
        createTlsServer({ ...options, handshakeTimeout: options.headersTimeout, ...tls });
  if (connections !== Infinity) server.maxConnections = connections;
  return server;
}

/** The host takes whole numbers only, and has 0 for "no limit". */
function hostTime(ms: number): number {
  return ms === Infinity ? 0 : Math.min(Math.ceil(ms), MOST);
}

/** Listens until the signal aborts. Rejects with the host's error, such as `EADDRINUSE`. */
export async function listen(
  server: Server,
  options: HttpListenOptions,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  signal.addEventListener("abort", () => server.close(), { once: true });
  const { backlog } = options;
  const rest = backlog === undefined ? {} : { backlog };
  if (options.path === undefined) {
    const { port, host = "127.0.0.1" } = options;
    server.listen({ port, host, ...rest });
    await once(server, "listening");
  } else {
    const { path, mode } = options;
    const how = { path, ...rest, ...(mode === undefined ? {} : { mode }) };
    server.once("close", await listenOnPath(server, how, signal));
  }
  // Closing did nothing while the host's name was still being looked up.
  if (signal.aborted) server.close();
}

/** Where a server that listens is reached. */
export function addressOf(server: Server, path: string | undefined, isTls: boolean): HttpAddress {
  // The host says where the path's socket was made, and not what it is called now.
  if (path !== undefined) return { url: `unix:${path}`, address: path, port: 0 };
  const at = server.address() as AddressInfo;
  const host = at.family === "IPv6" ? `[${at.address}]` : at.address;
  return {
    url: `http${isTls ? "s" : ""}://${host}:${at.port}`,
    address: at.address,
    port: at.port,
  };
}

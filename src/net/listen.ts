import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { BadInputError } from "../index.ts";
import type { Endpoint } from "./connection.ts";
import { checkPort } from "./dial.ts";
import type { ServerTls } from "./tls.ts";
import { checkPath, listenOnPath } from "./unix-path.ts";

/** Where a server listens: on a port, or on the path of a Unix socket. */
export type ListenOptions = ListenOnPort | ListenOnPath;

/** A port, for this machine or for others too. */
export interface ListenOnPort {
  /** 0 for any that is free; a restarted server takes the same one again. */
  readonly port: number;
  /** Default 127.0.0.1, which only this machine can reach. `::` is for all, IPv4 and IPv6. */
  readonly host?: string;
  /** With an IPv6 address: nobody comes by IPv4. Default false. */
  readonly ipv6Only?: boolean;
  /** Connections that the host keeps waiting to be accepted. Default 511. */
  readonly backlog?: number;
  /**
   * Encrypted, with this key and certificate. A function is asked at each start, and by `renew`: it
   * may read files.
   */
  readonly tls?: ServerTls | (() => ServerTls | Promise<ServerTls>);
  readonly path?: undefined;
}

/**
 * A Unix socket: for this machine only, and for those whom the file's permissions let in. On Windows
 * a named pipe, `\\?\pipe\name`.
 *
 * What a server that crashed has left there is replaced; one that lives is not. The file is gone when
 * the server ends.
 */
export interface ListenOnPath {
  /** Of at most 107 bytes (Linux; elsewhere 103), in a directory that is there. */
  readonly path: string;
  /** Who may connect, as a file's permissions, from the first moment: 0o660. Default: the host's. */
  readonly mode?: number;
  readonly backlog?: number;
  readonly port?: undefined;
  readonly tls?: undefined;
}

/** A server that listens. */
export interface Listener {
  readonly server: Server;
  readonly address: Endpoint;
}

/** Refuses what is no place to listen on. */
export function checkListen(options: ListenOptions): void {
  const { port, path, tls } = options;
  if ((port === undefined) === (path === undefined)) {
    throw new BadInputError("listen: give either a port or a path");
  }
  if (port !== undefined) checkPort("listen.port", port, 0);
  if (path !== undefined) checkPath("listen", path);
  if (path !== undefined && (tls as unknown) !== undefined) {
    throw new BadInputError(
      "listen: tls is for ports; who may use a path is said by mode, and by its directory",
    );
  }
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
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, highWaterMark: writeBytes });
  let leavePath: (() => void) | undefined;
  const leave = (): void => {
    // What was begun may still fail, when nobody waits for it any more.
    server.on("error", ignore);
    leavePath?.();
    server.close();
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    if (options.path === undefined) {
      const { tls: _, ...where } = options;
      server.listen({ host: "127.0.0.1", ...where });
      await once(server, "listening");
    } else {
      leavePath = await listenOnPath(server, options, signal);
    }
  } catch (error) {
    leave();
    throw error;
  }
  const address = addressOf(server, options.path);
  // Closing did nothing while the host's name was still being looked up, or the path made ready.
  if (signal.aborted) leave();
  return { server, address };
}

function addressOf(server: Server, path: string | undefined): Endpoint {
  if (path !== undefined) return { address: "", port: 0, path };
  const { address, port } = server.address() as AddressInfo;
  return { address, port };
}

function ignore(): void {}

import { once } from "node:events";
import { Socket } from "node:net";
import { BadInputError, TimeoutError } from "../index.ts";
import { createHostWorld } from "../world/host-world.ts";
import type { Endpoint } from "./connection.ts";
import type { ConnectionLimits } from "./limits.ts";
import { secure, sessionOf, type ClientTls, type TlsSession } from "./tls.ts";
import { checkPath } from "./unix-path.ts";

/** Where a client connects to, and how long it tries. */
export type DialOptions = DialPort | DialPath;

/** A port of this or another machine. */
export interface DialPort {
  readonly port: number;
  /** A name is looked up anew each time. Default 127.0.0.1. */
  readonly host?: string;
  /** Encrypted; `true` for what is usual. Default: it is not. */
  readonly tls?: boolean | ClientTls;
  /** To be connected, and agreed upon encryption. Default 10,000 ms. */
  readonly connectMs?: number;
  readonly path?: undefined;
}

/** A Unix socket of this machine, or a named pipe of Windows. */
export interface DialPath {
  readonly path: string;
  readonly connectMs?: number;
  readonly port?: undefined;
  readonly host?: undefined;
  readonly tls?: undefined;
}

/** A socket that is ready, and what is known of it. */
export interface Opened {
  readonly socket: Socket;
  /** What a reset can be sent on: the socket, or what is under it; null for a Unix socket. */
  readonly wire: Socket | null;
  readonly tls?: TlsSession;
  /** Where the socket does not know it. */
  readonly remote?: Endpoint;
  readonly local?: Endpoint;
}

/** Sockets live in the host's time, also where actors do not. */
const world = createHostWorld();

/** Refuses what is no place to connect to. */
export function checkDial(what: string, options: DialOptions): void {
  const { port, path, tls, connectMs = 1 } = options;
  if ((port === undefined) === (path === undefined)) {
    throw new BadInputError(`${what}: give either a port or a path`);
  }
  if (port !== undefined) checkPort(`${what}.port`, port, 1);
  if (path !== undefined) checkPath(what, path);
  if (path !== undefined && (tls as unknown) !== undefined) {
    throw new BadInputError(`${what}: tls is for ports; what goes to a path stays on the machine`);
  }
  if (!(connectMs > 0)) {
    throw new BadInputError(`${what}.connectMs is ${connectMs}; it must be a number more than 0`);
  }
}

/** Refuses what is no port, such as what an environment variable does not have. */
export function checkPort(what: string, port: unknown, min: 0 | 1): void {
  if (Number.isInteger(port) && Number(port) >= min && Number(port) < 65_536) return;
  throw new BadInputError(
    `${what} is ${String(port)}; it must be a whole number from ${min} to 65535`,
  );
}

/** Names the other end, for people. */
export function showDial({ host = "127.0.0.1", port, path }: DialOptions): string {
  return path ?? `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Connects, and agrees upon encryption where that was asked for.
 *
 * Rejects with the host's error (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), with `TimeoutError`, or with
 * the signal's reason; then no socket stays behind.
 */
export async function dial(
  options: DialOptions,
  limits: Required<ConnectionLimits>,
  signal: AbortSignal,
): Promise<Opened> {
  const { port, host = "127.0.0.1", path, tls, connectMs = 10_000 } = options;
  const wire = new Socket({ allowHalfOpen: true, highWaterMark: limits.writeBytes } as object);
  // It may tell of an error when nobody waits any more.
  wire.on("error", () => {});
  const late = new AbortController();
  const timer =
    connectMs === Infinity
      ? undefined
      : world.setTimer(connectMs, () =>
          late.abort(new TimeoutError(`connecting to ${showDial(options)}`, connectMs)),
        );
  const either = AbortSignal.any([signal, late.signal]);
  try {
    signal.throwIfAborted();
    wire.connect(path === undefined ? { port, host } : { path });
    await once(wire, "connect", { signal: either });
    if (path !== undefined) {
      return { socket: wire, wire: null, remote: { address: "", port: 0, path } };
    }
    if (tls === undefined || tls === false) return { socket: wire, wire };
    const socket = await secure(wire, host, tls === true ? {} : tls, either);
    return { socket, wire, tls: sessionOf(socket) };
  } catch (error) {
    wire.destroy();
    throw either.aborted ? either.reason : outspoken(error);
  } finally {
    if (timer !== undefined) world.clearTimer(timer);
  }
}

/** Of a name with several addresses, none of which answers, Node's error has no message. */
export function outspoken(error: unknown): unknown {
  if (!(error instanceof AggregateError) || error.message !== "") return error;
  const parts = error.errors.map((part: unknown) => (part instanceof Error ? part.message : ""));
  const { code } = error as { readonly code?: string };
  return Object.assign(new Error(parts.join("; "), { cause: error }), { code });
}

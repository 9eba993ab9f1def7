import { lookup } from "node:dns/promises";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { BadInputError, KilledError, type InitContext } from "../index.ts";
import type { Endpoint } from "./connection.ts";
import { checkPort } from "./dial.ts";
import { HostUdpSocket } from "./udp-socket.ts";
import { whenOver } from "./when-over.ts";

/** What came in one piece, and from whom. */
export interface Datagram {
  readonly data: Buffer;
  readonly from: Endpoint;
}

/** What one UDP socket may take of the process. */
export interface UdpLimits {
  /** Datagrams that came and wait for the actor; one more is dropped. Default 1,000. */
  readonly readDatagrams?: number;
  /** Their bytes together. Default 1 MiB. */
  readonly readBytes?: number;
  /** Bytes that were sent and wait for the host: with more, `send` says to wait. Default 64 KiB. */
  readonly writeBytes?: number;
  /** With more bytes waiting than these, what is sent is refused. Default 1 MiB. */
  readonly unsentBytes?: number;
  /** What is left to send when the actor has ended must be taken in this time. Default 1,000 ms. */
  readonly closeMs?: number;
}

/** Where a UDP socket is, and how it sends. */
export interface UdpOptions {
  /** Default 0: any that is free. */
  readonly port?: number;
  /**
   * The address, which also says whether it is IPv4 or IPv6. Default 127.0.0.1, which only this
   * machine can reach; with `connect`, any.
   */
  readonly host?: string;
  /**
   * The only peer: nobody else's datagrams come in, and that it is not there is told, by `ECONNREFUSED`
   * in `error`.
   */
  readonly connect?: { readonly port: number; readonly host?: string };
  readonly limits?: UdpLimits;
  /** Which goes when there is no room: the newest (default), or the oldest. */
  readonly whenFull?: "dropNewest" | "dropOldest";
  /** It may send to broadcast addresses. Default false. */
  readonly broadcast?: boolean;
  /** Routers that a datagram may pass. Default: the host's, 64. */
  readonly ttl?: number;
  readonly multicast?: UdpMulticast;
  /** Several sockets may have the port, as for multicast. Default false. */
  readonly reuseAddress?: boolean;
  readonly ipv6Only?: boolean;
  /** Bytes that the host keeps until Node reads them. Default: the host's. */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
}

/** What a UDP socket has to do with multicast groups. */
export interface UdpMulticast {
  /** Addresses of the groups to be heard. */
  readonly groups?: readonly string[];
  /** The address of the interface to hear and send by. Default: the host's choice. */
  readonly interface?: string;
  /** Routers that a datagram to a group may pass. Default 1: it stays in this network. */
  readonly ttl?: number;
  /** What is sent to a group is heard on this machine too. Default true. */
  readonly loopback?: boolean;
}

/** What has become of all datagrams of a socket. */
export interface UdpStats {
  /** Came in, those included that were dropped then. */
  readonly received: number;
  /** Came in, and found no room. */
  readonly dropped: number;
  /** Taken by the host; whether they arrive, nobody knows. */
  readonly sent: number;
  /** The host said no, at once or later: too large, no route, nobody there. `error` is the last. */
  readonly failed: number;
  /** Not given to the host, because too much was waiting, or the socket was over. */
  readonly refused: number;
}

/**
 * A UDP socket: a source of datagrams, and a sink, for one actor.
 *
 * As a source it yields the next datagram when the one before has been handled; while the actor is
 * busy, some wait, and the rest is dropped and counted, for UDP cannot ask a peer to wait. It ends with
 * the socket.
 */
export interface UdpSocket extends AsyncIterable<Datagram> {
  readonly local: Endpoint;
  /** The only peer, where there is one. */
  readonly remote: Endpoint | undefined;
  readonly isOpen: boolean;
  /** What went wrong last. It costs a datagram, and not the socket. */
  readonly error: Error | undefined;
  /** Datagrams that came and wait for the actor. */
  readonly unread: number;
  readonly unsentBytes: number;
  stats(): UdpStats;

  /**
   * Sends one datagram: bytes, which must stay as they are until they are sent, or text as UTF-8.
   *
   * Answers false when so much waits that `drained` should be awaited, also when this one was refused
   * for that. Give addresses: a name is looked up for each datagram.
   */
  send(data: string | Uint8Array, to?: Pick<Endpoint, "address" | "port">): boolean;
  /** Resolves when the host has taken all that was sent, or the socket is over. */
  drained(): Promise<void>;
  /** Sends what is left, then closes. */
  close(): void;
}

const KIB = 1024;
const DEFAULTS: Required<UdpLimits> = {
  readDatagrams: 1_000,
  readBytes: KIB * KIB,
  writeBytes: 64 * KIB,
  unsentBytes: KIB * KIB,
  closeMs: 1_000,
};

/**
 * Opens a UDP socket that belongs to an actor: it ends with the actor's incarnation.
 *
 * Rejects with the host's error, such as `EADDRINUSE`. What was sent is sent before it closes, but for
 * a kill.
 */
export async function udp(
  ctx: Pick<InitContext, "signal" | "log">,
  options: UdpOptions = {},
): Promise<UdpSocket> {
  const limits = checkUdp(options);
  const { signal } = ctx;
  const { connect, port = 0, host = connect === undefined ? "127.0.0.1" : undefined } = options;
  const { family } = await lookup(host ?? connect?.host ?? "127.0.0.1");
  signal.throwIfAborted();
  const socket = createSocket({
    type: family === 6 ? "udp6" : "udp4",
    reuseAddr: options.reuseAddress === true,
    ipv6Only: options.ipv6Only === true,
    ...sizes(options),
  });
  // It may tell of an error when nobody waits any more.
  socket.on("error", () => {});
  try {
    socket.bind({ port, ...(host === undefined ? {} : { address: host }) });
    await once(socket, "listening", { signal });
    if (connect !== undefined) {
      socket.connect(connect.port, connect.host ?? "127.0.0.1");
      await once(socket, "connect", { signal });
    }
    applyOptions(socket, options);
  } catch (error) {
    socket.close();
    throw signal.aborted ? signal.reason : error;
  }
  const opened = new HostUdpSocket(socket, ctx, limits, options);
  const forget = whenOver(signal, () => {
    if (signal.reason instanceof KilledError) opened.closeNow();
    else opened.close();
  });
  socket.once("close", forget);
  signal.throwIfAborted();
  return opened;
}

function sizes({ receiveBufferBytes, sendBufferBytes }: UdpOptions): object {
  return {
    ...(receiveBufferBytes === undefined ? {} : { recvBufferSize: receiveBufferBytes }),
    ...(sendBufferBytes === undefined ? {} : { sendBufferSize: sendBufferBytes }),
  };
}

function applyOptions(socket: Socket, { broadcast, ttl, multicast = {} }: UdpOptions): void {
  if (broadcast !== undefined) socket.setBroadcast(broadcast);
  if (ttl !== undefined) socket.setTTL(ttl);
  if (multicast.ttl !== undefined) socket.setMulticastTTL(multicast.ttl);
  if (multicast.loopback !== undefined) socket.setMulticastLoopback(multicast.loopback);
  if (multicast.interface !== undefined) socket.setMulticastInterface(multicast.interface);
  for (const group of multicast.groups ?? []) socket.addMembership(group, multicast.interface);
}

function checkUdp(options: UdpOptions): Required<UdpLimits> {
  const { limits = {}, whenFull = "dropNewest", port = 0, connect } = options;
  checkPort("udp: port", port, 0);
  if (connect !== undefined) checkPort("udp: connect.port", connect.port, 1);
  if (whenFull !== "dropNewest" && whenFull !== "dropOldest") {
    throw new BadInputError(
      `udp: whenFull is ${String(whenFull)}; it can be "dropNewest" or "dropOldest"`,
    );
  }
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in DEFAULTS)) {
      const known = Object.keys(DEFAULTS).join(", ");
      throw new BadInputError(`udp: there is no limit "${name}"; there are ${known}`);
    }
    if (typeof value === "number" && value > 0) continue;
    throw new BadInputError(
      `udp: limits.${name} is ${String(value)}; it must be a number more than 0`,
    );
  }
  return { ...DEFAULTS, ...limits };
}

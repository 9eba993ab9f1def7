import type { Socket } from "node:net";
import { createSecureContext, createServer, type Server, type TLSSocket } from "node:tls";
import { BadInputError } from "../index.ts";
import type { Opened } from "./dial.ts";
import type { ListenOnPort } from "./listen.ts";
import { checkCertificate, sessionOf, type ServerTls } from "./tls.ts";

type Source = NonNullable<ListenOnPort["tls"]>;

/**
 * Where sockets that a server has accepted become encrypted ones.
 *
 * ```text
 *   accepted ──► handshake ──┬── onOpened: a connection begins
 *                            └── failed: wrong protocol or certificate, left, too slow
 * ```
 *
 * Nobody but the server knows of a peer before that, so one that never speaks holds a socket for the
 * time that a handshake may take, and no actor.
 */
export class TlsEntrance {
  onOpened: (opened: Opened) => void = () => {};
  onFirstFailure: (error: Error) => void = () => {};
  /** Peers that did not get through. */
  failed = 0;
  readonly #source: Source;
  readonly #server: Server;
  /** By both ends' addresses: Node tells of an encrypted socket, and not of the one below it. */
  readonly #waiting = new Map<string, Socket>();

  private constructor(source: Source, settings: ServerTls, signal: AbortSignal) {
    const { handshakeMs = 10_000, ...tls } = settings;
    if (!(handshakeMs > 0 && Number.isFinite(handshakeMs))) {
      throw new BadInputError(
        `listen: tls.handshakeMs is ${handshakeMs}; it must be a number of ms, more than 0`,
      );
    }
    this.#source = source;
    this.#server = createServer({ ...tls, handshakeTimeout: handshakeMs });
    this.#server.on("secureConnection", (socket) => this.#let(socket));
    this.#server.on("tlsClientError", (error, socket) => this.#turnAway(error, socket));
    signal.addEventListener("abort", () => this.#close(), { once: true });
  }

  /** Rejects with Node's error where key and certificate are none, or do not belong together. */
  static async open(source: Source, signal: AbortSignal): Promise<TlsEntrance> {
    return new TlsEntrance(source, await settingsOf(source), signal);
  }

  /** Peers with which nothing has been agreed upon yet. */
  get size(): number {
    return this.#waiting.size;
  }

  admit(wire: Socket): void {
    const key = keyOf(wire);
    this.#waiting.set(key, wire);
    wire.once("close", () => this.#forget(key, wire));
    // It may be gone before Node listens.
    wire.on("error", () => {});
    // One that ends its side now will never be understood.
    wire.allowHalfOpen = false;
    this.#server.emit("connection", wire);
  }

  /** Takes a new certificate for those who come from now on. */
  async renew(): Promise<void> {
    const { handshakeMs: _, ...tls } = await settingsOf(this.#source);
    // Made first, and thrown away: setting one that is bad would leave the server with none.
    createSecureContext(tls);
    this.#server.setSecureContext(tls);
  }

  #let(socket: TLSSocket): void {
    const key = keyOf(socket);
    const wire = this.#waiting.get(key) ?? null;
    if (wire !== null) this.#forget(key, wire);
    socket.allowHalfOpen = true;
    this.onOpened({ socket, wire, tls: sessionOf(socket) });
  }

  #turnAway(error: Error, socket: TLSSocket): void {
    if (this.failed++ === 0) this.onFirstFailure(error);
    const key = keyOf(socket);
    const wire = this.#waiting.get(key);
    if (wire !== undefined) this.#forget(key, wire);
    socket.destroy();
  }

  #forget(key: string, wire: Socket): void {
    if (this.#waiting.get(key) === wire) this.#waiting.delete(key);
  }

  #close(): void {
    for (const wire of this.#waiting.values()) wire.destroy();
  }
}

async function settingsOf(source: Source): Promise<ServerTls> {
  const settings = await (typeof source === "function" ? source() : source);
  checkCertificate("listen", settings);
  return settings;
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

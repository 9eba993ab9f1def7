import type { Socket } from "node:net";
import { BadInputError } from "../index.ts";
import { createHostWorld } from "../world/host-world.ts";
import type { Connection, Endpoint } from "./connection.ts";
import type { Opened } from "./dial.ts";
import { Inflow } from "./inflow.ts";
import type { ConnectionLimits } from "./limits.ts";
import { Outflow } from "./outflow.ts";
import type { TlsSession } from "./tls.ts";

/** Whoever keeps a connection, and what it wants to know of it. */
export interface Owner {
  /** The reader has had everything that there was, and nothing more comes. */
  onReadToEnd(connection: SocketConnection): void;
  onClose(connection: SocketConnection): void;
  /** The peer did not read, and too much waited for it. */
  onCutOff(connection: SocketConnection): void;
}

function endpoint(address = "", port = 0): Endpoint {
  return { address, port };
}

let lastId = 0;
/** A socket's time is the host's, also where that of the actors is not. */
const world = createHostWorld();

/** A connection over a Node socket that allows half-open. */
export class SocketConnection implements Connection {
  readonly id: number = ++lastId;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsSession | undefined;
  error: Error | undefined;
  /** A byte has moved since somebody set this to false. */
  active = true;
  readonly #socket: Socket;
  readonly #wire: Socket | null;
  readonly #limits: Required<ConnectionLimits>;
  readonly #inflow: Inflow;
  readonly #outflow: Outflow;

  constructor(opened: Opened, limits: Required<ConnectionLimits>, owner: Owner) {
    const { socket, wire, tls } = opened;
    this.#socket = socket;
    this.#wire = wire;
    this.#limits = limits;
    this.tls = tls;
    this.remote = opened.remote ?? endpoint(socket.remoteAddress, socket.remotePort);
    this.local = opened.local ?? endpoint(socket.localAddress, socket.localPort);
    this.#inflow = new Inflow(socket, limits.readBytes, () => owner.onReadToEnd(this));
    this.#outflow = new Outflow(socket, limits, () => {
      owner.onCutOff(this);
      this.error ??= new Error(`the peer did not read; ${this.unsentBytes} bytes waited for it`);
      this.destroy();
    });
    socket.setNoDelay(true);
    // Some 10 s: the host asks 10 times, once a second, as libuv sets it.
    if (limits.keepAliveMs !== Infinity) wire?.setKeepAlive(true, limits.keepAliveMs);
    socket.on("data", (chunk: Buffer) => {
      this.active = true;
      this.#inflow.take(chunk);
    });
    socket.on("end", () => this.#inflow.end());
    socket.on("error", (error) => (this.error ??= error));
    socket.on("close", () => {
      this.#inflow.end();
      owner.onClose(this);
    });
  }

  get isOpen(): boolean {
    return !this.#outflow.isOver;
  }

  get unsentBytes(): number {
    return this.#outflow.bytes;
  }

  get unreadBytes(): number {
    return this.#inflow.bytes;
  }

  /** True when nobody reads, or there is nothing left to be read. */
  get isRead(): boolean {
    return this.#inflow.isDone;
  }

  write(data: string | Uint8Array, encoding: "utf8" | "latin1" = "utf8"): boolean {
    this.active = true;
    if (typeof data === "string") {
      return this.#outflow.write(encoding === "utf8" ? Buffer.from(data) : data);
    }
    // Now, while it is known whose fault it is: later the socket would throw, in nobody's turn.
    if (!(data instanceof Uint8Array)) {
      throw new BadInputError(`connection: ${typeof data} cannot be written, only text and bytes`);
    }
    return this.#outflow.write(data);
  }

  drained(): Promise<void> {
    return this.#outflow.drained();
  }

  end(data?: string | Uint8Array, encoding?: "utf8" | "latin1"): void {
    if (data !== undefined) this.write(data, encoding);
    this.#outflow.end();
  }

  destroy(): void {
    // An encrypted socket stays open until it hears of its wire's end; ended by us too, in the same
    // turn, it would end the process: Node 20 crashes.
    this.#outflow.abandon();
    if (this.#wire === null) this.#socket.destroy();
    else this.#wire.resetAndDestroy();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.#inflow.read();
  }

  /** Nobody is there any more: sends what is left and waits for the peer, for a limited time. */
  finish(): void {
    if (this.#socket.destroyed) return;
    this.#outflow.end();
    this.#inflow.discard();
    const limit = world.setTimer(this.#limits.closeMs, () => this.#socket.destroy());
    this.#socket.on("close", () => world.clearTimer(limit));
  }
}

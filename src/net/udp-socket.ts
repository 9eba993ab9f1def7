import type { RemoteInfo, Socket } from "node:dgram";
import { BadInputError, type InitContext } from "../index.ts";
import { createHostWorld } from "../world/host-world.ts";
import type { Endpoint } from "./connection.ts";
import { checkPort } from "./dial.ts";
import { Datagrams } from "./datagrams.ts";
import type { Datagram, UdpLimits, UdpOptions, UdpSocket, UdpStats } from "./udp.ts";

/** Sockets live in the host's time, also where actors do not. */
const world = createHostWorld();
const settled = Promise.resolve();

/** A UDP socket of Node's, which is bound. */
export class HostUdpSocket implements UdpSocket {
  readonly local: Endpoint;
  readonly remote: Endpoint | undefined;
  isOpen = true;
  error: Error | undefined;
  unsentBytes = 0;
  readonly #socket: Socket;
  readonly #limits: Required<UdpLimits>;
  readonly #inflow: Datagrams;
  readonly #counts = { sent: 0, failed: 0, refused: 0 };
  /** Datagrams on their way to the host; an empty one has no bytes. */
  #pending = 0;
  #waiters: (() => void)[] = [];
  #isClosed = false;

  constructor(
    socket: Socket,
    { log }: Pick<InitContext, "log">,
    limits: Required<UdpLimits>,
    { connect, whenFull }: UdpOptions,
  ) {
    this.#socket = socket;
    this.#limits = limits;
    this.local = endpoint(socket.address());
    this.remote = connect === undefined ? undefined : endpoint(socket.remoteAddress());
    this.#inflow = new Datagrams(limits, whenFull === "dropOldest", () =>
      log.warn("drops datagrams, which come faster than they are handled", { ...this.local }),
    );
    socket.on("message", (data: Buffer, { address, port }: RemoteInfo) =>
      this.#inflow.take({ data, from: { address, port } }),
    );
    // A datagram that was taken, and then not: the host hears of it later.
    socket.on("error", (error) => this.#failed(error));
  }

  get unread(): number {
    return this.#inflow.size;
  }

  stats(): UdpStats {
    const { received, dropped } = this.#inflow;
    return { received, dropped, ...this.#counts };
  }

  send(data: string | Uint8Array, to?: Pick<Endpoint, "address" | "port">): boolean {
    this.#check(data, to);
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (!this.isOpen || this.unsentBytes > this.#limits.unsentBytes) {
      this.#counts.refused++;
      return false;
    }
    this.#pending++;
    this.unsentBytes += bytes.length;
    const done = (error: Error | null): void => this.#sent(bytes.length, error);
    if (to === undefined) this.#socket.send(bytes, done);
    else this.#socket.send(bytes, to.port, to.address, done);
    return this.unsentBytes < this.#limits.writeBytes;
  }

  /** All that Node would throw for: what it did not take would be waited for. */
  #check(data: unknown, to: Pick<Endpoint, "address" | "port"> | undefined): void {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new BadInputError(`udp: a datagram is text or bytes; ${typeof data} is neither`);
    }
    if ((to === undefined) === (this.remote === undefined)) {
      throw new BadInputError(
        to === undefined
          ? "udp: say where to send to; only a connected socket knows by itself"
          : "udp: the socket is connected, and can send to nobody else",
      );
    }
    if (to === undefined) return;
    checkPort("udp: the port", to.port, 1);
    const address: unknown = to.address;
    if (typeof address === "string" && address !== "") return;
    throw new BadInputError(`udp: the address is ${String(address)}; it must be text`);
  }

  #sent(bytes: number, error: Error | null): void {
    this.#pending--;
    this.unsentBytes -= bytes;
    if (error === null) this.#counts.sent++;
    else this.#failed(error);
    if (this.#pending === 0) this.#wake();
  }

  #failed(error: Error): void {
    this.#counts.failed++;
    this.error = error;
  }

  drained(): Promise<void> {
    if (this.#pending === 0 || this.#isClosed) return settled;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#inflow.end();
    if (this.#pending === 0) {
      this.closeNow();
      return;
    }
    const limit = world.setTimer(this.#limits.closeMs, () => this.closeNow());
    void this.drained().then(() => {
      world.clearTimer(limit);
      this.closeNow();
    });
  }

  /** Whatever is left to send. */
  closeNow(): void {
    this.isOpen = false;
    this.#inflow.end();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
    this.#wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<Datagram> {
    return this.#inflow.read();
  }
}

function endpoint({ address, port }: { address: string; port: number }): Endpoint {
  return { address, port };
}

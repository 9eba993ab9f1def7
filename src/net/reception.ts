import type { Socket } from "node:net";
import { drain, monitor, stop, type AnyRef, type InitContext } from "../index.ts";
import type { Endpoint } from "./connection.ts";
import type { ServerLimits } from "./limits.ts";
import type { Listener } from "./listen.ts";
import type { TcpServerSpec } from "./server.ts";
import { SocketConnection, type Owner } from "./socket-connection.ts";
import type { Opened } from "./dial.ts";
import type { TlsEntrance } from "./tls-entrance.ts";
import { createHostWorld } from "../world/host-world.ts";

/** Sockets live in the host's time, also where actors do not. */
const world = createHostWorld();

/** What a server has seen so far. */
export interface ServerStats {
  /** Connections that are there now, those included that are being closed. */
  readonly open: number;
  readonly accepted: number;
  /** Closed at once, because there were as many as there may be. */
  readonly refused: number;
  /** Cut off, because they did not read what was written to them. */
  readonly cutOff: number;
  /** Closed, because no byte had moved for too long. */
  readonly idle: number;
  /** Connections that the host could not accept, as when it has no file descriptor left. */
  readonly acceptErrors: number;
  /** Peers with which encryption is being agreed upon. */
  readonly handshaking: number;
  /** Peers that were turned away, or left, before encryption was agreed upon. */
  readonly handshakesFailed: number;
}

interface Settings extends TcpServerSpec {
  readonly limits: Required<ServerLimits>;
  /** What makes sockets encrypted ones; null where they stay as they are. */
  readonly entrance?: TlsEntrance | null;
}

/** One connection that is there. */
interface Guest {
  readonly connection: SocketConnection;
  readonly actor: AnyRef;
  /** Sweeps in a row that saw no byte move. */
  quiet: number;
}

/** Idle connections are looked for this often in their time. */
const SWEEPS = 4;

/** Receives connections, gives each its actor, and keeps the book of them. */
export class Reception implements Owner {
  readonly address: Endpoint;
  /** Resolves when the last socket is gone. */
  readonly closed: Promise<void>;
  readonly #ctx: InitContext;
  readonly #settings: Settings;
  readonly #guests = new Map<SocketConnection, Guest>();
  readonly #counts = { accepted: 0, refused: 0, cutOff: 0, idle: 0, acceptErrors: 0 };

  constructor(ctx: InitContext, { server, address }: Listener, settings: Settings) {
    this.#ctx = ctx;
    this.#settings = settings;
    this.address = address;
    this.closed = new Promise((resolve) => server.once("close", resolve));
    if (settings.entrance != null) {
      settings.entrance.onOpened = (opened) => this.#begin(opened);
      // The first may come of a mistake of ours, such as a wrong certificate; the rest is counted.
      settings.entrance.onFirstFailure = ({ message }) => {
        if (!ctx.signal.aborted) ctx.log.warn("a handshake failed", { error: message });
      };
    }
    server.on("connection", (socket) => this.#receive(socket));
    server.on("error", (error) => {
      this.#counts.acceptErrors++;
      ctx.log.warn("could not accept a connection", { error: error.message });
    });
    const { idleMs } = settings.limits;
    if (idleMs !== Infinity) {
      ctx.timers.every(Math.max(1, idleMs / SWEEPS), () => this.#sweep());
    }
  }

  stats(): ServerStats {
    const { size = 0, failed = 0 } = this.#settings.entrance ?? {};
    const open = this.#guests.size;
    return { open, ...this.#counts, handshaking: size, handshakesFailed: failed };
  }

  #receive(socket: Socket): void {
    const { limits, entrance } = this.#settings;
    const { size = 0 } = entrance ?? {};
    if (this.#ctx.signal.aborted) {
      socket.destroy();
    } else if (this.#guests.size + size >= limits.connections) {
      this.#refuse(socket);
    } else if (entrance != null) {
      entrance.admit(socket);
    } else {
      this.#begin(this.#opened(socket));
    }
  }

  #opened(socket: Socket): Opened {
    const local = this.address;
    return local.path === undefined ? { socket, wire: socket } : { socket, wire: null, local };
  }

  #begin(opened: Opened): void {
    if (this.#ctx.signal.aborted) {
      opened.socket.destroy();
      return;
    }
    this.#counts.accepted++;
    const connection = new SocketConnection(opened, this.#settings.limits, this);
    const actor = this.#spawn(connection);
    if (actor === null) return;
    this.#guests.set(connection, { connection, actor, quiet: 0 });
    // Not as the server, which hears nothing any more when it was killed.
    monitor(actor, ({ reason: { kind: ended } }) => {
      if (ended === "normal" || ended === "shutdown") connection.finish();
      else connection.destroy();
    });
  }

  /** Null when that cannot work, which is the server's failure, and not the host's. */
  #spawn(connection: SocketConnection): AnyRef | null {
    const { connection: kind, child } = this.#settings;
    try {
      return this.#ctx.spawn(kind, connection, { ...child, restart: "temporary" });
    } catch (error) {
      connection.destroy();
      this.#ctx.task(() => {
        throw error;
      });
      return null;
    }
  }

  #refuse(socket: Socket): void {
    const { limits, refusal = "", entrance } = this.#settings;
    this.#counts.refused++;
    socket.on("error", () => {});
    socket.setTimeout(limits.closeMs, () => socket.destroy());
    // Reads on to the peer's end: closing with something unread would take the refusal back.
    socket.resume();
    // One that waits for a handshake would not understand.
    socket.end(entrance == null ? refusal : "");
  }

  onReadToEnd(connection: SocketConnection): void {
    if (this.#settings.halfOpen !== true || !connection.isOpen) this.#dismiss(connection);
  }

  onClose(connection: SocketConnection): void {
    if (connection.isRead) this.#dismiss(connection);
    this.#guests.delete(connection);
  }

  onCutOff(connection: SocketConnection): void {
    this.#counts.cutOff++;
    if (this.#ctx.signal.aborted) return;
    const { unsentBytes, remote } = connection;
    this.#ctx.log.warn("cut off a peer that does not read", { unsentBytes, ...remote });
  }

  /** There is nothing more to be done for the connection than what was begun. */
  #dismiss(connection: SocketConnection): void {
    const guest = this.#guests.get(connection);
    // Who makes something of the bytes, as lines, has a last one to give when they end.
    if (guest !== undefined) world.yieldToHost(() => void drain(guest.actor));
  }

  #sweep(): void {
    for (const guest of this.#guests.values()) {
      if (guest.connection.active) {
        guest.connection.active = false;
        guest.quiet = 0;
      } else if (++guest.quiet === SWEEPS) {
        this.#counts.idle++;
        void stop(guest.actor, "idle");
      }
    }
  }
}

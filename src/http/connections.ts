import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * The sockets that a server has accepted.
 *
 * Node's own book has those on which HTTP is spoken: one that is silent in the midst of a TLS
 * handshake is not among them, keeps the server open, and lives on when that is gone.
 */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #server: Server;

  /** `onClose` hears of the sockets that requests come by. */
  constructor(server: Server, onClose: (socket: Socket) => void) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.once("close", () => {
        this.#open.delete(socket);
        onClose(socket);
      });
    });
    // What requests come by is not the socket that was accepted.
    server.on("secureConnection", (socket: Socket) => {
      socket.once("close", () => onClose(socket));
    });
  }

  get size(): number {
    return this.#open.size;
  }

  cut(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#open) socket.destroy();
  }
}

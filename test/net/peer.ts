import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A plain server that can go away and come back on its port; answers each line with `re: line`. */
export class Peer implements AsyncDisposable {
  port = 0;
  /** Lines that came, over all connections. */
  readonly lines: string[] = [];
  /** Connections so far. */
  count = 0;
  answers = true;
  readonly sockets = new Set<Socket>();
  onConnection: (socket: Socket) => void = () => {};
  #server: Server | null = null;

  static async up(): Promise<Peer> {
    const peer = new Peer();
    await peer.up();
    return peer;
  }

  async up(): Promise<void> {
    this.#server = createServer((socket) => this.#receive(socket));
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody listens, and all connections are gone: with an end, or a reset. */
  async down(how: "end" | "reset" = "end"): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, "close");
    server.close();
    this.hangUp(how);
    await closed;
  }

  hangUp(how: "end" | "reset" = "end"): void {
    for (const socket of this.sockets) {
      if (how === "end") socket.end();
      else socket.resetAndDestroy();
    }
  }

  #receive(socket: Socket): void {
    this.count++;
    this.sockets.add(socket);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      for (const line of text.split("\n").filter((each) => each !== "")) {
        this.lines.push(line);
        if (this.answers) socket.write(`re: ${line}\n`);
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    this.onConnection(socket);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.down("reset");
  }
}

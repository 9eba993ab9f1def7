import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A peer with a plain socket, for what a server's other end sees. */
export class Client implements AsyncDisposable {
  readonly socket: Socket;
  received = "";
  /** `end` when the server ended its side, else the error's code. */
  readonly closed: Promise<string>;
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => (this.received += text));
    socket.on("end", () => (this.#ended = true));
    this.closed = new Promise((resolve) => {
      let code = "";
      socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code ?? error.message));
      socket.on("close", () => resolve(this.#ended ? "end" : code));
    });
  }

  /** By a port, or the path of a Unix socket. */
  static async open(
    to: number | string,
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<Client> {
    const where = typeof to === "string" ? { path: to } : { port: to, host: "127.0.0.1" };
    const client = new Client(connect({ ...where, ...options }));
    await once(client.socket, "connect");
    return client;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Resolves when so much has come. */
  async expect(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      if (this.socket.closed) throw new Error(`closed after ${JSON.stringify(this.received)}`);
      await Promise.race([once(this.socket, "data"), this.closed]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** Resolves when `holds` does; what it waits for comes from the host, and cannot be advanced to. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
}

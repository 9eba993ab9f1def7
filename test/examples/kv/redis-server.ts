import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";

/** Whether the reference to compare with is installed; tests that need it are skipped when not. */
export const redisIsInstalled = spawnSync("redis-server", ["--version"]).status === 0;

/** A redis-server of our own on a free port, and one raw connection to it. */
export class RedisServer {
  readonly #process: ChildProcess;
  #socket: Socket;
  readonly #port: number;
  #received = "";

  private constructor(process: ChildProcess, socket: Socket, port: number) {
    this.#process = process;
    this.#socket = socket;
    this.#port = port;
    this.#listen();
  }

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const options = [
      "--bind",
      "127.0.0.1",
      "--port",
      String(port),
      "--save",
      "",
      "--appendonly",
      "no",
      "--databases",
      "1",
    ];
    const child = spawn("redis-server", options, { stdio: "ignore" });
    for (let attempt = 0; ; attempt++) {
      const socket = connect(port, "127.0.0.1");
      try {
        await once(socket, "connect");
        return new RedisServer(child, socket, port);
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Sends bytes and returns every byte that came back before the answer to an ECHO sent after them. */
  async ask(request: string, marker = "the-end-of-it"): Promise<string> {
    const end = `$${marker.length}\r\n${marker}\r\n`;
    this.#socket.write(
      `${request}*2\r\n$4\r\nECHO\r\n$${marker.length}\r\n${marker}\r\n`,
      "latin1",
    );
    while (!this.#received.endsWith(end)) await once(this.#socket, "data");
    const reply = this.#received.slice(0, -end.length);
    this.#received = "";
    return reply;
  }

  /** Sends bytes on a new connection and returns all it answers until it hangs up. */
  async untilClosed(request: string): Promise<string> {
    const socket = connect(this.#port, "127.0.0.1");
    socket.setEncoding("latin1");
    let received = "";
    socket.on("data", (text: string) => (received += text));
    socket.write(request, "latin1");
    await once(socket, "close");
    return received;
  }

  async stop(): Promise<void> {
    this.#socket.destroy();
    const gone = once(this.#process, "exit");
    this.#process.kill();
    await gone;
  }

  #listen(): void {
    this.#socket.setEncoding("latin1");
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (text: string) => (this.#received += text));
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

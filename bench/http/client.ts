import { once } from "node:events";
import { connect, type Socket } from "node:net";

const REQUEST = Buffer.from("GET /count HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

/** What came of asking for a while. */
export interface Asked {
  readonly answers: number;
  readonly tookMs: number;
}

/** Asks over one connection, again when it has its answer; all answers are of one length. */
class Asker {
  readonly #socket: Socket;
  readonly #length: number;
  #bytes = 0;
  answers = 0;

  constructor(socket: Socket, length: number) {
    this.#socket = socket;
    this.#length = length;
    socket.on("data", (chunk: Buffer) => this.#take(chunk.length));
    socket.write(REQUEST);
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#length) return;
    this.#bytes -= this.#length;
    this.answers++;
    this.#socket.write(REQUEST);
  }

  end(): void {
    this.#socket.destroy();
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  return socket;
}

/** The length of an answer, which has to be right. */
async function answerLength(port: number): Promise<number> {
  const socket = await open(port);
  socket.setEncoding("latin1");
  socket.write(REQUEST);
  let text = "";
  while (!/\r\n\r\n\d{10}$/.test(text)) {
    const [chunk] = (await once(socket, "data")) as [string];
    text += chunk;
    if (!"HTTP/1.1 200 ".startsWith(text.slice(0, 13))) throw new Error(`it answered ${text}`);
  }
  socket.destroy();
  return text.length;
}

/**
 * Asks over so many connections, each one request at a time.
 *
 * A client of our own, without a parser: it has to be faster than the servers, on the other core.
 */
export async function askFor(port: number, connections: number, ms: number): Promise<Asked> {
  const length = await answerLength(port);
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const start = performance.now();
  const askers = sockets.map((socket) => new Asker(socket, length));
  await new Promise((resolve) => setTimeout(resolve, ms));
  const tookMs = performance.now() - start;
  let answers = 0;
  for (const asker of askers) {
    answers += asker.answers;
    asker.end();
  }
  return { answers, tookMs };
}

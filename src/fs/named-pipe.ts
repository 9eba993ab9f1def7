import { Socket } from "node:net";
import { Inflow } from "../net/inflow.ts";

/**
 * What comes through a named pipe, until the last who writes has closed it.
 *
 * The host polls it as it polls sockets: none of its threads waits.
 */
export class PipeReader implements AsyncIterator<Buffer> {
  readonly #socket: Socket;
  readonly #bytes: AsyncIterator<Buffer>;
  #error: Error | undefined;

  /** Takes over the descriptor, which must have been opened with `O_NONBLOCK`. */
  constructor(path: string, fd: number, limit: number) {
    const socket = new Socket({ fd, readable: true, writable: false });
    const inflow = new Inflow(socket, limit, () => {}, path);
    socket.on("data", (chunk: Buffer) => inflow.take(chunk));
    socket.on("error", (error) => (this.#error = error));
    socket.on("end", () => inflow.end());
    socket.on("close", () => inflow.end());
    this.#socket = socket;
    this.#bytes = inflow.read();
  }

  async next(): Promise<IteratorResult<Buffer>> {
    const result = await this.#bytes.next();
    if (result.done === true && this.#error !== undefined) throw this.#error;
    return result;
  }

  async return(): Promise<IteratorResult<Buffer>> {
    this.#socket.destroy();
    await this.#bytes.return?.();
    return { done: true, value: undefined };
  }
}

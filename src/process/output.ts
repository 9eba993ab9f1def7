import type { Readable } from "node:stream";
import type { Socket } from "node:net";
import { linesOf, type LineOptions, type Lines } from "../fs/lines.ts";
import { Inflow } from "../net/inflow.ts";

/**
 * What a program writes: a source of bytes for one actor.
 *
 * While nobody reads, or the reader is busy, 64 KiB wait here, then those that the host buffers;
 * with more, the program is held up. It ends when everybody who has it open has closed it; a
 * program that the program has started may be among these.
 */
export interface Output extends AsyncIterable<Buffer> {
  /** Bytes that came and wait for the reader. */
  readonly unreadBytes: number;
  /**
   * The same as lines, for one reader at a time.
   *
   * Who reads the same `Lines` next goes on where the one before has left; another call of this
   * does not know of what had come with the last line.
   */
  lines(options?: LineOptions): Lines;
  /** Reads on and throws away, so that the program is not held up. */
  discard(): void;
  /** Reads no more: what the program writes then fails, as behind a shell's pipe. */
  close(): void;
}

/** Bytes that wait for the reader, with which reading pauses. */
const READ_BYTES = 64 * 1024;

/** A program's output over the host's stream; without one it ends at once. */
export class ProgramOutput implements Output {
  readonly #name: string;
  readonly #stream: Readable | null;
  readonly #inflow: Inflow;

  constructor(name: string, stream: Readable | null) {
    this.#name = name;
    this.#stream = stream;
    this.#inflow = new Inflow(stream as Socket, READ_BYTES, () => {}, name);
    const end = (): void => this.#inflow.end();
    if (stream === null) end();
    // An error of a pipe that is read is its end.
    stream?.on("error", () => {});
    stream?.on("data", (chunk: Buffer) => this.#inflow.take(chunk));
    stream?.on("end", end);
    stream?.on("close", end);
  }

  get unreadBytes(): number {
    return this.#inflow.bytes;
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.#inflow.read();
  }

  lines(options: LineOptions = {}): Lines {
    return linesOf(this.#name, this, options);
  }

  discard(): void {
    if (this.#stream !== null) this.#inflow.discard();
  }

  /** Its owner is gone: whoever still reads is at the end. */
  leave(): void {
    this.discard();
    this.#inflow.end();
  }

  close(): void {
    this.#stream?.destroy();
  }
}

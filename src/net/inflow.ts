import type { Socket } from "node:net";
import { BadInputError } from "../index.ts";

const END: IteratorResult<Buffer> = { done: true, value: undefined };

/**
 * The bytes that come in, for one reader at a time.
 *
 * ```text
 *   socket ──► chunks ──► next()       more than `limit` bytes wait: the socket pauses,
 *     ▲                     │          and the peer's window closes
 *     └── resumes ◄─────────┘
 * ```
 */
export class Inflow {
  readonly #what: string;
  readonly #socket: Socket;
  readonly #limit: number;
  readonly #onReadToEnd: () => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #discards = false;
  #isRead = false;
  #waiting: ((result: IteratorResult<Buffer>) => void) | null = null;

  constructor(socket: Socket, limit: number, onReadToEnd: () => void, what = "connection") {
    this.#what = what;
    this.#socket = socket;
    this.#limit = limit;
    this.#onReadToEnd = onReadToEnd;
  }

  /** Bytes that wait for the reader. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when nobody reads, or the reader has had everything. */
  get isDone(): boolean {
    return !this.#isRead || (this.#ended && this.#chunks.length === 0);
  }

  take(chunk: Buffer): void {
    if (this.#discards) return;
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      waiting({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= this.#limit) {
      // Again and again: Node itself resumes the pipes of a process that has ended.
      this.#paused = true;
      this.#socket.pause();
    }
  }

  /** Nothing more comes; what has come is still to be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    waiting(END);
    this.#onReadToEnd();
  }

  /** Nobody will read any more: what comes is thrown away, so that the peer's end can be seen. */
  discard(): void {
    this.#discards = true;
    this.#chunks = [];
    this.#bytes = 0;
    this.#socket.resume();
  }

  /** Begins to read; the reader before must have left. */
  read(): AsyncIterator<Buffer> {
    if (this.#isRead) throw new BadInputError(`${this.#what}: it is being read already`);
    this.#isRead = true;
    return {
      next: () => this.#next(),
      return: () => this.#leave(),
    };
  }

  #next(): Promise<IteratorResult<Buffer>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#bytes -= chunk.length;
      if (this.#paused && this.#bytes < this.#limit) {
        this.#paused = false;
        this.#socket.resume();
      }
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#ended) {
      this.#onReadToEnd();
      return Promise.resolve(END);
    }
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  /** The reader goes; another may take up where it left. */
  #leave(): Promise<IteratorResult<Buffer>> {
    this.#isRead = false;
    this.#waiting?.(END);
    this.#waiting = null;
    return Promise.resolve(END);
  }
}

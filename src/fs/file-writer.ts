import type { FileHandle } from "node:fs/promises";
import { BadInputError } from "../index.ts";
import { describe } from "../kernel/exit-reason.ts";
import type { FileSink } from "./sink.ts";

interface Limits {
  readonly writeBytes: number;
  readonly unwrittenBytes: number;
}

/** Pieces are put together up to this size: one request to the host for many small writes. */
const BATCH = 1 << 18;

const settled = Promise.resolve();

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Writes to a file, one request at a time; what comes meanwhile waits and goes out together.
 *
 * ```text
 *   write ──► pieces ──► batch ──► host
 *                          ▲         │ taken
 *                          └─────────┘
 * ```
 */
export class FileWriter implements FileSink {
  readonly path: string;
  error: Error | undefined;
  unwrittenBytes = 0;
  writtenBytes = 0;
  /** Rejects when writing fails; resolves when the file is closed. */
  readonly closed: Promise<void>;
  readonly #file: FileHandle;
  readonly #limits: Limits;
  readonly #onClosing: (end: Promise<void>) => void;
  #tellFailure: (error: Error) => void = () => {};
  #tellClosed: () => void = () => {};
  #pieces: Uint8Array[] = [];
  #isWriting = false;
  #waiters: Waiter[] = [];
  #ending: Promise<void> | null = null;
  /** Why nothing more may be written, once its actor is gone. */
  #left: { readonly reason: unknown } | null = null;

  constructor(
    path: string,
    file: FileHandle,
    limits: Limits,
    onClosing: (end: Promise<void>) => void,
  ) {
    this.path = path;
    this.#file = file;
    this.#limits = limits;
    this.#onClosing = onClosing;
    this.closed = new Promise((resolve, reject) => {
      this.#tellClosed = resolve;
      this.#tellFailure = reject;
    });
  }

  get isOpen(): boolean {
    return this.error === undefined && this.#ending === null;
  }

  write(data: string | Uint8Array): boolean {
    if (this.#left !== null) throw this.#left.reason;
    if (this.error !== undefined) return false;
    this.#checkEnded();
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new BadInputError(
        `${this.path}: ${describe(data)} was written; it takes text or bytes`,
      );
    }
    const { writeBytes, unwrittenBytes } = this.#limits;
    if (this.unwrittenBytes > unwrittenBytes) {
      this.#fail(
        new RangeError(
          `${this.path}: ${this.unwrittenBytes} bytes wait to be written, more than ${unwrittenBytes}; await drained() when write() answers false`,
        ),
      );
      return false;
    }
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.#pieces.push(bytes);
    this.unwrittenBytes += bytes.length;
    if (!this.#isWriting) void this.#writeAll();
    return this.unwrittenBytes < writeBytes;
  }

  #checkEnded(): void {
    if (this.#ending === null) return;
    throw new BadInputError(`${this.path}: it has been ended; write before, or open it again`);
  }

  drained(): Promise<void> {
    return noted(this.#drained());
  }

  async #drained(): Promise<void> {
    if (this.error !== undefined) throw this.error;
    if (!this.#isWriting) return;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  sync(): Promise<void> {
    return noted(this.#sync());
  }

  async #sync(): Promise<void> {
    if (this.error === undefined) this.#checkEnded();
    await this.#drained();
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#fail(error as Error);
    }
    if (this.error !== undefined) throw this.error;
  }

  end(data?: string | Uint8Array): Promise<void> {
    if (data !== undefined) this.write(data);
    if (this.#ending === null) {
      this.#ending = noted(this.#end());
      this.#onClosing(this.#ending);
    }
    return this.#ending;
  }

  /** Its actor is gone: ends it, and lets nobody write any more. */
  leave(reason: unknown): Promise<void> {
    this.#left = { reason };
    return this.end();
  }

  async #end(): Promise<void> {
    try {
      await this.#drained();
    } finally {
      await this.#file.close();
      this.#tellClosed();
    }
  }

  /** One at a time, until nothing waits. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What is written in the same turn goes out together.
    await settled;
    try {
      while (this.#pieces.length > 0 && this.error === undefined) await this.#writeBatch();
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#isWriting = false;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.error === undefined) waiter.resolve();
      else waiter.reject(this.error);
    }
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#takeBatch();
    for (let at = 0; at < batch.length;) {
      const { bytesWritten } = await this.#file.write(batch, at, batch.length - at, null);
      at += bytesWritten;
      this.writtenBytes += bytesWritten;
      this.unwrittenBytes -= bytesWritten;
    }
  }

  #takeBatch(): Uint8Array {
    let count = 0;
    for (let bytes = 0; count < this.#pieces.length; count++) {
      bytes += this.#pieces[count]!.length;
      if (count > 0 && bytes > BATCH) break;
    }
    const taken = this.#pieces.splice(0, count);
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }

  #fail(error: Error): void {
    if (this.error !== undefined) return;
    this.error = error;
    this.#pieces = [];
    this.#tellFailure(error);
    void this.end();
  }
}

/** A promise that may be left alone: the same failure is told by `closed`. */
function noted<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

import { BadInputError } from "../index.ts";
import { checkName, checkNumber } from "../kernel/options.ts";
import { closeFile, openToRead, readAt, type OpenFile } from "./descriptor.ts";
import { linesOf, type LineOptions, type Lines } from "./lines.ts";
import { PipeReader } from "./named-pipe.ts";

/** Which part of a file, and in pieces of what size. */
export interface ReadOptions {
  /** The first byte. Default 0. */
  readonly start?: number;
  /** The byte before which to end. Default: the end of the file. */
  readonly end?: number;
  /** At most so many bytes at a time. Default 64 KiB. */
  readonly chunkBytes?: number;
}

const CHUNK = 64 * 1024;
const EMPTY = Buffer.alloc(0);
const END: IteratorResult<Buffer> = { done: true, value: undefined };

/**
 * Reads a file in pieces: `ctx.source(readBytes(path), (chunk) => …)`.
 *
 * The file is opened when somebody begins to read, and closed at the end, or when the reader
 * leaves, as an actor's source does when its incarnation ends. The next piece is read when the one
 * before has been handled. Fails with the host's error, such as `ENOENT`.
 *
 * A named pipe is waited for without holding one of the host's threads: it ends when the last who
 * writes has closed it. `start` and `end` mean nothing there.
 */
export function readBytes(path: string, options: ReadOptions = {}): AsyncIterable<Buffer> {
  check("readBytes", path, options);
  return { [Symbol.asyncIterator]: () => new FileReader(path, options) };
}

/** Reads a file line by line; see `readBytes` for the file and `lines` for the lines. */
export function readLines(path: string, options: ReadOptions & LineOptions = {}): Lines {
  check("readLines", path, options);
  return linesOf(path, readBytes(path, options), options);
}

function check(what: string, path: string, options: ReadOptions): void {
  checkName(`${what}: path`, path ?? "");
  checkNumber(`${what}: start`, options.start, 0, "bytes");
  checkNumber(`${what}: end`, options.end, 0, "bytes");
  checkNumber(`${what}: chunkBytes`, options.chunkBytes, 1, "bytes");
  const { start = 0, end = Infinity } = options;
  if (start > end) throw new BadInputError(`${what}: start is ${start}, behind its end, ${end}`);
}

class FileReader implements AsyncIterator<Buffer> {
  readonly #path: string;
  readonly #end: number;
  readonly #chunkBytes: number;
  #at: number;
  #file: OpenFile | null = null;
  #pipe: PipeReader | null = null;
  /** The step that is under way: the file is closed behind it. */
  #step: Promise<unknown> = Promise.resolve();
  #over = false;

  constructor(path: string, { start = 0, end = Infinity, chunkBytes = CHUNK }: ReadOptions) {
    this.#path = path;
    this.#at = start;
    this.#end = end;
    this.#chunkBytes = chunkBytes;
  }

  next(): Promise<IteratorResult<Buffer>> {
    if (this.#pipe !== null) return this.#pipe.next();
    const step = this.#read();
    this.#step = step.catch(() => {});
    return step;
  }

  async #read(): Promise<IteratorResult<Buffer>> {
    if (this.#over) return END;
    try {
      const { fd } = (this.#file ??= await this.#open());
      if (this.#pipe !== null) return await this.#pipe.next();
      const size = Math.min(this.#chunkBytes, this.#end - this.#at);
      const chunk = this.#over || size === 0 ? EMPTY : await readAt(fd, size, this.#at);
      this.#at += chunk.length;
      if (chunk.length > 0) return { done: false, value: chunk };
    } catch (error) {
      await this.#close();
      throw error;
    }
    await this.#close();
    return END;
  }

  async #open(): Promise<OpenFile> {
    const file = await openToRead(this.#path);
    if (file.stats.isFIFO()) {
      this.#pipe = new PipeReader(this.#path, file.fd, this.#chunkBytes);
      if (this.#over) await this.#pipe.return();
    }
    return file;
  }

  async #close(): Promise<void> {
    this.#over = true;
    const file = this.#file;
    this.#file = null;
    if (file !== null && this.#pipe === null) await closeFile(file.fd);
  }

  async return(): Promise<IteratorResult<Buffer>> {
    this.#over = true;
    if (this.#pipe !== null) return this.#pipe.return();
    await this.#step;
    await this.#close();
    return END;
  }
}

import { bytesOf, part } from "./disk-bytes.ts";
import { fileClosedError } from "./disk-error.ts";
import type { OpenFile } from "./disk-file.ts";
import type { DiskTime } from "./disk-time.ts";
import type { FileTable } from "./disk-table.ts";
import type { Disk, DiskHandle, DiskStats } from "./disk-types.ts";

/** As node does it: a large file is written in pieces, and a crash may come between two. */
const MOST_AT_ONCE = 512 * 1024;

type Calls = Omit<Disk, "promises">;

/** An open file with promises. What it does is done at once; a sync is, when its time is over. */
export class SimFileHandle implements DiskHandle {
  readonly #disk: Calls;
  readonly #table: FileTable;
  readonly #time: DiskTime;
  #fd: number;
  /** What was asked for and not answered; the last of them closes a file that is to be closed. */
  #pending = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(disk: Calls, table: FileTable, time: DiskTime, fd: number) {
    this.#disk = disk;
    this.#table = table;
    this.#time = time;
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd;
  }

  async read<T extends NodeJS.ArrayBufferView>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesRead: number; buffer: T }> {
    return this.#use("read", async (file) => {
      const into = part(buffer, offset, length);
      const bytesRead = await this.#time.after(this.#time.latencyMs("readMs", file.node), () =>
        this.#disk.readSync(this.#fd, into, 0, into.length, position ?? null),
      );
      return { bytesRead, buffer };
    });
  }

  async write(
    text: string,
    position?: number | null,
    encoding?: BufferEncoding,
  ): Promise<{ bytesWritten: number; buffer: string }>;
  async write<T extends Uint8Array>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesWritten: number; buffer: T }>;
  async write(
    data: string | Uint8Array,
    first?: number | null,
    second?: number | BufferEncoding | null,
    third?: number | null,
  ): Promise<{ bytesWritten: number; buffer: string | Uint8Array }> {
    const isText = typeof data === "string";
    const position = isText ? first : third;
    return this.#use("write", async (file) => {
      // Node does not ask the system then, be the file open for writing or not.
      if (!isText && data.byteLength === 0) return { bytesWritten: 0, buffer: data };
      const bytes = isText
        ? bytesOf(data, second as BufferEncoding | undefined)
        : part(data, first, second as number | null | undefined);
      const bytesWritten = await this.#write(file, bytes, position);
      return { bytesWritten, buffer: data };
    });
  }

  async readFile(): Promise<Buffer>;
  async readFile(encoding: BufferEncoding): Promise<string>;
  async readFile(encoding?: BufferEncoding): Promise<Buffer | string> {
    const content = await this.#use("read", (file) =>
      this.#time.after(this.#time.latencyMs("readMs", file.node), () => file.readRest()),
    );
    return encoding === undefined ? content : content.toString(encoding);
  }

  async writeFile(data: string | Uint8Array, encoding?: BufferEncoding): Promise<void> {
    const bytes = bytesOf(data, encoding);
    await this.#use("write", async (file) => {
      for (let at = 0; at < bytes.length;) {
        at += await this.#write(file, bytes.subarray(at, at + MOST_AT_ONCE), null);
      }
    });
  }

  async appendFile(data: string | Uint8Array, encoding?: BufferEncoding): Promise<void> {
    await this.writeFile(data, encoding);
  }

  async truncate(size = 0): Promise<void> {
    await this.#use("ftruncate", (file) =>
      this.#time.after(this.#time.latencyMs("writeMs", file.node), () =>
        this.#disk.ftruncateSync(this.#fd, size),
      ),
    );
  }

  async sync(): Promise<void> {
    await this.#sync("fsync");
  }

  async datasync(): Promise<void> {
    await this.#sync("fdatasync");
  }

  async stat(): Promise<DiskStats> {
    return this.#use("fstat", () => this.#time.after(0, () => this.#disk.fstatSync(this.#fd)));
  }

  close(): Promise<void> {
    if (this.#fd === -1) return Promise.resolve();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    const fd = this.#fd;
    this.#fd = -1;
    await this.#time.after(0, () => this.#disk.closeSync(fd));
  }

  #write(file: OpenFile, bytes: Uint8Array, position: number | null | undefined): Promise<number> {
    return this.#time.after(this.#time.latencyMs("writeMs", file.node), () =>
      this.#disk.writeSync(this.#fd, bytes, 0, bytes.length, position ?? null),
    );
  }

  async #sync(syscall: string): Promise<void> {
    await this.#use(syscall, (file) => {
      const end = file.startSync(syscall);
      return this.#time.later(this.#time.latencyMs("syncMs", file.node), end);
    });
  }

  async #use<T>(syscall: string, act: (file: OpenFile) => Promise<T>): Promise<T> {
    if (this.#fd === -1) throw fileClosedError(syscall);
    this.#pending++;
    try {
      return await act(this.#table.get(this.#fd, syscall));
    } finally {
      this.#pending--;
      if (this.#pending === 0) this.#onIdle?.();
    }
  }
}

/**
 * One shard's file: records are gathered, written together, and synced apart from that.
 *
 * ```
 *   append append append ──► write: one write(2), then nobody but a power cut can take it back
 *                               └──► sync: fdatasync(2), for power cuts
 * ```
 */
import { dirname } from "node:path";
import type { Files, OpenFile } from "./files.ts";

const READ_BYTES = 256 * 1024;
const MODE = 0o644;

export class AppendLog {
  readonly #files: Files;
  readonly #file: OpenFile;
  /** Aborted when somebody else may have opened the file since: then it is not touched any more. */
  readonly #signal: AbortSignal;
  #path: string;
  #size = 0;
  #syncedSize = 0;
  #isNameSynced = true;
  #lastSync: Promise<void> = Promise.resolve();
  #fault: unknown;
  #gathered = "";

  private constructor(files: Files, file: OpenFile, path: string, signal: AbortSignal) {
    this.#files = files;
    this.#file = file;
    this.#path = path;
    this.#signal = signal;
  }

  /** Opens a log, which is to be read, cut after its last whole record, and synced. */
  static async open(files: Files, path: string, signal: AbortSignal): Promise<AppendLog> {
    const file = await files.promises.open(path, "a+", MODE);
    const log = new AppendLog(files, file, path, signal);
    // Whoever wrote what is there may have ended before it was synced.
    log.#syncedSize = -1;
    log.#isNameSynced = false;
    return log;
  }

  /** Begins a new log; what is there under this name is deleted. */
  static async create(files: Files, path: string, signal: AbortSignal): Promise<AppendLog> {
    try {
      files.unlinkSync(path);
    } catch {
      // Nobody left one behind.
    }
    return new AppendLog(files, await files.promises.open(path, "ax+", MODE), path, signal);
  }

  /** Shows all bytes of a log that was opened to `take`, until that answers false. */
  async read(take: (chunk: Buffer) => boolean): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, READ_BYTES, this.#size);
      this.#signal.throwIfAborted();
      if (bytesRead === 0) return;
      this.#size += bytesRead;
      if (!take(buffer.subarray(0, bytesRead))) return;
    }
  }

  /** Leaves so many bytes. */
  cutTo(bytes: number): void {
    this.#files.ftruncateSync(this.#file.fd, bytes);
    this.#size = bytes;
  }

  /** Bytes that are in the file. */
  get size(): number {
    return this.#size;
  }

  /** True when there is something to write. */
  get isDirty(): boolean {
    return this.#gathered !== "";
  }

  /** True when a sync has failed: nobody knows what is in the file beyond the last one before. */
  get isFaulty(): boolean {
    return this.#fault !== undefined;
  }

  append(records: string): void {
    this.#gathered += records;
  }

  /** Writes what was gathered, all or nothing. */
  write(): void {
    const text = this.#gathered;
    this.#gathered = "";
    if (text !== "") this.writeNow(text);
  }

  /** Writes records at once. Nothing of them is in the file when it throws. */
  writeNow(records: string): void {
    if (this.#fault !== undefined) throw this.#fault;
    let written = 0;
    try {
      while (written < records.length) {
        const rest = written === 0 ? records : records.slice(written);
        written += this.#files.writeSync(this.#file.fd, rest, null, "latin1");
      }
    } catch (error) {
      // Where this fails too, whoever opens the file next cuts off what is torn.
      this.#tryCutTo(this.#size);
      throw error;
    }
    this.#size += written;
  }

  /**
   * Makes what is in the file survive a power cut.
   *
   * When it has failed once it fails for ever: the system tells of pages that it could not write
   * once, and may call them clean then.
   */
  sync(): Promise<void> {
    this.#lastSync = this.#lastSync.then(() => this.#sync());
    return this.#lastSync;
  }

  async #sync(): Promise<void> {
    const size = this.#size;
    try {
      if (this.#syncedSize !== size) await this.#file.datasync();
      this.#syncedSize = size;
      if (this.#isNameSynced) return;
      await syncDirectoryOf(this.#files, this.#path);
      this.#isNameSynced = true;
    } catch (error) {
      this.#fault = error;
      // At once: whoever reads it as it is, and is told of no failure, would take it for synced.
      if (!this.#signal.aborted) this.takeBack();
      throw error;
    }
  }

  /** Resolves when no sync is under way. */
  async syncIsOver(): Promise<void> {
    await this.#lastSync.catch(() => {});
  }

  /** Takes back what was not synced, as a power cut would; false where that is refused. */
  takeBack(): boolean {
    if (this.#syncedSize >= this.#size) return true;
    return this.#syncedSize >= 0 && this.#tryCutTo(this.#syncedSize);
  }

  #tryCutTo(bytes: number): boolean {
    try {
      this.cutTo(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** Gives it the name of another, which is gone then: survives a power cut when it is synced next. */
  replace(path: string): void {
    this.#files.renameSync(this.#path, path);
    this.#path = path;
    this.#isNameSynced = false;
  }

  /** Deletes it; it is still to be closed. */
  unlink(): void {
    this.#files.unlinkSync(this.#path);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Makes names in a directory survive a power cut. */
async function syncDirectoryOf(files: Files, path: string): Promise<void> {
  const directory = await files.promises.open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * One shard's file: records are gathered, written together, and synced apart from that.
 *
 * ```
 *   append append append ──► write: one write(2), then nobody but a power cut can take it back
 *                               └──► sync: fdatasync(2), for power cuts
 * ```
 */
import { dirname } from "node:path";
import type { Command } from "./command.ts";
import type { Files, OpenFile } from "./files.ts";
import { LogReader } from "./log-record.ts";

const READ_BYTES = 256 * 1024;
const MODE = 0o644;

/** How a log is opened that may have something in it. */
export interface Opening {
  /** Sees every record that is in it. */
  readonly replay: (record: Command) => void;
  readonly warn: (message: string) => void;
  /** Aborted when somebody else may have opened the file since: then it is not touched any more. */
  readonly signal: AbortSignal;
}

export class AppendLog {
  readonly #files: Files;
  readonly #file: OpenFile;
  #path: string;
  #size: number;
  #syncedSize: number;
  #isNameSynced: boolean;
  #lastSync: Promise<void> = Promise.resolve();
  #fault: unknown;
  #gathered = "";

  private constructor(files: Files, file: OpenFile, path: string, opened: number | "new") {
    this.#files = files;
    this.#file = file;
    this.#path = path;
    this.#size = opened === "new" ? 0 : opened;
    // Whoever wrote what is there may have ended before it was synced.
    this.#syncedSize = opened === "new" ? 0 : -1;
    this.#isNameSynced = opened === "new";
  }

  /**
   * Opens a log and reads it. What was read survives a power cut: somebody may be told of it at once.
   *
   * A torn last record, as a power cut leaves it, is cut off and `warn` told; what is no record at
   * all is for the operator to decide about, and fails.
   */
  static async open(files: Files, path: string, opening: Opening): Promise<AppendLog> {
    const file = await files.promises.open(path, "a+", MODE);
    try {
      const size = await readLog(files, file, path, opening);
      const log = new AppendLog(files, file, path, size);
      await log.sync();
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Begins a new log; what is there under this name is deleted. */
  static async create(files: Files, path: string): Promise<AppendLog> {
    try {
      files.unlinkSync(path);
    } catch {
      // Nobody left one behind.
    }
    return new AppendLog(files, await files.promises.open(path, "ax+", MODE), path, "new");
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
      this.#cut(this.#size);
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
      throw error;
    }
  }

  /** Resolves when no sync is under way. */
  async syncIsOver(): Promise<void> {
    await this.#lastSync.catch(() => {});
  }

  /** Takes back what was not synced, as a power cut would; false where that is refused. */
  takeBack(): boolean {
    return this.#syncedSize >= this.#size || this.#cut(this.#syncedSize);
  }

  #cut(bytes: number): boolean {
    try {
      this.#files.ftruncateSync(this.#file.fd, bytes);
      this.#size = bytes;
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

async function readLog(
  files: Files,
  file: OpenFile,
  path: string,
  { replay, warn, signal }: Opening,
): Promise<number> {
  const reader = new LogReader();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let at = 0; reader.fault === undefined;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at);
    signal.throwIfAborted();
    if (bytesRead === 0) break;
    for (const record of reader.feed(buffer.subarray(0, bytesRead))) replay(record);
    at += bytesRead;
  }
  const { fault, tornBytes, wholeBytes } = reader;
  if (fault !== undefined) {
    throw new Error(
      `${path} is damaged at byte ${wholeBytes} (${fault}); to go on without what follows: truncate -s ${wholeBytes} ${path}`,
    );
  }
  if (tornBytes > 0) {
    warn(`${path} ended in the middle of a record; its last ${tornBytes} bytes were cut off`);
    files.ftruncateSync(file.fd, wholeBytes);
  }
  return wholeBytes;
}

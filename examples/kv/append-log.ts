/**
 * One shard's file: records are gathered, written together, and synced apart from that.
 *
 * ```
 *   append append append ──► write: one write(2), then nobody but a power cut can take it back
 *                               └──► sync: fdatasync(2), once a second, for power cuts
 * ```
 */
import { constants, ftruncateSync, unlinkSync, writeSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { LogReader } from "./log-record.ts";
import type { Command } from "./command.ts";

const READ_BYTES = 256 * 1024;
const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;

export class AppendLog {
  readonly #file: FileHandle;
  #size: number;
  #gathered = "";
  #unsynced = false;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /**
   * Opens a log, showing every record that is in it to `replay`.
   *
   * A torn last record, as a power cut leaves it, is cut off and `warn` told; what is no record at
   * all is for the operator to decide about, and fails.
   */
  static async open(
    path: string,
    replay: (record: Command) => void,
    warn: (message: string) => void,
  ): Promise<AppendLog> {
    const file = await open(path, O_RDWR | O_APPEND | O_CREAT, 0o644);
    try {
      const size = await readLog(file, path, replay, warn);
      return new AppendLog(file, size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Begins a new log; what is there under this name is deleted. */
  static async create(path: string): Promise<AppendLog> {
    try {
      unlinkSync(path);
    } catch {
      // Nobody left one behind.
    }
    const file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o644);
    return new AppendLog(file, 0);
  }

  /** Bytes that are in the file. */
  get size(): number {
    return this.#size;
  }

  /** True when there is something to write. */
  get isDirty(): boolean {
    return this.#gathered !== "";
  }

  append(records: string): void {
    this.#gathered += records;
  }

  /** Writes what was gathered, all or nothing; answers what that was. */
  write(): string {
    const text = this.#gathered;
    this.#gathered = "";
    if (text !== "") this.writeNow(text);
    return text;
  }

  /** Writes records at once. Nothing of them is in the file when it throws. */
  writeNow(records: string): void {
    let written = 0;
    try {
      while (written < records.length) {
        const rest = written === 0 ? records : records.slice(written);
        written += writeSync(this.#file.fd, rest, null, "latin1");
      }
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.#size += written;
    this.#unsynced = true;
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#file.fd, this.#size);
    } catch {
      // Whoever opens the file next cuts off what is torn.
    }
  }

  /** Makes what is in the file survive a power cut. */
  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Makes names in a directory survive a power cut. */
export async function syncDirectoryOf(path: string): Promise<void> {
  const directory = await open(dirname(path));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readLog(
  file: FileHandle,
  path: string,
  replay: (record: Command) => void,
  warn: (message: string) => void,
): Promise<number> {
  const reader = new LogReader();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let at = 0; reader.fault === undefined;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at);
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
    await file.truncate(wholeBytes);
  }
  return wholeBytes;
}

import { bytesOf } from "./disk-bytes.ts";
import { SimFileHandle } from "./disk-handle.ts";
import type { FileTable } from "./disk-table.ts";
import type { DiskTime } from "./disk-time.ts";
import type {
  Disk,
  DiskData,
  DiskFlags,
  DiskHandle,
  DiskPromises,
  DiskRemoveOptions,
  DiskStats,
  DiskWriteOptions,
} from "./disk-types.ts";

/**
 * The calls with promises. What concerns names is done at once and told later; whole files are
 * opened, written and closed one after another, so that a crash may come between.
 */
export class AsyncDisk implements DiskPromises {
  readonly #disk: Omit<Disk, "promises">;
  readonly #table: FileTable;
  readonly #time: DiskTime;

  constructor(disk: Omit<Disk, "promises">, table: FileTable, time: DiskTime) {
    this.#disk = disk;
    this.#table = table;
    this.#time = time;
  }

  async open(path: string, flags: DiskFlags = "r"): Promise<DiskHandle> {
    const fd = await this.#time.after(0, () => this.#disk.openSync(path, flags));
    return new SimFileHandle(this.#disk, this.#table, this.#time, fd);
  }

  stat(path: string): Promise<DiskStats> {
    return this.#time.after(0, () => this.#disk.statSync(path));
  }

  readdir(path: string): Promise<string[]> {
    return this.#time.after(0, () => this.#disk.readdirSync(path));
  }

  mkdir(path: string, options?: { readonly recursive?: boolean }): Promise<string | undefined> {
    return this.#time.after(0, () => this.#disk.mkdirSync(path, options));
  }

  rmdir(path: string): Promise<void> {
    return this.#time.after(0, () => this.#disk.rmdirSync(path));
  }

  rm(path: string, options?: DiskRemoveOptions): Promise<void> {
    return this.#time.after(0, () => this.#disk.rmSync(path, options));
  }

  unlink(path: string): Promise<void> {
    return this.#time.after(0, () => this.#disk.unlinkSync(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#time.after(0, () => this.#disk.renameSync(from, to));
  }

  readFile(path: string): Promise<Buffer>;
  readFile(path: string, encoding: BufferEncoding): Promise<string>;
  async readFile(path: string, encoding?: BufferEncoding): Promise<Buffer | string> {
    const content = await this.#using(path, "r", (file) => file.readFile());
    return encoding === undefined ? content : content.toString(encoding);
  }

  writeFile(
    path: string,
    data: DiskData,
    options?: BufferEncoding | DiskWriteOptions,
  ): Promise<void> {
    return this.#write(path, data, options, "w");
  }

  appendFile(
    path: string,
    data: DiskData,
    options?: BufferEncoding | DiskWriteOptions,
  ): Promise<void> {
    return this.#write(path, data, options, "a");
  }

  async #write(
    path: string,
    data: DiskData,
    options: BufferEncoding | DiskWriteOptions | undefined,
    flags: string,
  ): Promise<void> {
    const given = typeof options === "string" ? { encoding: options } : (options ?? {});
    const bytes = bytesOf(data, given.encoding);
    await this.#using(path, given.flag ?? flags, async (file) => {
      await file.writeFile(bytes);
      if (given.flush === true) await file.sync();
    });
  }

  async #using<T>(
    path: string,
    flags: DiskFlags,
    act: (file: DiskHandle) => Promise<T>,
  ): Promise<T> {
    const file = await this.open(path, flags);
    try {
      return await act(file);
    } finally {
      await file.close();
    }
  }
}

import { posix } from "node:path";
import { bytesOf, part } from "./disk-bytes.ts";
import { diskError, isDirectoryError } from "./disk-error.ts";
import { checkDiskFaults, type DiskFaults } from "./disk-faults.ts";
import { DirectoryNode, FileNode, type Inode } from "./disk-inode.ts";
import { AsyncDisk } from "./disk-promises.ts";
import { FileTable } from "./disk-table.ts";
import { checkLatency, DiskTime, type DiskLatency } from "./disk-time.ts";
import { DiskTree, namesOf } from "./disk-tree.ts";
import { DiskTrouble } from "./disk-trouble.ts";
import type {
  Disk,
  DiskData,
  DiskFlags,
  DiskHost,
  DiskPromises,
  DiskRemoveOptions,
  DiskStats,
  DiskWriteOptions,
} from "./disk-types.ts";

/** What a simulated disk is like, and what is on it. */
export interface SimDiskOptions {
  readonly faults?: DiskFaults;
  readonly latency?: DiskLatency;
  /** Directories that are there from the start, durably; those on the way to them too. */
  readonly directories?: readonly string[];
  /** Files that are there from the start, by their paths; as durable, and with their directories. */
  readonly files?: Readonly<Record<string, DiskData>>;
}

/** What a simulated disk has under one name. */
export interface DiskEntry {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly size: number;
  /** Bytes that are there after the worst power cut, if the name is. */
  readonly durableSize: number;
  /** Writes and truncations that a power cut may take. */
  readonly unsynced: number;
  /** False: a power cut may take the name, for its directory was not synced. */
  readonly isNameDurable: boolean;
}

/**
 * A file system in memory, of which the simulation may take what was not synced.
 *
 * As POSIX promises no more: `fsync` makes a file's content durable and not its name. A name that
 * was given, changed or removed is durable when its directory was opened and synced.
 *
 * There are no links, permissions, times or file descriptors of other processes. Nothing is written
 * back by itself: what nobody syncs stays at risk.
 */
export class SimDisk implements Disk {
  readonly promises: DiskPromises;
  readonly #tree = new DiskTree();
  readonly #trouble: DiskTrouble;
  readonly #table: FileTable;
  readonly #time: DiskTime;

  constructor(host: DiskHost, options: SimDiskOptions = {}) {
    const { faults = {}, latency = {}, directories = [], files = {} } = options;
    checkDiskFaults("faults.disk", faults);
    checkLatency("disk.latency", latency);
    this.#trouble = new DiskTrouble(host, faults);
    this.#table = new FileTable(this.#tree, this.#trouble);
    this.#time = new DiskTime(host, this.#trouble, latency);
    this.promises = new AsyncDisk(this, this.#table, this.#time);
    for (const path of directories) this.mkdirSync(path, { recursive: true });
    for (const [path, data] of Object.entries(files)) this.#place(path, data);
    this.#tree.syncAll();
  }

  /** The process ends: its files are closed and its promises never settle. All that it wrote is there. */
  crashProcess(): void {
    this.#table.closeAll();
    this.#time.forget();
  }

  /** The same, and of what was not synced there is what the simulation left. */
  cutPower(): void {
    this.crashProcess();
    const root = { path: "/" };
    const { unsynced } = this.#tree.journal;
    this.#tree.restore(this.#trouble.survival("disk.lostNames", root, unsynced));
    for (const node of this.#tree.walk()) {
      if (!(node instanceof FileNode)) continue;
      if (node.unsynced === 0 && !node.isDoubtful) continue;
      node.restore(
        this.#trouble.survival("disk.lost", node, node.unsynced, (index) => node.lengthOf(index)),
      );
    }
  }

  /** From now on nothing goes wrong, and a power cut takes nothing but open files. */
  calm(): void {
    this.#trouble.calm();
  }

  /** All that has a name, parents first. */
  files(): DiskEntry[] {
    return Array.from(this.#tree.walk(), (node) => this.#entry(node));
  }

  /** What a file holds, without any fault; undefined where there is no file. */
  peek(path: string): Buffer | undefined {
    if (!this.existsSync(path)) return undefined;
    const node = this.#tree.find(path, { syscall: "peek", path });
    if (!(node instanceof FileNode)) return undefined;
    const content = Buffer.alloc(node.size);
    node.read(0, content);
    return content;
  }

  existsSync(path: string): boolean {
    try {
      return this.#tree.locate(path, { syscall: "access", path }).node !== undefined;
    } catch {
      return false;
    }
  }

  statSync(path: string): DiskStats {
    return new Stats(this.#tree.find(path, { syscall: "stat", path }));
  }

  readdirSync(path: string): string[] {
    return namesOf(this.#tree.directory(path, { syscall: "scandir", path }));
  }

  mkdirSync(path: string, options?: { readonly recursive?: boolean }): string | undefined {
    const call = { syscall: "mkdir", path };
    if (options?.recursive === true) return this.#tree.mkdirs(path, call);
    this.#tree.mkdir(path, call);
    return undefined;
  }

  rmdirSync(path: string): void {
    this.#tree.rmdir(path, { syscall: "rmdir", path });
  }

  rmSync(path: string, options: DiskRemoveOptions = {}): void {
    const call = { syscall: "rm", path };
    const node = this.#tree.look(path, call);
    if (node === undefined && options.force === true) return;
    if (node === undefined) throw diskError("ENOENT", call);
    if (node instanceof DirectoryNode && options.recursive !== true) throw isDirectoryError(path);
    this.#tree.removeAll(path, call);
  }

  unlinkSync(path: string): void {
    this.#tree.unlink(path, { syscall: "unlink", path });
  }

  renameSync(from: string, to: string): void {
    this.#tree.rename(from, to, { syscall: "rename", path: from, dest: to });
  }

  readFileSync(path: string): Buffer;
  readFileSync(path: string, encoding: BufferEncoding): string;
  readFileSync(path: string, encoding?: BufferEncoding): Buffer | string {
    const content = this.#using(path, "r", (fd) => this.#table.get(fd, "read").readRest());
    return encoding === undefined ? content : content.toString(encoding);
  }

  writeFileSync(path: string, data: DiskData, options?: BufferEncoding | DiskWriteOptions): void {
    this.#writeFile(path, data, options, "w");
  }

  appendFileSync(path: string, data: DiskData, options?: BufferEncoding | DiskWriteOptions): void {
    this.#writeFile(path, data, options, "a");
  }

  openSync(path: string, flags: DiskFlags): number {
    return this.#table.open(path, flags);
  }

  closeSync(fd: number): void {
    this.#table.close(fd);
  }

  fstatSync(fd: number): DiskStats {
    return new Stats(this.#table.get(fd, "fstat").node);
  }

  readSync(
    fd: number,
    buffer: NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    position: number | null,
  ): number {
    const into = part(buffer, offset, length);
    // Node does not even ask whether the file is open.
    if (into.length === 0) return 0;
    return this.#table.get(fd, "read").read(into, where(position));
  }

  writeSync(fd: number, text: string, position?: number | null, encoding?: BufferEncoding): number;
  writeSync(
    fd: number,
    buffer: NodeJS.ArrayBufferView,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): number;
  writeSync(
    fd: number,
    data: DiskData,
    first?: number | null,
    second?: number | BufferEncoding | null,
    position?: number | null,
  ): number {
    const isText = typeof data === "string";
    const bytes = isText
      ? bytesOf(data, second as BufferEncoding | undefined)
      : bytesOf(part(data, first, second as number | null | undefined));
    return this.#table.get(fd, "write").write(bytes, where(isText ? first : position));
  }

  ftruncateSync(fd: number, size = 0): void {
    this.#table.get(fd, "ftruncate").truncate(Math.max(0, size));
  }

  fsyncSync(fd: number): void {
    this.#table.get(fd, "fsync").startSync("fsync")();
  }

  fdatasyncSync(fd: number): void {
    this.#table.get(fd, "fdatasync").startSync("fdatasync")();
  }

  #writeFile(
    path: string,
    data: DiskData,
    options: BufferEncoding | DiskWriteOptions | undefined,
    flags: string,
  ): void {
    const given = typeof options === "string" ? { encoding: options } : (options ?? {});
    const bytes = bytesOf(data, given.encoding);
    this.#using(path, given.flag ?? flags, (fd) => {
      const file = this.#table.get(fd, "write");
      for (let at = 0; at < bytes.length;) at += file.write(bytes.subarray(at), null);
      if (given.flush === true) this.fsyncSync(fd);
    });
  }

  #using<T>(path: string, flags: DiskFlags, act: (fd: number) => T): T {
    const fd = this.openSync(path, flags);
    try {
      return act(fd);
    } finally {
      this.closeSync(fd);
    }
  }

  /** Before the run begins: past all faults, and durable. */
  #place(path: string, data: DiskData): void {
    this.mkdirSync(posix.dirname(path), { recursive: true });
    const spot = this.#tree.locate(path, { syscall: "open", path });
    const file = this.#tree.create(spot, new FileNode());
    file.write(0, bytesOf(data));
    file.sync(file.mark());
  }

  #entry(node: Inode): DiskEntry {
    const { path, parent, name } = node;
    const isNameDurable = parent !== undefined && this.#tree.journal.isDurable(parent, name);
    if (node instanceof DirectoryNode) {
      return { path, isDirectory: true, size: 0, durableSize: 0, unsynced: 0, isNameDurable };
    }
    const { size, durableSize, unsynced } = node;
    return { path, isDirectory: false, size, durableSize, unsynced, isNameDurable };
  }
}

class Stats implements DiskStats {
  readonly size: number;
  readonly #isFile: boolean;

  constructor(node: Inode) {
    this.#isFile = node instanceof FileNode;
    this.size = node instanceof FileNode ? node.size : 0;
  }

  isFile(): boolean {
    return this.#isFile;
  }

  isDirectory(): boolean {
    return !this.#isFile;
  }
}

/** Anything but a number from 0 means the file's own position, as in node. */
function where(position: number | null | undefined): number | null {
  return typeof position === "number" && position >= 0 ? position : null;
}

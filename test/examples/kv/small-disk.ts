import { dirname } from "node:path";
import type { Files, OpenFile } from "../../../examples/kv/files.ts";

interface Inode {
  text: string;
  /** What a power cut leaves. */
  synced: string;
  /** A sync has failed, and what it was for is taken for synced. */
  isStuck?: boolean;
}

/** A path and the file it leads to; none for a directory. */
interface Descriptor {
  readonly path: string;
  readonly inode: Inode | undefined;
}

/** Files in memory, of which a power cut leaves what was synced: contents, and names apart from them. */
export class SmallDisk implements Files {
  /** Called before each operation that changes something or syncs; may throw in its place. */
  before: (operation: string, path: string) => void = () => {};
  /** Awaited by each `datasync`, which is done then. */
  whileSyncing: () => Promise<void> | undefined = () => undefined;
  /** Bytes that one write takes at most. */
  writeBytes = Infinity;
  readonly #names = new Map<string, Inode>();
  readonly #syncedNames = new Map<string, Inode>();
  readonly #directories = new Set(["/"]);
  readonly #syncedDirectories = new Set(["/"]);
  readonly #open = new Map<number, Descriptor>();
  #fds = 0;

  /** The disk as it is when the power is cut now; whoever uses this one goes on for himself. */
  afterPowerCut(): SmallDisk {
    const disk = new SmallDisk();
    for (const path of this.#syncedDirectories) {
      if (!this.#isReached(path)) continue;
      disk.#directories.add(path);
      disk.#syncedDirectories.add(path);
    }
    for (const [path, { synced }] of this.#syncedNames) {
      if (!this.#isReached(dirname(path))) continue;
      const inode = { text: synced, synced };
      disk.#names.set(path, inode);
      disk.#syncedNames.set(path, inode);
    }
    return disk;
  }

  /** The same of a disk that has kept all names, synced or not, before it kept what is in the files. */
  afterPowerCutWithNames(): SmallDisk {
    const disk = this.afterKill();
    for (const [path, { synced }] of this.#names) disk.#names.set(path, { text: synced, synced });
    return disk;
  }

  /** The disk as it is when the process is killed now. */
  afterKill(): SmallDisk {
    const disk = new SmallDisk();
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? { ...inode };
      copies.set(inode, copy);
      return copy;
    };
    for (const path of this.#directories) disk.#directories.add(path);
    for (const path of this.#syncedDirectories) disk.#syncedDirectories.add(path);
    for (const [path, inode] of this.#names) disk.#names.set(path, copyOf(inode));
    for (const [path, inode] of this.#syncedNames) disk.#syncedNames.set(path, copyOf(inode));
    return disk;
  }

  /** Each directory above it has been synced too. */
  #isReached(path: string): boolean {
    if (path === "/") return true;
    return this.#syncedDirectories.has(path) && this.#isReached(dirname(path));
  }

  textOf(path: string): string | undefined {
    return this.#names.get(path)?.text;
  }

  existsSync(path: string): boolean {
    return this.#names.has(path) || this.#directories.has(path);
  }

  mkdirSync(path: string): void {
    if (this.#directories.has(path)) return;
    this.mkdirSync(dirname(path));
    this.before("mkdir", path);
    this.#directories.add(path);
  }

  readFileSync(path: string): string {
    return this.#find(path).text;
  }

  writeFileSync(path: string, text: string): void {
    this.before("writeFile", path);
    this.#names.set(path, { text: "", synced: "" });
    this.before("writeFile, half", path);
    this.#names.set(path, { text, synced: text });
  }

  openSync(path: string): number {
    const fd = ++this.#fds;
    const inode = this.#directories.has(path) ? undefined : this.#find(path);
    this.#open.set(fd, { path, inode });
    return fd;
  }

  fsyncSync(fd: number): void {
    const { path, inode } = this.#descriptor(fd);
    this.before("sync", path);
    if (inode !== undefined) inode.synced = inode.text;
    else this.#syncDirectory(path);
  }

  closeSync(fd: number): void {
    this.#open.delete(fd);
  }

  writeSync(fd: number, text: string): number {
    const { path, inode } = this.#descriptor(fd);
    this.before("write", path);
    const taken = text.slice(0, this.writeBytes);
    inode!.text += taken;
    return taken.length;
  }

  ftruncateSync(fd: number, bytes: number): void {
    const { path, inode } = this.#descriptor(fd);
    this.before("truncate", path);
    inode!.text = inode!.text.slice(0, bytes);
    if (bytes <= inode!.synced.length) inode!.isStuck = false;
  }

  renameSync(from: string, to: string): void {
    this.before("rename", from);
    this.#names.set(to, this.#find(from));
    this.#names.delete(from);
  }

  unlinkSync(path: string): void {
    this.#find(path);
    this.before("unlink", path);
    this.#names.delete(path);
  }

  readonly promises = {
    open: async (path: string, flags: "r" | "a+" | "ax+"): Promise<OpenFile> => {
      if (flags !== "r") {
        this.before("open", path);
        if (flags === "ax+" && this.existsSync(path)) throw new Error(`EEXIST: ${path}`);
        if (!this.existsSync(path)) this.#names.set(path, { text: "", synced: "" });
      }
      return this.#handle(this.openSync(path));
    },
  };

  #handle(fd: number): OpenFile {
    return {
      fd,
      read: async (buffer, offset, length, position) => {
        const { text } = this.#descriptor(fd).inode!;
        const bytes = Buffer.from(text.slice(position, position + length), "latin1");
        buffer.set(bytes, offset);
        return { bytesRead: bytes.length };
      },
      datasync: async () => {
        const { path, inode } = this.#descriptor(fd);
        const { text } = inode!;
        await this.whileSyncing();
        try {
          this.before("datasync", path);
        } catch (error) {
          inode!.isStuck = true;
          throw error;
        }
        if (inode!.isStuck !== true) inode!.synced = text;
      },
      sync: async () => this.fsyncSync(fd),
      close: async () => this.closeSync(fd),
    };
  }

  #find(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw new Error(`ENOENT: ${path}`);
    return inode;
  }

  #descriptor(fd: number): Descriptor {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) throw new Error(`EBADF: ${fd} is not open`);
    return descriptor;
  }

  #syncDirectory(path: string): void {
    for (const child of this.#directories) {
      if (dirname(child) === path) this.#syncedDirectories.add(child);
    }
    for (const name of this.#syncedNames.keys()) {
      if (dirname(name) === path && !this.#names.has(name)) this.#syncedNames.delete(name);
    }
    for (const [name, inode] of this.#names) {
      if (dirname(name) === path) this.#syncedNames.set(name, inode);
    }
  }
}

import { posix } from "node:path";
import { diskError, type DiskCall } from "./disk-error.ts";
import { OpenFile } from "./disk-file.ts";
import { readFlags } from "./disk-flags.ts";
import { FileNode, type Inode } from "./disk-inode.ts";
import type { DiskTree, Spot } from "./disk-tree.ts";
import type { DiskTrouble } from "./disk-trouble.ts";
import type { DiskFlags } from "./disk-types.ts";

/** Those below are taken in every process. */
const FIRST_FD = 3;

/** The open files of the process, by their numbers. */
export class FileTable {
  readonly #tree: DiskTree;
  readonly #trouble: DiskTrouble;
  readonly #files = new Map<number, OpenFile>();
  /** No number is given twice: one that is used after its file was closed is EBADF, always. */
  #next = FIRST_FD;

  constructor(tree: DiskTree, trouble: DiskTrouble) {
    this.#tree = tree;
    this.#trouble = trouble;
  }

  open(path: string, flags: DiskFlags): number {
    const call = { syscall: "open", path };
    const mode = readFlags(flags);
    const spot = this.#tree.locate(path, call);
    if (spot.node !== undefined && mode.creates && mode.isExclusive)
      throw diskError("EEXIST", call);
    const node = spot.node ?? this.#create(spot, mode.creates, call);
    if (node instanceof FileNode) {
      if (mode.wantsDirectory) throw diskError("ENOTDIR", call);
      if (mode.truncates && node.size > 0) node.resize(0);
    } else if (mode.writes || mode.creates) {
      throw diskError("EISDIR", call);
    }
    const fd = this.#next++;
    const { journal } = this.#tree;
    const ground = { trouble: this.#trouble, journal, room: () => this.#room() };
    this.#files.set(fd, new OpenFile(node, mode, ground));
    return fd;
  }

  get(fd: number, syscall: string): OpenFile {
    const file = this.#files.get(fd);
    if (file === undefined) throw diskError("EBADF", { syscall });
    return file;
  }

  close(fd: number): void {
    this.get(fd, "close");
    this.#files.delete(fd);
  }

  /** What the end of a process does. */
  closeAll(): void {
    this.#files.clear();
  }

  #create(spot: Spot, creates: boolean, call: DiskCall): Inode {
    if (!creates) throw diskError("ENOENT", call);
    if (this.#trouble.isFull({ path: posix.resolve("/", call.path ?? "") })) {
      throw diskError("ENOSPC", call);
    }
    return this.#tree.create(spot, new FileNode());
  }

  #room(): number {
    const { capacityBytes } = this.#trouble;
    if (capacityBytes === Infinity) return Infinity;
    // A file that is open takes room without having a name.
    const nodes = new Set<Inode>(this.#tree.walk());
    for (const { node } of this.#files.values()) nodes.add(node);
    let used = 0;
    for (const node of nodes) if (node instanceof FileNode) used += node.size;
    return Math.max(0, capacityBytes - used);
  }
}

import { diskError, type DiskErrorCode } from "./disk-error.ts";
import type { OpenMode } from "./disk-flags.ts";
import { DirectoryNode, FileNode, type Inode } from "./disk-inode.ts";
import type { NameJournal } from "./disk-names.ts";
import type { DiskTrouble } from "./disk-trouble.ts";

/** Everything is in memory: a sparse file of a terabyte would not be sparse here. */
const MOST_BYTES = 2 ** 30;

/** What open files share with the disk that they are on. */
export interface FileGround {
  readonly trouble: DiskTrouble;
  readonly journal: NameJournal;
  /** Bytes that the disk can still take. */
  room(): number;
}

/** What a file descriptor stands for: an inode, how it was opened, and where the next read begins. */
export class OpenFile {
  readonly node: Inode;
  readonly #mode: OpenMode;
  readonly #ground: FileGround;
  #position = 0;

  constructor(node: Inode, mode: OpenMode, ground: FileGround) {
    this.node = node;
    this.#mode = mode;
    this.#ground = ground;
  }

  /** From the file's own position where none is given, which moves then; 0 at the end. */
  read(into: Uint8Array, position: number | null): number {
    if (!this.#mode.reads) throw fail("EBADF", "read");
    const node = this.#content("EISDIR", "read");
    if (this.#ground.trouble.readFails(node)) throw fail("EIO", "read");
    const bytesRead = node.read(position ?? this.#position, into);
    if (position === null) this.#position += bytesRead;
    return bytesRead;
  }

  /** All from its own position to the end. */
  readRest(): Buffer {
    const left = this.node instanceof FileNode ? this.node.size - this.#position : 0;
    const rest = Buffer.alloc(Math.max(0, left));
    const bytesRead = this.read(rest, null);
    return rest.subarray(0, bytesRead);
  }

  /** Answers how many bytes it took. They are kept as they are, and must not change. */
  write(bytes: Uint8Array, position: number | null): number {
    if (!this.#mode.writes) throw fail("EBADF", "write");
    const node = this.#content("EBADF", "write");
    const { trouble } = this.#ground;
    if (bytes.length === 0) return 0;
    if (trouble.writeFails(node)) throw fail("EIO", "write");
    if (trouble.isFull(node)) throw fail("ENOSPC", "write");
    const at = this.#mode.appends ? node.size : (position ?? this.#position);
    const taken = trouble.taken(node, this.#fitting(node, at, bytes.length));
    node.write(at, taken === bytes.length ? bytes : bytes.subarray(0, taken));
    if (position === null) this.#position = at + taken;
    if (this.#mode.syncs) this.startSync("write")();
    return taken;
  }

  truncate(size: number): void {
    const node = this.#content("EINVAL", "ftruncate");
    if (!this.#mode.writes) throw fail("EINVAL", "ftruncate");
    if (size > MOST_BYTES) throw fail("EFBIG", "ftruncate");
    node.resize(size);
  }

  /**
   * Begins a sync; what it answers ends it, and throws EIO when it failed.
   *
   * It covers what was written until now, and nothing that is written while it runs.
   */
  startSync(syscall: string): () => void {
    const { node } = this;
    const { trouble, journal } = this.#ground;
    if (node instanceof DirectoryNode) {
      const mark = journal.mark();
      const fails = trouble.keptByFailedSync(node, 0) !== undefined;
      return () => {
        if (fails) throw fail("EIO", syscall);
        journal.sync(node, mark);
      };
    }
    const mark = node.mark();
    const kept = trouble.keptByFailedSync(node, node.unsynced);
    return () => {
      if (kept === undefined) return node.sync(mark);
      node.failSync(mark, kept);
      throw fail("EIO", syscall);
    };
  }

  #content(otherwise: DiskErrorCode, syscall: string): FileNode {
    if (this.node instanceof FileNode) return this.node;
    throw fail(otherwise, syscall);
  }

  /** How many of the bytes there is room for. */
  #fitting(node: FileNode, at: number, length: number): number {
    if (at + length > MOST_BYTES) throw fail("EFBIG", "write");
    // What is written over something needs no room of its own.
    const fitting = Math.min(length, Math.max(0, node.size - at) + this.#ground.room());
    if (fitting === 0) throw fail("ENOSPC", "write");
    return fitting;
  }
}

function fail(code: DiskErrorCode, syscall: string): Error {
  return diskError(code, { syscall });
}

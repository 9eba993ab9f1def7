import { GrowingBytes } from "./growing-bytes.ts";

/** Which of the changes that were not synced a power cut left, the oldest first. */
export interface Survival {
  readonly survives: (index: number) => boolean;
  /** So many bytes of the first change that was lost are on the disk all the same. */
  readonly tornBytes: number;
}

/** Where an inode was last seen; for messages, and for decisions to be about a place. */
abstract class Named {
  parent: DirectoryNode | undefined;
  name = "";

  get path(): string {
    const { parent, name } = this;
    if (parent === undefined) return "/";
    return parent.parent === undefined ? `/${name}` : `${parent.path}/${name}`;
  }
}

/** What a directory holds: in memory, and on the disk itself. */
export class DirectoryNode extends Named {
  names = new Map<string, Inode>();
  durable = new Map<string, Inode>();
}

export type Inode = FileNode | DirectoryNode;

/** A write, or a truncation where there are no bytes. */
interface FileChange {
  readonly at: number;
  readonly bytes: Uint8Array | undefined;
}

/** A file's content: the page cache, what is on the disk, and the changes that lie between them. */
export class FileNode extends Named {
  readonly #cached = new GrowingBytes();
  readonly #durable = new GrowingBytes();
  #changes: FileChange[] = [];
  /** Changes that were synced so far: `mark` counts on from here. */
  #synced = 0;
  /** A sync failed: what was dropped then is in the page cache, and no later sync writes it. */
  #isDoubtful = false;

  get size(): number {
    return this.#cached.size;
  }

  get durableSize(): number {
    return this.#durable.size;
  }

  /** How many changes a power cut may take. */
  get unsynced(): number {
    return this.#changes.length;
  }

  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** Takes the bytes as they are: they must not change afterwards. */
  write(at: number, bytes: Uint8Array): void {
    this.#change({ at, bytes });
  }

  resize(size: number): void {
    this.#change({ at: size, bytes: undefined });
  }

  read(at: number, into: Uint8Array): number {
    return this.#cached.read(at, into);
  }

  /** The present, for a sync that ends later: it covers what was written before it began. */
  mark(): number {
    return this.#synced + this.#changes.length;
  }

  /** Changes that a sync up to `mark` still has to write. */
  unsyncedAt(mark: number): number {
    return Math.max(0, mark - this.#synced);
  }

  /** Bytes that the change has, 0 for a truncation. */
  lengthOf(index: number): number {
    return this.#changes[index]?.bytes?.length ?? 0;
  }

  sync(mark: number): void {
    this.#flush(this.unsyncedAt(mark), Infinity);
  }

  /**
   * A sync that failed: `kept` of the changes are on the disk, and the rest counts as written.
   *
   * That is Linux's way. A second sync succeeds and has written nothing of it.
   */
  failSync(mark: number, kept: number): void {
    const count = this.unsyncedAt(mark);
    if (kept < count) this.#isDoubtful = true;
    this.#flush(count, kept);
  }

  /** After a power cut: the page cache is gone, and of the changes there is what survived. */
  restore({ survives, tornBytes }: Survival): void {
    let torn = tornBytes;
    for (const [index, change] of this.#changes.entries()) {
      if (survives(index)) {
        apply(change, this.#durable);
      } else {
        const { at, bytes } = change;
        if (torn > 0 && bytes !== undefined) this.#durable.write(at, bytes.subarray(0, torn));
        torn = 0;
      }
    }
    this.#synced += this.#changes.length;
    this.#changes = [];
    this.#isDoubtful = false;
    this.#cached.become(this.#durable);
  }

  #change(change: FileChange): void {
    apply(change, this.#cached);
    this.#changes.push(change);
  }

  #flush(count: number, kept: number): void {
    for (let i = 0; i < count && i < kept; i++) apply(this.#changes[i]!, this.#durable);
    this.#changes = this.#changes.slice(count);
    this.#synced += count;
  }
}

function apply({ at, bytes }: FileChange, content: GrowingBytes): void {
  if (bytes === undefined) content.resize(at);
  else content.write(at, bytes);
}

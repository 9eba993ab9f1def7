import { posix } from "node:path";
import { diskError, type DiskCall } from "./disk-error.ts";
import { DirectoryNode, FileNode, type Inode, type Survival } from "./disk-inode.ts";
import { NameJournal } from "./disk-names.ts";

/** Where a path leads: the directory that has, or would have, its last name. */
export interface Spot {
  readonly parent: DirectoryNode;
  /** Empty for the root. */
  readonly name: string;
  readonly node: Inode | undefined;
}

/** The directories of a disk: what node's calls by path do, without links and permissions. */
export class DiskTree {
  readonly journal = new NameJournal();
  #root = new DirectoryNode();

  /** Throws ENOENT or ENOTDIR when there is no directory that could have the name. */
  locate(path: string, call: DiskCall): Spot {
    const spot = this.#walkTo(path, call);
    if (spot === undefined) throw diskError("ENOENT", call);
    return spot;
  }

  /** Undefined where nothing is; throws ENOTDIR where the way leads through a file. */
  look(path: string, call: DiskCall): Inode | undefined {
    return this.#walkTo(path, call)?.node;
  }

  #walkTo(path: string, call: DiskCall): Spot | undefined {
    if (path === "") return undefined;
    let spot: Spot = { parent: this.#root, name: "", node: this.#root };
    for (const name of namesIn(path)) {
      const parent = spot.node;
      if (parent === undefined) return undefined;
      if (parent instanceof FileNode) throw diskError("ENOTDIR", call);
      spot = { parent, name, node: parent.names.get(name) };
    }
    return spot;
  }

  find(path: string, call: DiskCall): Inode {
    const node = this.look(path, call);
    if (node === undefined) throw diskError("ENOENT", call);
    return node;
  }

  directory(path: string, call: DiskCall): DirectoryNode {
    const node = this.find(path, call);
    if (node instanceof FileNode) throw diskError("ENOTDIR", call);
    return node;
  }

  create<T extends Inode>({ parent, name }: Spot, node: T): T {
    this.journal.change({ directory: parent, name, node });
    return node;
  }

  mkdir(path: string, call: DiskCall): void {
    const spot = this.locate(path, call);
    if (spot.node !== undefined) throw diskError("EEXIST", call);
    this.create(spot, new DirectoryNode());
  }

  /** Makes what is missing on the way, too; answers the first directory that it made. */
  mkdirs(path: string, call: DiskCall): string | undefined {
    let at = "";
    let first: string | undefined;
    const names = namesIn(path);
    for (const [index, name] of names.entries()) {
      at += `/${name}`;
      const spot = this.locate(at, call);
      if (spot.node instanceof FileNode) {
        throw diskError(index === names.length - 1 ? "EEXIST" : "ENOTDIR", call);
      }
      if (spot.node !== undefined) continue;
      this.create(spot, new DirectoryNode());
      first ??= at;
    }
    return first;
  }

  unlink(path: string, call: DiskCall): void {
    const { parent, name, node } = this.locate(path, call);
    if (node === undefined) throw diskError("ENOENT", call);
    if (node instanceof DirectoryNode) throw diskError("EISDIR", call);
    this.journal.change({ directory: parent, name, node: undefined });
  }

  rmdir(path: string, call: DiskCall): void {
    const { parent, name, node } = this.locate(path, call);
    if (node === undefined) throw diskError("ENOENT", call);
    if (node instanceof FileNode) throw diskError("ENOTDIR", call);
    if (node === this.#root) throw diskError("EBUSY", call);
    if (node.names.size > 0) throw diskError("ENOTEMPTY", call);
    this.journal.change({ directory: parent, name, node: undefined });
  }

  /** Removes a directory with all that is in it, each name by itself. */
  removeAll(path: string, call: DiskCall): void {
    const node = this.find(path, call);
    if (node instanceof FileNode) return this.unlink(path, call);
    for (const name of namesOf(node)) this.removeAll(posix.join(path, name), call);
    this.rmdir(path, call);
  }

  rename(from: string, to: string, call: DiskCall): void {
    const source = this.locate(from, call);
    const target = this.locate(to, call);
    if (source.name === "" || target.name === "") throw diskError("EBUSY", call);
    const moved = source.node;
    if (moved === undefined) throw diskError("ENOENT", call);
    if (moved === target.node) return;
    if (isWithin(target.parent, moved)) throw diskError("EINVAL", call);
    checkReplaced(target.node, source, call);
    this.journal.change(
      { directory: source.parent, name: source.name, node: undefined },
      { directory: target.parent, name: target.name, node: moved },
    );
  }

  /** Every file and directory that has a name, parents first, in the order of their names. */
  *walk(from: DirectoryNode = this.#root): Generator<Inode> {
    for (const name of namesOf(from)) {
      const node = from.names.get(name)!;
      yield node;
      if (node instanceof DirectoryNode) yield* this.walk(node);
    }
  }

  /** After a power cut: the names are those that are on the disk. */
  restore(survival: Survival): void {
    this.journal.restore(survival);
    const directories = [this.#root];
    for (const directory of directories) {
      directory.names = new Map(directory.durable);
      for (const [name, node] of directory.names) {
        Object.assign(node, { parent: directory, name });
        if (node instanceof DirectoryNode) directories.push(node);
      }
    }
  }

  /** Makes all names durable. */
  syncAll(): void {
    this.journal.restore({ survives: () => true, tornBytes: 0 });
  }
}

/** In the order of their bytes, as node hands them out. */
export function namesOf(directory: DirectoryNode): string[] {
  // oxlint-disable-next-line unicorn/no-array-sort -- the array is our own
  return [...directory.names.keys()].sort();
}

function namesIn(path: string): string[] {
  return posix
    .resolve("/", path)
    .split("/")
    .filter((name) => name !== "");
}

function isWithin(directory: DirectoryNode, node: Inode): boolean {
  for (let at: DirectoryNode | undefined = directory; at !== undefined; at = at.parent) {
    if (at === node) return true;
  }
  return false;
}

/** What a rename may put in the place of what. */
function checkReplaced(replaced: Inode | undefined, source: Spot, call: DiskCall): void {
  if (replaced instanceof DirectoryNode && isWithin(source.parent, replaced)) {
    throw diskError("ENOTEMPTY", call);
  }
  if (replaced === undefined) return;
  if (source.node instanceof FileNode) {
    if (replaced instanceof DirectoryNode) throw diskError("EISDIR", call);
    return;
  }
  if (replaced instanceof FileNode) throw diskError("ENOTDIR", call);
  if (replaced.names.size > 0) throw diskError("ENOTEMPTY", call);
}

import type { DirectoryNode, Inode, Survival } from "./disk-inode.ts";

/** One name that becomes another file, or none. */
interface Edit {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: Inode | undefined;
}

/** Edits that a power cut takes or leaves together: a rename is two. */
interface NameChange {
  readonly number: number;
  readonly edits: readonly Edit[];
}

/**
 * The names that were given and taken since their directories were synced, in order.
 *
 * There is one line of them for the whole disk, as in a journal: a file that was renamed into
 * another directory is in one of the two after a power cut, never in both and never in none.
 */
export class NameJournal {
  #changes: NameChange[] = [];
  #count = 0;

  get unsynced(): number {
    return this.#changes.length;
  }

  /** The present, for a sync that ends later. */
  mark(): number {
    return this.#count;
  }

  /** Makes the edits at once in memory; on the disk when a directory of theirs is synced. */
  change(...edits: readonly Edit[]): void {
    for (const { directory, name, node } of edits) {
      set(directory.names, name, node);
      if (node !== undefined) Object.assign(node, { parent: directory, name });
    }
    this.#changes.push({ number: this.#count++, edits });
  }

  /**
   * Makes a directory's names durable as they were at `mark`.
   *
   * What these rest upon goes with them: earlier changes of the directories that a rename joins.
   */
  sync(directory: DirectoryNode, mark: number): void {
    const joined = new Set([directory]);
    const due = new Set<NameChange>();
    for (const change of this.#changes.toReversed()) {
      if (change.number >= mark || !change.edits.some((edit) => joined.has(edit.directory)))
        continue;
      due.add(change);
      for (const edit of change.edits) joined.add(edit.directory);
    }
    for (const change of this.#changes) if (due.has(change)) write(change);
    this.#changes = this.#changes.filter((change) => !due.has(change));
  }

  /** True when a power cut could not take this name. */
  isDurable(directory: DirectoryNode, name: string): boolean {
    return directory.names.get(name) === directory.durable.get(name);
  }

  /** After a power cut: writes what survived. A name's own changes keep their order. */
  restore({ survives }: Survival): void {
    const stuck = new Map<DirectoryNode, Set<string>>();
    for (const [index, change] of this.#changes.entries()) {
      const rests = change.edits.some(({ directory, name }) => stuck.get(directory)?.has(name));
      if (survives(index) && !rests) write(change);
      else for (const { directory, name } of change.edits) namesOf(stuck, directory).add(name);
    }
    this.#changes = [];
  }
}

function write({ edits }: NameChange): void {
  for (const { directory, name, node } of edits) set(directory.durable, name, node);
}

function set(names: Map<string, Inode>, name: string, node: Inode | undefined): void {
  // Deleted first: a name that is given again is the youngest.
  names.delete(name);
  if (node !== undefined) names.set(name, node);
}

function namesOf(stuck: Map<DirectoryNode, Set<string>>, directory: DirectoryNode): Set<string> {
  let names = stuck.get(directory);
  if (names === undefined) stuck.set(directory, (names = new Set()));
  return names;
}

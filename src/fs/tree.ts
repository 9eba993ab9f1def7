import { watch, type FSWatcher, type Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file or folder has come, is another than before, or has gone. */
export interface FileChange {
  readonly kind: "created" | "changed" | "removed";
  /** Beginning as the path that is watched does. */
  readonly path: string;
  /** Folders come and go, and never change. */
  readonly isFolder: boolean;
}

interface Entry {
  readonly isFolder: boolean;
  /** By which it is seen that nothing is new; unknown of what was there from the start. */
  readonly stamp: string | null;
}

interface Folder {
  readonly watcher: FSWatcher;
  readonly entries: Map<string, Entry>;
}

/** What a tree looks at, and whom it tells that it may be worth while to look again. */
export interface TreeOptions {
  readonly recursive: boolean;
  /** Only what is in the root under this name. */
  readonly only: string | null;
  readonly ignore: (path: string) => boolean;
  readonly onDirty: (path: string) => void;
  /** The host cannot say what is new in a folder. */
  readonly onLost: () => void;
}

/**
 * What is known to be in a folder, and in those below it.
 *
 * The host tells that there is something about a name; what it is, is found out here, by
 * comparison. Links are not followed.
 */
export class Tree {
  readonly #root: string;
  readonly #options: TreeOptions;
  #folders = new Map<string, Folder>();
  #over = false;

  constructor(root: string, options: TreeOptions) {
    this.#root = root;
    this.#options = options;
  }

  get folders(): number {
    return this.#folders.size;
  }

  /** Takes in all that is there. Rejects with the host's error, as where it can watch no more. */
  async open(): Promise<void> {
    await this.#addFolder(this.#root, null);
  }

  /** Finds out what has become of a path. */
  async examine(path: string): Promise<FileChange[]> {
    const folder = this.#folders.get(dirname(path));
    if (folder === undefined || this.#isLeftOut(path)) return [];
    const name = basename(path);
    const before = folder.entries.get(name);
    const now = await lstat(path).catch(unlessGone);
    const changes: FileChange[] = [];
    const isFolder = now?.isDirectory() === true;
    const isAnother = before !== undefined && before.isFolder !== isFolder;
    if (before !== undefined && (now === null || isAnother)) this.#remove(path, before, changes);
    if (now === null || this.#over) return changes;
    const stamp = stampOf(now);
    folder.entries.set(name, { isFolder, stamp });
    if (before === undefined || isAnother) await this.#create(path, isFolder, changes);
    else if (!isFolder && before.stamp !== stamp) changes.push({ kind: "changed", path, isFolder });
    return changes;
  }

  /** Whether the folder that is watched is there. */
  async isThere(): Promise<boolean> {
    return (await lstat(this.#root).catch(unlessGone)) !== null;
  }

  /** All that was known, from the leaves to the root. */
  removeAll(): FileChange[] {
    const changes: FileChange[] = [];
    this.#removeFolder(this.#root, changes);
    return changes;
  }

  /** Forgets all, and takes in what is there now. */
  async reopen(): Promise<void> {
    this.#closeAll();
    await this.open();
  }

  close(): void {
    this.#over = true;
    this.#closeAll();
  }

  #closeAll(): void {
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #isLeftOut(path: string): boolean {
    const { only, ignore } = this.#options;
    return (only !== null && basename(path) !== only) || ignore(path);
  }

  async #create(path: string, isFolder: boolean, changes: FileChange[]): Promise<void> {
    changes.push({ kind: "created", path, isFolder });
    if (!isFolder || !this.#options.recursive) return;
    try {
      await this.#addFolder(path, changes);
    } catch (error) {
      // Gone again: its own folder has been told of that.
      unlessGone(error);
    }
  }

  /** Listens first, then looks: what comes in between is seen twice, and told once. */
  async #addFolder(path: string, changes: FileChange[] | null): Promise<void> {
    if (this.#over || this.#folders.has(path)) return;
    const folder: Folder = { watcher: this.#listen(path), entries: new Map() };
    this.#folders.set(path, folder);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (this.#isLeftOut(inside)) continue;
      const isFolder = entry.isDirectory();
      if (changes === null) {
        folder.entries.set(entry.name, { isFolder, stamp: null });
        if (isFolder && this.#options.recursive) await this.#addBelow(inside);
      } else changes.push(...(await this.examine(inside)));
    }
  }

  async #addBelow(path: string): Promise<void> {
    try {
      await this.#addFolder(path, null);
    } catch (error) {
      unlessGone(error);
    }
  }

  #listen(path: string): FSWatcher {
    const { onDirty, onLost } = this.#options;
    const watcher = watch(path, (_event, name) => {
      if (name === null) return onLost();
      const inside = join(path, name);
      // Of its own end a folder tells under its own name.
      if (name === basename(path) || !this.#isLeftOut(inside)) onDirty(inside);
      return undefined;
    });
    watcher.on("error", () => {
      watcher.close();
      onLost();
    });
    return watcher;
  }

  #remove(path: string, { isFolder }: Entry, changes: FileChange[]): void {
    this.#folders.get(dirname(path))?.entries.delete(basename(path));
    if (isFolder) this.#removeFolder(path, changes);
    changes.push({ kind: "removed", path, isFolder });
  }

  #removeFolder(path: string, changes: FileChange[]): void {
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    for (const [name, entry] of folder.entries) this.#remove(join(path, name), entry, changes);
    folder.watcher.close();
    this.#folders.delete(path);
  }
}

function stampOf({ ino, size, mtimeMs, mode }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${mode}`;
}

function unlessGone(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw error;
}

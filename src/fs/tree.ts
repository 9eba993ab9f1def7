import { watch, type FSWatcher, type Stats } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/** A file or folder has come, is another than before, has gone, or may not be looked into. */
export interface FileChange {
  readonly kind: "created" | "changed" | "removed" | "unreadable";
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
  /** Which it was: another may have its name by now. */
  readonly identity: string;
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
  /** What `ignore` has thrown. */
  readonly onError: (error: unknown) => void;
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
  #unreadable: FileChange[] = [];
  #over = false;

  constructor(root: string, options: TreeOptions) {
    this.#root = root;
    this.#options = options;
  }

  get folders(): number {
    return this.#folders.size;
  }

  /** Takes in all that is there. Rejects with the host's error, as where it can watch no more. */
  async open(): Promise<FileChange[]> {
    await this.#addFolder(this.#root, null);
    return this.#unreadable.splice(0);
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
    const stamp = now === null ? "" : isFolder ? identityOf(now) : stampOf(now);
    const isAnother =
      before !== undefined &&
      (before.isFolder !== isFolder || (isFolder && before.stamp !== stamp));
    if (before !== undefined && (now === null || isAnother)) this.#remove(path, before, changes);
    if (now === null || this.#over) return changes;
    folder.entries.set(name, { isFolder, stamp });
    if (before === undefined || isAnother) await this.#create(path, isFolder, changes);
    else if (!isFolder && before.stamp !== stamp) changes.push({ kind: "changed", path, isFolder });
    return changes;
  }

  /** What has become of the folder that is watched. */
  async look(): Promise<"same" | "another" | "gone"> {
    const now = await stat(this.#root).catch(unlessGone);
    if (now === null) return "gone";
    return this.#folders.get(this.#root)?.identity === identityOf(now) ? "same" : "another";
  }

  /** All that was known, from the leaves to the root. */
  removeAll(): FileChange[] {
    const changes: FileChange[] = [];
    this.#removeFolder(this.#root, changes);
    return changes;
  }

  /** Forgets all, and takes in what is there now. */
  reopen(): Promise<FileChange[]> {
    this.#closeAll();
    return this.open();
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
    if (isFolder && this.#options.recursive) await this.#addBelow(path, changes);
    changes.push(...this.#unreadable.splice(0));
  }

  /** Listens first, then looks: what comes in between is seen twice, and told once. */
  async #addFolder(path: string, changes: FileChange[] | null): Promise<void> {
    if (this.#over || this.#folders.has(path)) return;
    const watcher = this.#listen(path);
    const entries = new Map<string, Entry>();
    this.#folders.set(path, { watcher, entries, identity: "" });
    const identity = identityOf(await stat(path));
    if (this.#over) return watcher.close();
    this.#folders.set(path, { watcher, entries, identity });
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (this.#isLeftOut(inside)) continue;
      if (changes !== null) changes.push(...(await this.examine(inside)));
      else if (entry.isDirectory()) await this.#noteFolder(inside, entries);
      else entries.set(entry.name, { isFolder: false, stamp: null });
    }
    return undefined;
  }

  /** One that was there from the start. */
  async #noteFolder(path: string, entries: Map<string, Entry>): Promise<void> {
    const now = await lstat(path).catch(unlessGone);
    if (now === null) return;
    entries.set(basename(path), { isFolder: true, stamp: identityOf(now) });
    if (this.#options.recursive) await this.#addBelow(path, null);
  }

  /** One that cannot be looked into is told of, and takes nothing else down. */
  async #addBelow(path: string, changes: FileChange[] | null): Promise<void> {
    try {
      await this.#addFolder(path, changes);
    } catch (error) {
      this.#folders.get(path)?.watcher.close();
      this.#folders.delete(path);
      const { code } = error as NodeJS.ErrnoException;
      // Where it is gone again, its own folder has been told of that.
      if (code !== "EACCES" && code !== "EPERM") unlessGone(error);
      else this.#unreadable.push({ kind: "unreadable", path, isFolder: true });
    }
  }

  #listen(path: string): FSWatcher {
    const { onDirty, onLost, onError } = this.#options;
    const watcher = watch(path, (_event, name) => {
      if (name === null) return onLost();
      const inside = join(path, name);
      // Of its own end a folder tells under its own name.
      if (name === basename(resolve(path))) onDirty(path);
      try {
        if (!this.#isLeftOut(inside)) onDirty(inside);
      } catch (error) {
        onError(error);
      }
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

/** Numbers of folders that are gone are given to new ones at once. */
function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev} ${ino} ${birthtimeMs}`;
}

function stampOf({ ino, size, mtimeMs, mode }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${mode}`;
}

function unlessGone(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw error;
}

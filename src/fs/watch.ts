import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkDelay, checkFunction, checkName, checkNumber } from "../kernel/options.ts";
import { createHostWorld } from "../world/host-world.ts";
import type { TimerHandle } from "../world/world.ts";
import { Tree, type FileChange } from "./tree.ts";

/**
 * What a watched folder tells.
 *
 * - `ready`: the first of all; nothing goes unseen from here on.
 * - `created`, `changed`, `removed`: of one file or folder.
 * - `unreadable`: a folder below, which this process may not look into, is left out.
 * - `overflow`: more has changed than is kept, the host has lost count, or the folder that is
 *   watched has been replaced by another: look at everything.
 */
export type FileEvent = FileChange | { readonly kind: "ready" } | { readonly kind: "overflow" };

/** What is watched, and how much may wait. */
export interface WatchOptions {
  /** The folders below it, too, also those that are made later. Default false. */
  readonly recursive?: boolean;
  /** What is not looked at; of a folder, neither what is in it. Gets whole paths. */
  readonly ignore?: (path: string) => boolean;
  /** Changes of one path within this time, in ms, are one. Default 20. */
  readonly settleMs?: number;
  /** So many paths may wait while the reader is busy; with more, it is told `overflow`. Default 1,024. */
  readonly capacity?: number;
}

/** What has been watched so far. */
export interface WatchStats {
  readonly events: number;
  readonly overflows: number;
  /** Folders that are watched now. */
  readonly folders: number;
  /** Paths that wait for the reader. */
  readonly pending: number;
}

/** Changes of files, for one reader. */
export interface Watched extends AsyncIterable<FileEvent> {
  /** Of the reader that began last. */
  stats(): WatchStats;
}

/**
 * Watches a folder, or a file: `ctx.source(watch("config"), (event) => …)`.
 *
 * It is watched from the event `ready` on. A file need not be there yet, but its folder must. While
 * the actor is busy, paths that changed wait, each once; what has become of them is found out when
 * it is asked for, so an event tells of what is, and not of each step on the way there. A change
 * that leaves a file's size, time and permissions as they were is none.
 *
 * Fails with the host's error, such as `ENOENT`, or `ENOSPC` where it can watch no more, and with
 * what `ignore` throws. Ends, behind the
 * event `removed` of its own path, when the folder itself is gone. It knows of no change on most
 * network file systems, because their hosts tell of none.
 */
export function watch(path: string, options: WatchOptions = {}): Watched {
  checkName("watch: path", path ?? "");
  checkDelay("watch: settleMs", options.settleMs);
  checkNumber("watch: capacity", options.capacity, 1, "paths");
  if (options.ignore !== undefined) checkFunction("watch: ignore", options.ignore);
  let last: Watcher | undefined;
  return {
    stats: () => last?.stats() ?? { events: 0, overflows: 0, folders: 0, pending: 0 },
    [Symbol.asyncIterator]: () => (last = new Watcher(path, options)),
  };
}

const END: IteratorResult<FileEvent> = { done: true, value: undefined };
/** Files are watched in the host's time, also where actors have another. */
const world = createHostWorld();

class Watcher implements AsyncIterator<FileEvent> {
  readonly #path: string;
  readonly #options: WatchOptions;
  readonly #capacity: number;
  readonly #settleMs: number;
  readonly #dirty = new Set<string>();
  #tree: Tree | null = null;
  #isFolder = false;
  #failure: { readonly error: unknown } | null = null;
  #events: FileEvent[] = [];
  #lost = false;
  #count = 0;
  #overflows = 0;
  #settled = false;
  /** Null while there is none. */
  #timer: TimerHandle = null;
  #wake: (() => void) | null = null;
  #over = false;

  constructor(path: string, options: WatchOptions) {
    // As paths are put together from here on: without a slash at the end, and no `./` before.
    this.#path = join(path, ".");
    this.#options = options;
    this.#capacity = options.capacity ?? 1_024;
    this.#settleMs = options.settleMs ?? 20;
  }

  stats(): WatchStats {
    return {
      events: this.#count,
      overflows: this.#overflows,
      folders: this.#tree?.folders ?? 0,
      pending: this.#dirty.size,
    };
  }

  async next(): Promise<IteratorResult<FileEvent>> {
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event !== undefined) {
          this.#count++;
          return { done: false, value: event };
        }
        if (this.#over) return END;
        await this.#advance();
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** Takes one step towards the next event. */
  async #advance(): Promise<void> {
    if (this.#tree === null) await this.#begin();
    else if (this.#failure !== null) throw this.#failure.error;
    else if (!this.#settled) await new Promise<void>((resolve) => (this.#wake = resolve));
    else if (this.#lost) await this.#overflow(this.#tree);
    else await this.#examine(this.#tree);
  }

  async #begin(): Promise<void> {
    const there = await stat(this.#path).catch(() => null);
    const isFolder = there?.isDirectory() === true;
    if (this.#over) return;
    this.#isFolder = isFolder;
    this.#tree = new Tree(isFolder ? this.#path : dirname(this.#path), {
      recursive: isFolder && this.#options.recursive === true,
      only: isFolder ? null : basename(this.#path),
      ignore: this.#options.ignore ?? (() => false),
      onDirty: (path) => this.#note(path),
      onLost: () => this.#lose(),
      onError: (error) => {
        this.#failure ??= { error };
        this.#settle();
      },
    });
    this.#events.push({ kind: "ready" }, ...(await this.#tree.open()));
  }

  #note(path: string): void {
    if (this.#over || this.#lost) return;
    if (this.#dirty.size >= this.#capacity && !this.#dirty.has(path)) {
      this.#lose();
      return;
    }
    this.#dirty.add(path);
    this.#settle();
  }

  #lose(): void {
    if (this.#over) return;
    this.#lost = true;
    this.#dirty.clear();
    this.#settle();
  }

  /** Lets a while pass, so that what belongs together is one. */
  #settle(): void {
    if (this.#settled) return;
    this.#timer ??= world.setTimer(this.#settleMs, () => {
      this.#timer = null;
      this.#settled = true;
      this.#wake?.();
      this.#wake = null;
    });
  }

  async #overflow(tree: Tree): Promise<void> {
    this.#lost = false;
    this.#settled = false;
    if ((await tree.look()) === "gone") return this.#gone(tree);
    this.#overflows++;
    this.#events.push({ kind: "overflow" }, ...(await tree.reopen()));
    return undefined;
  }

  async #examine(tree: Tree): Promise<void> {
    const [path] = this.#dirty;
    if (path === undefined) {
      this.#settled = false;
      return;
    }
    this.#dirty.delete(path);
    const changes = await tree.examine(path);
    this.#events.push(...changes);
    // What is gone may be all there was.
    const asks = changes.length === 0 || changes.at(-1)?.kind === "removed";
    if (!asks) return;
    const now = await tree.look();
    if (now === "gone") this.#gone(tree);
    else if (now === "another") this.#lose();
  }

  #gone(tree: Tree): void {
    this.#events.push(...tree.removeAll());
    if (this.#isFolder) this.#events.push({ kind: "removed", path: this.#path, isFolder: true });
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#tree?.close();
    if (this.#timer !== null) world.clearTimer(this.#timer);
    this.#wake?.();
    this.#wake = null;
  }

  return(): Promise<IteratorResult<FileEvent>> {
    this.#events = [];
    this.#end();
    return Promise.resolve(END);
  }
}

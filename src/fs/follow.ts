import { checkDelay, checkName, checkOneOf } from "../kernel/options.ts";
import { createHostWorld } from "../world/host-world.ts";
import { readAt, statFile } from "./descriptor.ts";
import { Generations, type Generation } from "./generations.ts";
import { LineCutter, type LineOptions } from "./lines.ts";
import { Nudge } from "./nudge.ts";

/** Where to begin, and how often to look. */
export interface FollowOptions extends LineOptions {
  /**
   * What of a file that is there already: nothing (`end`, default), or all (`start`).
   *
   * One that is made later is read from its start.
   */
  readonly from?: "end" | "start";
  /** It is looked so often, in ms, even if the host tells of no change. Default 1,000. */
  readonly pollMs?: number;
  /**
   * How long a file that has lost its name is read, in ms, while no other has anything in it.
   * Default 5,000.
   */
  readonly lingerMs?: number;
}

/** What has been followed so far. */
export interface FollowStats {
  readonly bytes: number;
  readonly lines: number;
  /** Files that have lost the name, and were read to their end. */
  readonly rotations: number;
  /** Times that the file was cut to less than had been read. */
  readonly truncations: number;
  /** Lines that were longer than they may be, and so came in pieces or not at all. */
  readonly longLines: number;
  /** Files that are open: the one that is read, and those that wait for that. */
  readonly openFiles: number;
  /** Files that had the name and were never read, because more than 64 waited. */
  readonly missedFiles: number;
}

/** Lines of a file that grows. */
export interface Followed extends AsyncIterable<string> {
  /** Of the reader that began last. */
  stats(): FollowStats;
}

/**
 * Follows a file as it grows, line by line: `ctx.source(follow("app.log"), (line) => …)`.
 *
 * As `tail -F` does: the file need not be there yet, may be cut to nothing, and may be rotated. One
 * that gets another name is read to its end, and left when the one that has the name now has
 * something in it; so nothing is lost while its writer has it open still. While the actor is busy
 * nothing is read, and files that come and go are kept open for it. Fails with the host's error,
 * such as `EACCES`; ends when its reader does.
 *
 * Not seen is what happens between two looks: a file that gets the name and loses it again, and one
 * that is cut and has grown beyond what had been read by then. The host's word makes a look a
 * matter of milliseconds; without it, as on network file systems, it is `pollMs`.
 */
export function follow(path: string, options: FollowOptions = {}): Followed {
  checkName("follow: path", path ?? "");
  checkOneOf("follow: from", options.from, ["end", "start"]);
  checkDelay("follow: pollMs", options.pollMs);
  checkDelay("follow: lingerMs", options.lingerMs);
  let last: Follower | undefined;
  const cutter = (): LineCutter => new LineCutter(path, options);
  cutter();
  return {
    stats: () => last?.stats() ?? NOTHING,
    [Symbol.asyncIterator]: () => (last = new Follower(path, options, cutter())),
  };
}

const NOTHING: FollowStats = {
  bytes: 0,
  lines: 0,
  rotations: 0,
  truncations: 0,
  longLines: 0,
  openFiles: 0,
  missedFiles: 0,
};
const CHUNK = 64 * 1024;
const END: IteratorResult<string> = { done: true, value: undefined };

const world = createHostWorld();

class Follower implements AsyncIterator<string> {
  readonly #cutter: LineCutter;
  readonly #files: Generations;
  readonly #nudge: Nudge;
  readonly #lingerMs: number;
  readonly #counts = { bytes: 0, lines: 0, rotations: 0, truncations: 0 };
  #lines: string[] = [];
  #at = 0;
  #failure: { readonly error: unknown } | null = null;
  #over = false;
  /** There may be something new since the last look. */
  #nudged = false;
  #wake: (() => void) | null = null;
  /** The step that is under way: files are closed behind it. */
  #step: Promise<unknown> = Promise.resolve();

  constructor(path: string, options: FollowOptions, cutter: LineCutter) {
    const { from = "end", pollMs = 1_000, lingerMs = 5_000 } = options;
    this.#cutter = cutter;
    this.#lingerMs = lingerMs;
    this.#files = new Generations(path, from === "end");
    this.#nudge = new Nudge(path, pollMs, () => this.#look());
    this.#look();
  }

  stats(): FollowStats {
    const { count, missed } = this.#files;
    const { longLines } = this.#cutter;
    return { ...this.#counts, longLines, openFiles: count, missedFiles: missed };
  }

  /** Also while the reader is busy: a file is to be opened before the next one has its name. */
  #look(): void {
    try {
      this.#files.look();
    } catch (error) {
      this.#failure ??= { error };
    }
    const { current, count } = this.#files;
    this.#nudge.anyFile = count > 1 || (current?.formerSince ?? null) !== null;
    this.#nudged = true;
    this.#wake?.();
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#at < this.#lines.length) {
      this.#counts.lines++;
      return Promise.resolve({ done: false, value: this.#lines[this.#at++]! });
    }
    const step = this.#next();
    this.#step = step.catch(() => {});
    return step;
  }

  async #next(): Promise<IteratorResult<string>> {
    while (this.#at >= this.#lines.length) {
      if (this.#over) return END;
      if (this.#failure !== null) return this.#fail(this.#failure.error);
      this.#nudged = false;
      this.#at = 0;
      this.#lines = [];
      try {
        const { current } = this.#files;
        if (current === undefined || !(await this.#read(current))) await this.#rest();
      } catch (error) {
        this.#failure = { error };
      }
    }
    this.#counts.lines++;
    return { done: false, value: this.#lines[this.#at++]! };
  }

  /** Reads on; false where there is nothing to be done but wait. */
  async #read(file: Generation): Promise<boolean> {
    if (await this.#readChunk(file)) return true;
    const { size } = await statFile(file.fd);
    if (size < file.position) {
      this.#counts.truncations++;
      file.position = 0;
      this.#cutter.rest(this.#lines);
      return true;
    }
    if (size > file.position) return true;
    if (!(await this.#isLeft(file))) return false;
    // What its writer wrote until it went on to the next one.
    if (await this.#readChunk(file)) return true;
    this.#counts.rotations++;
    await this.#files.shift();
    this.#cutter.rest(this.#lines);
    return true;
  }

  async #readChunk(file: Generation): Promise<boolean> {
    const chunk = await readAt(file.fd, CHUNK, file.position);
    file.position += chunk.length;
    this.#counts.bytes += chunk.length;
    if (chunk.length > 0) this.#cutter.cut(chunk, this.#lines);
    return chunk.length > 0;
  }

  /** Whether nobody writes to it any more, as far as one can tell. */
  async #isLeft({ formerSince }: Generation): Promise<boolean> {
    if (formerSince === null) return false;
    const { next } = this.#files;
    if (next !== undefined && (next.formerSince !== null || (await statFile(next.fd)).size > 0)) {
      return true;
    }
    return world.now() - formerSince >= this.#lingerMs;
  }

  async #rest(): Promise<void> {
    if (this.#nudged || this.#over) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = null;
  }

  #fail(error: unknown): never {
    this.#end();
    throw error;
  }

  #end(): void {
    this.#over = true;
    this.#nudge.end();
    this.#files.end();
  }

  async return(): Promise<IteratorResult<string>> {
    this.#over = true;
    this.#lines = [];
    this.#nudge.end();
    this.#wake?.();
    await this.#step;
    this.#end();
    return END;
  }
}

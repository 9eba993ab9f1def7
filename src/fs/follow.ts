import { checkDelay, checkName, checkNumber, checkOneOf } from "../kernel/options.ts";
import { createHostWorld } from "../world/host-world.ts";
import { readAt, statFile } from "./descriptor.ts";
import { Generations, type FollowPosition, type Generation } from "./generations.ts";
import { LineCutter, type LineOptions } from "./lines.ts";
import { Nudge } from "./nudge.ts";

/** Where to begin, and how often to look. */
export interface FollowOptions extends LineOptions {
  /**
   * What of a file that is there already: nothing (`end`, default), all (`start`), or what comes
   * behind a position that was kept.
   *
   * One that is made later is read from its start. A position's file may have another name by now,
   * in the same folder: it is read to its end, and then the one that has the name. Where it is
   * gone, that is read from its start; files between the two are not looked for.
   */
  readonly from?: "end" | "start" | FollowPosition | undefined;
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
  /**
   * Behind the last line that was taken; undefined before the first.
   *
   * Kept where each line is handled, it is what the next one follows `from`.
   */
  readonly position: FollowPosition | undefined;
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
  checkFrom(options.from);
  checkDelay("follow: pollMs", options.pollMs);
  checkDelay("follow: lingerMs", options.lingerMs);
  let last: Follower | undefined;
  const cutter = (): LineCutter => new LineCutter(path, options);
  cutter();
  return {
    get position() {
      return last?.position;
    },
    stats: () => last?.stats() ?? NOTHING,
    [Symbol.asyncIterator]: () => (last = new Follower(path, options, cutter())),
  };
}

function checkFrom(from: FollowOptions["from"]): void {
  if (typeof from !== "object") {
    checkOneOf("follow: from", from, ["end", "start"]);
    return;
  }
  for (const key of ["dev", "ino", "offset"] as const) {
    checkNumber(
      `follow: from.${key}`,
      from[key] ?? NaN,
      0,
      key === "offset" ? "bytes" : "the host",
    );
  }
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
  position: FollowPosition | undefined;
  #lines: string[] = [];
  /** Where each of them ends; -1 for what is a piece of one. */
  #ends: number[] = [];
  #at = 0;
  /** What they were cut from, and where it begins. */
  #chunk: FollowPosition = { dev: 0, ino: 0, offset: 0 };
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
    this.#files = new Generations(path, from);
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
    if (this.#at < this.#lines.length) return Promise.resolve(this.#take());
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
      this.#ends = [];
      try {
        const { current } = this.#files;
        if (current === undefined || !(await this.#read(current))) await this.#rest();
      } catch (error) {
        this.#failure = { error };
      }
    }
    return this.#take();
  }

  #take(): IteratorResult<string> {
    const at = this.#at++;
    const end = this.#ends[at] ?? -1;
    const { dev, ino, offset } = this.#chunk;
    if (end >= 0) this.position = { dev, ino, offset: offset + end };
    this.#counts.lines++;
    return { done: false, value: this.#lines[at]! };
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
    const { fd, dev, ino, position: offset } = file;
    const chunk = await readAt(fd, CHUNK, offset);
    this.#chunk = { dev, ino, offset };
    file.position += chunk.length;
    this.#counts.bytes += chunk.length;
    if (chunk.length > 0) this.#cutter.cut(chunk, this.#lines, this.#ends);
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

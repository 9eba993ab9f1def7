import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  statSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import { BadInputError } from "../index.ts";
import { createHostWorld } from "../world/host-world.ts";
import { closeFile } from "./descriptor.ts";

const world = createHostWorld();

/** A place in a file, that is found again whatever the file is called then. */
export interface FollowPosition {
  readonly dev: number;
  readonly ino: number;
  /** Bytes before it. */
  readonly offset: number;
}

/** How many files that had the name may wait to be read. */
const MOST = 64;

/** One file that has, or had, the name. */
export interface Generation {
  readonly fd: number;
  readonly dev: number;
  readonly ino: number;
  /** The next byte to read. */
  position: number;
  /** Since when another file has the name, or none, by the host's clock; null while it has it. */
  formerSince: number | null;
}

/**
 * The files that have had a name, the one to be read first.
 *
 * ```text
 *   app.log.2   app.log.1   app.log        a rotation: the file gets another name, and a new one
 *   ─ read ──►  ─ waits ─►  ─ waits ─►     its own; they are opened when they are seen, so that
 *                                          none is missed while the reader is busy
 * ```
 *
 * It looks and opens at once, and does not ask one of the host's threads to: on a busy machine the
 * answers of three requests in a row take longer than a file may have its name. Each look costs a
 * few microseconds.
 */
export class Generations {
  /** Files that were not opened, because too many waited. */
  missed = 0;
  readonly #path: string;
  readonly #from: "end" | "start" | FollowPosition;
  #files: Generation[] = [];
  #looked = false;
  #over = false;
  /** What was not opened, so that it is counted once. */
  #missedIno = -1;

  constructor(path: string, from: "end" | "start" | FollowPosition) {
    this.#path = path;
    this.#from = from;
  }

  get current(): Generation | undefined {
    return this.#files[0];
  }

  get next(): Generation | undefined {
    return this.#files[1];
  }

  get count(): number {
    return this.#files.length;
  }

  /** Looks who has the name. Throws the host's error, but `ENOENT`. */
  look(): void {
    if (this.#over) return;
    const isFirst = !this.#looked;
    this.#looked = true;
    if (isFirst && typeof this.#from === "object") this.#resume(this.#from);
    const there = statSync(this.#path, { throwIfNoEntry: false });
    const known = there === undefined ? undefined : this.#find(there);
    for (const file of this.#files) {
      if (file === known) file.formerSince = null;
      else file.formerSince ??= world.now();
    }
    if (known === undefined && there !== undefined)
      this.#open(there, isFirst && this.#from === "end");
  }

  /** Opens the file of a position, whatever its name is now. */
  #resume({ dev, ino, offset }: FollowPosition): void {
    const folder = dirname(this.#path);
    const isIt = (path: string): boolean => {
      const there = statSync(path, { throwIfNoEntry: false });
      return there?.ino === ino && there.dev === dev && there.isFile();
    };
    const others = readdirSync(folder).map((name) => join(folder, name));
    const place = [this.#path, ...others].find(isIt);
    const fd = place === undefined ? null : openIfThere(place);
    if (fd !== null) this.#add(fd, false);
    const [file] = this.#files;
    // Longer than it is: it is read as one that was cut.
    if (file !== undefined) file.position = offset;
  }

  #find({ ino, dev }: Stats): Generation | undefined {
    return this.#files.find((file) => file.ino === ino && file.dev === dev);
  }

  #open(there: Stats, atEnd: boolean): void {
    if (there.isFIFO()) {
      throw new BadInputError(
        `follow: ${this.#path} is a named pipe, which has no end to be followed; use readLines`,
      );
    }
    if (this.#files.length >= MOST) {
      if (there.ino !== this.#missedIno) this.missed++;
      this.#missedIno = there.ino;
      return;
    }
    const fd = openIfThere(this.#path);
    if (fd !== null) this.#add(fd, atEnd);
  }

  /** What was opened may be yet another one. */
  #add(fd: number, atEnd: boolean): void {
    const stats = fstatSync(fd);
    const { dev, ino, size } = stats;
    if (stats.isFIFO() || this.#find(stats) !== undefined) closeSync(fd);
    else this.#files.push({ fd, dev, ino, position: atEnd ? size : 0, formerSince: null });
  }

  /** The first one has been read. */
  async shift(): Promise<void> {
    const file = this.#files.shift();
    if (file !== undefined) await closeFile(file.fd);
  }

  /** Closes all. */
  end(): void {
    this.#over = true;
    for (const { fd } of this.#files.splice(0)) closeSync(fd);
  }
}

function openIfThere(path: string): number | null {
  try {
    // Without waiting, should it be a named pipe by now.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

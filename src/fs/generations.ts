import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { BadInputError } from "../index.ts";
import { createHostWorld } from "../world/host-world.ts";
import { closeFile, openToRead, type OpenFile } from "./descriptor.ts";

const world = createHostWorld();

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
 */
export class Generations {
  /** Files that were not opened, because too many waited. */
  missed = 0;
  readonly #path: string;
  readonly #fromEnd: boolean;
  #files: Generation[] = [];
  #looking: Promise<void> | null = null;
  #again = false;
  #looked = false;
  #over = false;
  /** What was not opened, so that it is counted once. */
  #missedIno = -1;

  constructor(path: string, fromEnd: boolean) {
    this.#path = path;
    this.#fromEnd = fromEnd;
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

  /** Looks who has the name; one look at a time. Rejects with the host's error, but `ENOENT`. */
  look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookAll().finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** Again, where it was asked for in the middle of a look. */
  async #lookAll(): Promise<void> {
    while (this.#again && !this.#over) {
      this.#again = false;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const there = await stat(this.#path).catch(unlessMissing);
    const first = !this.#looked;
    this.#looked = true;
    const known = there === null ? undefined : this.#find(there);
    if (known !== undefined) {
      known.formerSince = null;
      return;
    }
    const newest = this.#files.at(-1);
    if (newest !== undefined) newest.formerSince ??= world.now();
    if (there === null || this.#over) return;
    if (this.#files.length >= MOST) {
      if (there.ino !== this.#missedIno) this.missed++;
      this.#missedIno = there.ino;
      return;
    }
    const file = await openToRead(this.#path).catch(unlessMissing);
    if (file === null) return;
    // It may be yet another one by now.
    if (this.#over || this.#find(file.stats) !== undefined) await closeFile(file.fd);
    else await this.#add(file, first && this.#fromEnd);
  }

  #find({ ino, dev }: Stats): Generation | undefined {
    return this.#files.find((file) => file.ino === ino && file.dev === dev);
  }

  async #add({ fd, stats }: OpenFile, atEnd: boolean): Promise<void> {
    if (stats.isFIFO()) {
      await closeFile(fd);
      throw new BadInputError(
        `follow: ${this.#path} is a named pipe, which has no end to be followed; use readLines`,
      );
    }
    const { dev, ino, size } = stats;
    this.#files.push({ fd, dev, ino, position: atEnd ? size : 0, formerSince: null });
  }

  /** The first one has been read. */
  async shift(): Promise<void> {
    const file = this.#files.shift();
    if (file !== undefined) await closeFile(file.fd);
  }

  /** Closes all; one that is being opened is closed, too. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#looking?.catch(() => {});
    const files = this.#files;
    this.#files = [];
    for (const { fd } of files) await closeFile(fd);
  }
}

function unlessMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
  throw error;
}

import { BadInputError } from "../index.ts";
import { checkNumber, checkOneOf } from "../kernel/options.ts";

/** How bytes become lines. */
export interface LineOptions {
  /** The longest line, in bytes without its end. Default 1 MiB. */
  readonly lineBytes?: number;
  /**
   * What a longer one does: fails the source (default), comes in pieces, or is left out.
   *
   * Pieces and lines left out are counted in `longLines`.
   */
  readonly whenTooLong?: "fail" | "split" | "skip";
}

/** Lines of text, without their ends. */
export interface Lines extends AsyncIterable<string> {
  /** Lines that were longer than they may be, and so came in pieces or not at all. */
  readonly longLines: number;
}

const NEWLINE = 10;
const RETURN = 13;
const EMPTY = Buffer.alloc(0);
/** Room that is kept from one line to the next. */
const KEPT = 64 * 1024;

/** Cuts bytes into lines, whatever the pieces that they come in; keeps what has no end yet. */
export class LineCutter {
  longLines = 0;
  readonly #what: string;
  readonly #limit: number;
  readonly #whenTooLong: "fail" | "split" | "skip";
  /** A copy: a piece would keep all of the chunk that it is cut from. */
  #held = EMPTY;
  #bytes = 0;
  /** Inside of a line that is too long, up to its end. */
  #long = false;

  constructor(what: string, options: LineOptions = {}) {
    checkNumber(`${what}: lineBytes`, options.lineBytes, 4, "bytes");
    checkOneOf(`${what}: whenTooLong`, options.whenTooLong, ["fail", "split", "skip"]);
    this.#what = what;
    this.#limit = options.lineBytes ?? 1 << 20;
    this.#whenTooLong = options.whenTooLong ?? "fail";
  }

  /** Bytes that have come since the last line's end. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /**
   * Adds the lines that end in this chunk, in order; throws behind those before one too long.
   *
   * `ends` gets for each where in the chunk it ends; -1 for a piece of one that has not ended.
   */
  cut(chunk: Uint8Array, into: string[], ends: number[] = []): void {
    const bytes = asBuffer(chunk);
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      const end = at > from && bytes[at - 1] === RETURN ? at - 1 : at;
      // Nearly every line. Each is a text of its own: who keeps one does not keep the whole chunk.
      if (this.#isBetween && end - from <= this.#limit)
        into.push(bytes.toString("utf8", from, end));
      else {
        this.#keep(chunk.subarray(from, at), into);
        this.#close(into);
      }
      from = at + 1;
      note(ends, into.length - 1, -1);
      note(ends, into.length, from);
    }
    this.#keep(chunk.subarray(from), into);
    note(ends, into.length, -1);
  }

  /** Adds what has come of a line that has no end. */
  rest(into: string[]): void {
    if (this.#bytes > 0) this.#close(into);
  }

  /** Begins anew: what has come of a line is forgotten. */
  reset(): void {
    if (this.#held.length > KEPT) this.#held = EMPTY;
    this.#bytes = 0;
    this.#long = false;
  }

  /** Nothing has come since the last line's end. */
  get #isBetween(): boolean {
    return this.#bytes === 0 && !this.#long;
  }

  #keep(piece: Uint8Array, into: string[]): void {
    if (piece.length === 0 || (this.#long && this.#whenTooLong === "skip")) return;
    const bytes = this.#bytes + piece.length;
    if (bytes > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#held.length, 256));
      larger.set(this.#held.subarray(0, this.#bytes));
      this.#held = larger;
    }
    this.#held.set(piece, this.#bytes);
    this.#bytes = bytes;
    // One more than the limit may be the return of a line's end.
    if (this.#bytes > this.#limit + 1) this.#overflow(into);
  }

  #overflow(into: string[]): void {
    if (!this.#long) this.longLines++;
    this.#long = true;
    if (this.#whenTooLong === "skip") {
      this.#bytes = 0;
      return;
    }
    if (this.#whenTooLong === "fail") throw this.#tooLong();
    let left = this.#joined;
    while (left.length > this.#limit + 1) {
      const end = boundary(left, this.#limit);
      into.push(text(left.subarray(0, end)));
      left = left.subarray(end);
    }
    this.#held.set(left, 0);
    this.#bytes = left.length;
  }

  #close(into: string[]): void {
    const wasLong = this.#long;
    let line = this.#joined;
    this.reset();
    if (wasLong && this.#whenTooLong === "skip") return;
    if (line.length > 0 && line[line.length - 1] === RETURN) {
      line = line.subarray(0, line.length - 1);
    } else if (line.length > this.#limit) {
      // It was let through for a return that it might have had.
      if (!wasLong) this.longLines++;
      if (this.#whenTooLong === "fail") throw this.#tooLong();
      if (this.#whenTooLong === "skip") return;
      const end = boundary(line, this.#limit);
      into.push(text(line.subarray(0, end)));
      line = line.subarray(end);
    }
    into.push(text(line));
  }

  #tooLong(): Error {
    return new RangeError(
      `${this.#what}: a line has more than ${this.#limit} bytes; raise lineBytes, or say whenTooLong: "split" or "skip"`,
    );
  }

  get #joined(): Buffer {
    return this.#held.subarray(0, this.#bytes);
  }
}

function note(ends: number[], count: number, end: number): void {
  while (ends.length < count) ends.push(end);
}

/** The last place at or before `at` where no character is cut in two. */
function boundary(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end > at - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return end > at - 4 ? end : at;
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function text(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("utf8");
}

/** What has been cut, and waits to be taken. */
class Gathered {
  readonly cutter: LineCutter;
  /** A line was too long: behind those before it. */
  failure: unknown;
  #lines: string[] = [];
  #at = 0;

  constructor(cutter: LineCutter) {
    this.cutter = cutter;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#lines.length;
  }

  take(): string {
    return this.#lines[this.#at++]!;
  }

  /** Adds the lines that end in this chunk, or, at the end of all, what has none. */
  add(chunk: Uint8Array | null): void {
    if (this.isEmpty) {
      this.#at = 0;
      this.#lines = [];
    }
    try {
      if (chunk === null) this.cutter.rest(this.#lines);
      else this.cutter.cut(chunk, this.#lines);
    } catch (error) {
      this.failure = error;
    }
  }
}

const END: IteratorResult<string> = { done: true, value: undefined };

/** One reader of lines. */
class LineReader implements AsyncIterator<string> {
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #gathered: Gathered;
  #over = false;

  constructor(bytes: AsyncIterator<Uint8Array>, gathered: Gathered) {
    this.#bytes = bytes;
    this.#gathered = gathered;
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#over || this.#gathered.isEmpty) return this.#next();
    return Promise.resolve({ done: false, value: this.#gathered.take() });
  }

  async #next(): Promise<IteratorResult<string>> {
    const gathered = this.#gathered;
    let ended = this.#over;
    while (!ended && gathered.isEmpty && gathered.failure === undefined) {
      const result = await this.#bytes.next();
      ended = result.done === true;
      if (!ended) gathered.add(result.value);
      // Who has left hears an end that is none of the bytes', and leaves to the next what came.
      else if (!this.#over) gathered.add(null);
    }
    if (!this.#over) {
      if (!gathered.isEmpty) return { done: false, value: gathered.take() };
      this.#over = true;
      if (!ended) await this.#bytes.return?.();
      if (gathered.failure !== undefined) throw gathered.failure;
    }
    return END;
  }

  async return(): Promise<IteratorResult<string>> {
    this.#over = true;
    await this.#bytes.return?.();
    return END;
  }
}

/**
 * Makes lines of anything that yields bytes: `ctx.source(lines(connection), (line) => …)`.
 *
 * A line ends with `\n` or `\r\n`; what stands behind the last end is a line, too. The text is
 * UTF-8, wherever the bytes were cut. The next bytes are asked for when the lines of those before
 * have been taken. Fails with `RangeError` where a line is too long.
 *
 * Of a connection, or of a program's output, the next reader of the same `Lines` goes on where the
 * one before has left: read the greeting by `for await`, and hand the rest to `ctx.source`. That is
 * so for every source with `unreadBytes`; others are read anew, and a generator that is left is over.
 */
export function lines(bytes: AsyncIterable<Uint8Array>, options: LineOptions = {}): Lines {
  if (typeof bytes !== "object" || bytes === null || !(Symbol.asyncIterator in bytes)) {
    throw new BadInputError("lines: what was given yields nothing; give a source of bytes");
  }
  return linesOf("lines", bytes, options);
}

/** As `lines`, under the name of what they are read from. */
export function linesOf(
  what: string,
  bytes: AsyncIterable<Uint8Array>,
  options: LineOptions,
): Lines {
  // What counts the bytes that wait for a reader goes on with them; anything else begins anew.
  const goesOn = "unreadBytes" in bytes;
  // Made once to check the options, too.
  let gathered = new Gathered(new LineCutter(what, options));
  let before = 0;
  return {
    get longLines() {
      return before + gathered.cutter.longLines;
    },
    [Symbol.asyncIterator]() {
      const reader = bytes[Symbol.asyncIterator]();
      if (!goesOn) {
        before += gathered.cutter.longLines;
        gathered = new Gathered(new LineCutter(what, options));
      }
      return new LineReader(reader, gathered);
    },
  };
}

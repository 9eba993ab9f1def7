import { constants } from "node:buffer";
import { Command } from "./command.ts";
import { splitInline } from "./inline-request.ts";
import { Unparsed } from "./unparsed.ts";

export interface RequestLimits {
  /** Most arguments in one command. */
  readonly arguments: number;
  /** Longest single argument, in bytes. */
  readonly bulkBytes: number;
  /** Most bytes kept for one unfinished command, the arguments already read included. */
  readonly bufferedBytes: number;
}

const DEFAULT_LIMITS: RequestLimits = {
  arguments: 1024 * 1024,
  // Redis says 512 MB. A JavaScript string ends 24 bytes before that, and a reply adds its header.
  bulkBytes: Math.min(512 * 1024 * 1024, constants.MAX_STRING_LENGTH - 64),
  bufferedBytes: 1024 * 1024 * 1024,
};

const LONGEST_LINE = 64 * 1024;
/** Input up to this size is turned into text once, whole; a larger one holds few, long arguments. */
const LARGEST_TEXT = 64 * 1024;
/** V8 copies a substring shorter than this; a longer one would keep the whole chunk's text alive. */
const SHORTEST_SLICE = 13;
/** What an argument costs beside its bytes; without it a million empty ones would count as nothing. */
const ARGUMENT_OVERHEAD = 16;
/** Digits that surely fit; a longer length takes the slow road to being refused. */
const MOST_DIGITS = 10;

const LF = 10;
const CR = 13;
const DOLLAR = 36;
const STAR = 42;
const ZERO = 48;

/** Answers of `#readLength` that are no length. */
const NEGATIVE = -1;
const INCOMPLETE = -2;
const MALFORMED = -3;

/**
 * Cuts a byte stream into commands, wherever the network cut it into chunks.
 *
 * ```
 *   *2\r\n $3\r\n GET\r\n $1\r\n k\r\n   →  ["GET", "k"]
 *   GET k\r\n                           →  ["GET", "k"]      typed into telnet: an inline command
 * ```
 *
 * A pipeline that lies whole in one chunk is parsed where it lies; only an unfinished rest is copied.
 * A length that a client merely announces reserves nothing.
 */
export class RequestDecoder {
  /** The error owed to a client that broke the protocol: send it, then close the connection. */
  error: string | undefined;
  /** How much of the stream the commands returned so far take up. */
  wholeBytes = 0;

  readonly #limits: RequestLimits;
  readonly #strict: boolean;
  readonly #unparsed = new Unparsed();
  /** Parsing on makes sense with this many bytes, or, when 0, with the end of a line. */
  #wanted = 0;

  // The command in progress: its arguments so far, how many are to come (0: its header is next), and
  // the length of the argument at `#pos` (-1: the argument's header is next).
  #args: string[] = [];
  #argsBytes = 0;
  #missing = 0;
  #bulk = -1;

  /** Where the command in progress begins in the input; -1 when its text there is not all of it. */
  #from = -1;
  /** Where the parser stands in its input. */
  #pos = 0;
  /** How much of the stream came before that input. */
  #inputStart = 0;

  /** `strict` reads files we wrote ourselves: no inline commands, and each line end is looked at. */
  constructor(limits: Partial<RequestLimits> = {}, mode: "lenient" | "strict" = "lenient") {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#strict = mode === "strict";
  }

  /**
   * Takes the next bytes and returns the commands they complete, none to many.
   *
   * The caller may reuse the chunk afterwards. When `error` gets set, the commands returned came
   * before the fault and deserve their replies; all input after it is ignored.
   */
  feed(chunk: Buffer): Command[] {
    const commands: Command[] = [];
    if (this.error !== undefined) return commands;
    let input = chunk;
    if (this.#unparsed.length > 0) {
      this.#unparsed.append(chunk);
      if (!this.#worthParsing(chunk)) return commands;
      input = this.#unparsed.take();
    }
    this.#pos = 0;
    this.#parse(input, commands);
    this.#inputStart += this.#pos;
    if (this.#pos < input.length && this.error === undefined) {
      this.#unparsed.append(input.subarray(this.#pos));
    }
    return commands;
  }

  /** Looks at the new chunk only: looking at all that is held each time would be quadratic. */
  #worthParsing(chunk: Buffer): boolean {
    if (this.#wanted > 0) return this.#unparsed.length >= this.#wanted;
    return this.#unparsed.length > LONGEST_LINE || chunk.includes(LF);
  }

  #parse(input: Buffer, commands: Command[]): void {
    const text =
      input.length <= LARGEST_TEXT ? input.toString("latin1", 0, input.length) : undefined;
    this.#wanted = 0;
    this.#from = -1;
    while (this.#pos < input.length) {
      if (this.#missing > 0) {
        if (this.#bulk < 0 && !this.#readBulkHeader(input)) return;
        if (!this.#readBulk(input, text)) return;
        if (--this.#missing > 0) continue;
        commands.push(this.#command(text));
        this.#args = [];
        this.#argsBytes = 0;
      } else if (input[this.#pos] === STAR) {
        if (!this.#readCommandHeader(input)) return;
        if (this.#missing > 0) continue;
      } else if (!this.#readInline(input, commands)) {
        return;
      }
      this.wholeBytes = this.#inputStart + this.#pos;
    }
  }

  #command(text: string | undefined): Command {
    return text === undefined || this.#from < 0
      ? new Command(this.#args)
      : new Command(this.#args, text, this.#from, this.#pos);
  }

  #readCommandHeader(input: Buffer): boolean {
    this.#from = this.#pos;
    const count = this.#readLength(input, "too big mbulk count string");
    if (count === INCOMPLETE) return false;
    if (count === MALFORMED || count > this.#limits.arguments) {
      return this.#fail("invalid multibulk length");
    }
    // Redis skips *0 and *-1 in silence, and so do we.
    this.#missing = Math.max(count, 0);
    return true;
  }

  #readBulkHeader(input: Buffer): boolean {
    const type = input[this.#pos]!;
    if (type !== DOLLAR) {
      // Redis waits for the line's end before it looks at the line's first byte.
      const length = this.#readLength(input, "too big bulk count string");
      if (length === INCOMPLETE) return false;
      return this.#fail(`expected '$', got '${String.fromCharCode(type)}'`);
    }
    const length = this.#readLength(input, "too big bulk count string");
    if (length === INCOMPLETE) return false;
    if (length < 0 || length > this.#limits.bulkBytes) return this.#fail("invalid bulk length");
    this.#argsBytes += length + ARGUMENT_OVERHEAD;
    if (this.#argsBytes > this.#limits.bufferedBytes) {
      return this.#fail("query buffer limit exceeded");
    }
    this.#bulk = length;
    return true;
  }

  #readBulk(input: Buffer, text: string | undefined): boolean {
    const from = this.#pos;
    const to = from + this.#bulk;
    if (to + 2 > input.length) {
      this.#wanted = this.#bulk + 2;
      return false;
    }
    if (input[to] !== CR || input[to + 1] !== LF) {
      // Redis does not look at these two bytes either; a file must prove that it is whole.
      if (this.#strict) return this.#fail("expected the end of a line");
      this.#from = -1;
    }
    this.#args.push(
      text !== undefined && this.#bulk < SHORTEST_SLICE
        ? text.substring(from, to)
        : input.toString("latin1", from, to),
    );
    this.#bulk = -1;
    this.#pos = to + 2;
    return true;
  }

  #readInline(input: Buffer, commands: Command[]): boolean {
    if (this.#strict) {
      return this.#fail(`expected '*', got '${String.fromCharCode(input[this.#pos]!)}'`);
    }
    const end = input.indexOf(LF, this.#pos);
    const length = (end < 0 ? input.length : end) - this.#pos;
    if (length > LONGEST_LINE) return this.#fail("too big inline request");
    if (end < 0) return false;
    const args = splitInline(input.toString("latin1", this.#pos, end));
    if (args === undefined) return this.#fail("unbalanced quotes in request");
    if (args.length > 0) commands.push(new Command(args));
    this.#pos = end + 1;
    return true;
  }

  /** Reads the number after the type byte and steps behind its line, or stays and says why not. */
  #readLength(input: Buffer, tooLong: string): number {
    let at = this.#pos + 1;
    let value = 0;
    const first = at;
    for (; at < input.length; at++) {
      const digit = input[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const canonical = at > first && (input[first] !== ZERO || at === first + 1);
    if (canonical && at - first <= MOST_DIGITS && input[at] === CR && input[at + 1] === LF) {
      this.#pos = at + 2;
      return value;
    }
    return this.#readOddLength(input, tooLong);
  }

  #readOddLength(input: Buffer, tooLong: string): number {
    const end = input.indexOf(LF, this.#pos);
    if (end < 0) {
      if (input.length - this.#pos > LONGEST_LINE) this.#fail(tooLong);
      return INCOMPLETE;
    }
    const line = input.toString("latin1", this.#pos + 1, end);
    if (/^-[1-9]\d{0,18}\r$/.test(line)) {
      this.#pos = end + 1;
      return NEGATIVE;
    }
    return MALFORMED;
  }

  #fail(reason: string): false {
    // An error reply is one line, so the byte a client sent must not end it.
    this.error = `-ERR Protocol error: ${reason.replace(/[\r\n]/g, " ")}\r\n`;
    return false;
  }
}

import { bulkArray } from "./resp.ts";

/**
 * A command as a client sent it: its name and arguments, each a latin1 string of which one char is
 * one byte.
 *
 * It remembers where it lay in the text that it was cut from, so that what goes to the file as it
 * came, or to another thread, need not be put together again.
 */
export class Command {
  readonly args: readonly string[];
  readonly #source: string;
  readonly #from: number;
  readonly #to: number;

  constructor(args: readonly string[], source = "", from = 0, to = 0) {
    this.args = args;
    this.#source = source;
    this.#from = from;
    this.#to = to;
  }

  /** The command in RESP, as it came; "" when it did not come so, or not in one piece. */
  get text(): string {
    return this.#source.substring(this.#from, this.#to);
  }

  /** The command in RESP, put together where it did not come so. */
  encode(): string {
    const { text } = this;
    return text === "" ? bulkArray(this.args) : text;
  }
}

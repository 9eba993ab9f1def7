import type { Cell } from "./cell.ts";
import { Envelope, HELD } from "./envelope.ts";
import type { Verb } from "./verb.ts";

/** The fields of a record. */
const VERB = 0;
const FIRST = 1;
const SECOND = 2;
const FROM = 3;
const RECORD = 4;
/** Words in the first chunk, and in the largest: 32 KB, still moved as a whole. */
const SMALLEST = 32 * RECORD;
const LARGEST = 1_024 * RECORD;
/** In place of an argument that there is not. */
const NONE = Symbol("none");
/** In place of a verb: what follows is an envelope, kept as it was. */
const KEPT = Symbol("kept");

class Chunk {
  readonly words: unknown[];
  readonly size: number;
  next: Chunk | null = null;

  constructor(size: number) {
    this.size = size;
    // oxlint-disable-next-line no-new-array -- the ways without it cost 20 ns a message
    this.words = new Array<unknown>(size).fill(undefined);
  }
}

/**
 * The messages of a long mailbox, written down one after the other.
 *
 * A million envelopes that wait cost more to the garbage collector, which moves each of them
 * twice, than to sender and receiver together. Casts as records in large arrays take half of the
 * room, and it moves them by the thousand. Calls stay as they are: their promises wait in any case.
 *
 * ```text
 *   chunk   ┌──────┬───────┬────────┬──────┬──────┬───────┬──
 *           │ verb │ first │ second │ from │ verb │ first │ …
 *           └──────┴───────┴────────┴──────┴──────┴───────┴──
 * ```
 */
export class Backlog {
  readonly #to: Cell;
  size = 0;
  #oldest: Chunk = new Chunk(SMALLEST);
  #newest: Chunk = this.#oldest;
  /** Where the next record begins: to read, to write. */
  #read = 0;
  #write = 0;

  constructor(to: Cell) {
    this.#to = to;
  }

  push(envelope: Envelope): void {
    if (this.#write === this.#newest.size) this.#grow();
    const { words } = this.#newest;
    const at = this.#write;
    if (envelope.call !== null || envelope.count > HELD) {
      words[at + VERB] = KEPT;
      words[at + FIRST] = envelope;
    } else {
      words[at + VERB] = envelope.verb;
      words[at + FIRST] = envelope.count > 0 ? envelope.first : NONE;
      words[at + SECOND] = envelope.count > 1 ? envelope.second : NONE;
      words[at + FROM] = envelope.from;
    }
    this.#write = at + RECORD;
    this.size++;
  }

  /** Each chunk twice the one before: a line that is long for a moment costs little. */
  #grow(): void {
    const size = Math.min(LARGEST, this.#newest.size * 2);
    this.#newest = this.#newest.next = new Chunk(size);
    this.#write = 0;
  }

  #leaveChunk(): void {
    const spent = this.#oldest;
    this.#oldest = spent.next!;
    // One that has grown old would keep all that came after it alive.
    spent.next = null;
    this.#read = 0;
  }

  /** The oldest, as an envelope again; there must be one. */
  shift(): Envelope {
    if (this.#read === this.#oldest.size) this.#leaveChunk();
    const { words } = this.#oldest;
    const at = this.#read;
    this.#read = at + RECORD;
    // From the start again, so that a line with few in its backlog does not go on to new chunks.
    if (--this.size === 0) this.#read = this.#write = 0;
    const verb = words[at + VERB];
    const first = words[at + FIRST];
    // What was sent may be large, and the chunk lives on.
    words[at + FIRST] = undefined;
    if (verb === KEPT) return first as Envelope;
    const second = words[at + SECOND];
    const from = words[at + FROM] as Cell | null;
    words[at + SECOND] = words[at + FROM] = undefined;
    return this.#envelope(verb as Verb, first, second, from);
  }

  #envelope(verb: Verb, first: unknown, second: unknown, from: Cell | null): Envelope {
    if (second !== NONE) return new Envelope(this.#to, verb, 2, first, second, null, from);
    if (first !== NONE) return new Envelope(this.#to, verb, 1, first, undefined, null, from);
    return new Envelope(this.#to, verb, 0, undefined, undefined, null, from);
  }
}

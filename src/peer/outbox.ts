import type { World } from "../world/world.ts";
import { Packer, type Refs } from "../wire/codec.ts";
import { header, lengthOf } from "../wire/ops.ts";
import type { Batch, Transport } from "./transport.ts";

/** Parts in a batch before it is sent: the other side begins while this one goes on. */
const FULL = 1_024;

/**
 * What goes to another node in the present turn, until it goes as one batch.
 *
 * Posting one message across threads costs a microsecond or more, whatever is in it; so all that is
 * said until the host's microtasks run is posted once.
 */
export class Outbox {
  readonly #world: Pick<World, "defer">;
  readonly #transport: Transport;
  readonly #refused: (records: unknown[], error: unknown) => void;
  readonly packer: Packer;
  #records: unknown[] = [];
  /** Where the last record begins, if it is one of casts, to which more can be added; else -1. */
  lastCasts = -1;
  #due = false;
  /** Called before a batch goes: what is to go with it, whenever that is. */
  beforeFlush: (() => void) | null = null;
  #closed = false;

  /** `refused` hears of a record that could not be carried, and of why. */
  constructor(
    world: Pick<World, "defer">,
    transport: Transport,
    refs: Refs,
    refused: (records: unknown[], error: unknown) => void,
  ) {
    this.#world = world;
    this.#transport = transport;
    this.#refused = refused;
    this.packer = new Packer(refs);
  }

  /** Appends a record that has no user's values in it. */
  say(op: number, ...parts: readonly unknown[]): void {
    this.lastCasts = -1;
    this.#records.push(header(op, parts.length, false), ...parts);
    this.schedule();
  }

  /** Appends a record whose parts may be a user's; throws `BadInputError` for what cannot go. */
  tell(op: number, what: string, ...parts: readonly unknown[]): void {
    const { packer } = this;
    const before = packer.specials.length;
    const packed = parts.map((part) => packer.pack(part, what));
    this.lastCasts = -1;
    this.#records.push(header(op, packed.length, packer.specials.length > before), ...packed);
    this.schedule();
  }

  /** Where records are appended in place, for the few that are many. */
  get records(): unknown[] {
    return this.#records;
  }

  schedule(): void {
    if (this.#records.length >= FULL) {
      this.flush();
    } else if (!this.#due) {
      this.#due = true;
      this.#world.defer(this.#flushDue);
    }
  }

  readonly #flushDue = (): void => {
    this.#due = false;
    this.flush();
  };

  /** Posts what there is now. */
  readonly flush = (): void => {
    if (this.#records.length === 0 || this.#closed) return;
    this.beforeFlush?.();
    const records = this.#records;
    const { specials, transfers } = this.packer;
    this.#records = [];
    this.lastCasts = -1;
    if (specials.length > 0) this.packer.specials = [];
    if (transfers.length > 0) this.packer.transfers = [];
    const batch: Batch = [records, specials.length === 0 ? null : specials];
    try {
      this.#transport.post(batch, transfers);
    } catch (error) {
      this.#postOneByOne(batch, error);
    }
  };

  /** Something in it cannot be carried: all but that goes, copied where it was to be moved. */
  #postOneByOne([records, specials]: Batch, error: unknown): void {
    for (let at = 0; at < records.length;) {
      const end = at + 1 + lengthOf(records[at] as number);
      const record = records.slice(at, end);
      at = end;
      if (record.length === records.length) return this.#refused(record, error);
      try {
        this.#transport.post([record, specials], []);
      } catch (why) {
        this.#refused(record, why);
      }
    }
  }

  /** Nothing is posted any more. */
  close(): void {
    this.#closed = true;
    this.#records = [];
  }
}

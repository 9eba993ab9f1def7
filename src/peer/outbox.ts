import type { World } from "../world/world.ts";
import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";
import type { Refs } from "../wire/codec.ts";
import { ACK, header } from "../wire/ops.ts";
import { wasMoved } from "../wire/look.ts";
import { Packer } from "../wire/packer.ts";
import { castsApart, holdsUntouchable, plainOf, recordsOf, specialsThatGo } from "./salvage.ts";
import type { Batch, Transport } from "./transport.ts";

const MOVED = new BadInputError(
  "a buffer or a port in it was moved to another thread before, or is closed",
);

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
  /** Messages of the other side that have arrived, and of which it is to be told with the next batch. */
  takeArrived: () => number = () => 0;
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
    const before = this.packer.specials.length;
    const packed = this.packer.together(() => parts.map((part) => this.packer.pack(part, what)));
    this.#append(op, packed, before);
  }

  /** The same for what happened: errors and reasons. What cannot go is described; it never throws. */
  report(op: number, ...parts: readonly unknown[]): void {
    const before = this.packer.specials.length;
    const packed = parts.map((part) => this.packer.describe(part));
    this.#append(op, packed, before);
  }

  #append(op: number, packed: readonly unknown[], before: number): void {
    const { packer } = this;
    this.lastCasts = -1;
    this.#records.push(header(op, packed.length, packer.specials.length > before), ...packed);
    this.schedule();
  }

  /** Where records are appended in place, for the few that are many. */
  get records(): unknown[] {
    return this.#records;
  }

  schedule(): void {
    // Not in the middle of a value: its specials would go without it.
    if (this.#records.length >= FULL && !this.packer.isPacking) {
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
    const records = this.#records;
    const { specials, transfers } = this.packer;
    this.#records = [];
    this.lastCasts = -1;
    this.packer.next();
    const arrived = this.takeArrived();
    // In front: what it acknowledges has arrived before anything of this was said.
    if (arrived > 0) records.unshift(header(ACK, 1, false), arrived);
    const batch: Batch = [records, specials.length === 0 ? null : specials];
    try {
      // Moved meanwhile, to another thread: not every host says that it cannot be moved again.
      if (transfers.some((each) => each instanceof ArrayBuffer && wasMoved(each))) throw MOVED;
      this.#transport.post(batch, transfers);
    } catch {
      this.#postOneByOne(batch);
    }
  };

  /** Something in it cannot be carried: all but that goes, copied where it was to be moved. */
  #postOneByOne([records, specials]: Batch): void {
    const sound = specials === null ? null : specialsThatGo(specials);
    for (const record of recordsOf(records).flatMap(castsApart)) {
      try {
        if (holdsUntouchable(record)) throw MOVED;
        this.#transport.post([record, sound], []);
      } catch (error) {
        this.#refused(record, error);
      }
    }
  }

  /** Says a record again, with what can be carried of it: for what has to be known, whatever is in it. */
  sayPlainly(record: readonly unknown[]): void {
    const [head, ...parts] = record as [number, ...unknown[]];
    this.lastCasts = -1;
    this.#records.push(head, ...parts.map((part) => plainOf(part, describe)));
    this.schedule();
  }

  /** Nothing is posted any more. */
  close(): void {
    this.#closed = true;
    this.#records = [];
  }
}

import type { Cell } from "../kernel/cell.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { mix } from "./chance.ts";
import { hashText } from "./trace.ts";

/** What a simulation knows of one actor. */
export class ActorRecord {
  /** `account#3`; from the second life of the process on, with the life in front: `2/account#3`. */
  readonly label: string;
  readonly hash: number;
  /** Turns that it had. */
  turns = 0;
  /** Hash of the messages it handled, in order. */
  chain = 0;

  constructor(label: string) {
    this.label = label;
    this.hash = hashText(label);
    this.chain = this.hash;
  }

  handled(from: number, verb: number): void {
    this.chain = mix(this.chain ^ Math.imul(from ^ verb, 0x9e3779b1));
  }
}

/** The records of all actors, made when first asked for. */
export class ActorRecords {
  #records = new Map<Cell, ActorRecord>();
  /** Of those whose process is gone. */
  #former = 0;
  #life = 1;

  of(cell: Cell): ActorRecord {
    let record = this.#records.get(cell);
    if (record === undefined) {
      const { label } = cell;
      record = new ActorRecord(this.#life === 1 ? label : `${this.#life}/${label}`);
      this.#records.set(cell, record);
    }
    return record;
  }

  /** The actor of this label that lives, where it ever had a turn; looks through all. */
  find(kernel: Kernel, label: string): Cell | undefined {
    for (const cell of this.#records.keys()) {
      if (cell.kernel === kernel && cell.status !== "stopped" && cell.label === label) return cell;
    }
    return undefined;
  }

  /** The process has begun anew: its actors are others, though they may be called the same. */
  beginLife(life: number): void {
    this.#former = this.orders;
    this.#records = new Map();
    this.#life = life;
  }

  /**
   * Tells runs apart by what each actor handled in which order, whoever came in between.
   *
   * Two runs that differ only in the order of turns that do not touch the same actor have the same
   * (they are one Mazurkiewicz trace).
   */
  get orders(): number {
    let sum = this.#former;
    for (const { chain } of this.#records.values()) sum = (sum + mix(chain)) | 0;
    return sum;
  }
}

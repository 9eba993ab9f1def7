import type { Cell } from "../kernel/cell.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { mix } from "./chance.ts";
import { InLine } from "./line.ts";
import { hashText } from "./trace.ts";

/** Counts how often something happened for each command of the clients. */
export class CountByCommand {
  /** For no command: most of what happens, in most services. */
  #forNone = 0;
  #counts: Map<number, number> | undefined;

  next(command: number): number {
    if (command === 0) return ++this.#forNone;
    const counts = (this.#counts ??= new Map<number, number>());
    const count = (counts.get(command) ?? 0) + 1;
    counts.set(command, count);
    return count;
  }
}

/** What a simulation knows of one actor; it is also what stands in line for its turn. */
export class ActorRecord extends InLine {
  /**
   * `account#3`; from the second life of the process on, with the life in front: `2/account#3`; and
   * `vault (2)` for the second that is called so.
   */
  readonly label: string;
  readonly cell: Cell;
  readonly hash: number;
  /** How often it was in line. */
  readonly turns = new CountByCommand();
  /** Hash of the messages it handled, in order. */
  chain = 0;

  constructor(cell: Cell, label: string) {
    super();
    this.cell = cell;
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
  /** How many bore a label: a name is free for others when its bearer is gone. */
  readonly #bearers = new Map<string, number>();
  readonly #kinds = new Set<string>();
  /** Of those whose process is gone. */
  #former = 0;
  #life = 1;

  of(cell: Cell): ActorRecord {
    let record = this.#records.get(cell);
    if (record === undefined) {
      record = new ActorRecord(cell, this.#labelFor(cell));
      this.#records.set(cell, record);
    }
    return record;
  }

  #labelFor(cell: Cell): string {
    this.#kinds.add(cell.behaviour.name);
    const label = this.#life === 1 ? cell.label : `${this.#life}/${cell.label}`;
    const bearer = (this.#bearers.get(label) ?? 0) + 1;
    this.#bearers.set(label, bearer);
    return bearer === 1 ? label : `${label} (${bearer})`;
  }

  /** The actor of this label that lives, where it ever had a turn; looks through all. */
  find(kernel: Kernel, label: string): Cell | undefined {
    for (const cell of this.#records.keys()) {
      if (cell.kernel === kernel && cell.status !== "stopped" && cell.label === label) return cell;
    }
    return undefined;
  }

  /** Those that have not begun yet. */
  get starting(): Cell[] {
    return [...this.#records.keys()].filter(({ status }) => status === "starting");
  }

  /** True when somebody was called so, or is of a kind that is. */
  knew(name: string): boolean {
    return this.#kinds.has(name) || this.#bearers.has(name);
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

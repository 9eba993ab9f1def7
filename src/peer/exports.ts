import type { Cell } from "../kernel/cell.ts";
import type { DownReason } from "../kernel/exit-reason.ts";
import { address } from "../kernel/address.ts";
import type { ActorRef } from "../kernel/ref.ts";
import { DOWN, EXPORT } from "../wire/ops.ts";
import type { KindsTold } from "./kinds.ts";
import type { Outbox } from "./outbox.ts";

/** One actor that the other side knows of. */
interface Exported {
  readonly cell: Cell;
  readonly number: number;
  /** How often the other side was told of it: once while it lives, and each time after that. */
  told: number;
  /** Held here as by anybody who holds it: the other side does. */
  readonly ref: ActorRef;
  /** Tells the other side of its end. */
  readonly fire: (reason: DownReason) => void;
}

/**
 * The actors that the other side may send to, because it has been sent a ref to them.
 *
 * Each has a number that is never used again. It is watched, so that the other side hears of its
 * end; it is kept until the other side says that nobody there holds a ref to it any more, for a
 * ref that comes back has to be the one that went.
 */
export class Exports {
  readonly #byNumber = new Map<number, Exported>();
  readonly #byCell = new Map<Cell, Exported>();
  readonly #kinds: KindsTold;
  readonly #outbox: Outbox;
  readonly #onDown: (cell: Cell) => void;
  #last = 0;

  /** `onDown` hears of the end of each before the other side is told. */
  constructor(kinds: KindsTold, outbox: Outbox, onDown: (cell: Cell) => void) {
    this.#kinds = kinds;
    this.#outbox = outbox;
    this.#onDown = onDown;
  }

  /** The number of an actor, told to the other side if it does not know it yet. */
  numberOf(cell: Cell): number {
    const known = this.#byCell.get(cell);
    if (known !== undefined && cell.status !== "stopped") return known.number;
    const exported = known ?? this.#make(cell, ++this.#last);
    this.#tell(exported);
    if (known === undefined) {
      this.#byNumber.set(exported.number, exported);
      this.#byCell.set(cell, exported);
    }
    return exported.number;
  }

  /** The number that the other side knows it by; 0 where it does not. */
  known(cell: Cell): number {
    return this.#byCell.get(cell)?.number ?? 0;
  }

  at(number: number): Cell | undefined {
    return this.#byNumber.get(number)?.cell;
  }

  #tell(exported: Exported): void {
    const { cell, number } = exported;
    exported.told++;
    const { node, incarnation, id } = address(cell.ref);
    const kind = this.#kinds.tell(cell);
    const { whenFull } = cell.options;
    this.#outbox.say(EXPORT, number, kind, cell.label, node, incarnation, id, whenFull);
    if (cell.status === "stopped") this.#tellDown(number, cell.reason!);
    else (cell.extra.monitors ??= new Set()).add(exported);
  }

  #make(cell: Cell, number: number): Exported {
    const fire = (reason: DownReason): void => {
      this.#onDown(cell);
      this.#tellDown(number, reason);
    };
    return { cell, number, told: 0, ref: cell.ref, fire };
  }

  #tellDown(number: number, reason: DownReason): void {
    this.#outbox.report(DOWN, number, reason);
  }

  /** The other side has let go of it, as often as it was told of it. */
  unref(number: number, told: number): void {
    const exported = this.#byNumber.get(number);
    if (exported === undefined) return;
    exported.told -= told;
    if (exported.told > 0) return;
    this.#byNumber.delete(number);
    this.#byCell.delete(exported.cell);
  }

  /** Nobody is there any more to hear of them. */
  close(): void {
    for (const exported of this.#byNumber.values()) {
      exported.cell.rare?.monitors?.delete(exported);
    }
    this.#byNumber.clear();
    this.#byCell.clear();
  }
}

import type { WheelEntry } from "../kernel/wheel.ts";
import { InLine } from "./line.ts";

/** A turn for something that is due. */
export class Due extends InLine {
  entry: WheelEntry;
  /** In parentheses, as no actor is called. */
  readonly label: string;
  readonly timers: Timers | null;

  constructor(entry: WheelEntry, what: string, timers: Timers | null) {
    super();
    this.entry = entry;
    this.label = `(${what})`;
    this.timers = timers;
  }
}

/**
 * The timers of one system, or of the host: among themselves they keep the order of time.
 *
 * Of two that are due at different times the earlier comes first, however late they are. So does the
 * one that was set first, of two that were set in one step for one time. Two that were set in
 * different steps may have got the same time by rounding: they come as the simulation chooses.
 */
export class Timers {
  /** How many are set. */
  size = 0;
  /** The turns of those that are due, in the order of time. */
  readonly #due: Due[] = [];

  lineUp(due: Due): void {
    this.#due.push(due);
  }

  /** Whose turn it is when `due` has one: another's, if that must come before. */
  take(due: Due, stepOf: (entry: WheelEntry) => number): WheelEntry {
    const { entry } = due;
    const first = this.#due.find(({ entry: other }) => isBefore(other, entry, stepOf)) ?? due;
    due.entry = first.entry;
    first.entry = entry;
    this.#leave(due);
    return due.entry;
  }

  /** The turn of an entry that is cancelled while it is in line. */
  cancel(entry: WheelEntry): Due | undefined {
    const due = this.#due.find((each) => each.entry === entry);
    if (due !== undefined) this.#leave(due);
    return due;
  }

  #leave(due: Due): void {
    this.size--;
    this.#due.splice(this.#due.indexOf(due), 1);
  }
}

function isBefore(a: WheelEntry, b: WheelEntry, stepOf: (entry: WheelEntry) => number): boolean {
  if (a.due !== b.due) return a.due < b.due;
  return a.order < b.order && stepOf(a) === stepOf(b);
}

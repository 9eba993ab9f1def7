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

  /** What is done when `due` has its turn: another's, if that must come before. */
  take(due: Due, stepOf: (entry: WheelEntry) => number): WheelEntry {
    const at = this.#due.indexOf(due);
    const first = this.#firstBefore(at, stepOf);
    const { entry } = this.#due[first]!;
    // Those that were passed over move up, so that the turns stay in the order of time.
    for (let i = first; i < at; i++) this.#due[i]!.entry = this.#due[i + 1]!.entry;
    this.#leave(at);
    return entry;
  }

  /** Where the one is that must come first, of those up to `at`. */
  #firstBefore(at: number, stepOf: (entry: WheelEntry) => number): number {
    const { entry } = this.#due[at]!;
    if (this.#due[0]!.entry.due < entry.due) return 0;
    const step = stepOf(entry);
    let first = at;
    while (first > 0 && stepOf(this.#due[first - 1]!.entry) === step) first--;
    return first;
  }

  /** The turn of an entry that is cancelled while it is in line. */
  cancel(entry: WheelEntry): Due | undefined {
    const at = this.#due.findIndex((each) => each.entry === entry);
    const due = this.#due[at];
    if (due !== undefined) this.#leave(at);
    return due;
  }

  #leave(at: number): void {
    this.size--;
    this.#due.splice(at, 1);
  }
}

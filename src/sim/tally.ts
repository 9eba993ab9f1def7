import type { CommandCounts } from "./clients.ts";
import type { RunResult } from "./run-result.ts";

/** What came of all seeds together. */
export interface SimulationReport {
  readonly seeds: number;
  /** Turns of actors; each seed counts once, though it runs twice. */
  readonly turns: number;
  readonly simulatedMs: number;
  readonly tookMs: number;
  /** Over all seeds in their order: the same on every machine and every version of Node. */
  readonly hash: string;
  /** Runs in which some actor handled something else or in another order, and runs that differ at all. */
  readonly interleavings: { readonly schedules: number; readonly orders: number };
  readonly commands: Readonly<CommandCounts>;
  /** Faults that happened, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** What checks could not decide. */
  readonly undecided: readonly string[];
}

/** Adds up what the runs of a simulation come to. */
export class Tally {
  seeds = 0;
  turns = 0;
  simulatedMs = 0;
  readonly commands: CommandCounts = { done: 0, rejected: 0, cutOff: 0, rejections: {} };
  readonly faults: Record<string, number> = {};
  readonly undecided: string[] = [];
  /** Names that faults are for and that nobody bore in any run. */
  strangers: readonly string[] | undefined;
  readonly #schedules = new Set<string>();
  readonly #orders = new Set<number>();

  add(result: RunResult): void {
    this.seeds++;
    this.turns += result.turns;
    this.simulatedMs += result.simulatedMs;
    this.#schedules.add(result.hash);
    this.#orders.add(result.orders);
    for (const key of ["done", "rejected", "cutOff"] as const) {
      this.commands[key] += result.commands[key];
    }
    add(this.commands.rejections, result.commands.rejections);
    for (const { kind } of result.decisions.faults) {
      this.faults[kind] = (this.faults[kind] ?? 0) + 1;
    }
    this.undecided.push(...result.undecided);
    const { strangers } = result;
    this.strangers = (this.strangers ?? strangers).filter((name) => strangers.includes(name));
  }

  get interleavings(): { schedules: number; orders: number } {
    return { schedules: this.#schedules.size, orders: this.#orders.size };
  }

  /** The line that is printed while it runs. */
  line(name: string, of: number, tookMs: number): string {
    const { schedules, orders } = this.interleavings;
    const perSecond = Math.round((2 * this.turns * 1_000) / Math.max(1, tookMs));
    const speed = Math.round((2 * this.simulatedMs) / Math.max(1, tookMs));
    return (
      `sim ${name}: ${number(this.seeds)} of ${number(of)} seeds in ${(tookMs / 1_000).toFixed(1)} s, ` +
      `${number(perSecond)} turns/s, ${number(speed)} × real time, ` +
      `${number(orders)} orders, ${number(schedules)} schedules`
    );
  }

  /** What is printed behind the last line. */
  details(hash: string): string {
    const { done, rejected, cutOff, rejections } = this.commands;
    const why = rejected === 0 ? "" : ` (${listed(rejections)})`;
    return [
      `commands: ${number(done)} done, ${number(rejected)} rejected${why}, ${number(cutOff)} cut off`,
      `faults: ${listed(this.faults)}`,
      ...this.undecided.slice(0, 3),
      `trace ${hash}`,
    ].join("; ");
  }
}

function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [what, count] of Object.entries(counts)) sums[what] = (sums[what] ?? 0) + count;
}

/** `crash 3, kill 12` */
export function listed(counts: Readonly<Record<string, number>>): string {
  const items = Object.entries(counts).map(([what, count]) => `${what} ${number(count)}`);
  return items.length === 0 ? "none" : items.join(", ");
}

/** `12,345` */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

import { CountByCommand } from "./actor-record.ts";
import { Chance, mix } from "./chance.ts";
import type { Command, Decisions, Fault, Wait } from "./decisions.ts";
import type { InLine, Line } from "./line.ts";

/** Draws a fault, or nothing where none is to happen this time. */
export type Draw<T> = (chance: Chance) => T | undefined;

/** When and where a fault could happen. */
export type FaultOccasion = Omit<Fault, "value">;

/**
 * Where a run's decisions come from: chance the first time, a record in a replay.
 *
 * Everything that could have gone another way asks here. What goes the default way (first come,
 * nothing fails) leaves no trace in the record.
 */
export interface Choices {
  /** The seed of all that actors draw. */
  readonly random: number;
  /** How many others somebody who gets in line is to let go first. */
  waits(item: InLine): number;
  /** Takes out whose turn it is. */
  turn<T extends InLine>(line: Line<T>): T;
  /** Somebody was in line and will have no turn. */
  left(item: InLine): void;
  /** Whether something fails on an occasion. */
  fault<T>(occasion: FaultOccasion, draw: Draw<T>): T | undefined;
  /** The same, where nobody else counts how often it could. */
  faultAt<T>(kind: string, place: string, command: number, draw: Draw<T>): T | undefined;
  /** What the clients do. */
  workload(draw: (chance: Chance) => readonly Command[]): readonly Command[];
  /** From here on things may fail. */
  arm(): void;
  /** From here on nothing fails any more. */
  calm(): void;
  /** What has been decided so far. */
  record(): Decisions;
}

/** How turns are chosen; see `docs/guides/simulation.md`. */
export type Exploration = "walk" | "bounded";

/** What both kinds have: the record. */
abstract class Recorded implements Choices {
  abstract readonly random: number;
  #workload: readonly Command[] = [];
  readonly #faults: Fault[] = [];
  readonly #turns: Wait[] = [];
  readonly #counts = new Map<string, CountByCommand>();
  #armed = false;

  abstract waits(item: InLine): number;

  turn<T extends InLine>(line: Line<T>): T {
    const item = line.take(line.length === 1 ? 0 : this.pick(line));
    const { label: who, command, nth, passed: waits } = item;
    if (waits > 0) this.note({ who, command, nth, waits });
    return item;
  }

  /** It waited longer than it could: in a replay, too, it must not get its turn before it goes. */
  left({ label: who, command, nth, passed }: InLine): void {
    if (passed > 0) this.note({ who, command, nth, waits: passed + 1 });
  }

  protected abstract pick(line: Line<InLine>): number;

  protected note(wait: Wait): void {
    this.#turns.push(wait);
  }

  fault<T>(occasion: FaultOccasion, draw: Draw<T>): T | undefined {
    if (!this.#armed) return undefined;
    const value = this.decide(occasion, draw);
    if (value !== undefined) this.#faults.push({ ...occasion, value });
    return value;
  }

  protected abstract decide<T>(occasion: FaultOccasion, draw: Draw<T>): T | undefined;

  faultAt<T>(kind: string, place: string, command: number, draw: Draw<T>): T | undefined {
    if (!this.#armed) return undefined;
    const what = `${kind} ${place}`;
    let count = this.#counts.get(what);
    if (count === undefined) this.#counts.set(what, (count = new CountByCommand()));
    return this.fault({ kind, place, command, nth: count.next(command) }, draw);
  }

  workload(draw: (chance: Chance) => readonly Command[]): readonly Command[] {
    return (this.#workload = this.commands(draw));
  }

  protected abstract commands(draw: (chance: Chance) => readonly Command[]): readonly Command[];

  arm(): void {
    this.#armed = true;
  }

  calm(): void {
    this.#armed = false;
  }

  record(): Decisions {
    return {
      workload: this.#workload,
      faults: this.#faults,
      turns: this.#turns,
      random: this.random,
    };
  }
}

/** How often a turn lets others go first in bounded exploration: one of these for each seed. */
const RATES = [1 / 4, 1 / 16, 1 / 64, 1 / 256];
/** So many turns at the most. */
const MOST_WAITS = 8;
/** How many others it lets go: few most of the time, now and then as many as there are. */
const WAITS = [1, 1, 1, 2, 2, 3, 5, 8, 20, 100];
/** A kind of fault that a scenario allows is left out of so many runs (swarm testing). */
const LEFT_OUT = 0.25;

/**
 * Chooses by chance.
 *
 * `walk` takes any of those in line with the same probability: it gets everywhere, and far from the
 * order of coming. `bounded` keeps to the order of coming but for a few turns, at most eight, that
 * let others go first: most mistakes need only that many, and what is left of a failure is small.
 * (Delay bounding; Emmi, Qadeer, Rakamarić 2011.) Each kind of fault is left out of a quarter of the
 * runs, because faults hide one another. (Swarm testing; Groce et al. 2012.)
 */
export class Explorer extends Recorded {
  override readonly random: number;
  readonly #walks: boolean;
  readonly #turns: Chance;
  readonly #faults: Chance;
  readonly #workload: Chance;
  readonly #rate: number;
  #waitsLeft: number;
  readonly #seed: number;
  readonly #leftOut = new Map<string, boolean>();

  constructor(seed: number, exploration: Exploration) {
    super();
    const chance = new Chance(seed);
    this.#seed = seed;
    this.#walks = exploration === "walk";
    this.random = chance.bits();
    this.#turns = new Chance(chance.bits());
    this.#faults = new Chance(chance.bits());
    this.#workload = new Chance(chance.bits());
    this.#rate = chance.pick(RATES);
    this.#waitsLeft = chance.int(1, MOST_WAITS);
  }

  override waits(): number {
    if (this.#walks || this.#waitsLeft === 0 || this.#turns.next() >= this.#rate) return 0;
    this.#waitsLeft--;
    return this.#turns.pick(WAITS);
  }

  override turn<T extends InLine>(line: Line<T>): T {
    const item = super.turn(line);
    // It was to let others go first, and there was nobody.
    if (item.waits > 0 && item.passed === 0) this.#waitsLeft++;
    return item;
  }

  protected override pick(line: Line<InLine>): number {
    return this.#walks ? Math.floor(this.#turns.next() * line.length) : line.next;
  }

  protected override decide<T>({ kind }: FaultOccasion, draw: Draw<T>): T | undefined {
    return this.#isLeftOut(kind) ? undefined : draw(this.#faults);
  }

  #isLeftOut(kind: string): boolean {
    let out = this.#leftOut.get(kind);
    if (out === undefined) {
      let hash = this.#seed;
      for (const character of kind) hash = mix(hash ^ character.charCodeAt(0));
      this.#leftOut.set(kind, (out = new Chance(hash).bool(LEFT_OUT)));
    }
    return out;
  }

  protected override commands(draw: (chance: Chance) => readonly Command[]): readonly Command[] {
    return draw(this.#workload);
  }
}

/**
 * Chooses as it is written. What is written and does not come up is not done; nothing else is.
 *
 * Who was passed over so often in the run on record is passed over as often in this one: so it is the
 * same run, as long as everything else is.
 */
export class Replayer extends Recorded {
  override readonly random: number;
  readonly #decisions: Decisions;
  readonly #faults = new Map<string, unknown>();
  readonly #kinds = new Set<string>();
  /** By command, then by who, then by how often. */
  readonly #waits = new Map<number, Map<string, Map<number, number>>>();

  constructor(decisions: Decisions) {
    super();
    this.#decisions = decisions;
    this.random = decisions.random;
    for (const { value, ...occasion } of decisions.faults) {
      this.#kinds.add(occasion.kind);
      this.#faults.set(keyOf(occasion), value);
    }
    for (const { who, command, nth, waits } of decisions.turns) {
      const byWho = at(this.#waits, command, () => new Map<string, Map<number, number>>());
      at(byWho, who, () => new Map<number, number>()).set(nth, waits);
    }
  }

  override waits({ label, command, nth }: InLine): number {
    return this.#waits.get(command)?.get(label)?.get(nth) ?? 0;
  }

  protected override pick(line: Line<InLine>): number {
    return line.next;
  }

  // oxlint-disable-next-line no-unnecessary-type-parameters -- it is whatever was drawn when it was recorded
  protected override decide<T>(occasion: FaultOccasion): T | undefined {
    if (!this.#kinds.has(occasion.kind)) return undefined;
    return this.#faults.get(keyOf(occasion)) as T | undefined;
  }

  protected override commands(): readonly Command[] {
    return this.#decisions.workload;
  }
}

function keyOf({ kind, place, command, nth }: FaultOccasion): string {
  return `${kind} ${place} ${command} ${nth}`;
}

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

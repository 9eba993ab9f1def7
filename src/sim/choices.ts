import { Chance, mix } from "./chance.ts";
import type { Command, Decisions, Fault, Pick } from "./decisions.ts";

/** Draws a fault, or nothing where none is to happen this time. */
export type Draw<T> = (chance: Chance) => T | undefined;

/**
 * Where a run's decisions come from: chance the first time, a record in a replay.
 *
 * Everything that could have gone another way asks here. What goes the default way (first come,
 * nothing fails) leaves no trace in the record.
 */
export interface Choices {
  /** The seed of all that actors draw. */
  readonly random: number;
  /** Whose turn it is, of `count` in line. */
  turn(count: number): number;
  /** Whether something fails at a place, for the n-th time that it could. */
  fault<T>(kind: string, place: string, nth: number, draw: Draw<T>): T | undefined;
  /** The same, where nobody else counts how often it could. */
  faultAt<T>(kind: string, place: string, draw: Draw<T>): T | undefined;
  /** What the clients do. */
  workload(draw: (chance: Chance) => readonly Command[]): readonly Command[];
  /** From here on nothing fails any more. */
  calm(): void;
  /** What has been decided so far. */
  record(): Decisions;
}

/** How turns are chosen; see `docs/guides/simulation.md`. */
export type Exploration = "walk" | "bounded";

/** Counts opportunities by kind and place. */
class Counter {
  readonly #counts = new Map<string, number>();

  next(what: string): number {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return count;
  }
}

/** What both kinds have: the record. */
abstract class Recorded implements Choices {
  abstract readonly random: number;
  #workload: readonly Command[] = [];
  readonly #faults: Fault[] = [];
  readonly #turns: Pick[] = [];
  readonly #counter = new Counter();
  #choices = 0;
  protected calmed = false;

  turn(count: number): number {
    const choice = this.#choices++;
    const pick = this.pick(choice, count);
    if (pick !== 0) this.#turns.push({ choice, pick });
    return pick;
  }

  protected abstract pick(choice: number, count: number): number;

  fault<T>(kind: string, place: string, nth: number, draw: Draw<T>): T | undefined {
    if (this.calmed) return undefined;
    const value = this.decide(kind, place, nth, draw);
    if (value !== undefined) this.#faults.push({ kind, place, nth, value });
    return value;
  }

  protected abstract decide<T>(
    kind: string,
    place: string,
    nth: number,
    draw: Draw<T>,
  ): T | undefined;

  faultAt<T>(kind: string, place: string, draw: Draw<T>): T | undefined {
    if (this.calmed) return undefined;
    return this.fault(kind, place, this.#counter.next(`${kind} ${place}`), draw);
  }

  workload(draw: (chance: Chance) => readonly Command[]): readonly Command[] {
    return (this.#workload = this.commands(draw));
  }

  protected abstract commands(draw: (chance: Chance) => readonly Command[]): readonly Command[];

  calm(): void {
    this.calmed = true;
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

/** How often a run of bounded exploration leaves the order of coming: one of these for each seed. */
const RATES = [1 / 4, 1 / 16, 1 / 64, 1 / 256];
/** At most so many times in a run. */
const MOST_DEVIATIONS = 8;
/** A kind of fault that a scenario allows is left out of so many runs (swarm testing). */
const LEFT_OUT = 0.25;

/**
 * Chooses by chance.
 *
 * `walk` takes any of those in line with the same probability: it gets everywhere, and far from the
 * order of coming. `bounded` keeps to the order of coming but for a few turns, at most eight: most
 * mistakes need only that many, and what is left of a failure is small. (Delay bounding; Emmi,
 * Qadeer, Rakamarić 2011.) Each kind of fault is left out of a quarter of the runs, because faults
 * hide one another. (Swarm testing; Groce et al. 2012.)
 */
export class Explorer extends Recorded {
  override readonly random: number;
  readonly #exploration: Exploration;
  readonly #turns: Chance;
  readonly #faults: Chance;
  readonly #workload: Chance;
  readonly #rate: number;
  #deviations: number;
  readonly #seed: number;
  readonly #leftOut = new Map<string, boolean>();

  constructor(seed: number, exploration: Exploration) {
    super();
    const chance = new Chance(seed);
    this.#seed = seed;
    this.#exploration = exploration;
    this.random = chance.bits();
    this.#turns = new Chance(chance.bits());
    this.#faults = new Chance(chance.bits());
    this.#workload = new Chance(chance.bits());
    this.#rate = chance.pick(RATES);
    this.#deviations = chance.int(1, MOST_DEVIATIONS);
  }

  protected override pick(_choice: number, count: number): number {
    if (this.#exploration === "walk") return Math.floor(this.#turns.next() * count);
    if (this.#deviations === 0 || this.#turns.next() >= this.#rate) return 0;
    this.#deviations--;
    return this.#turns.int(1, count - 1);
  }

  protected override decide<T>(
    kind: string,
    _place: string,
    _nth: number,
    draw: Draw<T>,
  ): T | undefined {
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

/** Chooses as it is written. What is written and does not come up is not done; nothing else is. */
export class Replayer extends Recorded {
  override readonly random: number;
  readonly #decisions: Decisions;
  readonly #faults = new Map<string, unknown>();
  readonly #kinds = new Set<string>();
  #next = 0;

  constructor(decisions: Decisions) {
    super();
    this.#decisions = decisions;
    this.random = decisions.random;
    for (const { kind, place, nth, value } of decisions.faults) {
      this.#kinds.add(kind);
      this.#faults.set(key(kind, place, nth), value);
    }
  }

  protected override pick(choice: number, count: number): number {
    const { turns } = this.#decisions;
    const next = turns[this.#next];
    if (next === undefined || next.choice !== choice) return 0;
    this.#next++;
    return Math.min(next.pick, count - 1);
  }

  // oxlint-disable-next-line no-unnecessary-type-parameters -- it is whatever was drawn when it was recorded
  protected override decide<T>(kind: string, place: string, nth: number): T | undefined {
    if (!this.#kinds.has(kind)) return undefined;
    return this.#faults.get(key(kind, place, nth)) as T | undefined;
  }

  protected override commands(): readonly Command[] {
    return this.#decisions.workload;
  }
}

function key(kind: string, place: string, nth: number): string {
  return `${kind} ${place} ${nth}`;
}

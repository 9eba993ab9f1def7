import { plain, troupe, type Contender } from "./contenders.ts";
import { openLane, type Assignment, type Lane } from "./lanes.ts";
import type { Beside, Measurement, Task } from "./workload.ts";

/** Somebody who did not get through. */
export interface Failure {
  readonly label: string;
  readonly who: string;
  readonly why: string;
}

export interface Outcome {
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

/** When it has taken that long, the least number of rounds has to do. */
const ENOUGH_MS = 20_000;
const LEAST_ROUNDS = 3;

/** A contender at one task, and what he has achieved. */
class Entrant {
  readonly contender: Contender;
  readonly #assignment: Assignment;
  /** The values of each turn, one for each row. */
  readonly turns: (readonly number[])[] = [];
  #lane: Lane | undefined;
  /** Whether it has a turn in the next round. */
  isIn = true;
  failure: string | undefined;

  constructor(assignment: Assignment) {
    this.#assignment = assignment;
    this.contender = assignment.contender;
  }

  /** Gets ready, which nobody times. */
  prepare(): Promise<void> {
    return this.#try(async () => {
      this.#lane = await openLane(this.#assignment);
      this.isIn = this.#lane !== undefined;
    });
  }

  turn(): Promise<void> {
    return this.#try(async () => {
      if (this.#lane === undefined) await this.prepare();
      if (this.#lane !== undefined) this.turns.push(await this.#lane.turn());
      if (this.#assignment.task.fresh) await this.end();
    });
  }

  async end(): Promise<void> {
    await this.#lane?.end();
    this.#lane = undefined;
  }

  /** A contender who fails is out; the others go on. */
  async #try(work: () => Promise<void>): Promise<void> {
    if (!this.isIn) return;
    try {
      await work();
    } catch (error) {
      this.isIn = false;
      this.failure = String(error);
      await this.end();
    }
  }
}

/**
 * Lets contenders do one task, in turns.
 *
 * Each has a process of its own, so that none finds the heap or the optimized code of another, and
 * only one at a time is told to go, so that each has the whole machine. A round is a turn of each:
 * what slows the machine down for a second slows all of them. The processes live as long as the
 * task, because to warm up takes longer than all turns together. Only a task that can be done once
 * (`fresh`) gets a new process for each turn.
 */
export async function hold(
  contenders: readonly Contender[],
  about: Omit<Assignment, "contender">,
): Promise<Outcome> {
  const { task, smoke } = about;
  const entrants = contenders.map((contender) => new Entrant({ ...about, contender }));
  if (!task.fresh) for (const entrant of entrants) await entrant.prepare();
  const start = performance.now();
  for (let round = 0; round < (smoke ? 1 : task.rounds); round++) {
    if (round >= LEAST_ROUNDS && performance.now() - start > ENOUGH_MS) break;
    // Somebody else begins each time: to come first, or after a certain other, may be worth something.
    const first = round % entrants.length;
    for (const each of [...entrants.slice(first), ...entrants.slice(0, first)]) await each.turn();
  }
  for (const entrant of entrants) await entrant.end();
  return {
    measurements: task.rows.map((_, at) => measurement(task, at, entrants, smoke)),
    failures: failuresOf(about.workload, task, entrants),
  };
}

function measurement(
  task: Task,
  at: number,
  entrants: readonly Entrant[],
  smoke: boolean,
): Measurement {
  const { label, unit, alone } = task.rows[at] ?? { label: task.adapter, unit: "ns" };
  const valuesOf = ({ turns }: Entrant): number[] => turns.map((values) => values[at] ?? NaN);
  const ours = entrants.find(({ contender }) => contender === troupe);
  const values = ours === undefined ? [] : valuesOf(ours);
  if (alone) return { label, unit, values };
  const beside = entrants
    .filter(({ contender, turns }) => contender !== troupe && turns.length > 0)
    .map((entrant): Beside => {
      const { name, note } = entrant.contender;
      const who = entrant.contender === plain ? (task.plain?.who ?? name) : name;
      const theirs = valuesOf(entrant);
      return note === undefined ? { who, values: theirs } : { who, values: theirs, note };
    });
  // In a smoke run there are no figures to stand beside.
  const quoted = at === 0 && !smoke ? (task.quoted ?? []) : [];
  return {
    label,
    unit,
    values,
    beside: [...beside, ...quoted.map((each) => inRounds(each, values.length))],
  };
}

/** Each round of ours has one of the quoted figures beside it. */
function inRounds({ values, ...others }: Beside, rounds: number): Beside {
  const beside = Array.from({ length: rounds }, (_, round) => values[round % values.length] ?? NaN);
  return { ...others, values: beside };
}

function failuresOf(workload: string, task: Task, entrants: readonly Entrant[]): Failure[] {
  const label = task.rows[0]?.label ?? workload;
  return entrants.flatMap(({ contender, failure }) =>
    failure === undefined ? [] : [{ label, who: contender.name, why: failure }],
  );
}

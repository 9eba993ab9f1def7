import { BadInputError } from "../index.ts";
import { Explorer, Replayer, type Choices, type Exploration } from "./choices.ts";
import { EscapedAwaitError, NondeterminismError } from "./errors.ts";
import { findEscape } from "./escape.ts";
import { reportFailure } from "./failure.ts";
import { hostNow } from "./host/host-globals.ts";
import { writeLine } from "../world/host.ts";
import type { Machine, Watchers } from "./machine.ts";
import { Recorder } from "./recorder.ts";
import type { RunResult } from "./run-result.ts";
import { runToEnd } from "./run-to-end.ts";
import { checkScenario } from "./check-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { listed, number, Tally, type SimulationReport } from "./tally.ts";
import { RollingHash } from "./trace.ts";

/** How a scenario is simulated. */
export interface SimulateOptions<App> extends Scenario<App> {
  /** How many, from 1; or which. Default 100. */
  readonly seeds?: number | readonly number[];
  /**
   * `walk`: whose turn it is, is chance. `bounded`: first come, first served, but for at most eight
   * turns. Default: odd seeds walk, even ones are bounded.
   */
  readonly explore?: Exploration | "mixed";
  /** How many runs may be spent on making a failure small. Default 2,000; 0 for none. */
  readonly shrinkRuns?: number;
  /** Where the decision file of a failure goes; `false` for nowhere. Default `.simulations`. */
  readonly directory?: string | false;
  /** Gets a line each second, and two at the end; `false` for none. Default: stderr. */
  readonly print?: ((line: string) => void) | false;
}

/**
 * Runs a service under many seeds: other orders of turns, other times, other faults in each.
 *
 * Each seed runs twice, the second time by the decisions of the first, and must do the same.
 * Resolves when every check held in every run. Rejects with `SimulationError` at the first that did
 * not, made small and written to a file for `replay`; with `EscapedAwaitError` where code waits for
 * what no simulation owns; with `NondeterminismError` where two runs differ; with `BadInputError`
 * where the scenario makes no sense. Simulations of one process run one after the other.
 */
export function simulate<App>(options: SimulateOptions<App>): Promise<SimulationReport> {
  const result = last.then(() => new Simulation(options).run());
  last = result.catch(() => {});
  return result;
}

/** The host's globals can be exchanged for those of one simulation at a time. */
let last: Promise<unknown> = Promise.resolve();

class Simulation<App> {
  readonly #options: SimulateOptions<App>;
  readonly #seeds: number | readonly number[];
  readonly #name: string;
  readonly #tally = new Tally();
  readonly #hash = new RollingHash();
  readonly #print: (line: string) => void;
  readonly #startedAt = hostNow();
  #printedAt = hostNow();

  get #count(): number {
    return typeof this.#seeds === "number" ? this.#seeds : this.#seeds.length;
  }

  constructor(options: SimulateOptions<App>) {
    checkScenario("simulate", options);
    this.#options = options;
    this.#seeds = options.seeds ?? 100;
    this.#name = options.name ?? "simulation";
    const { print = writeLine } = options;
    this.#print = print === false ? () => {} : print;
  }

  async run(): Promise<SimulationReport> {
    for (const seed of seedsOf(this.#seeds)) {
      const result = await this.#runTwice(seed);
      this.#tally.add(result);
      this.#hash.add(parseInt(result.hash.slice(0, 8), 16));
      this.#hash.add(parseInt(result.hash.slice(8), 16));
      this.#printNowAndThen();
    }
    return this.#report();
  }

  async #runTwice(seed: number): Promise<RunResult> {
    const first = await this.#once(seed, new Explorer(seed, this.#explorationOf(seed)));
    if (first.escaped instanceof EscapedAwaitError) throw first.escaped;
    if (first.escaped || first.failure !== undefined || isSample(this.#tally.seeds + 1)) {
      const escaped = await findEscape(this.#options, seed, first.decisions);
      if (escaped !== undefined) throw escaped;
    }
    const second = await this.#once(seed, new Replayer(first.decisions));
    if (first.hash !== second.hash || first.failure?.invariant !== second.failure?.invariant) {
      throw await this.#howTheyDiffer(seed, first, second);
    }
    if (first.failure !== undefined) {
      throw await reportFailure(this.#options, seed, first, this.#print);
    }
    return first;
  }

  #explorationOf(seed: number): Exploration {
    const { explore = "mixed" } = this.#options;
    if (explore !== "mixed") return explore;
    return seed % 2 === 1 ? "walk" : "bounded";
  }

  #once(seed: number, choices: Choices): Promise<RunResult> {
    return runToEnd(this.#options, seed, choices);
  }

  async #howTheyDiffer(
    seed: number,
    first: RunResult,
    second: RunResult,
  ): Promise<NondeterminismError> {
    const record = async (choices: Choices): Promise<Recorder | undefined> => {
      let recorder: Recorder | undefined;
      const watch = (machine: Machine): Watchers => (recorder = new Recorder(machine));
      await runToEnd(this.#options, seed, choices, watch);
      return recorder;
    };
    const difference = firstDifference(
      await record(new Explorer(seed, this.#explorationOf(seed))),
      await record(new Replayer(first.decisions)),
    );
    return new NondeterminismError(
      `seed ${seed}: the same decisions led to two runs, ${first.hash} with ${first.steps} steps and ${second.hash} with ${second.steps}; ${difference}. Something asks for what the simulation does not own: module state that stays from run to run, the order of a host's callbacks, garbage collection.`,
      seed,
    );
  }

  /** A simulation in which nothing was done, or nobody was hit, shows nothing. */
  #refuseVacuous(): void {
    const { seeds, commands, strangers = [] } = this.#tally;
    if (strangers.length > 0) {
      throw new BadInputError(
        `simulate: faults are for ${strangers.join(", ")}, and no actor of that name or kind had a turn in any of ${number(seeds)} seeds`,
      );
    }
    const { done, rejected, cutOff, rejections } = commands;
    if (done > 0 || rejected + cutOff === 0) return;
    throw new BadInputError(
      `simulate: none of ${number(rejected + cutOff)} commands was done: ${listed({ ...rejections, "cut off": cutOff })}; so nothing was shown`,
    );
  }

  #printNowAndThen(): void {
    const now = hostNow();
    if (now - this.#printedAt < 1_000) return;
    this.#printedAt = now;
    this.#print(this.#tally.line(this.#name, this.#count, now - this.#startedAt));
  }

  #report(): SimulationReport {
    const tookMs = hostNow() - this.#startedAt;
    this.#refuseVacuous();
    const { turns, simulatedMs, interleavings, commands, faults, undecided } = this.#tally;
    const hash = this.#hash.text;
    this.#print(this.#tally.line(this.#name, this.#count, tookMs));
    this.#print(`sim ${this.#name}: ${this.#tally.details(hash)}`);
    return {
      seeds: this.#tally.seeds,
      turns,
      simulatedMs,
      tookMs,
      hash,
      interleavings,
      commands,
      faults,
      undecided,
    };
  }
}

function* seedsOf(seeds: number | readonly number[]): Generator<number> {
  if (typeof seeds !== "number") return yield* seeds;
  for (let seed = 1; seed <= seeds; seed++) yield seed;
}

/** Whether the n-th seed is looked at closely: the first, the eighth, the 64th and so on. */
function isSample(nth: number): boolean {
  return Number.isInteger(Math.log2(nth) / 3);
}

function firstDifference(a: Recorder | undefined, b: Recorder | undefined): string {
  const [left, right] = [a?.steps ?? [], b?.steps ?? []];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one, other] = [describeStep(left[i]), describeStep(right[i])];
    if (one !== other) return `first at step ${i}: ${one}, then ${other}`;
  }
  return "run again, they were alike: something differs the first time only";
}

function describeStep(step: Recorder["steps"][number] | undefined): string {
  if (step === undefined) return "nothing";
  return JSON.stringify(step, (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

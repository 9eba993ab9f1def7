import { readFileSync } from "node:fs";
import { Replayer } from "./choices.ts";
import { BadInputError } from "../index.ts";
import type { Decisions, Fault, Wait } from "./decisions.ts";
import { fromFile, type DecisionFile } from "./decision-file.ts";
import { EscapedAwaitError } from "./errors.ts";
import { findEscape } from "./escape.ts";
import type { Step } from "./diagram/diagram.ts";
import { describeDecisions } from "./describe.ts";
import { inMacrotask } from "./host/macrotask.ts";
import { Recorder } from "./recorder.ts";
import { Run } from "./run.ts";
import type { RunFailure } from "./run-result.ts";
import { checkScenario } from "./check-scenario.ts";
import type { Scenario } from "./scenario.ts";
import type { Sim } from "./sim.ts";

/** A step of a replay: the run stands still behind it. */
export interface ReplayStep<App> {
  /** Counted from 1. */
  readonly number: number;
  readonly atMs: number;
  /** What was handled, said and decided in it. */
  readonly happened: readonly Step[];
  /** The service as it is now; undefined while it is not there. */
  readonly app: App | undefined;
  readonly sim: Sim;
}

/** How a replay ended. */
export interface ReplayResult {
  /** What did not hold; undefined where all did: then what is on record is mended. */
  readonly failure: RunFailure | undefined;
  /** False: the run was another than that on record, because the code has changed. */
  readonly isSame: boolean;
  /** Decisions on record that never came up, for people: with many, the file tests little. */
  readonly unused: readonly string[];
}

/**
 * Runs a scenario by a decision file, step by step.
 *
 * `for await (const step of replay(file, scenario))` stops behind each step, to look at state with
 * `step.sim`; `await replay(file, scenario).finish()` goes to the end. Steps that the file does not
 * decide go first come, first served. Throws `BadInputError` where the file is no decision file; ends
 * with an `EscapedAwaitError` where the code waits for the host.
 */
export function replay<App>(file: string, scenario: Scenario<App>): Replay<App> {
  checkScenario("replay", scenario);
  return new Replay(file, scenario);
}

/** A run by a decision file. */
export class Replay<App> implements AsyncIterable<ReplayStep<App>> {
  readonly #scenario: Scenario<App>;
  readonly #file: ReturnType<typeof fromFile>;
  /** How it ended; undefined until it has. */
  result: ReplayResult | undefined;

  /** @internal Use `replay`. */
  constructor(file: string, scenario: Scenario<App>) {
    this.#file = fromFile(read(file), file);
    this.#scenario = scenario;
    checkFits(this.#file, file, scenario);
  }

  /** Steps until it is over or something does not hold; throws nothing of what it finds. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReplayStep<App>, ReplayResult> {
    const { seed, decisions, hash } = this.#file;
    let recorder: Recorder | undefined;
    const run = await inMacrotask(
      () =>
        new Run(this.#scenario, {
          seed,
          choices: new Replayer(decisions),
          watch: (machine) => (recorder = new Recorder(machine)),
        }),
    );
    for (let number = 1; !run.isDone; number++) {
      if (recorder !== undefined) recorder.steps = [];
      await inMacrotask(() => run.advance(() => true));
      const { app, sim } = run;
      yield { number, atMs: sim.now(), happened: recorder?.steps ?? [], app, sim };
    }
    const { failure, escaped, hash: own } = run.result();
    if (escaped instanceof EscapedAwaitError) throw escaped;
    if (escaped) {
      const found = await findEscape(this.#scenario, seed, decisions);
      throw found ?? new EscapedAwaitError("the host was asked for something, once and not again");
    }
    const unused = describeDecisions(without(decisions, run.result().decisions));
    return (this.result = { failure, isSame: own === hash, unused });
  }

  /** Goes to the end. */
  async finish(): Promise<ReplayResult> {
    const steps = this[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await steps.next();
      if (done === true) return value;
    }
  }
}

/** What is on record and did not come up. */
function without(all: Decisions, used: Decisions): Decisions {
  const faults = new Set(used.faults.map(keyOfFault));
  const turns = new Set(used.turns.map(keyOfWait));
  return {
    ...all,
    workload: [],
    faults: all.faults.filter((fault) => !faults.has(keyOfFault(fault))),
    turns: all.turns.filter((wait) => !turns.has(keyOfWait(wait))),
  };
}

function keyOfFault({ kind, place, command, nth }: Fault): string {
  return `${kind} ${place} ${command} ${nth}`;
}

function keyOfWait({ who, command, nth }: Wait): string {
  return `${who} ${command} ${nth}`;
}

/** A file whose commands or check are not the scenario's would replay nothing, and look mended. */
function checkFits<App>(file: DecisionFile, path: string, scenario: Scenario<App>): void {
  const known = Object.keys(scenario.workload?.commands ?? {});
  const strange = file.decisions.workload.find(({ name }) => !known.includes(name));
  if (strange === undefined) return;
  throw new BadInputError(
    `replay: ${path} has a command ${JSON.stringify(strange.name)}, and the scenario has ${known.join(", ") || "none"}`,
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new BadInputError(`replay: ${file} cannot be read`, { cause: error });
  }
}

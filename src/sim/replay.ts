import { readFileSync } from "node:fs";
import { Replayer } from "./choices.ts";
import { BadInputError } from "../index.ts";
import { fromFile } from "./decision-file.ts";
import { EscapedAwaitError } from "./errors.ts";
import { findEscape } from "./escape.ts";
import type { Step } from "./diagram/diagram.ts";
import { inMacrotask } from "./host/macrotask.ts";
import { Recorder } from "./recorder.ts";
import { Run, type RunFailure } from "./run.ts";
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

  /** @internal Use `replay`. */
  constructor(file: string, scenario: Scenario<App>) {
    this.#file = fromFile(read(file), file);
    this.#scenario = scenario;
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
    return { failure, isSame: own === hash };
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

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new BadInputError(`replay: ${file} cannot be read`, { cause: error });
  }
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Replayer } from "./choices.ts";
import { toFile } from "./decision-file.ts";
import { countDecisions, type Decisions } from "./decisions.ts";
import { describeDecisions } from "./describe.ts";
import { diagram } from "./diagram/diagram.ts";
import { hostNow } from "./host/host-globals.ts";
import { SimulationError, type FailureFacts } from "./errors.ts";
import type { Machine, Watchers } from "./machine.ts";
import { Recorder } from "./recorder.ts";
import type { RunFailure, RunResult } from "./run-result.ts";
import { shrink } from "./shrink/shrink.ts";
import { runToEnd } from "./run-to-end.ts";
import type { SimulateOptions } from "./simulate.ts";
import { number } from "./tally.ts";

const SHRINK_RUNS = 2_000;
/** Runs that let no time pass take a second each. */
const SHRINK_MS = 60_000;
/** Steps that are drawn. */
const SHOWN_STEPS = 30;

/** Makes a failure as small as it gets, writes it to a file, and says all there is to say about it. */
export async function reportFailure<App>(
  options: SimulateOptions<App>,
  seed: number,
  found: RunResult,
  print: (line: string) => void,
): Promise<SimulationError> {
  const { name = "simulation", shrinkRuns = SHRINK_RUNS, directory = ".simulations" } = options;
  const { invariant } = found.failure!;
  print(`sim ${name}: seed ${seed} fails "${invariant}"; making it small`);
  const tries = async (candidate: Decisions): Promise<Decisions | undefined> => {
    const { failure, decisions } = await runToEnd(options, seed, new Replayer(candidate));
    return failure?.invariant === invariant ? decisions : undefined;
  };
  const small = await shrink(found.decisions, tries, {
    runs: shrinkRuns,
    limitMs: SHRINK_MS,
    now: hostNow,
  });
  const { runs } = small;
  let { decisions } = small;
  let { result, recorder } = await record(options, seed, decisions);
  if (result.failure === undefined) {
    // What failed while it was made small does not fail again: better the list as it was found.
    ({ decisions } = found);
    ({ result, recorder } = await record(options, seed, decisions));
  }
  const failure = result.failure ?? found.failure!;
  const drawn = diagram(recorder?.steps.slice(-SHOWN_STEPS) ?? []);
  const text = toFile({ name, seed, failure, hash: result.hash, decisions });
  const file = directory === false ? undefined : write(directory, `${name}-${seed}.sim.json`, text);
  const facts = {
    seed,
    invariant,
    file,
    hash: result.hash,
    decisions: { found: countDecisions(found.decisions), left: countDecisions(decisions) },
    diagram: drawn,
  };
  const message = messageOf(name, failure, facts, result, runs);
  return new SimulationError(message, facts, failure.error);
}

/** Where it was written; undefined where that cannot be: the failure is told all the same. */
function write(directory: string, file: string, text: string): string | undefined {
  const path = join(directory, file);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, text);
    return path;
  } catch {
    return undefined;
  }
}

async function record<App>(
  options: SimulateOptions<App>,
  seed: number,
  decisions: Decisions,
): Promise<{ result: RunResult; recorder: Recorder | undefined }> {
  let recorder: Recorder | undefined;
  const watch = (machine: Machine): Watchers => (recorder = new Recorder(machine));
  const result = await runToEnd(options, seed, new Replayer(decisions), watch);
  recorder?.world(`${result.failure?.invariant ?? "nothing"} does not hold`);
  return { result, recorder };
}

function messageOf(
  name: string,
  { invariant, message }: RunFailure,
  facts: FailureFacts,
  { decisions, turns, simulatedMs, hash }: RunResult,
  runs: number,
): string {
  const { seed, file, diagram: drawn } = facts;
  const { found, left } = facts.decisions;
  return [
    `${name}, seed ${seed}: "${invariant}" does not hold: ${message}`,
    "",
    `  after ${number(turns)} turns and ${number(simulatedMs)} ms; trace ${hash}`,
    `  ${number(found)} decisions, made ${number(left)} in ${number(runs)} runs:`,
    ...firstFew(describeDecisions(decisions)).map((line) => `    ${line}`),
    "",
    file === undefined
      ? "  no decision file was written"
      : `  again: replay(${JSON.stringify(file)}, scenario)`,
    "",
    drawn,
  ].join("\n");
}

const MOST_LINES = 24;

function firstFew(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} more, in the file`];
}

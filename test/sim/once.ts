import { expect } from "vitest";
import { simulate, SimulationError, type Exploration, type SimulateOptions } from "troupe/sim";
import { Explorer, Replayer } from "../../src/sim/choices.ts";
import type { Decisions } from "../../src/sim/decisions.ts";
import { runToEnd } from "../../src/sim/run-to-end.ts";
import type { RunResult } from "../../src/sim/run-result.ts";
import type { Scenario } from "../../src/sim/scenario.ts";

/** Runs one seed of a scenario. */
export function once<App>(
  scenario: Scenario<App>,
  seed = 1,
  explore: Exploration = "walk",
): Promise<RunResult> {
  return runToEnd(scenario, seed, new Explorer(seed, explore));
}

/** Runs a scenario by decisions. */
export function again<App>(
  scenario: Scenario<App>,
  decisions: Decisions,
  seed = 1,
): Promise<RunResult> {
  return runToEnd(scenario, seed, new Replayer(decisions));
}

/** Runs seeds from 1; answers what came of each. */
export async function runSeeds<App>(
  scenario: Scenario<App>,
  seeds: number,
  explore: Exploration = "walk",
): Promise<RunResult[]> {
  const results: RunResult[] = [];
  // One after the other: each has the host's globals for itself.
  for (let seed = 1; seed <= seeds; seed++) results.push(await once(scenario, seed, explore));
  return results;
}

/** Simulates without a word and without a file. */
export const quiet = { print: false, directory: false, shrinkRuns: 0 } as const;

/** Simulates what must fail; answers the error. */
export async function failing<App>(options: SimulateOptions<App>): Promise<SimulationError> {
  const outcome: unknown = await simulate({ ...quiet, ...options }).catch(
    (error: unknown) => error,
  );
  if (outcome instanceof SimulationError) return outcome;
  expect.fail(outcome instanceof Error ? (outcome.stack ?? outcome.message) : "nothing failed");
}

/** Faults of a kind that happened. */
export function faultsOf(result: RunResult, kind: string): number {
  return result.decisions.faults.filter((fault) => fault.kind === kind).length;
}

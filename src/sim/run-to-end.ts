import type { Choices } from "./choices.ts";
import { hostNow } from "./host/host-globals.ts";
import { inMacrotask } from "./host/macrotask.ts";
import type { Machine, Watchers } from "./machine.ts";
import { Run } from "./run.ts";
import type { RunResult } from "./run-result.ts";
import type { Scenario } from "./scenario.ts";

/** A run is left for the host's other work after so long. */
const SLICE_MS = 40;
const STEPS_PER_LOOK = 64;

/** Runs a scenario once, in slices, so that the host can do other things in between. */
export async function runToEnd<App>(
  scenario: Scenario<App>,
  seed: number,
  choices: Choices,
  watch?: (machine: Machine) => Watchers,
): Promise<RunResult> {
  const options = watch === undefined ? { seed, choices } : { seed, choices, watch };
  const run = await inMacrotask(() => {
    const begun = new Run(scenario, options);
    advanceSlice(begun);
    return begun;
  });
  while (!run.isDone) await inMacrotask(() => advanceSlice(run));
  return run.result();
}

function advanceSlice<App>(run: Run<App>): void {
  const end = hostNow() + SLICE_MS;
  let steps = 0;
  run.advance(() => ++steps % STEPS_PER_LOOK === 0 && hostNow() >= end);
}

import { Attempts, type ShrinkOptions, type Tries } from "./attempts.ts";
import type { Command, Decisions } from "../decisions.ts";
import { straightenTurns } from "./shrink-turns.ts";
import { eachStretch, without, type Stretch } from "./stretches.ts";

export interface Shrunk {
  readonly decisions: Decisions;
  /** How many candidates were run. */
  readonly runs: number;
}

/**
 * Looks for a smaller list of decisions that still fails: first without faults, then without
 * commands, then closer to first come, first served.
 *
 * Smaller is fewer decisions; among as many, turns taken by those who waited longer; then shorter
 * pauses. What is found is small, not smallest: each decision in it was left out once, and the run
 * no longer failed, unless `runs` or `limitMs` came first. `decisions` itself is not run. Rejects
 * with what `tries` throws.
 */
export async function shrink(
  decisions: Decisions,
  tries: Tries,
  options: ShrinkOptions = {},
): Promise<Shrunk> {
  const attempts = new Attempts(decisions, tries, options);
  await takeGiantSteps(attempts);
  let before: Decisions;
  do {
    before = attempts.best;
    await dropFaults(attempts);
    await dropCommands(attempts);
    await straightenTurns(attempts);
    await dropPauses(attempts);
  } while (attempts.best !== before && !attempts.isOver);
  return { decisions: attempts.best, runs: attempts.runs };
}

/** Each is seldom right, but costs one run and saves hundreds. */
async function takeGiantSteps(attempts: Attempts): Promise<void> {
  await attempts.try({ turns: [], faults: [] });
  await attempts.try({ turns: [] });
  await attempts.try({ faults: [] });
  await tryCommands(attempts, attempts.best.workload.slice(-1));
  for (const client of new Set(attempts.best.workload.map((command) => command.client))) {
    const own = attempts.best.workload.filter((command) => command.client === client);
    await tryCommands(attempts, own);
  }
}

/** Other commands come to other choices: the turns of before may be what prevents the failure. */
function tryCommands(attempts: Attempts, workload: readonly Command[]): Promise<boolean> {
  return attempts.tryEach([{ workload, turns: [] }, { workload }]);
}

function dropFaults(attempts: Attempts): Promise<void> {
  return eachStretch(
    () => attempts.best.faults.length,
    (stretch) => attempts.try({ faults: without(attempts.best.faults, stretch) }),
  );
}

function dropCommands(attempts: Attempts): Promise<void> {
  return eachStretch(
    () => attempts.best.workload.length,
    (stretch) => {
      const { workload } = attempts.best;
      return attempts.tryEach([
        { workload: without(workload, stretch) },
        { workload: withoutInTime(workload, stretch) },
      ]);
    },
  );
}

/** The same, and what follows comes when it came: its client waits for as long as before. */
function withoutInTime(workload: readonly Command[], [start, end]: Stretch): Command[] {
  const savedMs = new Map<number, number>();
  return workload.flatMap((command, at) => {
    const { client, pauseMs } = command;
    const saved = savedMs.get(client) ?? 0;
    const isLeftOut = at >= start && at < end;
    savedMs.set(client, isLeftOut ? saved + pauseMs : 0);
    return isLeftOut ? [] : [{ ...command, pauseMs: pauseMs + saved }];
  });
}

function dropPauses(attempts: Attempts): Promise<void> {
  const paused = (): number[] =>
    attempts.best.workload.flatMap(({ pauseMs }, at) => (pauseMs > 0 ? [at] : []));
  return eachStretch(
    () => paused().length,
    ([start, end]) => {
      const chosen = new Set(paused().slice(start, end));
      const workload = attempts.best.workload.map((command, at) =>
        chosen.has(at) ? { ...command, pauseMs: 0 } : command,
      );
      return attempts.try({ workload });
    },
  );
}

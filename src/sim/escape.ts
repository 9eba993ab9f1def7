import { Replayer } from "./choices.ts";
import type { Decisions } from "./decisions.ts";
import { EscapedAwaitError } from "./errors.ts";
import { firstHostRequest } from "./host/host-resources.ts";
import { inMacrotask } from "./host/macrotask.ts";
import { Run } from "./run.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Runs a seed again, slowly, to find out who asks the host for what; undefined where nobody does.
 *
 * Finds more than a run itself does: of what Node's thread pool does (compression, keys), and of
 * timers that keep nothing alive, a run sees nothing.
 */
export async function findEscape<App>(
  scenario: Scenario<App>,
  seed: number,
  decisions: Decisions,
): Promise<EscapedAwaitError | undefined> {
  const run = await inMacrotask(
    () => new Run(scenario, { seed, choices: new Replayer(decisions) }),
  );
  let by: string | undefined;
  const request = await inMacrotask(() =>
    firstHostRequest(
      () => run.advance(() => false),
      () => {
        by = run.whoIsRunning();
      },
    ),
  );
  const { escaped } = run.result();
  if (escaped instanceof EscapedAwaitError) return escaped;
  if (request === undefined && !escaped) return undefined;
  const error = new EscapedAwaitError(
    `seed ${seed}: ${by ?? "code of the simulation"} asked the host for ${request?.type ?? "something"}, and no simulation can own that: it would come in its own time. Give the service a simulated one (sim.disk for files), or keep it out of the simulation.`,
  );
  if (request !== undefined) error.stack = `${error.name}: ${error.message}\n${request.stack}`;
  return error;
}

import { BadInputError } from "../index.ts";
import { checkFaults } from "./check-faults.ts";
import {
  aFunction,
  fields,
  named,
  oneOf,
  range,
  time,
  whereIs,
  whole,
  type Check,
} from "./checked.ts";
import { Observation } from "./checks/observation.ts";
import type { Scenario } from "./scenario.ts";
import type { SimulateOptions } from "./simulate.ts";

const name: Check = (what, given) => {
  if (typeof given === "string" && /^[\w.-]+$/.test(given)) return;
  throw new BadInputError(
    `${what} is ${JSON.stringify(given)}; it names files, so letters, digits, ".", "_" and "-" only`,
  );
};

const command = whereIs(
  "object",
  fields({ weight: whole(1), run: aFunction }, ["weight", "run"]),
  aFunction,
);

const condition: Check = (what, given) => {
  if (!(given instanceof Observation)) aFunction(what, given);
};

const seeds: Check = (what, given) => {
  if (!Array.isArray(given)) return whole(1)(what, given);
  for (const [i, seed] of given.entries()) whole(-Infinity)(`${what}[${i}]`, seed);
  if (given.length === 0) throw new BadInputError(`${what} is empty; give at least one`);
};

const scenario = fields(
  {
    name,
    boot: aFunction,
    workload: fields(
      {
        clients: whole(1),
        steps: whole(1),
        pauseMs: range(0),
        commands: named(command, "give the clients something to do"),
      },
      ["commands"],
    ),
    faults: checkFaults,
    // The disk looks at them itself when it is made.
    disk: () => {},
    always: named(condition, ""),
    eventually: named(aFunction, ""),
    within: time,
    finally: named(aFunction, ""),
    virtualTime: time,
    seeds,
    explore: oneOf("walk", "bounded", "mixed"),
    shrinkRuns: whole(0),
    directory: whereIs("string", () => {}, oneOf(false)),
    print: whereIs("function", () => {}, oneOf(false)),
  } satisfies Record<keyof SimulateOptions<unknown>, Check>,
  ["boot"],
);

/**
 * Refuses a scenario that cannot be run, naming what is wrong with it. `by` is who was asked.
 *
 * What only `simulate` looks at may be there for `replay` too: it is the same object most of the time.
 */
export function checkScenario<App>(by: string, given: Scenario<App>): void {
  scenario(`${by}:`, given);
}

import { simulate, type Scenario, type SimulateOptions, type SimulationReport } from "troupe/sim";
import { kvAlways, kvEverySecond } from "../kv/scenario.ts";
import { models } from "../models/all.ts";

type How = Pick<SimulateOptions<unknown>, "seeds" | "shrinkRuns" | "directory" | "print">;

const scenarios: Readonly<Record<string, Scenario<never>>> = {
  ...models,
  [kvAlways.name!]: kvAlways,
  [kvEverySecond.name!]: kvEverySecond,
};

/** Simulates the model of this name. */
export function simulateModel(name: string, how: How): Promise<SimulationReport> {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`there is no model "${name}"`);
  return simulate({ ...scenario, ...how });
}

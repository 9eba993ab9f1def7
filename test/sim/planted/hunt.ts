import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundle } from "./bundle.ts";
import { lanes } from "./lanes.ts";
import type { Mistake } from "./mistake.ts";
import type { Outcome } from "./outcome.ts";

/** Each mistake is to be found within so many seeds. */
export const MOST_SEEDS = 1_000;
/** Spent on making a failure small: less than users have, so that all of them fit into a test. */
const SHRINK_RUNS = 400;
/** A mistake may well make a run that never ends. */
const LIMIT_MS = 40_000;

const run = promisify(execFile);
const inLane = lanes(2);

/** Simulates a model until a run does not hold, in a copy of the sources with this mistake. */
export function huntFor(mistake: Mistake): Promise<Outcome> {
  return inLane(() => inCopy(mistake, mistake.model, MOST_SEEDS));
}

/** The same without a mistake: every run must hold, or finding a mistake is no proof. */
export function huntForNothing(model: string, seeds: number): Promise<Outcome> {
  return inLane(() => inCopy(undefined, model, seeds));
}

async function inCopy(
  mistake: Mistake | undefined,
  model: string,
  seeds: number,
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "planted-"));
  try {
    const file = join(folder, "bundle.mjs");
    await bundle(file, mistake);
    const args = [file, model, String(seeds), String(SHRINK_RUNS)];
    const { stdout } = await run(process.execPath, args, { timeout: LIMIT_MS });
    return JSON.parse(stdout) as Outcome;
  } catch (error) {
    const { killed } = error as { killed?: boolean };
    const message = killed === true ? `no verdict within ${LIMIT_MS} ms` : String(error);
    return { kind: "broke", message };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/*
 * Bundled with one mistake in it, and run in a process of its own:
 * `node bundle.mjs <model> <seeds> <shrinkRuns>` writes an `Outcome` to stdout.
 */
import { SimulationError } from "troupe/sim";
import type { Outcome } from "./outcome.ts";
import { simulateModel } from "./scenarios.ts";

const [, , model = "", seeds, shrinkRuns] = process.argv;

async function hunt(): Promise<Outcome> {
  try {
    const report = await simulateModel(model, {
      seeds: Number(seeds),
      shrinkRuns: Number(shrinkRuns),
      directory: false,
      print: false,
    });
    return { kind: "held", seeds: report.seeds };
  } catch (error) {
    if (!(error instanceof SimulationError)) return { kind: "broke", message: String(error) };
    const { seed, invariant, message, decisions } = error;
    return { kind: "found", seed, invariant, message, decisions };
  }
}

process.stdout.write(JSON.stringify(await hunt()));

import { cpus } from "node:os";
import { measureAlone } from "./alone.ts";
import { contenders, type Contender } from "./contenders.ts";
import { hold, type Failure, type Outcome } from "./contest.ts";
import { writeDocuments } from "./documents.ts";
import { erlangVersion } from "./erlang.ts";
import { help, parseOptions, UsageError, type Options } from "./options.ts";
import { installedVersions, installPeers } from "./peers-package.ts";
import { checkWritable, readResults, writeResults } from "./results-file.ts";
import { resultRow, type ResultRow, type Results } from "./results.ts";
import { header, lines } from "./table.ts";
import type { Workload } from "./workload.ts";
import { loadWorkload, workloadNames } from "./workloads/all.ts";

/** Outcome after outcome of one workload; what fails is not the end of the others. */
async function* outcomesOf(
  workload: Workload,
  taking: readonly Contender[],
  smoke: boolean,
): AsyncGenerator<Outcome> {
  const { name } = workload;
  if ("tasks" in workload) {
    for (const [index, task] of workload.tasks.entries()) {
      yield hold(taking, { workload: name, task, index, smoke });
    }
  } else if (!smoke) {
    // It would take as long as ever.
    yield measureAlone(name).then(
      (measurements) => ({ measurements, failures: [] }),
      (why: unknown) => ({
        measurements: [],
        failures: [{ label: name, who: "troupe", why: String(why) }],
      }),
    );
  }
}

function show(row: ResultRow, smoke: boolean): void {
  const { label, values, beside } = row;
  const right = [...(values.length > 0 ? ["troupe"] : []), ...beside.map(({ who }) => who)];
  console.log(smoke ? `${label}: ${right.join(", ")}` : lines(row).join("\n"));
}

function complain({ label, who, why }: Failure): void {
  console.error(`${label}: ${who}: ${why}`);
  process.exitCode = 1;
}

async function measure({ only, peers, smoke }: Options): Promise<Results> {
  if (peers) installPeers();
  const erlang = peers ? erlangVersion() : undefined;
  if (peers && erlang === undefined) {
    console.log("There is no `erl` here, so Erlang does not take part (Debian: erlang-base).");
  }
  const taking = contenders(peers, erlang !== undefined);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`;
  if (!smoke) console.log(`${machine}\n\n${header}`);
  const rows: ResultRow[] = [];
  for (const name of only) {
    for await (const outcome of outcomesOf(await loadWorkload(name), taking, smoke)) {
      const found = outcome.measurements.map((each) => resultRow(name, each));
      for (const row of found) show(row, smoke);
      outcome.failures.forEach(complain);
      rows.push(...found);
    }
  }
  const versions = {
    ...(peers ? installedVersions() : {}),
    ...(erlang === undefined ? {} : { Erlang: erlang }),
  };
  return { date: new Date().toISOString().slice(0, 10), machine, versions, rows };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), workloadNames);
  if (options.help) {
    console.log(help(workloadNames));
    return;
  }
  if (options.json !== undefined) checkWritable(options.json);
  const results =
    options.from === undefined ? await measure(options) : readResults(options.from, workloadNames);
  if (options.json !== undefined) writeResults(options.json, results);
  if (!options.write) return;
  if (process.exitCode === 1) console.error("not written: the figures are not complete");
  else writeDocuments(results);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

import { measureAlone } from "./alone.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { hold, type Failure, type Outcome } from "./contest.ts";
import { erlangVersion } from "./erlang.ts";
import { writeDocuments } from "./documents.ts";
import { help, parseOptions, UsageError, type Options } from "./options.ts";
import { installedVersions, installPeers } from "./peers-package.ts";
import { resultRow, type ResultRow, type Results } from "./results.ts";
import { header, lines } from "./table.ts";
import { contenders, type Contender } from "./contenders.ts";
import type { Workload } from "./workload.ts";
import { loadWorkload, workloadNames } from "./workloads/all.ts";

/** One workload; a failure of a contender is his alone. */
async function run(
  workload: Workload,
  smoke: boolean,
  taking: readonly Contender[],
  tell: (outcome: Outcome) => void,
): Promise<void> {
  if ("measure" in workload) {
    // It would take as long as ever.
    if (!smoke) tell({ measurements: await measureAlone(workload.name), failures: [] });
    return;
  }
  for (const [index, task] of workload.tasks.entries()) {
    tell(await hold(taking, { workload: workload.name, task, index, smoke }));
  }
}

async function measure({ only, peers, smoke }: Options): Promise<Results> {
  if (peers) installPeers();
  const erlang = peers ? erlangVersion() : undefined;
  if (peers && erlang === undefined) {
    console.log("There is no `erl` here, so Erlang does not take part (Debian: erlang-base).");
  }
  const taking = contenders(peers, erlang !== undefined);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`;
  console.log(smoke ? "" : `${machine}\n\n${header}`);
  const rows: ResultRow[] = [];
  const failures: Failure[] = [];
  for (const name of only) {
    await run(await loadWorkload(name), smoke, taking, (outcome) => {
      failures.push(...outcome.failures);
      const found = outcome.measurements.map((each) => resultRow(name, each));
      rows.push(...found);
      for (const row of found) console.log(smoke ? smokeLine(row) : lines(row).join("\n"));
      for (const { label, who, why } of outcome.failures) console.error(`${label}: ${who}: ${why}`);
    });
  }
  if (failures.length > 0) process.exitCode = 1;
  const versions = {
    ...(peers ? installedVersions() : {}),
    ...(erlang === undefined ? {} : { Erlang: erlang }),
  };
  return { date: new Date().toISOString().slice(0, 10), machine, versions, rows };
}

function smokeLine({ label, values, beside }: ResultRow): string {
  const right = [...(values.length > 0 ? ["troupe"] : []), ...beside.map(({ who }) => who)];
  return `${label}: ${right.join(", ")}`;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), workloadNames);
  if (options.help) {
    console.log(help(workloadNames));
    return;
  }
  const results =
    options.from === undefined
      ? await measure(options)
      : // What `--json` wrote.
        (JSON.parse(readFileSync(options.from, "utf8")) as Results);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  if (options.write) writeDocuments(results);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { summarize } from "./statistics.ts";
import { header, line } from "./table.ts";
import type { Measurement, Workload } from "./workload.ts";
import { workloads } from "./workloads/all.ts";

/*
 * npm run bench                          everything, in about two minutes
 * npm run bench -- --only cast,ring      some of it
 * npm run bench -- --json results.json   and the figures, with every repetition
 */
const { values: options } = parseArgs({
  options: { only: { type: "string" }, json: { type: "string" } },
});

/** Runs one workload in a process of its own: nobody has warmed up, or worn out, what it finds. */
function measure({ name }: Workload): Promise<Measurement[]> {
  const child = fork(new URL("./worker.js", import.meta.url), [name], {
    env: { ...process.env, NODE_ENV: "production" },
    execArgv: ["--expose-gc", "--max-old-space-size=4096"],
  });
  return new Promise((resolve, reject) => {
    // What the worker sends is what `measure` returned.
    child.on("message", (message) => resolve(message as Measurement[]));
    child.on("exit", (code) => reject(new Error(`${name} ended with ${code} and no figures`)));
  });
}

function chosen(): readonly Workload[] {
  const names = options.only?.split(",");
  if (names === undefined) return workloads;
  const known = workloads.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return workloads.filter(({ name }) => names.includes(name));
  throw new Error(`there is no workload ${unknown.join(", ")}; there are ${known.join(", ")}`);
}

const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`;
console.log(`${machine}\n\n${header}`);
const rows: object[] = [];
for (const workload of chosen()) {
  for (const measurement of await measure(workload)) {
    rows.push({ workload: workload.name, ...measurement, ...summarize(measurement.values) });
    console.log(line(measurement));
  }
}
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
}

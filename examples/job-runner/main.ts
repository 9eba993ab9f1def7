import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createSystem } from "troupe";
import { factory, submitAll } from "troupe/pool";
import { threads } from "troupe/threads";
import { FileBusyError, Inspector } from "./actors.ts";
import { makeDemo } from "./demo.ts";
import { Report } from "./report.ts";
import { Screen } from "./screen.ts";

/** `main.js [directory] [threads]`: counts and compares all files in a directory, on all cores. */
const [given, count = given === undefined ? 2 : availableParallelism()] = process.argv.slice(2);
const size = Number(count);
const demo = given === undefined ? makeDemo() : undefined;
const dir = resolve(demo?.dir ?? given ?? ".");

const entries = await readdir(dir, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile() || entry.isSymbolicLink())
  .filter(({ name }) => !name.endsWith(".lock"))
  .map(({ parentPath, name }) => join(parentPath, name));
const report = new Report(dir, size);
const screen = new Screen(process.stdout, files.length);

const Inspectors = factory({
  worker: Inspector,
  size,
  on: threads({ size, module: new URL("actors.js", import.meta.url) }),
  async run(worker, path: string, { attempt }) {
    // The worker is kept for the pause: what is busy slows the run down, and not the disk.
    if (attempt > 1) await setTimeout(25 * 2 ** attempt);
    return worker.inspect(path);
  },
  retry: { max: 3, when: (error, _, workerDied) => workerDied || error instanceof FileBusyError },
  // A file on a server that does not answer, say. Its thread ends with the worker.
  stuck: { afterMs: 60_000 },
  onEvent(event) {
    report.hear(event);
    if (event.type === "retried" && event.job.body === demo?.locked) demo?.unlock();
  },
});

let isInterrupted = false;
process.once("SIGINT", () => (isInterrupted = true));

// Workers that fail are in the report.
await using system = createSystem({ logger: false });
const inspectors = system.spawn(Inspectors);
const jobs = files.map((body) => ({ body }));
for await (const outcome of submitAll(inspectors, jobs)) {
  report.add(outcome);
  screen.step();
  // What waits is discarded then, and what has been begun comes to its end.
  if (isInterrupted) break;
}
screen.end();
const stats = await inspectors.finish();
for (const line of report.lines(stats)) console.log(line);
demo?.remove();

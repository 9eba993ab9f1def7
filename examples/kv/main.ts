/** A key-value server that Redis clients talk to: `npm start -- --port 6399 --shards 4 --dir kv-data`. */
import fs from "node:fs";
import { parseArgs } from "node:util";
import { createSystem, exited, started } from "troupe";
import { kvApp, overTcp } from "./app.ts";
import { DataDirectory } from "./data-directory.ts";
import { lockDirectory } from "./directory-lock.ts";
import type { SyncPolicy } from "./journal.ts";

const USAGE = `usage: npm start -- [--port N] [--host ADDRESS] [--shards N] [--threads N] [--dir PATH] [--sync everysec|always] [--rewrite-bytes N]`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "6399" },
      host: { type: "string", default: "127.0.0.1" },
      shards: { type: "string", default: "4" },
      threads: { type: "string", default: "0" },
      dir: { type: "string", default: "kv-data" },
      sync: { type: "string", default: "everysec" },
      "rewrite-bytes": { type: "string", default: String(16 * 1024 * 1024) },
    },
  });
  return {
    host: values.host,
    dir: values.dir,
    port: wholeNumber("--port", values.port, 0, 65_535),
    shards: wholeNumber("--shards", values.shards, 1, 256),
    threads: wholeNumber("--threads", values.threads, 0, 64),
    sync: syncPolicy(values.sync),
    rewriteBytes: wholeNumber("--rewrite-bytes", values["rewrite-bytes"], 1, 2 ** 50),
  };
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${option} is "${text}"; it must be a whole number from ${least} to ${most}`);
}

function syncPolicy(text: string): SyncPolicy {
  if (text === "everysec" || text === "always") return text;
  throw new Error(`--sync is "${text}"; it must be everysec or always`);
}

/** The innermost error says what really happened. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : causeOf(error.cause);
}

async function main(): Promise<void> {
  const { dir, shards, ...options } = readOptions();
  lockDirectory(dir);
  const directory = new DataDirectory(fs, dir, shards);
  // A call is over when its shard has answered or failed; how long a client waits is the client's
  // affair. And what development mode looks for costs a fifth of the throughput.
  const system = createSystem({ name: "kv", callTimeout: Infinity, development: false });
  system.shutdownOnSignals();
  const app = system.spawn(kvApp(system, { ...options, directory }, overTcp));
  await started(app);
  const { address, port } = await app.child("listener").address();
  const where = options.threads === 0 ? "" : `, on ${options.threads} threads`;
  console.log(`listening on ${address}:${port}; ${shards} shards in ${dir}${where}`);
  console.log(`try: redis-cli -p ${port} SET greeting hello`);
  console.log(`     redis-cli -p ${port} DEBUG CRASH greeting   (its shard fails, and comes back)`);
  console.log("Ctrl-C ends it.");
  const reason = await exited(app);
  if (reason.kind === "shutdown" && reason.detail === undefined) return;
  throw new Error("the server failed too often and gave up");
}

main().catch((error: unknown) => {
  console.error(`${causeOf(error)}\n${USAGE}`);
  process.exit(1);
});

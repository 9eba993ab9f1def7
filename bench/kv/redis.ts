import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import type { CommandLine, Server } from "./server.ts";

const run = promisify(execFile);

/** The tools that are not on the PATH. */
export function missingTools(): string[] {
  return ["redis-server", "redis-benchmark"].filter(
    (tool) => spawnSync(tool, ["--version"]).status !== 0,
  );
}

/** Redis, with a file that is synced once a second, as that of the example server. */
export const redis: CommandLine = (port, dir) => [
  "redis-server",
  ...`--bind 127.0.0.1 --port ${port} --appendonly yes --appendfsync everysec`.split(" "),
  "--save",
  "",
  "--dir",
  dir,
];

/** What the client sends, and how. */
export interface Load {
  readonly test: string;
  readonly requests: number;
  /** Commands that are sent together. */
  readonly pipeline: number;
}

/** One that takes so long has lost its server. */
const LONGEST_MS = 60_000;

/** Has 50 clients send it; answers requests per second. */
export async function requestsPerSecond(
  { port }: Server,
  { test, requests, pipeline }: Load,
): Promise<number> {
  const options = `-p ${port} -c 50 -t ${test} -n ${requests} -P ${pipeline} --csv`;
  const { stdout } = await run("redis-benchmark", options.split(" "), { timeout: LONGEST_MS });
  const rate = Number(stdout.trimEnd().split("\n").at(-1)?.split('","')[1]);
  if (!(rate > 0)) throw new Error(`redis-benchmark -t ${test} gave no figure:\n${stdout}`);
  return rate;
}

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuShares, PARTS } from "../kv/cpu-shares.ts";
import { missingTools, redis, requestsPerSecond, type Load } from "../kv/redis.ts";
import { Server, type CommandLine } from "../kv/server.ts";
import type { Measurement, Workload } from "../workload.ts";

const MAIN = fileURLToPath(new URL("../../examples/kv/main.js", import.meta.url));
const TESTS = ["ping_mbulk", "set", "get", "incr", "lpush", "hset", "mset"];

/** Of a fifth of a second each: on a shared machine more of them say more than longer ones. */
const ROUNDS = Number(process.env["KV_ROUNDS"] ?? 5);
const DEPTHS = [
  { pipeline: 1, requests: 20_000 },
  { pipeline: 16, requests: 120_000 },
];

const kvServer =
  (...nodeOptions: string[]): CommandLine =>
  (port, dir) => [
    process.execPath,
    ...nodeOptions,
    MAIN,
    "--port",
    String(port),
    "--dir",
    join(dir, "data"),
  ];

/** Both servers in turns: what slows the machine down slows both. */
async function race(load: Load, ours: Server, theirs: Server): Promise<Measurement> {
  const turn = async (values: number[], server: Server): Promise<void> => {
    values.push(await requestsPerSecond(server, load));
  };
  const [values, redisValues]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) await turn(values, ours);
    await turn(redisValues, theirs);
    if (round % 2 === 1) await turn(values, ours);
  }
  const label = `kv, ${load.test}${load.pipeline === 1 ? "" : ` -P ${load.pipeline}`}`;
  return { label, unit: "per s", values, beside: [{ who: "redis-server", values: redisValues }] };
}

async function throughput(): Promise<Measurement[]> {
  await using ours = await Server.start(kvServer());
  await using theirs = await Server.start(redis);
  const rows: Measurement[] = [];
  for (const depth of DEPTHS) {
    const loads = TESTS.map((test) => ({ test, ...depth }));
    for (const load of loads) {
      await requestsPerSecond(theirs, load);
      await requestsPerSecond(ours, load);
    }
    for (const load of loads) rows.push(await race(load, ours, theirs));
  }
  return rows;
}

/** Where the time of all tests together goes, from a run that is measured for nothing else. */
async function shares({ pipeline, requests }: (typeof DEPTHS)[number]): Promise<Measurement[]> {
  let profiles = "";
  await using server = await Server.start((port, dir) => {
    profiles = dir;
    return kvServer("--cpu-prof", "--cpu-prof-dir", dir)(port, dir);
  });
  const start = performance.now();
  const warmUp = requests / 2;
  for (const test of TESTS) await requestsPerSecond(server, { test, requests: warmUp, pipeline });
  const skipMs = server.startMs + performance.now() - start;
  for (const test of TESTS) await requestsPerSecond(server, { test, requests, pipeline });
  await server.stop();
  const file = (await readdir(profiles)).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error("kv: the server left no profile");
  // Written by Node, in the format of the Chrome tools.
  const profile = JSON.parse(await readFile(join(profiles, file), "utf8")) as never;
  const spent = cpuShares(profile, skipMs);
  const depth = pipeline === 1 ? "" : `, -P ${pipeline}`;
  return PARTS.map((part) => ({
    label: `kv, CPU in ${part}${depth}`,
    unit: "%",
    values: [spent[part] * 100],
  }));
}

export const kv: Workload = {
  name: "kv",
  what: "a command to the example server, of 50 clients: one at a time, and 16 at once (-P 16)",
  measure: async () => {
    const missing = missingTools();
    if (missing.length > 0) {
      console.log(`kv is left out: there is no ${missing.join(" and no ")} here`);
      return [];
    }
    const rows = await throughput();
    for (const depth of DEPTHS) rows.push(...(await shares(depth)));
    return rows;
  },
};

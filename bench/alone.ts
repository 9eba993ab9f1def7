import { fork } from "node:child_process";
import type { Measurement } from "./workload.ts";

/** Runs a workload that measures by itself, in a process of its own. */
export function measureAlone(name: string): Promise<readonly Measurement[]> {
  const child = fork(new URL("./alone-process.js", import.meta.url), [name], {
    env: { ...process.env, NODE_ENV: "production" },
    execArgv: ["--expose-gc", "--max-old-space-size=4096"],
  });
  return new Promise((resolve, reject) => {
    // What `measure` returned.
    child.on("message", (message) => resolve(message as readonly Measurement[]));
    child.on("exit", (code) => reject(new Error(`${name} ended with ${code} and no figures`)));
  });
}

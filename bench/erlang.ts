import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Assignment, Lane } from "./lanes.ts";
import { answered } from "./patience.ts";
import { PEERS } from "./paths.ts";
import { inSize } from "./smoke.ts";
import { checkResult } from "./task.ts";

/** The release of the Erlang on the PATH; undefined when there is none. */
export function erlangVersion(): string | undefined {
  const script = "io:put_chars(erlang:system_info(otp_release)), halt().";
  const asked = spawnSync("erl", ["-noshell", "-eval", script], { encoding: "utf8" });
  return asked.status === 0 ? asked.stdout : undefined;
}

let compiled: string | undefined;

/** Compiles our sources, once, to a folder that goes when we do. */
function beamFiles(): string {
  if (compiled !== undefined) return compiled;
  const folder = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const sources = fileURLToPath(new URL("erlang/", PEERS));
  const files = readdirSync(sources).map((name) => join(sources, name));
  execFileSync("erlc", ["-o", folder, ...files]);
  compiled = folder;
  return folder;
}

/**
 * An emulator that listens on its stdin: the task first, then "go" for each turn. It answers with
 * lines: `ready`, `absent`, `<nanoseconds> <result>` for what is timed, `values <v> …` for what is
 * not. One scheduler, because troupe has one event loop. With two, cast and spawn-stop take twice as
 * long, skynet a fifth less, and the rest the same.
 */
export async function openErlangLane(assignment: Assignment): Promise<Lane | undefined> {
  const { contender, task, smoke } = assignment;
  const beam = ["-noshell", "+S", "1:1", "+P", "4000000", "+t", "2000000", "-pa", beamFiles()];
  const child = spawn("erl", [...beam, "-s", contender.module, "main"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ERL_CRASH_DUMP_SECONDS: "0" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await answered(lines.next());
    if (line.done === true) throw new Error("it ended without an answer");
    return line.value;
  };
  // Whether it still listens is seen when it does not answer.
  child.stdin.on("error", () => {});
  const tell = (line: string): void => void child.stdin.write(`${line}\n`);
  const gone = once(child, "exit");
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  const size = inSize(task.size, smoke);
  const ops = task.ops(size);
  const sizes = Object.entries(size).map(([what, count]) => `{${what},${count}}`);
  tell(`{${task.adapter},${ops},[${sizes.join(",")}]}.`);
  const greeting = await next().catch(String);
  if (greeting !== "ready") {
    await end();
    if (greeting === "absent") return undefined;
    throw new Error(`Erlang says ${greeting}`);
  }
  return {
    turn: async () => {
      tell("go");
      const [first = "", ...rest] = (await next()).split(" ");
      if (first === "values") return rest.map(Number);
      checkResult(Number(rest[0]), task.expects(ops, size));
      return [Number(first) / ops];
    },
    end,
  };
}

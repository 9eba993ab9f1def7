import { fork } from "node:child_process";
import { once } from "node:events";
import type { Contender } from "./contenders.ts";
import { openErlangLane } from "./erlang.ts";
import type { LaneOrder, LaneSays } from "./lane.ts";
import { answered } from "./patience.ts";
import type { Task } from "./workload.ts";

/** One contender at one task, somewhere else: warmed up, and waiting for its turn. */
export interface Lane {
  turn(): Promise<readonly number[]>;
  end(): Promise<void>;
}

export interface Assignment {
  readonly contender: Contender;
  readonly workload: string;
  readonly task: Task;
  /** Which of the workload's tasks it is. */
  readonly index: number;
  readonly smoke: boolean;
}

/** Resolves when the lane is ready for its first turn; undefined when it does not take part. */
export function openLane(assignment: Assignment): Promise<Lane | undefined> {
  return assignment.contender.runs === "erlang"
    ? openErlangLane(assignment)
    : openNodeLane(assignment, assignment.contender.runs);
}

async function openNodeLane(
  { contender, workload, index, smoke }: Assignment,
  runs: LaneOrder["runs"],
): Promise<Lane | undefined> {
  const order: LaneOrder = { runs, module: contender.module, workload, task: index, smoke };
  const child = fork(new URL("./lane.js", import.meta.url), [JSON.stringify(order)], {
    env: { ...process.env, NODE_ENV: "production" },
    execArgv: ["--expose-gc", "--max-old-space-size=8192"],
    // Libraries that greet, or warn, are not a part of our table.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = once(child, "exit").then(([code]): never => {
    throw new Error(`it ended with ${String(code)} and no figures`);
  });
  // That it has ended is no news to whoever has ended it.
  gone.catch(() => {});
  const next = async (): Promise<LaneSays> => {
    const heard = once(child, "message");
    const [said] = await answered(Promise.race([heard, gone]));
    // What lane.ts sends.
    const message = said as LaneSays;
    if ("failed" in message) throw new Error(message.failed);
    return message;
  };
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone.catch(() => {});
  };
  try {
    const said = await next();
    if (!("ready" in said && said.ready)) {
      await end();
      return undefined;
    }
  } catch (error) {
    await end();
    throw error;
  }
  return {
    turn: async () => {
      child.send("go");
      const said = await next();
      return "values" in said ? said.values : [];
    },
    end,
  };
}

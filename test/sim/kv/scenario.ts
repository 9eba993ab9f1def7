import {
  everyCallSettles,
  linearizable,
  pairOrder,
  type Faults,
  type Invocation,
  type Scenario,
  type CommandContext,
} from "troupe/sim";
import { keyspace } from "./model.ts";
import { startServer, type KvServer } from "./server.ts";

const KEYS = ["a", "b", "c"];

/** An answer that says that nothing was done, or that nobody knows what was. */
class ErrorReply extends Error {}

/** Asks as a Redis client does, and notes what was asked and answered. */
function ask(
  step: CommandContext<KvServer>,
  invocation: Invocation<string>,
  ...args: string[]
): Promise<string> {
  return step.history.record(invocation, async () => {
    const connection = await step.app.connection(step.client);
    const reply = await connection.request(...args);
    // It may have been done, as far as the client can tell.
    if (reply.startsWith("-")) throw new ErrorReply(reply);
    return reply;
  });
}

function key({ chance }: CommandContext<KvServer>): string {
  return chance.pick(KEYS);
}

const commands = {
  set(step: CommandContext<KvServer>) {
    const [name, value] = [key(step), String(step.chance.int(1, 999))];
    return ask(step, keyspace.set(name, value), "SET", name, value);
  },
  get(step: CommandContext<KvServer>) {
    const name = key(step);
    return ask(step, keyspace.get(name), "GET", name);
  },
  incr(step: CommandContext<KvServer>) {
    const name = key(step);
    return ask(step, keyspace.incr(name), "INCR", name);
  },
  append(step: CommandContext<KvServer>) {
    const [name, digit] = [key(step), String(step.chance.int(0, 9))];
    return ask(step, keyspace.append(name, digit), "APPEND", name, digit);
  },
  del(step: CommandContext<KvServer>) {
    const name = key(step);
    return ask(step, keyspace.del(name), "DEL", name);
  },
};

function scenario(name: string, sync: "always" | "everysec", faults: Faults): Scenario<KvServer> {
  return {
    name,
    boot: (sim) => startServer(sim, { sync }),
    workload: { clients: 3, steps: 10, pauseMs: [0, 400], commands },
    faults: {
      crash: { chance: 0.01, who: ["shard", "client"] },
      kill: { chance: 0.01, who: ["shard", "client"] },
      slow: { chance: 0.02, ms: [1, 50] },
      stall: { chance: 0.01, ms: [100, 3_000] },
      ...faults,
    },
    always: { order: pairOrder(), calls: everyCallSettles() },
    finally: { linearizable: linearizable(keyspace, { whenUndecided: "fail" }) },
    disk: { latency: { syncMs: [0, 20] } },
    virtualTime: 30_000,
  };
}

/** Replies wait for the disk: nothing that was acknowledged is lost, whatever the power does. */
export const kvAlways = scenario("kv-always", "always", {
  process: { crash: 0.004, powerCut: 0.008 },
  disk: {
    torn: 0.5,
    shortWrite: 0.02,
    full: 0.005,
    failedSync: 0.01,
    slowSync: { chance: 0.05, ms: [50, 2_000] },
  },
});

/**
 * Replies wait for the file only: what was acknowledged outlives the process. Not a power cut, and
 * not a sync that fails, which is as bad.
 */
export const kvEverySecond = scenario("kv-everysec", "everysec", {
  process: { crash: 0.01 },
  disk: {
    shortWrite: 0.02,
    full: 0.005,
    failedWrite: 0.005,
    slowSync: { chance: 0.05, ms: [50, 2_000] },
  },
});

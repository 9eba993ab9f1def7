import { actor, createSystem } from "troupe";
import { timed } from "../task.ts";
import type { Contest, Task } from "../workload.ts";
import { Counter } from "./counting.ts";
import { calls, one } from "./call.ts";

const CALLS = 100_000;

/** Whoever has begun with a message does not come to the next. */
const Stuck = actor({
  name: "stuck",
  init: () => ({}),
  cast: { wait: () => new Promise<void>(() => {}) },
});

function behind(label: string, queued: number): Task {
  return timed({
    label: `queued, call beside ${label}`,
    adapter: "callSeq",
    size: { calls: CALLS, queued },
    ops: (size) => size["calls"] ?? 0,
    divisible: true,
    troupe: ({ queued: count = 0 }) => {
      const system = createSystem();
      const stuck = system.spawn(Stuck, undefined, { mailbox: { capacity: count + 1 } });
      for (let i = 0; i < count; i++) stuck.wait();
      return calls(system.spawn(Counter), one);
    },
  });
}

export const queued: Contest = {
  name: "queued",
  what: "a call, while so many messages wait in the mailbox of another actor that is busy",
  tasks: [behind("0", 0), behind("500 k", 500_000)],
};

import { gauged } from "../task.ts";
import type { Contest } from "../workload.ts";

/** Imports a library, starts an actor, and gets 1 from it. */
export type Start = () => Promise<number>;

const firstReply: Start = async () => {
  // Not imported above: a lane that reads this file must not have loaded troupe before.
  const { actor, createSystem } = await import("troupe");
  const One = actor({ name: "one", init: () => ({}), call: { value: () => 1 } });
  return createSystem().spawn(One).value();
};

export const start: Contest = {
  name: "start",
  what: "from `import` to the first reply of an actor, in a new process",
  tasks: [
    gauged({
      adapter: "start",
      size: {},
      rows: [{ label: "start", unit: "ms" }],
      rounds: 9,
      fresh: true,
      measure: async (begin: Start) => {
        const before = performance.now();
        const reply = await begin();
        const ms = performance.now() - before;
        if (reply !== 1) throw new Error(`the first reply is ${reply}, and should be 1`);
        return [ms];
      },
      troupe: () => firstReply,
    }),
  ],
};

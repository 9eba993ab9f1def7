import { timed } from "../task.ts";
import type { Contest } from "../workload.ts";
import { casts } from "./cast.ts";
import { PlainCounter } from "./counting.ts";

const MESSAGES = 500_000;

export const castAsync: Contest = {
  name: "cast-async",
  what: "a cast whose handler is async and waits for nothing",
  tasks: [
    timed({
      label: "cast-async",
      adapter: "castAsync",
      size: { messages: MESSAGES, atOnce: MESSAGES },
      ops: ({ messages = 0 }) => messages,
      divisible: false,
      troupe: casts("addAsync"),
      plain: {
        who: "awaited promise",
        prepare: () => {
          const plain = new PlainCounter();
          return async (ops) => {
            const before = plain.n;
            for (let i = 0; i < ops; i++) await plain.addAsync(1);
            return plain.n - before;
          };
        },
      },
    }),
  ],
};

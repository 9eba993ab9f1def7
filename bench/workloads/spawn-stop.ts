import { actor, createSystem, drain, type ExitReason } from "troupe";
import { timed } from "../task.ts";
import type { Contest } from "../workload.ts";
import { PlainCounter } from "./counting.ts";

const ACTORS = 100_000;
const AT_ONCE = 1_000;

interface Tally {
  lived: number;
}

const Mortal = actor({
  name: "mortal",
  init: (_ctx, props: { readonly tally: Tally }) => props,
  cast: { live: (ctx) => void ctx.state.tally.lived++ },
});

export const spawnStop: Contest = {
  name: "spawn-stop",
  what: "an actor's life: spawn, one message, its end after it; 1,000 at a time",
  tasks: [
    timed({
      label: "spawn-stop",
      adapter: "spawnStop",
      size: { actors: ACTORS, atOnce: AT_ONCE },
      ops: ({ actors = 0 }) => actors,
      divisible: true,
      troupe: ({ atOnce = 1 }) => {
        const system = createSystem();
        return async (ops) => {
          const props = { tally: { lived: 0 } };
          for (let left = ops; left > 0; left -= atOnce) {
            const ends: Promise<ExitReason>[] = [];
            for (let i = Math.min(left, atOnce); i > 0; i--) {
              const mortal = system.spawn(Mortal, props);
              mortal.live();
              // `stop` would not wait for the message.
              ends.push(drain(mortal));
            }
            await Promise.all(ends);
          }
          return props.tally.lived - system.actors().length;
        };
      },
      plain: {
        who: "object in a map",
        prepare: () => {
          const kept = new Map<number, PlainCounter>();
          return (ops) => {
            let lived = 0;
            for (let i = 0; i < ops; i++) {
              const counter = new PlainCounter();
              kept.set(i, counter);
              counter.add(1);
              if (kept.delete(i)) lived += counter.n;
            }
            return lived;
          };
        },
      },
    }),
  ],
};

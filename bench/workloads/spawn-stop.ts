import { createSystem, stop, type ExitReason } from "troupe";
import { race, type Workload } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const ACTORS = 100_000;
const AT_ONCE = 1_000;

export const spawnStop: Workload = {
  name: "spawn-stop",
  what: "an actor's life: spawn, one message, stop; 1,000 at a time",
  measure: async () => {
    const system = createSystem();
    const round = async (): Promise<void> => {
      for (let spawned = 0; spawned < ACTORS; spawned += AT_ONCE) {
        const ends: Promise<ExitReason>[] = [];
        for (let i = 0; i < AT_ONCE; i++) {
          const counter = system.spawn(Counter);
          counter.add(1);
          ends.push(stop(counter));
        }
        await Promise.all(ends);
      }
    };
    const kept = new Map<number, PlainCounter>();
    const limit = {
      label: "object in a map",
      round: () => {
        for (let i = 0; i < ACTORS; i++) {
          const counter = new PlainCounter();
          kept.set(i, counter);
          counter.add(1);
          kept.delete(i);
        }
      },
    };
    return [await race({ label: "spawn-stop", ops: ACTORS, round, limit })];
  },
};

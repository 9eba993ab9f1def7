import { createSystem } from "troupe";
import { race, type Workload } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const MESSAGES = 500_000;

export const castAsync: Workload = {
  name: "cast-async",
  what: "the same, with an async handler that waits for nothing",
  measure: async () => {
    const system = createSystem();
    const counter = system.spawn(Counter, undefined, { mailbox: { capacity: MESSAGES + 1 } });
    const plain = new PlainCounter();
    const round = async (): Promise<void> => {
      for (let i = 0; i < MESSAGES; i++) counter.addAsync(1);
      await counter.value();
    };
    const limit = {
      label: "awaited promise",
      round: async () => {
        for (let i = 0; i < MESSAGES; i++) await plain.value();
      },
    };
    return [await race({ label: "cast-async", ops: MESSAGES, round, limit })];
  },
};

import { createSystem } from "troupe";
import { race, type Workload } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const CALLS = 300_000;
const IN_FLIGHT = 1_000;

const one = async (target: { value(): Promise<number> }): Promise<void> => {
  for (let i = 0; i < CALLS; i++) await target.value();
};

const many = async (target: { value(): Promise<number> }): Promise<void> => {
  for (let sent = 0; sent < CALLS; sent += IN_FLIGHT) {
    const replies: Promise<number>[] = [];
    for (let i = 0; i < IN_FLIGHT; i++) replies.push(target.value());
    await Promise.all(replies);
  }
};

function call(name: string, what: string, ask: typeof one): Workload {
  return {
    name,
    what,
    measure: async () => {
      const counter = createSystem().spawn(Counter);
      const plain = new PlainCounter();
      const limit = { label: "bare promise", round: () => ask(plain) };
      return [await race({ label: name, ops: CALLS, round: () => ask(counter), limit })];
    },
  };
}

export const callSeq = call("call-seq", "a call, each after the reply to the one before", one);
export const call1000 = call("call-1000", "a call, 1,000 in flight", many);

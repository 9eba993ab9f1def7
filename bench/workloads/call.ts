import { createSystem } from "troupe";
import { timed } from "../task.ts";
import type { Contest, Round } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const CALLS = 300_000;
const IN_FLIGHT = 1_000;

interface Counting {
  next(): Promise<number>;
}

/** The reply to the last call tells how many there were. */
export type Asking = (target: Counting, count: number) => Promise<number>;

export const one: Asking = async (target, count) => {
  let last = 0;
  for (let i = 0; i < count; i++) last = await target.next();
  return last;
};

export const many: Asking = async (target, count) => {
  let last = 0;
  for (let sent = 0; sent < count; sent += IN_FLIGHT) {
    const replies: Promise<number>[] = [];
    for (let i = 0; i < IN_FLIGHT && sent + i < count; i++) replies.push(target.next());
    last = (await Promise.all(replies)).at(-1) ?? 0;
  }
  return last;
};

export function calls(target: Counting, ask: Asking): Round {
  let before = 0;
  return async (ops) => {
    const last = await ask(target, ops);
    const answered = last - before;
    before = last;
    return answered;
  };
}

function call(name: string, what: string, adapter: string, ask: Asking): Contest {
  return {
    name,
    what,
    tasks: [
      timed({
        label: name,
        adapter,
        size: { calls: CALLS },
        ops: (size) => size["calls"] ?? 0,
        divisible: true,
        troupe: () => calls(createSystem().spawn(Counter), ask),
        plain: { who: "bare promise", prepare: () => calls(new PlainCounter(), ask) },
      }),
    ],
  };
}

export const callSeq = call(
  "call-seq",
  "a call, each after the reply to the one before",
  "callSeq",
  one,
);
export const call1000 = call("call-1000", "a call, 1,000 in flight", "call1000", many);

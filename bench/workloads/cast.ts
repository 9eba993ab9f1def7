import { createSystem } from "troupe";
import { timed } from "../task.ts";
import type { Contest, Prepare, Round } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const MESSAGES = 1_000_000;

/** Sends its messages `atOnce` at a time, and waits until these are counted. */
export function casts(verb: "add" | "addAsync"): Prepare<Round> {
  return ({ atOnce = 1 }) => {
    const mailbox = { capacity: atOnce + 1 };
    const counter = createSystem().spawn(Counter, undefined, { mailbox });
    let before = 0;
    return async (ops) => {
      let count = before;
      for (let left = ops; left > 0; left -= atOnce) {
        for (let i = Math.min(left, atOnce); i > 0; i--) counter[verb](1);
        count = await counter.value();
      }
      const counted = count - before;
      before = count;
      return counted;
    };
  };
}

const methodCall: Prepare<Round> = () => {
  const plain = new PlainCounter();
  return (ops) => {
    const before = plain.n;
    for (let i = 0; i < ops; i++) plain.add(1);
    return plain.n - before;
  };
};

/** The least that a mailbox can be: an object for each message, all of them kept until the end. */
const queuedCall: Prepare<Round> = () => {
  const plain = new PlainCounter();
  return (ops) => {
    const before = plain.n;
    const queue: { readonly to: PlainCounter; readonly args: readonly [number] }[] = [];
    for (let i = 0; i < ops; i++) queue.push({ to: plain, args: [1] });
    for (const { to, args } of queue) to.add(...args);
    return plain.n - before;
  };
};

export const cast: Contest = {
  name: "cast",
  what: "a message from one producer to one counting actor",
  tasks: [
    timed({
      label: "cast",
      adapter: "cast",
      size: { messages: MESSAGES, atOnce: MESSAGES },
      ops: ({ messages = 0 }) => messages,
      divisible: false,
      troupe: casts("add"),
      plain: { who: "queued method call", prepare: queuedCall },
    }),
    timed({
      label: "cast, 1,000 at a time",
      adapter: "cast",
      size: { messages: MESSAGES, atOnce: 1_000 },
      ops: ({ messages = 0 }) => messages,
      divisible: true,
      troupe: casts("add"),
      plain: { who: "method call", prepare: methodCall },
    }),
  ],
};

import { createSystem } from "troupe";
import { race, type Workload } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const MESSAGES = 1_000_000;

/** Sends a million messages, `batch` at a time, to `counter`. */
function casts(batch: number) {
  const system = createSystem();
  const capacity = batch + 1;
  const counter = system.spawn(Counter, undefined, { mailbox: { capacity } });
  return async (): Promise<void> => {
    for (let sent = 0; sent < MESSAGES; sent += batch) {
      for (let i = 0; i < batch; i++) counter.add(1);
      await counter.value();
    }
  };
}

const plain = new PlainCounter();

const methodCall = {
  label: "method call",
  round: () => {
    for (let i = 0; i < MESSAGES; i++) plain.add(1);
  },
};

/** The least that a mailbox can be: an object for each message, all of them kept until the end. */
const queuedCall = {
  label: "queued method call",
  round: () => {
    const queue: { readonly to: PlainCounter; readonly args: readonly [number] }[] = [];
    for (let i = 0; i < MESSAGES; i++) queue.push({ to: plain, args: [1] });
    for (const { to, args } of queue) to.add(...args);
  },
};

export const cast: Workload = {
  name: "cast",
  what: "a message from one producer to one counting actor",
  measure: async () => [
    await race({
      label: "cast, 1 M at once",
      ops: MESSAGES,
      round: casts(MESSAGES),
      limit: queuedCall,
    }),
    await race({
      label: "cast, 1,000 at a time",
      ops: MESSAGES,
      round: casts(1_000),
      limit: methodCall,
    }),
  ],
};

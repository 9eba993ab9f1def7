import { setImmediate as nextTurn } from "node:timers/promises";
import { createSystem, type RefOf } from "troupe";
import { threads } from "troupe/threads";
import { threadFile } from "../paths.ts";
import { timed } from "../task.ts";
import { Counter } from "../threads/actors.ts";
import { order } from "../threads/payloads.ts";
import { RawThread } from "../threads/raw-thread.ts";
import type { Counted } from "../threads/raw-worker.ts";
import type { Contest, Prepare, Round, Task } from "../workload.ts";

const MESSAGES = 200_000;
/** So many are sent in a turn of the event loop. */
const IN_A_TURN = 100;

/** Turn after turn sends its part; at the end all are counted. */
async function inTurns(
  ops: number,
  atOnce: number,
  send: (batch: number, from: number) => void,
): Promise<void> {
  for (let sent = 0; sent < ops; sent += atOnce) {
    send(Math.min(ops - sent, atOnce), sent);
    await nextTurn();
  }
}

function casts(cast: (to: RefOf<typeof Counter>, id: number) => void): Prepare<Round> {
  return async ({ messages = 0, atOnce = 1 }) => {
    const pool = threads({ size: 1, module: threadFile("actors"), window: messages + 1 });
    const mailbox = { capacity: messages + 1 };
    const counter = createSystem().spawn(Counter, undefined, { on: pool, mailbox });
    let before = await counter.value();
    return async (ops) => {
      await inTurns(ops, atOnce, (batch, from) => {
        for (let i = 0; i < batch; i++) cast(counter, from + i);
      });
      const count = await counter.value();
      const counted = count - before;
      before = count;
      return counted;
    };
  };
}

/** An array for each turn: the fastest that structured clone does. */
function arrays(payload: (id: number) => Counted): Prepare<Round> {
  return async ({ atOnce = 1 }) => {
    const thread = new RawThread<readonly Counted[], number>("counter");
    let before = await thread.ask([null]);
    return async (ops) => {
      await inTurns(ops, atOnce, (batch, from) => {
        const messages: Counted[] = [];
        for (let i = 0; i < batch; i++) messages.push(payload(from + i));
        thread.post(messages);
      });
      const count = await thread.ask([null]);
      const counted = count - before;
      before = count;
      return counted;
    };
  };
}

function castOf(
  what: string,
  adapter: string,
  payload: (id: number) => Counted,
  cast: (to: RefOf<typeof Counter>, id: number) => void,
): Task {
  return timed({
    label: `thread-cast, ${what}`,
    adapter,
    size: { messages: MESSAGES, atOnce: IN_A_TURN },
    ops: ({ messages = 0 }) => messages,
    divisible: false,
    troupe: casts(cast),
    plain: { who: "postMessage of arrays", prepare: arrays(payload) },
  });
}

export const threadCast: Contest = {
  name: "thread-cast",
  what: "a message to an actor in another thread, 100 in a turn of the event loop",
  tasks: [
    castOf(
      "a number",
      "threadCast",
      () => 1,
      (to) => to.add(1),
    ),
    castOf("an object", "threadCastObject", order, (to, id) => to.take(order(id))),
  ],
};

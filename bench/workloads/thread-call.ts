import { createSystem } from "troupe";
import { threads } from "troupe/threads";
import { threadFile } from "../paths.ts";
import { timed } from "../task.ts";
import { Counter } from "../threads/actors.ts";
import { RawThread } from "../threads/raw-thread.ts";
import type { Answers, Calls } from "../threads/raw-worker.ts";
import type { Contest, Prepare, Round } from "../workload.ts";
import { calls, many, one, type Asking } from "./call.ts";

const ROUND_TRIPS = 5_000;
const CALLS = 100_000;

const onThread =
  (ask: Asking): Prepare<Round> =>
  async () => {
    const pool = threads({ size: 1, module: threadFile("actors") });
    const counter = createSystem().spawn(Counter, undefined, { on: pool });
    // Whoever is to be timed has started.
    await counter.value();
    return calls(counter, ask);
  };

const pingPong: Prepare<Round> = () => {
  const thread = new RawThread<null, number>("replier");
  return calls({ next: () => thread.ask(null) }, one);
};

/** The calls of a turn go as one array, and so do their answers; each finds its own by a tag. */
const arrays: Prepare<Round> = () => {
  const thread = new RawThread<Calls, Answers>("replier");
  const waiting = new Map<number, (answer: number) => void>();
  let tags: number[] = [];
  let lastTag = 0;
  const flush = async (): Promise<void> => {
    const batch = tags;
    tags = [];
    const answers = await thread.ask(batch);
    for (let i = 0; i < answers.length; i += 2) {
      const tag = answers[i] ?? 0;
      waiting.get(tag)?.(answers[i + 1] ?? 0);
      waiting.delete(tag);
    }
  };
  const next = (): Promise<number> => {
    if (tags.length === 0) queueMicrotask(() => void flush());
    tags.push(++lastTag);
    return new Promise((resolve) => waiting.set(lastTag, resolve));
  };
  return calls({ next }, many);
};

export const threadCall: Contest = {
  name: "thread-call",
  what: "a call to an actor in another thread, each after the reply to the one before",
  tasks: [
    timed({
      label: "thread-call",
      adapter: "threadCall",
      size: { calls: ROUND_TRIPS },
      ops: (size) => size["calls"] ?? 0,
      divisible: false,
      troupe: onThread(one),
      plain: { who: "postMessage", prepare: pingPong },
    }),
  ],
};

export const threadCall1000: Contest = {
  name: "thread-call-1000",
  what: "a call to an actor in another thread, 1,000 in flight",
  tasks: [
    timed({
      label: "thread-call-1000",
      adapter: "threadCall1000",
      size: { calls: CALLS },
      ops: (size) => size["calls"] ?? 0,
      divisible: false,
      troupe: onThread(many),
      plain: { who: "postMessage of arrays", prepare: arrays },
    }),
  ],
};

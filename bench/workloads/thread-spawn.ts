import { createSystem } from "troupe";
import { thread } from "troupe/threads";
import { threadFile } from "../paths.ts";
import { gauged } from "../task.ts";
import { Counter } from "../threads/actors.ts";
import { RawThread } from "../threads/raw-thread.ts";
import { summarize } from "../statistics.ts";
import type { Contest, Size } from "../workload.ts";

const THREADS = 8;

/** Starts one thread more, and resolves when it has answered. */
type Start = () => Promise<number>;

async function startAll(start: Start, { threads: count = 0 }: Size): Promise<readonly number[]> {
  const before = process.memoryUsage.rss();
  const each: number[] = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await start();
    each.push(performance.now() - begin);
  }
  return [summarize(each).median, (process.memoryUsage.rss() - before) / count];
}

export const threadSpawn: Contest = {
  name: "thread-spawn",
  what: "a thread of its own for an actor, from its spawn to its first reply",
  tasks: [
    gauged<Start>({
      adapter: "threadSpawn",
      size: { threads: THREADS },
      rows: [
        { label: "thread-spawn", unit: "ms" },
        { label: "thread-spawn, RSS of a thread", unit: "bytes" },
      ],
      rounds: 3,
      fresh: true,
      measure: startAll,
      troupe: () => {
        const system = createSystem();
        const module = threadFile("actors");
        return () => system.spawn(Counter, undefined, { on: thread({ module }) }).next();
      },
      plain: {
        who: "new Worker",
        prepare: () => () => new RawThread<null, number>("replier").ask(null),
      },
    }),
  ],
};

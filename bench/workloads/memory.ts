import { createSystem, type AnyRef } from "troupe";
import { gauged } from "../task.ts";
import type { Contest, Size, Task } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

/** Idle actors, or what takes their place. */
interface Population {
  /** Resolves when all of them have started and are waiting. */
  grow(count: number): Promise<void>;
  /** Ends all of them; only troupe is asked what that leaves. */
  shrink?(): Promise<void>;
}

interface Used {
  readonly rss: number;
  readonly heap: number;
}

/** After everything has settled and the garbage is gone. */
async function used(): Promise<Used> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

async function weigh(population: Population, { actors = 0 }: Size): Promise<readonly number[]> {
  const before = await used();
  await population.grow(actors);
  const alive = await used();
  await population.shrink?.();
  const after = await used();
  return [alive.rss - before.rss, alive.heap - before.heap, after.heap - before.heap].map(
    (bytes) => bytes / actors,
  );
}

function idleActors(): Population {
  const system = createSystem();
  let refs: AnyRef[] = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) refs.push(system.spawn(Counter));
      // One call behind all of them: every init has run.
      await system.spawn(Counter).value();
    },
    shrink: async () => {
      refs = [];
      await system.stop();
    },
  };
}

function objects(): Population {
  const kept: PlainCounter[] = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) kept.push(new PlainCounter());
    },
  };
}

function memory(label: string, count: number): Task {
  return gauged({
    adapter: "memory",
    size: { actors: count },
    rows: [
      { label: `memory, ${label}, RSS`, unit: "bytes" },
      { label: `memory, ${label}, heap`, unit: "bytes" },
      { label: `memory, ${label}, heap left at the end`, unit: "bytes", alone: true },
    ],
    rounds: 2,
    // What a process has freed it does not always give back: a second round would look cheaper.
    fresh: true,
    measure: weigh,
    troupe: idleActors,
    plain: { who: "object", prepare: objects },
  });
}

export const memories: Contest = {
  name: "memory",
  what: "an idle actor with a small state, its ref held; and what is left when all have ended",
  tasks: [memory("100 k", 100_000), memory("1 M", 1_000_000)],
};

import { createSystem, type AnyRef } from "troupe";
import type { Measurement, Workload } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const ACTORS = 1_000_000;

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

function bytes(label: string, total: number, limit?: number): Measurement {
  const row: Measurement = { label, unit: "bytes", values: [total / ACTORS] };
  if (limit === undefined) return row;
  return { ...row, limit: { label: "object", values: [limit / ACTORS] } };
}

/** What as many plain objects with the same state take. */
async function plainObjects(): Promise<Used> {
  const before = await used();
  const objects: PlainCounter[] = [];
  for (let i = 0; i < ACTORS; i++) objects.push(new PlainCounter());
  const after = await used();
  if (objects.length !== ACTORS) throw new Error("they must not be collected before");
  return { rss: after.rss - before.rss, heap: after.heap - before.heap };
}

export const memory: Workload = {
  name: "memory",
  what: "an idle actor with a small state, of 1,000,000 that are alive, its ref held",
  measure: async () => {
    const system = createSystem();
    const before = await used();
    let refs: AnyRef[] = [];
    for (let i = 0; i < ACTORS; i++) refs.push(system.spawn(Counter));
    // One call behind all of them: every init has run.
    await system.spawn(Counter).value();
    const alive = await used();
    refs = [];
    await system.stop();
    const after = await used();
    const limit = await plainObjects();
    return [
      bytes("memory, RSS", alive.rss - before.rss, limit.rss),
      bytes("memory, heap", alive.heap - before.heap, limit.heap),
      bytes("memory, heap left when all have stopped", after.heap - before.heap),
    ];
  },
};

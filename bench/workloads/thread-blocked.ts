import { setTimeout as sleep } from "node:timers/promises";
import { createSystem } from "troupe";
import { threads } from "troupe/threads";
import { threadFile } from "../paths.ts";
import { gauged } from "../task.ts";
import { Counter, Spinner } from "../threads/actors.ts";
import { RawThread } from "../threads/raw-thread.ts";
import { begun, end, newFlags, type Flags } from "../threads/spin.ts";
import type { Contest, Prepare } from "../workload.ts";

const CALLS = 3_000;
const LIMIT_MS = 200;

/** Two threads: in one somebody answers, in the other somebody may never come to an end. */
interface Neighbours {
  readonly ask: () => Promise<number>;
  /** Missing where nobody does. */
  readonly spin?: (flags: Flags) => void;
}

async function latencies({ ask, spin }: Neighbours, calls: number): Promise<readonly number[]> {
  const flags = newFlags();
  spin?.(flags);
  if (spin !== undefined) await begun(flags);
  const nanos: number[] = [];
  try {
    for (let i = 0; i < calls; i++) {
      const start = performance.now();
      await ask();
      nanos.push((performance.now() - start) * 1e6);
    }
  } finally {
    end(flags);
  }
  nanos.sort((a, b) => a - b);
  return [0.5, 0.99].map((part) => nanos[Math.floor(calls * part)] ?? Number.NaN);
}

const neighbours =
  (spins: boolean): Prepare<Neighbours> =>
  async () => {
    const system = createSystem();
    const pool = threads({ size: 2, module: threadFile("actors") });
    system.spawn(pool);
    const counter = system.spawn(Counter, undefined, { on: pool });
    const spinner = system.spawn(Spinner, undefined, { on: pool });
    await Promise.all([counter.value(), spinner.ready()]);
    const ask = (): Promise<number> => counter.next();
    return spins ? { ask, spin: (flags) => spinner.spin(flags) } : { ask };
  };

/** Until the actor answers again, on another thread; and how long that was after the limit. */
async function actorReplaced(limitMs: number): Promise<number> {
  // What it says of the culprit is no part of our table.
  const system = createSystem({ logger: false });
  const watchdog = { limitMs, action: "terminate" } as const;
  const pool = threads({ size: 1, module: threadFile("actors"), watchdog });
  const spinner = system.spawn(Spinner, undefined, { on: pool, restart: "permanent" });
  await spinner.ready();
  const start = performance.now();
  spinner.spin(newFlags());
  // The calls of those who wait fail with the thread; the next one reaches the new one.
  await spinner.ready().catch(() => spinner.ready());
  const ms = performance.now() - start;
  await system.stop();
  return ms - limitMs;
}

const rawSpinner = (): RawThread<Flags | null, number> => new RawThread("spinner");

async function workerReplaced(limitMs: number): Promise<number> {
  const culprit = rawSpinner();
  await culprit.ask(null);
  culprit.post(newFlags());
  await sleep(limitMs);
  const begin = performance.now();
  const next = rawSpinner();
  await Promise.all([culprit.end(), next.ask(null)]);
  const ms = performance.now() - begin;
  await next.end();
  return ms;
}

export const threadBlocked: Contest = {
  name: "thread-blocked",
  what: "a call to an actor in one thread, while another one spins in another; and what ends that",
  tasks: [
    gauged<Neighbours>({
      adapter: "threadBlocked",
      size: { calls: CALLS },
      rows: [
        { label: "thread-blocked, call p50", unit: "ns" },
        { label: "thread-blocked, call p99", unit: "ns" },
      ],
      rounds: 9,
      fresh: false,
      warmUp: true,
      measure: (subject, { calls = 1 }) => latencies(subject, calls),
      troupe: neighbours(true),
      plain: { who: "nobody spins", prepare: neighbours(false) },
    }),
    gauged<typeof actorReplaced>({
      adapter: "threadReplaced",
      size: { limitMs: LIMIT_MS },
      rows: [{ label: "thread-blocked, replaced after the limit", unit: "ms" }],
      rounds: 5,
      fresh: false,
      warmUp: true,
      measure: async (replaced, { limitMs = 0 }) => [await replaced(limitMs)],
      troupe: () => actorReplaced,
      plain: { who: "new Worker", prepare: () => workerReplaced },
    }),
  ],
};

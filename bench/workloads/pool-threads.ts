import { createSystem } from "troupe";
import { factory } from "troupe/pool";
import { threads } from "troupe/threads";
import { threadFile } from "../paths.ts";
import { checkResult, gauged } from "../task.ts";
import { PrimeCounter } from "../threads/actors.ts";
import { sievedPrimes } from "../threads/primes.ts";
import { RawThread } from "../threads/raw-thread.ts";
import type { Job } from "../threads/raw-worker.ts";
import type { Contest, Size } from "../workload.ts";

const THREADS = 2;
const JOBS = 500;
/** What 2 ms are enough for, so far up. */
const NUMBERS = 4_500;
const FIRST = 10_000_000;

/** Counts primes in one of the threads, which whoever offers it chooses. */
type Count = (from: number, numbers: number) => Promise<number>;

/** All jobs are handed over at once: to share them out is what is measured. */
async function takesMs(count: Count, { jobs = 0, numbers = 0 }: Size): Promise<number> {
  const start = performance.now();
  const found = await Promise.all(
    Array.from({ length: jobs }, (_, job) => count(FIRST + job * numbers, numbers)),
  );
  const ms = performance.now() - start;
  checkResult(
    found.reduce((sum, primes) => sum + primes, 0),
    sievedPrimes(FIRST, jobs * numbers),
  );
  return ms;
}

async function ours(): Promise<Count> {
  const Counters = factory({
    worker: PrimeCounter,
    size: THREADS,
    on: threads({ size: THREADS, module: threadFile("actors") }),
    run: (worker, { from, numbers }: Job) => worker.count(from, numbers),
  });
  const counters = createSystem().spawn(Counters);
  await counters.stats();
  return (from, numbers) => counters.submit({ body: { from, numbers } });
}

/** Each has its half, and neither waits for the other. */
function workers(): Count {
  const crew = Array.from({ length: THREADS }, () => new RawThread<Job, number>("prime-counter"));
  let last = 0;
  return (from, numbers) => {
    last = (last + 1) % THREADS;
    return crew[last]!.ask({ from, numbers });
  };
}

export const poolThreads: Contest = {
  name: "pool-threads",
  what: "500 jobs of some 2 ms of pure work, handed to two threads at once; and 5,000 of next to none",
  tasks: [
    gauged<Count>({
      adapter: "poolThreads",
      size: { jobs: JOBS, numbers: NUMBERS },
      rows: [{ label: "pool-threads, 500 jobs of 2 ms", unit: "ms" }],
      rounds: 5,
      fresh: false,
      warmUp: true,
      measure: async (count, size) => [await takesMs(count, size)],
      troupe: ours,
      plain: { who: "worker", prepare: workers },
    }),
    gauged<Count>({
      adapter: "poolThreads",
      size: { jobs: 10 * JOBS, numbers: 1 },
      rows: [{ label: "pool-threads, 5,000 jobs of nothing", unit: "ms" }],
      rounds: 9,
      fresh: false,
      warmUp: true,
      measure: async (count, size) => [await takesMs(count, size)],
      troupe: ours,
      plain: { who: "worker", prepare: workers },
    }),
  ],
};

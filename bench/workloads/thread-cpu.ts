import { createSystem } from "troupe";
import { threads } from "troupe/threads";
import { threadFile } from "../paths.ts";
import { checkResult, gauged } from "../task.ts";
import { PrimeCounter } from "../threads/actors.ts";
import { sievedPrimes } from "../threads/primes.ts";
import { RawThread } from "../threads/raw-thread.ts";
import type { Job } from "../threads/raw-worker.ts";
import type { Contest, Size } from "../workload.ts";

const JOBS = 100;
/** What 20 ms are enough for, so far up. */
const NUMBERS = 45_000;
const FIRST = 10_000_000;

/** Counts primes, in one of the threads. */
type Count = (from: number, numbers: number) => Promise<number>;

/** A way to each of the threads. */
interface Crews {
  readonly one: readonly Count[];
  readonly two: readonly Count[];
}

/** How long it takes; no thread ever waits for a job, for each has its next one while it works. */
async function takesMs(crew: readonly Count[], { jobs = 0, numbers = 0 }: Size): Promise<number> {
  const start = performance.now();
  let begun = 0;
  let primes = 0;
  const keepBusy = async (count: Count): Promise<void> => {
    while (begun < jobs) {
      const found = await count(FIRST + begun++ * numbers, numbers);
      primes += found;
    }
  };
  await Promise.all([...crew, ...crew].map(keepBusy));
  const ms = performance.now() - start;
  checkResult(primes, sievedPrimes(FIRST, jobs * numbers));
  return ms;
}

function actorsOn(size: number): readonly Count[] {
  const pool = threads({ size, module: threadFile("actors") });
  const system = createSystem();
  system.spawn(pool);
  return Array.from({ length: size }, (): Count => {
    const counter = system.spawn(PrimeCounter, undefined, { on: pool });
    return (from, numbers) => counter.count(from, numbers);
  });
}

function workers(size: number): readonly Count[] {
  return Array.from({ length: size }, (): Count => {
    const thread = new RawThread<Job, number>("prime-counter");
    return (from, numbers) => thread.ask({ from, numbers });
  });
}

export const threadCpu: Contest = {
  name: "thread-cpu",
  what: "100 jobs of some 20 ms of pure work, on one thread and on two",
  tasks: [
    gauged<Crews>({
      adapter: "threadCpu",
      size: { jobs: JOBS, numbers: NUMBERS },
      rows: [
        { label: "thread-cpu, one thread", unit: "ms" },
        { label: "thread-cpu, two threads", unit: "ms" },
        { label: "thread-cpu, speed-up by the second", unit: "×" },
      ],
      rounds: 5,
      fresh: false,
      warmUp: true,
      measure: async ({ one, two }, size) => {
        const alone = await takesMs(one, size);
        const together = await takesMs(two, size);
        return [alone, together, alone / together];
      },
      troupe: () => ({ one: actorsOn(1), two: actorsOn(2) }),
      plain: { who: "worker", prepare: () => ({ one: workers(1), two: workers(2) }) },
    }),
  ],
};

import { actor, createSystem } from "troupe";
import { factory } from "troupe/pool";
import { signal, timed } from "../task.ts";
import type { Beside, Contest, Prepare, Round, Size } from "../workload.ts";

const JOBS = 10_000;

/** Says when all of a burst have been done. */
interface Tally {
  left: number;
  readonly fire: () => void;
}

const Worker = actor({
  name: "worker",
  call: {
    echo: (_ctx, n: number) => n,
    count(_ctx, tally: Tally) {
      if (--tally.left === 0) tally.fire();
    },
  },
});

/** All jobs at once, as a burst comes in; the answers add up to what there was. */
function burst(doOne: (n: number) => Promise<number>): Round {
  return async (ops) => {
    const results: Promise<number>[] = [];
    for (let i = 0; i < ops; i++) results.push(doOne(1));
    let sum = 0;
    for (const each of await Promise.all(results)) sum += each;
    return sum;
  };
}

const submitted: Prepare<Round> = async ({ workers = 1 }) => {
  const Echoes = factory({
    worker: Worker,
    size: workers,
    run: (worker, n: number) => worker.echo(n),
  });
  const echoes = createSystem().spawn(Echoes);
  await echoes.stats();
  return burst((body) => echoes.submit({ body }));
};

/** The same calls without a factory: nothing waits but in mailboxes, and nobody is chosen. */
const called: Prepare<Round> = ({ workers = 1 }) => {
  const system = createSystem();
  const echoes = Array.from({ length: workers }, () => system.spawn(Worker));
  let last = 0;
  return burst((n) => {
    last = (last + 1) % workers;
    return echoes[last]!.echo(n);
  });
};

const dispatched: Prepare<Round> = async ({ workers = 1 }) => {
  const Counters = factory({
    worker: Worker,
    size: workers,
    run: (worker, tally: Tally) => worker.count(tally),
  });
  const counters = createSystem().spawn(Counters);
  await counters.stats();
  return async (ops) => {
    const { fired, fire } = signal();
    const body: Tally = { left: ops, fire };
    for (let i = 0; i < ops; i++) counters.dispatch({ body });
    await fired;
    return ops - body.left;
  };
};

/** ractor's bench of its factory does the same, and has printed this range of ms for 10,000 jobs. */
function ractor(leastMs: number, mostMs: number): Beside {
  const values = [leastMs, mostMs].map((ms) => (ms * 1e6) / JOBS);
  return { who: "ractor", values, note: "its own bench, another run" };
}

const ops = (size: Size): number => size["jobs"] ?? 0;

function pool(workers: number, quoted: Beside): Contest {
  const name = `pool-${workers}`;
  const common = { size: { jobs: JOBS, workers }, divisible: false } as const;
  return {
    name,
    what: `a job of a burst of 10,000 for ${workers.toLocaleString("en")} workers`,
    tasks: [
      timed({
        ...common,
        label: `${name}, submitted`,
        adapter: "pool",
        ops,
        troupe: submitted,
        plain: { who: "calls to actors, no factory", prepare: called },
      }),
      timed({
        ...common,
        label: `${name}, dispatched`,
        adapter: "poolDispatch",
        ops,
        troupe: dispatched,
        quoted: [quoted],
      }),
    ],
  };
}

export const pool100 = pool(100, ractor(17, 23));
export const pool1000 = pool(1_000, ractor(20, 22));

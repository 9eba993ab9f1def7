import {
  actor,
  ActorFailedError,
  createSystem,
  exited,
  kill,
  started,
  stop,
  type RefOf,
  type System,
} from "troupe";
import {
  thread,
  threads,
  transfer,
  type Threads,
  type ThreadsOptions,
  type WorkerInit,
} from "troupe/threads";
import { Counter, TooMuch } from "./actors.ts";
import { failureOf, same, type Check } from "./check.ts";

const module = new URL("./actors.js", import.meta.url);
/** Longer than any thread should be left alone, shorter than a test may last. */
const BLOCKED_MS = 5_000;

type WorkerClass = new (url: URL, options: WorkerInit) => object;

/** What `new Worker` means here: the global one, where there is none that of `node:worker_threads`. */
function workerClass(): WorkerClass {
  const { Worker, process } = globalThis as unknown as {
    Worker?: WorkerClass;
    process: { getBuiltinModule(name: string): { Worker: WorkerClass } };
  };
  return Worker ?? process.getBuiltinModule("node:worker_threads").Worker;
}

/** Keeps what it hears, in the thread that has the system. */
const Ear = actor({
  name: "ear",
  init: () => [] as string[],
  cast: { heard: (ctx, what: string) => void ctx.state.push(what) },
  call: { all: (ctx) => ctx.state },
});

interface Pooled {
  readonly system: System;
  readonly pool: Threads;
  /** The pool's own actor. */
  readonly crew: RefOf<Threads>;
}

/** Runs with a pool of two threads. */
async function withPool(
  use: (pooled: Pooled) => Promise<void>,
  options: ThreadsOptions = {},
): Promise<void> {
  await using system = createSystem({ logger: false });
  const pool = threads({ size: 2, module, ...options });
  await use({ system, pool, crew: system.spawn(pool) });
}

/** What threads do in every host that has them. */
export const acrossThreads: readonly Check[] = [
  {
    name: "casts and calls reach another thread in the order sent",
    run: () =>
      withPool(async ({ system, pool }) => {
        const counter = system.spawn(Counter, { start: 1 }, { on: pool });
        counter.add(2);
        const between = counter.value();
        counter.add(3);
        same([await between, await counter.value()], [3, 6]);
      }),
  },
  {
    name: "actors of one key are on one thread, others on the least loaded",
    run: () =>
      withPool(async ({ system, pool, crew }) => {
        const keyed = ["a", "a", "a"].map((key) =>
          system.spawn(Counter, { start: 1 }, { on: pool.by(key) }),
        );
        await Promise.all(keyed.map((counter) => started(counter)));
        await started(system.spawn(Counter, { start: 1 }, { on: pool }));
        const info = await crew.which();
        same(
          info.map(({ actors }) => actors).toSorted((a, b) => a - b),
          [1, 3],
        );
      }),
  },
  {
    name: "a ref that crosses is the same actor",
    run: () =>
      withPool(async ({ system, pool }) => {
        const ear = system.spawn(Ear);
        const counter = system.spawn(Counter, { start: 1 }, { on: pool });
        counter.tell(ear, "hello");
        same(await counter.same(ear, ear), true);
        same(await ear.all(), ["hello"]);
      }),
  },
  {
    name: "a failure on a thread tells its cause, and the actor begins anew",
    run: () =>
      withPool(async ({ system, pool }) => {
        const on = { on: pool, restart: "permanent" } as const;
        const counter = system.spawn(Counter, { start: 4 }, on);
        counter.add(1);
        const failure = await failureOf(counter.fail());
        same(failure instanceof ActorFailedError, true);
        const { cause } = failure as ActorFailedError;
        same(cause instanceof RangeError && cause.message, "broken");
        same((cause as { cause?: unknown }).cause instanceof Error, true);
        same(await counter.value(), 4);
      }),
  },
  {
    name: "a refusal keeps its class",
    run: () =>
      withPool(async ({ system, pool }) => {
        const counter = system.spawn(Counter, { start: 9 }, { on: pool });
        const refusal = await failureOf(counter.refuse(5));
        same(refusal instanceof TooMuch && refusal.message, "9 is more than 5");
        same(await counter.value(), 9);
      }),
  },
  {
    name: "a stream crosses, and ends behind its last item",
    run: () =>
      withPool(async ({ system, pool }) => {
        const items: number[] = [];
        const counter = system.spawn(Counter, { start: 3 }, { on: pool });
        for await (const n of counter.down()) items.push(n);
        same(items, [3, 2, 1]);
      }),
  },
  {
    name: "what is transferred is moved, there and back",
    run: () =>
      withPool(async ({ system, pool }) => {
        const counter = system.spawn(Counter, { start: 3 }, { on: pool });
        const numbers = Float64Array.of(1, 2);
        const doubled = counter.double(transfer(numbers));
        same([...(await doubled)], [2, 4]);
        same(numbers.length, 0);
      }),
  },
  {
    name: "a thread of its own ends with its actor",
    async run() {
      await using system = createSystem({ logger: false });
      const ended = new Promise<void>((resolve) => {
        system.on(() => resolve(), "threadEnded");
      });
      const counter = system.spawn(Counter, { start: 3 }, { on: thread({ module }) });
      same(await counter.value(), 3);
      await stop(counter);
      await ended;
    },
  },
  {
    name: "a worker that the program makes itself serves as well, and its end is seen",
    run: () =>
      withPool(
        async ({ system, pool, crew }) => {
          const on = { on: pool, restart: "permanent" } as const;
          const counter = system.spawn(Counter, { start: 3 }, on);
          counter.add(1);
          same(await counter.value(), 4);
          counter.breakThread();
          while ((await counter.value().catch(() => 4)) !== 3);
          const [info] = await crew.which();
          same(info?.replaced, 1);
        },
        { size: 1, worker: (options) => new (workerClass())(module, options) },
      ),
  },
  {
    name: "an actor whose thread broke begins on a fresh one",
    run: () =>
      withPool(
        async ({ system, pool, crew }) => {
          const on = { on: pool, restart: "permanent" } as const;
          const counter = system.spawn(Counter, { start: 3 }, on);
          counter.add(1);
          counter.breakThread();
          while ((await counter.value().catch(() => 4)) !== 3);
          const [info] = await crew.which();
          same(info?.replaced, 1);
        },
        { size: 1 },
      ),
  },
  {
    name: "a blocked actor can be killed",
    run: () =>
      withPool(async ({ system, pool }) => {
        const counter = system.spawn(Counter, { start: 3 }, { on: pool });
        await started(counter);
        const [failure, reason] = await Promise.all([
          failureOf(counter.block(BLOCKED_MS)),
          exited(counter),
          kill(counter),
        ]);
        same([failure instanceof Error, reason.kind], [true, "killed"]);
      }),
  },
  {
    name: "the watchdog terminates a blocked thread",
    needs: "shared memory",
    run: () =>
      withPool(
        async ({ system, pool }) => {
          const on = { on: pool, restart: "permanent" } as const;
          const counter = system.spawn(Counter, { start: 3 }, on);
          counter.add(1);
          same((await failureOf(counter.block(BLOCKED_MS))) instanceof Error, true);
          same(await counter.value(), 3);
        },
        { watchdog: { limitMs: 200, action: "terminate" } },
      ),
  },
  {
    name: "a module that is not there is named",
    async run() {
      const nowhere = new URL("./nowhere.js", import.meta.url);
      const failure = await failureOf(
        withPool(
          async ({ system, pool }) => {
            await started(system.spawn(Counter, { start: 3 }, { on: pool }));
          },
          { module: nowhere },
        ),
      );
      same(String(failure).includes("nowhere.js") || String(failure), true);
    },
  },
  {
    name: "a system that has stopped has no threads any more",
    async run() {
      await using system = createSystem({ logger: false });
      const events: string[] = [];
      system.on(({ type }) => events.push(type), "threadStarted", "threadEnded");
      const pool = threads({ size: 2, module });
      const counters = [1, 2].map((start) => system.spawn(Counter, { start }, { on: pool }));
      await Promise.all(counters.map((counter) => started(counter)));
      same(events, ["threadStarted", "threadStarted"]);
      await system.stop();
      same(events.slice(2), ["threadEnded", "threadEnded"]);
    },
  },
];

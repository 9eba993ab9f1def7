import { expectTypeOf, test } from "vitest";
import {
  actor,
  createSystem,
  withOptions,
  type ActorDef,
  type DiscardReason,
  type Ref,
  type RefOf,
} from "troupe";
import {
  byPriority,
  custom,
  factory,
  fifo,
  keyPersistent,
  leakyBucket,
  queuer,
  rateLimited,
  roundRobin,
  stickyQueuer,
  type Factory,
  type Job,
  type JobQueue,
  type PoolStats,
  type QueuedJob,
  type RouterMaker,
  type RunningJob,
  type WorkerInfo,
} from "troupe/pool";

const system = createSystem();

interface Picture {
  readonly file: string;
  readonly width: number;
}
const Resizer = actor({
  call: {
    resize: (_ctx, file: string, width: number) => ({ file, bytes: width * 3 }),
    name: () => "resizer",
  },
});
const Painter = actor({
  init: (_ctx, props: { colour: string }) => props,
  call: { paint: (ctx, times: number) => ctx.state.colour.repeat(times) },
});

const Pictures = factory({
  worker: Resizer,
  run: (worker, { file, width }: Picture) => worker.resize(file, width),
});

test("the body and the result of a job are those of run", () => {
  type Resized = { file: string; bytes: number };
  expectTypeOf(Pictures).toEqualTypeOf<ActorDef<Factory<Picture, Resized>>>();
  const pictures = system.spawn(Pictures);
  expectTypeOf(pictures).toEqualTypeOf<Ref<Factory<Picture, Resized>>>();
  expectTypeOf(
    pictures.submit({ body: { file: "a", width: 1 } }),
  ).resolves.toEqualTypeOf<Resized>();
  expectTypeOf(pictures.submit).parameter(0).toEqualTypeOf<Job<Picture>>();
  expectTypeOf(pictures.enqueue).returns.resolves.toEqualTypeOf<void>();
  expectTypeOf(pictures.dispatch).returns.toEqualTypeOf<void>();
});

/** Never called: its type is what is looked at. */
function resultOf<R>(def: ActorDef<Factory<string, R>>): R {
  return def as never;
}

test("run may answer at once, or later, or with nothing", () => {
  expectTypeOf(
    resultOf(factory({ worker: Resizer, run: (_, body: string) => body.length })),
  ).toBeNumber();
  expectTypeOf(
    resultOf(
      factory({
        worker: Resizer,
        run: async (worker, file: string) => [file, await worker.name()],
      }),
    ),
  ).toEqualTypeOf<string[]>();
  expectTypeOf(
    resultOf(
      factory({ worker: Resizer, run: (worker, file: string) => void worker.resize(file, 1) }),
    ),
  ).toBeVoid();
});

test("jobs of another type do not compile", () => {
  const pictures = system.spawn(Pictures);
  // @ts-expect-error -- no body
  void pictures.submit({});
  // @ts-expect-error -- a body that lacks something
  void pictures.submit({ body: { file: "a" } });
  // @ts-expect-error -- a body alone
  void pictures.submit({ file: "a", width: 1 });
  // @ts-expect-error -- of another type
  pictures.dispatch({ body: { file: "a", width: "1" } });
  // @ts-expect-error -- a key is text or a number
  void pictures.enqueue({ body: { file: "a", width: 1 }, key: {} });
  // @ts-expect-error -- ms are a number
  void pictures.enqueue({ body: { file: "a", width: 1 }, ttlMs: "1s" });
});

test("run is handed the worker by its verbs, and the job", () => {
  factory({
    worker: Resizer,
    run(worker, body: string, job) {
      expectTypeOf(worker.name()).resolves.toBeString();
      expectTypeOf(job).toEqualTypeOf<RunningJob>();
      expectTypeOf(job.signal).toEqualTypeOf<AbortSignal>();
      // @ts-expect-error -- a resizer does not paint
      void worker.paint;
      return body;
    },
  });
});

test("props are asked for where the worker has some, and only there", () => {
  const Painters = factory({
    worker: Painter,
    props: (worker) => {
      expectTypeOf(worker).toBeNumber();
      return { colour: "red" };
    },
    run: (worker, times: number) => worker.paint(times),
  });
  expectTypeOf(system.spawn(Painters).submit({ body: 2 })).resolves.toBeString();
  // @ts-expect-error -- props are missing
  factory({ worker: Painter, run: (worker, times: number) => worker.paint(times) });
  factory({
    worker: Painter,
    // @ts-expect-error -- of another type
    props: () => ({ color: "red" }),
    // @ts-expect-error -- and then nothing fits
    run: (worker, times: number) => worker.paint(times),
  });
  factory({
    worker: Resizer,
    // @ts-expect-error -- it has none
    props: () => ({ colour: "red" }),
    run: (worker) => worker.name(),
  });
});

test("routers and queues go with any body, and their functions are handed those of this factory", () => {
  const run = (worker: RefOf<typeof Resizer>, { file, width }: Picture) =>
    worker.resize(file, width);
  for (const router of [queuer, stickyQueuer, keyPersistent, roundRobin]) {
    factory({ worker: Resizer, run, router, queue: fifo });
  }
  factory({ worker: Resizer, run, queue: fifo });
  factory({
    worker: Resizer,
    run,
    router: custom(({ body }) => body.width),
    queue: byPriority({ classes: 2, of: ({ body }) => (body.width > 10 ? 1 : 0) }),
  });
  const limiter = leakyBucket({ max: 10, refill: 1, everyMs: 100 });
  factory({ worker: Resizer, run, router: rateLimited(keyPersistent, limiter) });
  // @ts-expect-error -- for other jobs
  factory({ worker: Resizer, run, router: custom((job: { body: number }) => job.body) });
  // @ts-expect-error -- made once for each, by a function
  factory({ worker: Resizer, run, router: queuer() });
});

const widest: RouterMaker<Picture> = () => ({
  route: ({ body, key }, floor) => (key === undefined ? floor.idle() : body.width % floor.size),
});

test("routers and queues of one's own are typed by the jobs that they see", () => {
  class Stack implements JobQueue<Picture> {
    readonly #jobs: QueuedJob<Picture>[] = [];
    get size() {
      return this.#jobs.length;
    }
    push = (job: QueuedJob<Picture>): void => void this.#jobs.push(job);
    putBack = this.push;
    shift = () => this.#jobs.pop();
    shed = () => this.#jobs.shift();
    remove = () => this.#jobs.splice(0);
  }
  factory({
    worker: Resizer,
    run: (worker, { file, width }: Picture) => worker.resize(file, width),
    router: widest,
    queue: () => new Stack(),
  });
});

function nothing(): void {}

test("options are those that there are", () => {
  // @ts-expect-error -- no such mode
  factory({ worker: Resizer, run: nothing, discard: { limit: 1, mode: "eldest" } });
  // @ts-expect-error -- no limit
  factory({ worker: Resizer, run: nothing, discard: {} });
  // @ts-expect-error -- a worker is never restarted by the kernel
  factory({ worker: Resizer, run: nothing, child: { restart: "permanent" } });
  // @ts-expect-error -- there is no such option
  factory({ worker: Resizer, run: nothing, workers: 3 });
});

test("what is asked of a factory, and its settings, are typed", () => {
  const pictures = system.spawn(Pictures);
  expectTypeOf(pictures.stats()).resolves.toEqualTypeOf<PoolStats>();
  expectTypeOf(pictures.workers()).resolves.toEqualTypeOf<WorkerInfo[]>();
  expectTypeOf(pictures.finish()).resolves.toEqualTypeOf<PoolStats>();
  expectTypeOf(pictures.progress()).toEqualTypeOf<AsyncIterable<PoolStats>>();
  expectTypeOf(withOptions(pictures, { timeout: 10 }).submit).toEqualTypeOf(pictures.submit);
  void pictures.update({ size: 3, discard: null, stuck: { afterMs: 10 } });
  // @ts-expect-error -- a router stays
  void pictures.update({ router: queuer });
});

test("what hears of jobs knows what is in them, where it stands behind run", () => {
  factory({
    worker: Resizer,
    run: (worker, { file, width }: Picture) => worker.resize(file, width),
    onDiscard: (job, reason) => {
      expectTypeOf(job.body).toEqualTypeOf<Picture>();
      expectTypeOf(reason).toEqualTypeOf<DiscardReason>();
    },
    retry: { max: 1, when: (_error, job) => job.body.width > 0 },
    onEvent(event) {
      if (event.type === "failed") expectTypeOf(event.job.body).toEqualTypeOf<Picture>();
    },
  });
});

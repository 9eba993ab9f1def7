import {
  actor,
  createSystem,
  kill,
  refuse,
  restart,
  status,
  stop,
  TroupeError,
  withOptions,
  type AnyRef,
  type Ref,
} from "troupe";
import {
  byPriority,
  factory,
  fifo,
  keyPersistent,
  leakyBucket,
  queuer,
  rateLimited,
  roundRobin,
  stickyQueuer,
  type Discard,
  type Factory,
  type Job,
} from "troupe/pool";
import { noLeaks, type Chance, type Scenario, type Sim } from "troupe/sim";
import { nothingWrong, pause } from "./book.ts";
import { DEEDS, FactoryBook, type Body, type Deed } from "./factories-book.ts";

/*
 * Factories: each job that comes ends once, done, failed or discarded, and whoever submitted it
 * hears the same; in the order that router and queue promise; over crashes, resizes and ends.
 */

const ROUTERS = {
  queuer,
  keyPersistent,
  stickyQueuer,
  roundRobin,
  rateLimited: rateLimited(queuer, leakyBucket({ max: 4, refill: 2, everyMs: 10 })),
};
const DISCARDS: readonly (Discard | null)[] = [
  null,
  { limit: 3 },
  { limit: 2, mode: "oldest" },
  { limit: ({ size }) => size, everyMs: 20 },
];
const STUCK_MS = 60;
const SIZES = [0, 0, 1, 2, 3, 4];

function hand(book: FactoryBook) {
  return actor({
    name: "hand",
    init(ctx) {
      book.born(ctx.name, ctx.self);
      return null;
    },
    call: {
      async job(ctx, { id, deed, ms }: Body): Promise<number> {
        const { name, signal } = ctx;
        book.enters(name, id);
        try {
          if (deed === "hang") await new Promise<never>(() => {});
          if (deed !== "note") await pause(ms);
        } finally {
          // What ends behind a kill is nobody's.
          if (!signal.aborted) book.leaves(name, id);
        }
        if (deed === "fail" || deed === "caught") throw new Error("told to fail");
        if (deed === "refuse") throw refuse(new RangeError("told to refuse"));
        if (deed === "stopAfter") ctx.stop();
        if (deed === "failBeside") {
          ctx.task(pause(1), () => {
            throw new Error("told to fail beside");
          });
        }
        return id;
      },
    },
    exit: (ctx) => (ctx.name.length % 2 === 0 ? pause(3) : undefined),
  });
}

type Hand = Ref<{ job(body: Body): Promise<number> }>;

function run(worker: Hand, body: Body): number | Promise<number> {
  switch (body.deed) {
    case "throwInRun":
      throw new Error("told to throw");
    case "plain":
      return body.id;
    case "caught":
      return worker.job(body).catch(() => body.id);
    case "beside":
      return Promise.all([worker.job(body), pause(body.ms)]).then(([id]) => id);
    case "hangInRun":
      return worker.job(body).then(() => new Promise<never>(() => {}));
    default:
      return worker.job(body);
  }
}

interface App {
  readonly book: FactoryBook;
  /** The factory; a new one where the last has ended. */
  readonly pool: () => Ref<Factory<Body, number>>;
  readonly mayHang: boolean;
}

function boot(sim: Sim): App {
  const system = createSystem();
  const { seed } = sim;
  const routers = Object.keys(ROUTERS) as (keyof typeof ROUTERS)[];
  const router = routers[seed % routers.length]!;
  const isFifo = seed % 3 !== 0;
  const mayHang = seed % 4 < 2;
  const book = new FactoryBook(sim, system, { router, isFifo });
  const Pool = factory({
    worker: hand(book),
    run,
    size: 1 + (seed % 3),
    router: ROUTERS[router],
    queue: isFifo ? fifo : byPriority<Body>({ classes: 3, of: ({ key }) => Number(key ?? 0) % 3 }),
    retry: seed % 7 < 3 ? 0 : { max: 2, ...(seed % 7 === 6 ? { when: () => true } : {}) },
    stuck: mayHang ? { afterMs: STUCK_MS } : null,
    discard: DISCARDS[Math.floor(seed / 5) % DISCARDS.length]!,
    child: {
      shutdown: 200,
      ...(seed % 11 === 0
        ? { onFailure: () => (seed % 2 === 0 ? ("restart" as const) : ("resume" as const)) }
        : {}),
    },
    onEvent: (event) => book.hear(event),
  });
  let ref: Ref<Factory<Body, number>> | undefined;
  const pool = (): Ref<Factory<Body, number>> => {
    if (ref === undefined || status(ref) === "stopped") {
      ref = system.spawn(Pool, undefined, { restart: "permanent" });
    }
    book.factory = ref;
    return ref;
  };
  pool();
  return { book, pool, mayHang };
}

function drawJob({ mayHang }: App, chance: Chance, id: number, key: number | undefined): Job<Body> {
  const deeds: readonly Deed[] = mayHang ? [...DEEDS, "hang", "hangInRun"] : DEEDS;
  const deed = chance.bool(0.5) ? chance.pick(["note", "slow"] as const) : chance.pick(deeds);
  const body = { id, deed, ms: chance.int(0, 20) };
  const ttlMs = chance.bool(0.2) ? chance.int(0, 150) : undefined;
  return { body, ...(key === undefined ? {} : { key }), ...(ttlMs === undefined ? {} : { ttlMs }) };
}

function submit(app: App, chance: Chance): Promise<void> {
  const { book } = app;
  const pool = app.pool();
  const manner = chance.pick(["submit", "submit", "submit", "enqueue", "dispatch"] as const);
  const key = chance.bool(0.75) ? chance.int(0, 3) : undefined;
  const entry = book.open(manner, key);
  const job = drawJob(app, chance, entry.id, key);
  if (manner === "dispatch") {
    pool.dispatch(job);
    return Promise.resolve();
  }
  const abort = new AbortController();
  const view = withOptions(pool, { signal: abort.signal });
  const heard = book.heard(entry, view[manner](job));
  if (chance.bool(0.15)) {
    void pause(chance.int(0, 30)).then(() => {
      entry.left ||= entry.heard === undefined;
      abort.abort(new Error("left"));
    });
  }
  return heard;
}

async function finish({ book, pool }: App): Promise<void> {
  try {
    const { queued, running } = await pool().finish();
    book.saw("finished");
    book.expect(queued + running === 0, () => `finished with ${queued} and ${running}`);
  } catch (error) {
    book.expect(error instanceof TroupeError, () => `finish: ${String(error)}`);
  }
}

function withWorker<R>({ book }: App, chance: Chance, act: (ref: AnyRef) => R): R | undefined {
  const alive = [...book.workers.values()].filter((ref) => status(ref) !== "stopped");
  return alive.length === 0 ? undefined : act(chance.pick(alive));
}

export const factories: Scenario<App> = {
  name: "factories",
  boot,
  workload: {
    clients: 3,
    steps: 10,
    pauseMs: [0, 15],
    commands: {
      // With no workers it may wait for ever.
      submit: {
        weight: 4,
        run: ({ app, chance }) => Promise.race([submit(app, chance), pause(40)]),
      },
      burst: {
        weight: 6,
        run: ({ app, chance }) => {
          for (let n = chance.int(1, 6); n > 0; n--) void submit(app, chance);
        },
      },
      room: {
        weight: 1,
        run: ({ app }) => withOptions(app.pool(), { timeout: 50 }).room(),
      },
      resize: { weight: 3, run: ({ app, chance }) => app.pool().resize(chance.pick(SIZES)) },
      update: ({ app, chance }) =>
        app.pool().update({ discard: chance.pick(DISCARDS), retry: chance.int(0, 2) }),
      killWorker: ({ app, chance }) => withWorker(app, chance, kill),
      stopWorker: ({ app, chance }) => withWorker(app, chance, stop),
      restartWorker: ({ app, chance }) => withWorker(app, chance, restart),
      finish: ({ app, chance }) => {
        if (chance.bool(0.5)) void finish(app);
      },
      stop: ({ app, chance }) => (chance.bool(0.3) ? stop(app.pool()) : undefined),
      kill: ({ app, chance }) => (chance.bool(0.3) ? kill(app.pool()) : undefined),
      restart: ({ app, chance }) => (chance.bool(0.3) ? restart(app.pool()) : undefined),
    },
  },
  faults: {
    crash: 0.01,
    kill: 0.01,
    slow: { chance: 0.02, ms: [1, 20] },
    stall: { chance: 0.02, ms: [1, 20] },
  },
  always: {
    nothingWrong,
    counts: ({ app }) => app.book.checkCounts(),
    leaks: noLeaks(),
  },
  eventually: {
    allIsDone: ({ app }) => app.book.isIdle,
    theEnd: ({ app }) => app.book.end(() => app.book.checkAtEnd()),
  },
  within: 5_000,
};

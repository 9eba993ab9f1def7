import {
  ActorFailedError,
  ActorStoppedError,
  createSystem,
  implement,
  kill,
  KilledError,
  restart,
  status,
  type ActorDef,
  type Context,
  type Ref,
} from "troupe";
import { noLeaks, type Scenario, type Sim } from "troupe/sim";
import { Book, nothingWrong, pause } from "./book.ts";

/*
 * Streams, sources and tasks: what is yielded is seen once, in order, by whom it is for; nobody is
 * asked for more than has been taken; what nobody reads any more is ended; and the outcome of work
 * is seen once, in the life that began it.
 */

interface Mill {
  grind(id: number): AsyncIterable<number>;
  feed(priority: "high" | "normal" | "low", onError: boolean): void;
  cut(): void;
  work(ms: number, how: "ends" | "fails" | "failsTold"): void;
  slow(ms: number): void;
  fail(): void;
}

/** Something that yields 1, 2, 3 …, and what became of it. */
interface Flow {
  readonly what: "stream" | "source";
  readonly length: number;
  readonly paceMs: number;
  readonly fails: boolean;
  readonly owner: Miller;
  life: number;
  asked: number;
  taken: number;
  /** Its `finally` has run, once. */
  closed: number;
  /** Told that it is over. */
  ended: boolean;
  /** Nobody reads it any more. */
  left: boolean;
  handle?: Disposable;
}

interface Miller {
  readonly name: string;
  ref: Ref<Mill>;
  life: number;
  over: boolean;
}

interface Job {
  readonly owner: Miller;
  readonly life: number;
  readonly how: "ends" | "fails" | "failsTold";
  finished: boolean;
  told: number;
}

class Ledger extends Book {
  readonly millers: Miller[] = [];
  readonly flows: Flow[] = [];
  readonly jobs: Job[] = [];
  /** Streams that broke because of their writer's own failure, which is its actor's. */
  readonly #failing: Flow[] = [];

  open(flow: Omit<Flow, "asked" | "taken" | "closed" | "ended" | "left">): Flow {
    const opened = { ...flow, asked: 0, taken: 0, closed: 0, ended: false, left: false };
    this.flows.push(opened);
    return opened;
  }

  /** Yields at its own pace; says when it is asked, and when it is closed. */
  async *run(flow: Flow): AsyncGenerator<number, void, undefined> {
    try {
      for (let item = 1; item <= flow.length; item++) {
        flow.asked++;
        const { asked, taken } = flow;
        this.expect(asked <= taken + 1, () => `${flow.what}: asked for ${asked}, ${taken} taken`);
        if (flow.paceMs > 0) await pause(flow.paceMs);
        if (flow.fails && item === flow.length) throw new Error("told to fail");
        yield item;
      }
    } finally {
      flow.closed++;
      this.expect(flow.closed === 1, () => `${flow.what}: closed ${flow.closed} times`);
    }
  }

  take(flow: Flow, item: number): void {
    flow.taken++;
    this.saw(flow.what);
    this.expect(item === flow.taken, () => `${flow.what}: got ${item}, number ${flow.taken}`);
    this.expect(!flow.ended && !flow.left, () => `${flow.what}: got ${item} after the end`);
  }

  /** An item or outcome for an actor: of its present life. */
  isPresent(owner: Miller, life: number, what: string): void {
    const isIt = owner.life === life && !owner.over;
    this.expect(isIt, () => `${owner.name}: ${what} of a life that is over`);
  }

  async read(flow: Flow, source: AsyncIterable<number>, most: number): Promise<void> {
    try {
      for await (const item of source) {
        this.take(flow, item);
        if (flow.taken === most) break;
      }
      flow.ended = true;
      const isWhole = flow.taken === most || flow.taken === flow.length;
      this.expect(isWhole, () => `a stream of ${flow.length} ended after ${flow.taken}`);
      this.saw(flow.taken === most ? "left" : "read to the end");
    } catch (error) {
      flow.ended = true;
      const { owner, life, fails } = flow;
      flow.left = true;
      // The reader itself was killed in its loop.
      if (error instanceof KilledError) return;
      if (error instanceof ActorFailedError) this.#failing.push(flow);
      const mayBe = error instanceof ActorFailedError || error instanceof ActorStoppedError;
      this.saw(error instanceof Error ? error.name : "no error");
      this.expect(mayBe, () => `a stream broke: ${String(error)}`);
      const isOver = owner.life !== life || owner.over || status(owner.ref) !== "running";
      this.expect(isOver || fails, () => `a stream broke, and ${owner.name} goes on`);
    }
    flow.left = true;
  }

  begin(miller: Miller): number {
    miller.over = false;
    for (const flow of this.flows) {
      if (flow.owner === miller && flow.what === "source") flow.left = true;
    }
    return ++miller.life;
  }

  checkRested(): void {
    for (const { what, asked, closed, left, owner, life, ended } of this.flows) {
      const isOver = left || ended || owner.life !== life || status(owner.ref) === "stopped";
      const mayBe = !isOver || asked === 0 || closed === 1;
      this.expect(mayBe, () => `${what}: nobody reads it, and it was never closed`);
    }
    for (const { what, owner, left, ended, length, taken, fails } of this.flows) {
      if (what !== "source" || left || ended || status(owner.ref) !== "running") continue;
      const all = fails ? length - 1 : length;
      this.expect(false, () => `${owner.name}: a source stopped at ${taken} of ${all}`);
    }
    for (const { owner, life } of this.#failing) {
      this.expect(owner.life !== life, () => `${owner.name} goes on after a stream of it failed`);
    }
    for (const { owner, life, how, told, finished } of this.jobs) {
      const lives = owner.life === life && status(owner.ref) === "running";
      const mayBe = !lives || (finished && told === 1);
      this.expect(mayBe, () => `${owner.name} was told ${told} times of a task that ${how}`);
    }
  }
}

interface Props {
  readonly book: Ledger;
  readonly miller: Miller;
}
type Ctx = Context<number, Props, Mill>;

function mill(): ActorDef<Mill, Props> {
  return implement<Mill>()({
    name: "mill",
    init: (_ctx, { book, miller }: Props) => book.begin(miller),
    exit({ props: { miller } }) {
      miller.over = true;
    },
    stream: {
      grind(ctx, id) {
        const { book } = ctx.props;
        const flow = book.flows[id]!;
        flow.life = ctx.state;
        return book.run(flow);
      },
    },
    cast: {
      feed: (ctx, priority, onError) => feed(ctx, priority, onError),
      cut({ props: { book, miller }, state }) {
        const flow = book.flows.find(
          ({ what, owner, life, left, ended }) =>
            what === "source" && owner === miller && life === state && !left && !ended,
        );
        if (flow === undefined) return;
        flow.left = true;
        flow.handle?.[Symbol.dispose]();
      },
      work: (ctx, ms, how) => work(ctx, ms, how),
      slow: (_ctx, ms) => pause(ms),
      fail() {
        throw new Error("told to fail");
      },
    },
  });
}

function feed(ctx: Ctx, priority: "high" | "normal" | "low", onError: boolean): void {
  const { book, miller } = ctx.props;
  const life = ctx.state;
  const length = 1 + Math.floor(ctx.random() * 5);
  const paceMs = Math.floor(ctx.random() * 6);
  const fails = ctx.random() < 0.3;
  const flow = book.open({ what: "source", length, paceMs, fails, owner: miller, life });
  const over = (how: string): void => {
    book.saw(how);
    book.isPresent(miller, life, how);
    book.expect(!flow.left && !flow.ended, () => `a source was told ${how} after its end`);
    const all = fails ? length - 1 : length;
    book.expect(flow.taken === all, () => `a source ended after ${flow.taken} of ${all}`);
    flow.ended = true;
  };
  const item = (value: number): void | Promise<void> => {
    book.isPresent(miller, life, "an item");
    if (value % 2 === 0) {
      book.take(flow, value);
      return;
    }
    // Not taken before this is done.
    return pause(2).then(() => {
      if (miller.life === life && !miller.over && !flow.left) book.take(flow, value);
    });
  };
  const told = onError ? { onError: () => over("onError") } : {};
  flow.handle = ctx.source(book.run(flow), item, { priority, onEnd: () => over("onEnd"), ...told });
}

function work(ctx: Ctx, ms: number, how: Job["how"]): void {
  const { book, miller } = ctx.props;
  const life = ctx.state;
  const job: Job = { owner: miller, life, how, finished: false, told: 0 };
  book.jobs.push(job);
  const told = (): void => {
    book.saw(`task ${how}`);
    job.told++;
    book.isPresent(miller, life, "a task");
    book.expect(job.finished && job.told === 1, () => `a task was told ${job.told} times`);
  };
  const run = async (signal: AbortSignal): Promise<number> => {
    await pause(ms);
    const isTold = signal.aborted || miller.life === life;
    book.expect(isTold, () => `${miller.name} began anew, and a task of it was not told to end`);
    job.finished = true;
    if (how !== "ends") throw new Error("task failed");
    return ms;
  };
  ctx.task(run, told, how === "failsTold" ? { onError: told } : {});
}

interface Reader {
  read(flow: Flow, id: number, most: number): void;
}

/** Reads in its handler, and may be killed there. */
function reader(book: Ledger): ActorDef<Reader> {
  return implement<Reader>()({
    name: "reader",
    cast: {
      read: (_ctx, flow, id, most) => book.read(flow, flow.owner.ref.grind(id), most),
    },
  });
}

interface App {
  readonly book: Ledger;
  readonly reader: Ref<Reader>;
}

function boot(sim: Sim): App {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new Ledger("streams", sim, system);
  const def = mill();
  const parent = implement<{ nothing(): void }>()({
    name: "parent",
    supervision: { intensity: { max: 1_000, within: 1_000 } },
    init(ctx) {
      for (const name of ["wind", "water"]) {
        const miller = { name, life: 0, over: false } as unknown as Miller;
        miller.ref = ctx.spawn(def, { book, miller }, { name, restart: "permanent" });
        book.millers.push(miller);
      }
    },
    cast: { nothing: () => {} },
  });
  system.spawn(parent);
  return { book, reader: system.spawn(reader(book), undefined, { restart: "permanent" }) };
}

const HOWS = ["ends", "fails", "failsTold"] as const;
const PRIORITIES = ["high", "normal", "low"] as const;

export const streams: Scenario<App> = {
  name: "streams",
  boot,
  workload: {
    clients: 3,
    steps: 10,
    pauseMs: [0, 12],
    commands: {
      read: {
        weight: 4,
        run: async ({ app, chance }) => {
          const { book } = app;
          const owner = chance.pick(book.millers);
          const [length, paceMs, fails] = [chance.int(1, 6), chance.int(0, 5), chance.bool(0.2)];
          const { life } = owner;
          const flow = book.open({ what: "stream", length, paceMs, fails, owner, life });
          const [id, most] = [book.flows.indexOf(flow), chance.int(1, 9)];
          if (chance.bool(0.5)) await book.read(flow, owner.ref.grind(id), most);
          else app.reader.read(flow, id, most);
        },
      },
      feed: {
        weight: 3,
        run: ({ app: { book }, chance }) =>
          chance.pick(book.millers).ref.feed(chance.pick(PRIORITIES), chance.bool(0.7)),
      },
      cut: ({ app: { book }, chance }) => chance.pick(book.millers).ref.cut(),
      work: {
        weight: 3,
        run: ({ app: { book }, chance }) =>
          chance.pick(book.millers).ref.work(chance.int(0, 20), chance.pick(HOWS)),
      },
      slow: ({ app: { book }, chance }) => chance.pick(book.millers).ref.slow(chance.int(0, 10)),
      fail: ({ app: { book }, chance }) => chance.pick(book.millers).ref.fail(),
      kill: ({ app: { book }, chance }) => kill(chance.pick(book.millers).ref),
      restart: ({ app: { book }, chance }) => restart(chance.pick(book.millers).ref),
    },
  },
  faults: {
    crash: 0.005,
    kill: 0.01,
    slow: { chance: 0.02, ms: [1, 10] },
    stall: { chance: 0.02, ms: [1, 10] },
  },
  always: { nothingWrong, leaks: noLeaks() },
  eventually: {
    rested: ({ app }) => app.book.hasRested(200),
    allIsTold: ({ app: { book } }) => {
      book.checkRested();
      return book.wrong;
    },
    theEnd: ({ app }) => app.book.end(() => {}),
  },
  within: 2_000,
};

import { actor, refuse, type Context, type Ref } from "troupe";
import {
  factory,
  type Factory,
  type FactoryOptions,
  type Job,
  type PoolEvent,
  type PoolStats,
  type RunningJob,
} from "troupe/pool";
import { createTestSystem, type TestKit, type TestSystemOptions } from "troupe/testing";

/** What a worker does with a job, by the job's name; others wait until the test lets them pass. */
export type Deed = (ctx: Context<null, { job(name: string): Promise<unknown> }>) => unknown;

/** What becomes of each job, by its name, as `onEvent` tells it and as its submitter hears it. */
class Ledger {
  readonly events: PoolEvent[] = [];
  /** `begun a at 0`, in order. */
  get lines(): string[] {
    return this.events.map(lineOf);
  }

  /** Names of jobs, in the order in which they were begun. */
  get begun(): string[] {
    return this.of("begun").map(({ job }) => String(job.body));
  }

  of<T extends PoolEvent["type"]>(type: T): Extract<PoolEvent, { type: T }>[] {
    return this.events.filter(
      (event): event is Extract<PoolEvent, { type: T }> => event.type === type,
    );
  }

  /** Throws when jobs have not one end each, or not as many as the counts say. */
  check(stats: PoolStats): void {
    const { submitted, done, failed, queued, running } = stats;
    const discarded = Object.values(stats.discarded).reduce((sum, each) => sum + each, 0);
    const ends = (["done", "failed", "discarded"] as const).map((type) => this.of(type));
    const jobs = ends.flat().map(({ job }) => job);
    const isRight =
      done + failed + discarded + queued + running === submitted &&
      String(ends.map(({ length }) => length)) === String([done, failed, discarded]) &&
      new Set(jobs).size === jobs.length;
    if (!isRight) throw new Error(`${JSON.stringify(stats)} of ${this.lines.join(", ")}`);
  }
}

function bodyOf({ job }: { readonly job: { readonly body: unknown } }): string {
  return String(job.body);
}

function lineOf(event: PoolEvent): string {
  switch (event.type) {
    case "submitted":
      return `submitted ${bodyOf(event)}`;
    case "begun":
    case "done":
    case "failed":
    case "retried":
    case "workerStuck":
      return `${event.type} ${bodyOf(event)} at ${event.worker}`;
    case "discarded":
      return `discarded ${bodyOf(event)}: ${event.reason}`;
    case "workerStarted":
      return `started ${event.worker}`;
    case "workerEnded":
      return `ended ${event.worker}: ${event.reason.kind}`;
    case "resized":
      return `resized ${event.from} to ${event.to}`;
    case "draining":
      return event.type;
  }
}

type Hand = Ref<{ job(name: string): Promise<unknown> }>;

function workerOn(stage: Stage) {
  return actor({
    name: "hand",
    async init(ctx, worker: number) {
      await stage.onInit(worker);
      stage.workers[worker] = ctx.self as Hand;
      return null;
    },
    call: {
      job: (ctx, name: string): Promise<unknown> => stage.work(ctx as never, name),
    },
    exit: (ctx) => stage.onExit(ctx.props) as void,
  });
}

/** A factory in virtual time whose jobs end when the test says so. */
export class Stage {
  readonly kit: TestKit;
  readonly ledger = new Ledger();
  /** Done by name instead of waiting; `fail` and `no` are there from the beginning. */
  readonly deeds = new Map<string, Deed>([
    ["fail", () => Promise.reject(new Error("dropped it"))],
    [
      "no",
      () => {
        throw refuse(new RangeError("too big"));
      },
    ],
  ]);
  /** Called as workers start, with their number; a throw fails the start. */
  onInit: (worker: number) => unknown = () => undefined;
  /** Called as workers end. */
  onExit: (worker: number) => unknown = () => undefined;
  readonly #passes = new Map<string, () => void>();
  readonly workers: Hand[] = [];

  constructor(options?: TestSystemOptions) {
    this.kit = createTestSystem(options);
  }

  async work(ctx: Parameters<Deed>[0], name: string): Promise<unknown> {
    const deed = this.deeds.get(name);
    if (deed !== undefined) return deed(ctx);
    await this.gate(name);
    return `${name} done`;
  }

  /** Waits for `pass`. */
  gate(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.#passes.set(name, resolve);
    });
  }

  /** Lets jobs end that have begun, and waits until all is settled. */
  async pass(...names: string[]): Promise<void> {
    for (const name of names) {
      const pass = this.#passes.get(name);
      if (pass === undefined)
        throw new Error(`${name} has not begun: ${this.ledger.lines.join(", ")}`);
      this.#passes.delete(name);
      pass();
    }
    await this.kit.run();
  }

  /** Jobs that wait to be let pass, in the order in which they began to. */
  get held(): string[] {
    return [...this.#passes.keys()];
  }

  /** Lets all pass, and those that begin by that, until none is held. */
  async passAll(): Promise<void> {
    while (this.#passes.size > 0) await this.pass(...this.held);
  }

  define(
    options: FactoryOptions<string> = {},
    run: (worker: Hand, name: string, job: RunningJob) => unknown = (worker, name) =>
      worker.job(name),
  ) {
    const hear = (event: PoolEvent): void => void this.ledger.events.push(event);
    return factory({
      worker: workerOn(this),
      props: (worker) => worker,
      onEvent: hear,
      ...options,
      run: run.length > 2 ? run : (worker, name: string) => run(worker, name, undefined as never),
    });
  }

  /** Spawns a factory, and waits until it has started. */
  async open(
    options: FactoryOptions<string> = {},
    run?: Parameters<Stage["define"]>[1],
  ): Promise<Ref<Factory<string, unknown>>> {
    const pool = this.kit.system.spawn(this.define(options, run));
    await this.kit.run();
    return pool;
  }

  /** Submits jobs by name, or as they are; resolves when they have been taken in, with what becomes of each. */
  async submit(
    pool: Ref<Factory<string, unknown>>,
    ...jobs: (string | Job<string>)[]
  ): Promise<Fate[]> {
    const fates = jobs.map(
      (job) => new Fate(pool.submit(typeof job === "string" ? { body: job } : job)),
    );
    await this.kit.run();
    return fates;
  }

  /** Stops the system, and looks whether virtual time is quiet. */
  async end(): Promise<void> {
    await this.kit.stop();
  }
}

/** What has become of a promise so far, as one word or sentence. */
export class Fate {
  now = "open";
  error: unknown;

  constructor(promise: Promise<unknown>) {
    promise.then(
      (value) => (this.now = String(value)),
      (error: Error & { reason?: unknown }) => {
        this.error = error;
        this.now = typeof error.reason === "string" ? `${error.name}: ${error.reason}` : error.name;
      },
    );
  }
}

/** `Fate.now` of each. */
export function now(fates: readonly Fate[]): string[] {
  return fates.map((fate) => fate.now);
}

import {
  BadInputError,
  refuse,
  type ActorDef,
  type ChildEvent,
  type Context,
  type ExitReason,
  type Reply,
} from "../index.ts";
import { behaviourOf } from "../kernel/behaviour.ts";
import type { Belonging } from "../kernel/belonging.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { checkFunction, checkSettings } from "../kernel/options.ts";
import { Clockwork } from "./clockwork.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { FactoryOptions } from "./factory.ts";
import { Task, type Job } from "./job.ts";
import type { DispatcherParts } from "./parts.ts";
import { Progress } from "./progress.ts";
import { fifo } from "./queue.ts";
import { queuer } from "./routing.ts";
import {
  checkLive,
  checkSize,
  checkStart,
  checkTtl,
  checkUpdate,
  checkInterval,
  given,
  START_POLICY,
  type LiveSettings,
} from "./settings.ts";
import type { PoolStats } from "./stats.ts";

/** What `factory` was given, as it is at run time. */
export interface AnyFactorySpec extends FactoryOptions<unknown> {
  readonly worker: ActorDef<unknown, unknown>;
  readonly run: DispatcherParts["run"];
  readonly props?: (worker: number) => unknown;
}

interface State {
  readonly dispatcher: Dispatcher;
  readonly clockwork: Clockwork;
  readonly progress: Progress;
}
type Ctx = Context<State>;

const OPTIONS: readonly (keyof AnyFactorySpec)[] = [
  ...(["worker", "run", "props", "name", "on", "child", "router", "queue", "start"] as const),
  ...(["mailbox", "priority", "size", "discard", "retry", "stuck", "capacity"] as const),
  ...(["onDiscard", "onEvent", "onStarted", "onDraining", "onStopped"] as const),
];

/** Time for the code of `run` to come to its end when the workers have gone with the factory, in ms. */
const LAST_WORDS_MS = 1_000;

/** The factory as an actor: what each of its verbs does. */
export function factoryActor(spec: AnyFactorySpec): object {
  const { name = "factory", mailbox, priority, router = queuer, queue = fifo } = spec;
  check(name, spec);
  const { worker, run, props, child, on, start } = spec;
  const parts: DispatcherParts = {
    run,
    router,
    queue,
    hiring: {
      worker,
      props,
      options: { ...child, ...(on === undefined ? {} : { on }), restart: "temporary" },
      start: { ...START_POLICY, ...start },
    },
  };
  return {
    name,
    shutdown: "infinity",
    supervision: { strategy: "dynamic" },
    callTimeout: { submit: Infinity, enqueue: Infinity, room: Infinity, finish: Infinity },
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(priority === undefined ? {} : { priority }),
    init: (ctx: Incarnation) => open(ctx, parts, spec),
    cast: {
      dispatch: (ctx: Ctx, job: Job<unknown>) => take(ctx, job, null, null),
    },
    call: { ...JOBS, ...QUERIES, ...ORDERS, finish: finishing(spec.onDraining) },
    stream: { progress: progressed },
    onChild: (ctx: Ctx, event: ChildEvent) => ctx.state.dispatcher.hear(event),
    exit: (ctx: Context<State | undefined>, reason: ExitReason) =>
      close(ctx, reason, spec.onStopped),
  };
}

function check(name: string, spec: AnyFactorySpec): void {
  const what = `factory ${name}`;
  for (const key of Object.keys(spec)) {
    if ((OPTIONS as readonly string[]).includes(key)) continue;
    throw new BadInputError(
      `${what}: there is no option "${key}"; there are ${OPTIONS.join(", ")}`,
    );
  }
  behaviourOf(spec.worker);
  const { run, props, router, queue, onStarted, onDraining, onStopped, child, start } = spec;
  checkFunction(`${what}: run`, run);
  const functions = { props, router, queue, onStarted, onDraining, onStopped };
  for (const [key, fn] of Object.entries(functions)) {
    if (fn !== undefined) checkFunction(`${what}: ${key}`, fn);
  }
  if (child !== undefined) checkSettings(`${what}: child`, child);
  checkStart(`${what}: start`, start);
  checkLive(what, spec);
}

async function open(
  ctx: Incarnation,
  parts: DispatcherParts,
  spec: AnyFactorySpec,
): Promise<State> {
  const dispatcher = new Dispatcher(ctx, parts);
  const clockwork = new Clockwork(ctx, dispatcher);
  ctx.own(new EndOfJobs(ctx, dispatcher));
  dispatcher.set(spec);
  await dispatcher.crew.open(spec.size ?? 1);
  clockwork.set(spec);
  await spec.onStarted?.();
  return { dispatcher, clockwork, progress: new Progress(ctx, () => dispatcher.stats()) };
}

/** Ends jobs with the factory: those that wait as it begins to end, those that run when it has. */
class EndOfJobs implements Belonging {
  place: Belonging["place"] = null;
  readonly #ctx: Incarnation;
  readonly #dispatcher: Dispatcher;

  constructor(ctx: Incarnation, dispatcher: Dispatcher) {
    this.#ctx = ctx;
    this.#dispatcher = dispatcher;
  }

  release(): void {
    const { endReason, over } = this.#ctx;
    this.#dispatcher.close();
    // Between the two, workers end what they are at, and a kill may come.
    if (over) this.#dispatcher.cutOff(endReason ?? { kind: "normal" });
    else this.#ctx.own(this);
  }
}

async function close(
  ctx: Context<State | undefined>,
  reason: ExitReason,
  onStopped: AnyFactorySpec["onStopped"],
): Promise<void> {
  const dispatcher = ctx.state?.dispatcher;
  if (dispatcher !== undefined) {
    // Workers have done what they were at; what `run` does with that may still be under way.
    const isDone = new Promise<void>((resolve) => dispatcher.done.wait(resolve));
    await Promise.race([isDone, ctx.sleep(LAST_WORDS_MS)]);
    dispatcher.cutOff(reason);
  }
  await onStopped?.();
}

/** Where the job itself is wrong, whoever sent it hears of it, or the log. */
function take(
  ctx: Ctx,
  job: Job<unknown>,
  reply: Reply<unknown> | null,
  accepted: Reply<void> | null,
): void {
  const { dispatcher } = ctx.state;
  try {
    checkJob(ctx.name, job);
  } catch (error) {
    (reply ?? accepted)?.reject(error);
    if (reply === null && accepted === null) ctx.log.error("dispatch: no job", { error });
    return;
  }
  const expiresAt = job.ttlMs === undefined ? Infinity : ctx.now() + job.ttlMs;
  const task = new Task(job, expiresAt, reply, accepted);
  if (dispatcher.wantsJob && reply !== null) task.request = ctx.request;
  dispatcher.submit(task);
}

function checkJob(name: string, job: Partial<Job<unknown>> | undefined): void {
  if (typeof job !== "object" || job === null || !("body" in job)) {
    throw new BadInputError(
      `${name}: a job is ${given(job)}; it must be an object with a body, as { body: "cat.png" }`,
    );
  }
  const { key, ttlMs } = job;
  if (key !== undefined && typeof key !== "string" && typeof key !== "number") {
    throw new BadInputError(`${name}: a job's key is ${given(key)}; it must be text or a number`);
  }
  if (ttlMs !== undefined && ttlMs !== Infinity) checkTtl(`${name}: a job's ttlMs`, ttlMs);
}

const JOBS = {
  submit(ctx: Ctx, job: Job<unknown>) {
    const reply = ctx.defer<unknown>();
    take(ctx, job, reply, null);
    return reply;
  },
  enqueue(ctx: Ctx, job: Job<unknown>) {
    const accepted = ctx.defer<void>();
    take(ctx, job, null, accepted);
    return accepted;
  },
};

const QUERIES = {
  stats: ({ state }: Ctx) => state.dispatcher.stats(),
  workers: (ctx: Ctx) => ctx.state.dispatcher.crew.info(ctx.now()),
  queueDepth: ({ state }: Ctx) => state.dispatcher.lines.size,
  availableCapacity: ({ state }: Ctx) => state.dispatcher.stats().capacity,
  activeWorkers: ({ state }: Ctx) => state.dispatcher.tally.running,
  room(ctx: Ctx) {
    const reply = ctx.defer<void>();
    ctx.state.dispatcher.room.wait(reply);
    return reply;
  },
};

const ORDERS = {
  resize(ctx: Ctx, size: number) {
    refuseWhatThrows(() => checkSize(`${ctx.name}: resize: size`, size));
    ctx.state.dispatcher.resize(size);
  },
  update(ctx: Ctx, settings: LiveSettings) {
    refuseWhatThrows(() => checkUpdate(`${ctx.name}: update`, settings));
    const { dispatcher, clockwork } = ctx.state;
    // First, and refused as a whole: a limit is asked for at once.
    refuseWhatThrows(() => dispatcher.set(settings));
    clockwork.set(settings);
    if (settings.size !== undefined) dispatcher.resize(settings.size);
  },
};

function finishing(onDraining: AnyFactorySpec["onDraining"]) {
  return (ctx: Ctx): Reply<PoolStats> => {
    const reply = ctx.defer<PoolStats>();
    const { dispatcher, progress } = ctx.state;
    if (!dispatcher.isDraining) onDraining?.();
    if (dispatcher.crew.size === 0 && dispatcher.lines.size > 0) {
      ctx.log.warn("it finishes what it has when it is given workers: it has none", {
        queued: dispatcher.lines.size,
      });
    }
    dispatcher.drain(() => {
      // Ended by somebody else first: that is told.
      if (dispatcher.isOver) return;
      reply.resolve(dispatcher.stats());
      progress.finish(() => ctx.stop());
    });
    return reply;
  };
}

function refuseWhatThrows(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    throw refuse(error);
  }
}

function progressed(ctx: Ctx, everyMs = 1_000): AsyncIterable<PoolStats> {
  refuseWhatThrows(() => checkInterval(`${ctx.name}: progress: everyMs`, everyMs));
  return ctx.state.progress.read(everyMs);
}

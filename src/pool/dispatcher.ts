import {
  ActorStoppedError,
  TimeoutError,
  type ChildEvent,
  type DiscardReason,
  type ExitReason,
} from "../index.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { pendingOf } from "../kernel/verb.ts";
import { Announcer } from "./announcer.ts";
import { Condition } from "./condition.ts";
import { Crew, type CrewOwner, type Hiring } from "./crew.ts";
import type { Task } from "./job.ts";
import { CrewFloor } from "./floor.ts";
import { KeyBindings } from "./key-bindings.ts";
import { Limit } from "./limit.ts";
import { Lines } from "./lines.ts";
import type { QueueMaker } from "./queue.ts";
import type { Floor, Router, RouterMaker } from "./routing.ts";
import { RunningJob } from "./running-job.ts";
import type { LiveSettings, Retry } from "./settings.ts";
import { isEndOf, type Attempt, type Slot } from "./slot.ts";
import { Tally, type PoolStats } from "./stats.ts";
import { Outcomes, WorkerCall } from "./worker-call.ts";

/** What a factory is made from, as far as jobs are concerned. */
export interface DispatcherParts {
  readonly hiring: Hiring;
  readonly run: (worker: never, body: never, job: RunningJob) => unknown;
  readonly router: RouterMaker;
  readonly queue: QueueMaker;
}

const NO_RETRY: Retry = { max: 0 };
/** Of a job that could not be placed, for its router or queue threw. */
const NO_WORKER = -1;

/**
 * Takes jobs, gives each to a worker, and sees to it that each ends once.
 *
 * ```text
 *   submit ─► admitted? ─► router ─┬─► free worker ────────────► running ─► done
 *               │                  ├─► its line ─────┐             │  └───► failed
 *               ▼                  └─► factory's ────┴─► in turn ──┘
 *           discarded ◄── too many, too late, nobody waits     worker died: the next again, or failed
 * ```
 *
 * It works in turns of the factory, and between them as the outcomes of jobs come in.
 */
export class Dispatcher implements CrewOwner {
  readonly crew: Crew;
  readonly lines: Lines;
  readonly tally = new Tally();
  readonly #announcer: Announcer;
  readonly #limit: Limit;
  readonly #ctx: Incarnation;
  readonly #run: DispatcherParts["run"];
  readonly #router: Router;
  readonly #floor: Floor;
  readonly #keys: KeyBindings | null;
  /** `run` asks for more than the body. */
  readonly wantsJob: boolean;
  #retry: Retry = NO_RETRY;
  /** The time is looked at when a job begins, for somebody looks for stuck workers. */
  #timesJobs = false;
  /** Nothing new is taken. */
  #draining = false;
  /** The factory is ending: nothing is begun any more. */
  #isOver = false;
  /** One more job would be taken now. */
  readonly room = new Condition(() => this.#hasRoom);
  /** Nothing waits, and nothing runs. */
  readonly done = new Condition(() => this.lines.size === 0 && this.tally.running === 0);

  constructor(ctx: Incarnation, { run, router, queue, hiring }: DispatcherParts) {
    const { world } = ctx.cell.kernel;
    this.#ctx = ctx;
    this.#run = run;
    this.wantsJob = run.length > 2;
    this.#router = router();
    this.#announcer = new Announcer(ctx);
    this.#keys = this.#router.followsKeys === true ? new KeyBindings() : null;
    this.crew = new Crew(ctx, hiring, this, new Outcomes((tell) => world.defer(tell)));
    this.#floor = new CrewFloor(ctx, this.crew, this.#keys);
    this.#limit = new Limit(ctx, () => this.stats());
    this.lines = new Lines({
      ctx,
      makeQueue: queue,
      limit: this.#limit,
      keys: this.#keys,
      slots: this.crew.slots,
      discard: (task, reason) => this.#discard(task, reason),
      onLess: () => this.room.look(),
    });
  }

  set(settings: LiveSettings): void {
    const { discard, retry, stuck } = settings;
    if (discard !== undefined) this.#limit.set(discard);
    if (retry !== undefined) this.#retry = typeof retry === "number" ? { max: retry } : retry;
    if (stuck !== undefined) this.#timesJobs = stuck !== null;
    this.#announcer.set(settings);
  }

  // --- jobs come -----------------------------------------------------------------------------------

  submit(task: Task): void {
    this.tally.submitted++;
    if (this.#announcer.isHeard) this.#announcer.emit({ type: "submitted", job: task });
    if (this.#draining || this.#isOver) return this.#discard(task, "shutdown");
    // Not `<`: with 0 ms there is no time in which it could be taken.
    if (task.expiresAt !== Infinity && task.expiresAt <= this.#ctx.now()) {
      return this.#discard(task, "ttl");
    }
    const router = this.#router;
    try {
      if (router.admits?.(task, this.#ctx.now()) === false)
        return this.#discard(task, "rateLimited");
      if (this.#place(task)) router.taken?.(task, this.#ctx.now());
    } catch (error) {
      this.#fail(task, NO_WORKER, error);
    }
  }

  /** False when it was discarded. */
  #place(task: Task): boolean {
    const slot = this.#slotFor(task);
    if (slot?.isFree === true && slot.queued === 0) {
      this.#begin(slot, task);
      return true;
    }
    if (slot !== null) this.#keys?.bind(task, slot);
    if (!this.lines.add(slot, task)) return false;
    task.accepted?.resolve();
    task.accepted = null;
    return true;
  }

  #slotFor(task: Task): Slot | null {
    const worker = this.#router.route(task, this.#floor);
    return (worker === undefined ? undefined : this.crew.slots[worker]) ?? null;
  }

  /** There are more workers: jobs that waited because there were none are routed anew. */
  #routeAgain(): void {
    for (const task of this.lines.clearCommon()) {
      try {
        const slot = this.#slotFor(task);
        if (slot?.isFree === true && slot.queued === 0) this.#begin(slot, task);
        else {
          if (slot !== null) this.#keys?.bind(task, slot);
          this.lines.move(slot, task);
        }
      } catch (error) {
        this.#fail(task, NO_WORKER, error);
      }
    }
  }

  resize(size: number): void {
    const from = this.crew.size;
    if (size === from) return;
    this.crew.resize(size);
    this.#announcer.emit({ type: "resized", from, to: size });
    if (size > from) this.#routeAgain();
  }

  // --- jobs are done -------------------------------------------------------------------------------

  /** A worker can begin a job: of its own line, then of the factory's. */
  free(slot: Slot): void {
    if (this.#isOver) return;
    const own = this.lines.take(slot, true);
    if (own !== undefined) return this.#begin(slot, own);
    if (slot.draining) this.crew.letGo(slot);
    else {
      const next = this.lines.take(slot, false);
      if (next !== undefined) return this.#begin(slot, next);
      this.crew.idle.add(slot);
      this.room.look();
    }
    this.done.look();
  }

  #begin(slot: Slot, task: Task): void {
    this.crew.idle.delete(slot);
    this.#keys?.bind(task, slot);
    task.accepted?.resolve();
    task.accepted = null;
    slot.task = task;
    task.attempts++;
    this.tally.running++;
    if (this.#timesJobs) slot.since = this.#ctx.now();
    if (this.#announcer.isHeard) {
      this.#announcer.emit({ type: "begun", job: task, worker: slot.index });
    }
    const attempt = (slot.attempt ??= this.#attemptAt(slot));
    attempt.label = slot.label;
    attempt.life = slot.life;
    let outcome: unknown;
    try {
      const job = this.wantsJob ? new RunningJob(slot, task, attempt) : undefined;
      outcome = this.#run(slot.face as never, task.body as never, job as RunningJob);
    } catch (error) {
      outcome = Promise.reject(error);
    }
    if (outcome instanceof WorkerCall) outcome.tellTo(attempt);
    else (pendingOf(outcome) ?? Promise.resolve(outcome)).then(attempt.done, attempt.failed);
  }

  #attemptAt(slot: Slot): Attempt {
    const attempt: Attempt = {
      isOver: false,
      label: "",
      life: 0,
      abort: null,
      done: (result) => {
        if (attempt.isOver) return;
        const task = this.#leave(slot);
        this.tally.done++;
        this.#announcer.done(task, slot.index, result);
        this.#goOn(slot);
      },
      failed: (error) => {
        if (!attempt.isOver) this.#hasFailed(slot, attempt, error);
      },
    };
    return attempt;
  }

  /** The job is at this worker no more; it may be again. */
  #takeFrom(slot: Slot): Task {
    const task = slot.task!;
    slot.task = null;
    slot.stuck = null;
    if (slot.attempt !== null) slot.attempt.abort = null;
    this.tally.running--;
    return task;
  }

  #leave(slot: Slot): Task {
    const task = this.#takeFrom(slot);
    this.#keys?.release(task);
    return task;
  }

  #goOn(slot: Slot): void {
    if (slot.status === "up") this.free(slot);
    else if (slot.draining && slot.isDone) this.crew.letGo(slot);
    this.done.look();
  }

  #hasFailed(slot: Slot, { label, life }: Attempt, thrown: unknown): void {
    const error = slot.stuck instanceof Error ? slot.stuck : thrown;
    const died = error !== thrown || isEndOf(label, thrown);
    // What comes next, another life or the same one resumed, has been told already where it has come.
    if (died && slot.life === life && slot.status === "up") slot.status = "down";
    if (this.#comesBack(slot.task!, error, died)) this.#beginAgain(slot, error);
    else this.#fail(this.#leave(slot), slot.index, error);
    this.#goOn(slot);
  }

  #comesBack(task: Task, error: unknown, died: boolean): boolean {
    const { max, when } = this.#retry;
    if (this.#isOver || task.attempts > max || task.isAbandoned) return false;
    if (when === undefined) return died;
    try {
      return when(error, task, died);
    } catch (thrown) {
      this.#ctx.log.error("retry.when threw; the job fails", { error: thrown });
      return false;
    }
  }

  /** It is the next again: at its worker, where jobs wait there, else at any. */
  #beginAgain(slot: Slot, error: unknown): void {
    const task = this.#takeFrom(slot);
    this.tally.retried++;
    this.#announcer.emit({ type: "retried", job: task, worker: slot.index, error });
    const stays = slot.queue !== null || task.bindsKey;
    this.lines.putBack(stays ? slot : null, task);
    const { first } = this.crew.idle;
    if (!stays && first !== null) this.free(first);
  }

  #fail(task: Task, worker: number, error: unknown): void {
    this.tally.failed++;
    this.#keys?.release(task);
    this.#announcer.failed(task, worker, error);
    this.done.look();
  }

  #discard(task: Task, reason: DiscardReason): void {
    this.tally.discarded[reason]++;
    this.#keys?.release(task);
    this.#announcer.discarded(task, reason, this.#detail(reason));
    this.done.look();
  }

  #detail(reason: DiscardReason): string {
    if (reason === "overload") {
      return `${this.lines.size} jobs waited, and ${this.#limit.max} may in a line`;
    }
    return this.#isOver ? "the factory has ended" : "the factory finishes what it has";
  }

  // --- workers -------------------------------------------------------------------------------------

  workerStarted({ index }: Slot): void {
    this.#announcer.emit({ type: "workerStarted", worker: index });
  }

  lost(slot: Slot, reason: ExitReason): void {
    this.#announcer.emit({ type: "workerEnded", worker: slot.index, reason });
    const { stuck, attempt } = slot;
    if (!(stuck instanceof Error) || slot.task === null) return;
    // Its call is rejected; but `run` may wait for something else, that never comes.
    attempt!.isOver = true;
    slot.attempt = null;
    this.#hasFailed(slot, attempt!, stuck);
  }

  hear(event: ChildEvent): void {
    if (!this.#isOver) this.crew.hear(event);
  }

  /** Looks for workers that have been at one job for too long. */
  findStuck(afterMs: number, replaces: boolean): void {
    const now = this.#ctx.now();
    for (const slot of this.crew.slots) {
      const { task, label, index, since } = slot;
      const forMs = now - since;
      if (task === null || slot.stuck !== null || since === 0 || forMs < afterMs) continue;
      this.tally.stuck++;
      this.#ctx.log.warn("a worker is stuck", { worker: label, forMs, key: task.key, replaces });
      this.#announcer.emit({ type: "workerStuck", worker: index, job: task, forMs });
      if (!replaces) {
        slot.stuck = "told";
        continue;
      }
      const what = `a job at ${label}, attempt ${task.attempts},`;
      const error = new TimeoutError(what, afterMs, "; its worker was killed for being stuck");
      slot.stuck = error;
      slot.attempt!.abort?.abort(error);
      this.crew.replace(slot);
    }
  }

  // --- room, and the end ---------------------------------------------------------------------------

  /** Whether one more job would be taken, and would not have to wait for long. */
  get #hasRoom(): boolean {
    const { max } = this.#limit;
    const bound = max === Infinity ? Math.max(1, this.crew.size) : max;
    return this.#isOver || this.crew.idle.size > 0 || this.lines.size < bound;
  }

  /** Takes no more, and calls back when all that was taken has ended. */
  drain(tell: () => void): void {
    if (!this.#draining) this.#announcer.emit({ type: "draining" });
    this.#draining = true;
    this.done.wait(tell);
  }

  /** Nothing is begun any more: what waits is discarded, what runs may still come to its end. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.crew.isOver = true;
    this.lines.clear("shutdown");
    this.room.look();
  }

  /** Fails what still runs, for the factory waits no longer. */
  cutOff(reason: ExitReason): void {
    for (const slot of this.crew.slots) {
      if (slot.task === null) continue;
      const error = new ActorStoppedError(this.#ctx.name, "a job", reason);
      slot.attempt!.isOver = true;
      slot.attempt!.abort?.abort(error);
      this.#fail(this.#leave(slot), slot.index, error);
    }
  }

  // --- what is asked of it -------------------------------------------------------------------------

  stats(): PoolStats {
    const { crew, lines } = this;
    const { max } = this.#limit;
    const isUp = !this.#draining && !this.#isOver;
    return this.tally.report({
      queued: lines.size,
      size: crew.size,
      idle: crew.idle.size,
      starting: crew.slots.filter(({ status }) => status === "starting").length,
      replaced: crew.replaced,
      capacity: isUp ? crew.idle.size + lines.room(max) : 0,
    });
  }
}

import {
  ActorStoppedError,
  BadInputError,
  type ActorLog,
  type ChildEvent,
  type DiscardReason,
  type ExitReason,
} from "../index.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { failLater } from "../kernel/tasks.ts";
import { Announcer } from "./announcer.ts";
import { Condition } from "./condition.ts";
import { Crew, type CrewOwner } from "./crew.ts";
import type { Task } from "./job.ts";
import { CrewFloor } from "./floor.ts";
import { KeyBindings } from "./key-bindings.ts";
import { Limit } from "./limit.ts";
import { Lines } from "./lines.ts";
import { makeQueue, makeRouter } from "./made.ts";
import type { DispatcherParts } from "./parts.ts";
import { isEndOf, Runner, type Attempt, type RunnerOwner } from "./runner.ts";
import type { Floor, Router } from "./routing.ts";
import { Retrying } from "./retrying.ts";
import { Room } from "./room.ts";
import { given, type LiveSettings } from "./settings.ts";
import type { Slot } from "./slot.ts";
import { Tally, type PoolStats } from "./stats.ts";
import { StuckWorkers } from "./stuck.ts";
import { Outcomes } from "./worker-call.ts";

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
export class Dispatcher implements CrewOwner, RunnerOwner {
  readonly crew: Crew;
  readonly lines: Lines;
  readonly stuck: StuckWorkers;
  readonly tally = new Tally();
  readonly #announcer: Announcer;
  readonly #limit: Limit;
  readonly #ctx: Incarnation;
  // Kept: a factory that is killed tells its jobs with its context revoked.
  readonly #name: string;
  readonly #log: ActorLog;
  readonly #runner: Runner;
  readonly #retrying: Retrying;
  readonly #router: Router;
  readonly #floor: Floor;
  readonly #keys: KeyBindings | null;
  /** Nothing new is taken. */
  isDraining = false;
  /** The factory is ending: nothing is begun any more. */
  isOver = false;
  readonly room: Room;
  /** Nothing waits, and nothing runs. */
  readonly done = new Condition(() => this.lines.size === 0 && this.tally.running === 0);

  constructor(ctx: Incarnation, { run, router, queue, hiring }: DispatcherParts) {
    const { world } = ctx.cell.kernel;
    this.#ctx = ctx;
    ({ name: this.#name, log: this.#log } = ctx);
    this.#runner = new Runner(run, this, ctx.cell.kernel);
    this.#retrying = new Retrying(this.#log);
    this.#router = makeRouter(router);
    this.#announcer = new Announcer(ctx);
    this.#keys = this.#router.followsKeys === true ? new KeyBindings() : null;
    this.crew = new Crew(ctx, hiring, this, new Outcomes((tell) => world.defer(tell)));
    this.#floor = new CrewFloor(ctx, this.crew, this.#keys);
    this.stuck = new StuckWorkers({
      crew: this.crew,
      tally: this.tally,
      announcer: this.#announcer,
      log: this.#log,
      now: () => ctx.now(),
      cutLoose: (slot, error) => this.#cutLoose(slot, error),
    });
    this.#limit = new Limit(ctx, () => this.stats());
    this.room = new Room(ctx, this, this.#limit);
    this.lines = new Lines({
      ctx,
      makeQueue: () => makeQueue(queue),
      limit: this.#limit,
      keys: this.#keys,
      slots: this.crew.slots,
      discard: (task, reason) => this.#discard(task, reason),
      threw: (error) => this.threw(error),
      onLess: () => this.room.look(),
    });
  }

  set(settings: LiveSettings): void {
    const { discard, retry, stuck } = settings;
    if (discard !== undefined) this.#limit.set(discard);
    if (retry !== undefined) this.#retrying.set(retry);
    if (stuck !== undefined) this.stuck.set(stuck !== null);
    this.#announcer.set(settings);
    this.room.look();
  }

  /** `run` asks for more than the body. */
  get wantsJob(): boolean {
    return this.#runner.wantsJob;
  }

  // --- jobs come -----------------------------------------------------------------------------------

  submit(task: Task): void {
    this.tally.submitted++;
    if (this.#announcer.isHeard) this.#announcer.emit({ type: "submitted", job: task });
    this.room.hasCome();
    if (this.isDraining || this.isOver) return this.#discard(task, "shutdown");
    // Not `<`: with 0 ms there is no time in which it could be taken.
    if (task.expiresAt !== Infinity && task.expiresAt <= this.#ctx.now()) {
      return this.#discard(task, "ttl");
    }
    const router = this.#router;
    let isTaken: boolean;
    try {
      if (router.admits?.(task, this.#ctx.now()) === false)
        return this.#discard(task, "rateLimited");
      isTaken = this.#place(task);
    } catch (error) {
      return this.#fail(task, NO_WORKER, error);
    }
    if (isTaken && router.taken !== undefined) this.#tellRouter(task);
  }

  /** The job is on its way: what is thrown here is not its failure any more. */
  #tellRouter(task: Task): void {
    try {
      this.#router.taken!(task, this.#ctx.now());
    } catch (error) {
      this.#log.error("the router's taken threw; its job goes on", { error });
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
    if (worker === undefined) return null;
    const slot = Number.isInteger(worker) ? this.crew.slots[worker] : undefined;
    if (slot !== undefined) return slot;
    throw new BadInputError(
      `${this.#name}: the router answered ${given(worker)}; it must be the number of a worker, below ${this.crew.size}, or undefined`,
    );
  }

  /** There are more workers: jobs that waited because there were none are routed anew. */
  #routeAgain(): void {
    this.lines.reroute((task) => {
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
    });
  }

  resize(size: number): void {
    const from = this.crew.size;
    if (size === from) return;
    this.crew.resize(size);
    this.#announcer.emit({ type: "resized", from, to: size });
    if (size > from) this.#routeAgain();
    this.room.look();
  }

  // --- jobs are done -------------------------------------------------------------------------------

  /** A worker can begin a job: of its own line, then of the factory's. */
  free(slot: Slot): void {
    if (this.isOver) return;
    if (!slot.isThere) return this.crew.isGoing(slot);
    const next = this.lines.next(slot);
    if (next !== undefined) return this.#begin(slot, next);
    if (slot.draining) this.crew.letGo(slot);
    else {
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
    slot.since = this.stuck.begin;
    if (this.#announcer.isHeard) {
      this.#announcer.emit({ type: "begun", job: task, worker: slot.index });
    }
    this.#runner.begin(slot, task);
  }

  isDone(slot: Slot, result: unknown): void {
    const task = this.#leave(slot);
    this.tally.done++;
    this.#announcer.done(task, slot.index, result);
    this.#goOn(slot);
  }

  /** A queue of the user's threw, as a job came to its end: that fails the factory. */
  threw(error: unknown): void {
    failLater(this.#ctx, "task", error);
  }

  /** The job is at this worker no more; it may be again. */
  #takeFrom(slot: Slot): Task {
    const task = slot.task!;
    slot.task = null;
    slot.stuck = null;
    if (slot.attempt !== null) slot.attempt.cancel = null;
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

  hasFailed(slot: Slot, { label, life }: Attempt, thrown: unknown): void {
    const wasStuck = slot.stuck instanceof Error;
    const error = wasStuck ? slot.stuck : thrown;
    const died = wasStuck || isEndOf(label, thrown);
    // What comes next, another life or the same one resumed, has been told already where it has come.
    if (died && slot.life === life && slot.status === "up") slot.status = "down";
    const again = !this.isOver && this.#retrying.isAllowed(slot.task!, error, died);
    if (again) this.#beginAgain(slot, error);
    else this.#fail(this.#leave(slot), slot.index, error);
    this.#goOn(slot);
  }

  /** It is the next again: at its worker, where jobs wait there, else at any. */
  #beginAgain(slot: Slot, error: unknown): void {
    const task = this.#takeFrom(slot);
    task.lastError = error;
    const stays = slot.queue !== null || task.bindsKey;
    try {
      this.lines.putBack(stays ? slot : null, task);
    } catch (thrown) {
      return this.#fail(task, slot.index, thrown);
    }
    this.tally.retried++;
    if (this.#announcer.isHeard) {
      this.#announcer.emit({ type: "retried", job: task, worker: slot.index, error });
    }
    const first = stays ? null : this.crew.firstFree();
    if (first !== null) this.free(first);
  }

  #fail(task: Task, worker: number, error: unknown): void {
    this.tally.failed++;
    this.#keys?.release(task);
    this.#announcer.failed(task, worker, error);
    this.done.look();
  }

  /** One that a worker has seen is not discarded, but has failed with what it had failed with. */
  #discard(task: Task, reason: DiscardReason): void {
    if (task.attempts > 0 && reason !== "abandoned") {
      return this.#fail(task, NO_WORKER, task.lastError);
    }
    this.tally.discarded[reason]++;
    this.#keys?.release(task);
    this.#announcer.discarded(task, reason, this.#detail(reason));
    this.done.look();
    this.room.look();
  }

  #detail(reason: DiscardReason): string {
    if (reason === "overload") {
      return `${this.lines.size} jobs waited, and ${this.#limit.max} may in a line`;
    }
    return this.isOver ? "the factory has ended" : "the factory finishes what it has";
  }

  // --- workers -------------------------------------------------------------------------------------

  workerStarted({ index }: Slot): void {
    this.#announcer.emit({ type: "workerStarted", worker: index });
  }

  lost(slot: Slot, reason: ExitReason): void {
    this.#announcer.emit({ type: "workerEnded", worker: slot.index, reason });
    this.renewed(slot);
  }

  renewed(slot: Slot): void {
    const { stuck } = slot;
    if (stuck instanceof Error && slot.task !== null) this.#cutLoose(slot, stuck);
  }

  hear(event: ChildEvent): void {
    if (!this.isOver) this.crew.hear(event);
  }

  /** Waits no longer for a job that was killed for being stuck: `run` may wait for what never comes. */
  #cutLoose(slot: Slot, error: Error): void {
    const attempt = slot.attempt!;
    attempt.isOver = true;
    slot.attempt = null;
    this.hasFailed(slot, attempt, error);
  }

  // --- room, and the end ---------------------------------------------------------------------------

  /** Takes no more, and calls back when all that was taken has ended. */
  drain(tell: () => void): void {
    if (!this.isDraining) this.#announcer.emit({ type: "draining" });
    this.isDraining = true;
    this.done.wait(tell);
  }

  /** Nothing is begun any more: what waits is discarded, what runs may still come to its end. */
  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.crew.isOver = true;
    try {
      this.lines.clear("shutdown");
    } catch (error) {
      // A queue of the user's that threw has what is left, and its callers hear that the factory ended.
      this.#log.error("the jobs that wait could not be discarded", { error });
    }
    this.room.look();
  }

  /** Fails what still runs, for the factory waits no longer. */
  cutOff(reason: ExitReason): void {
    for (const slot of this.crew.slots) {
      if (slot.task === null) continue;
      const error = new ActorStoppedError(this.#name, "a job", reason);
      // None yet where it is `run` itself, or who hears that it begins, that kills the factory.
      if (slot.attempt !== null) slot.attempt.isOver = true;
      slot.attempt?.cancel?.now(error);
      this.#fail(this.#leave(slot), slot.index, error);
    }
  }

  // --- what is asked of it -------------------------------------------------------------------------

  stats(): PoolStats {
    const { crew, lines } = this;
    const { max } = this.#limit;
    const isUp = !this.isDraining && !this.isOver;
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

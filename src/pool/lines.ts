import type { DiscardReason, InitContext } from "../index.ts";
import type { QueuedJob, Task } from "./job.ts";
import type { KeyBindings } from "./key-bindings.ts";
import type { Limit } from "./limit.ts";
import type { JobQueue, QueueMaker } from "./queue.ts";
import type { Slot } from "./slot.ts";

/** Jobs whose time to live is over are looked for this often, in ms (as in ractor). */
const SWEEP_MS = 100;

/** Jobs that nobody waits for any more are looked for this often, in ms. */
const SWEEP_ABANDONED_MS = 1_000;

/** What lines are made from. */
export interface LinesParts {
  readonly ctx: InitContext;
  readonly makeQueue: QueueMaker;
  readonly limit: Limit;
  readonly keys: KeyBindings | null;
  readonly slots: readonly Slot[];
  /** Gives up a job that waits no more. */
  readonly discard: (task: Task, reason: DiscardReason) => void;
  /** A queue of the user's threw where no job is to blame. */
  readonly threw: (error: unknown) => void;
  /** Called when fewer wait than before. */
  readonly onLess: () => void;
}

/** The jobs that wait: in the factory's line, and in those of its workers. */
export class Lines {
  readonly #parts: LinesParts;
  readonly #common: JobQueue;
  /** Jobs in all lines. */
  size = 0;
  /** Those of them that have a time to live, and whether somebody looks after them. */
  #mortal = 0;
  /** Those in the factory's line that had begun before. */
  #again = 0;
  #sweeps = false;
  #sweepsAbandoned = false;
  /** When abandoned jobs were last looked for because a line was full. */
  #clearedAt = -Infinity;

  constructor(parts: LinesParts) {
    this.#parts = parts;
    this.#common = parts.makeQueue();
  }

  /** Jobs in the factory's line. */
  get common(): number {
    return this.#common.size;
  }

  /** How many more the lines that there are would take, with `max` in each. */
  room(max: number): number {
    let room = Math.max(0, max - this.#common.size);
    for (const { queue } of this.#parts.slots) {
      if (queue !== null) room += Math.max(0, max - queue.size);
    }
    return room;
  }

  /** The line before a worker, or the factory's. */
  #of(slot: Slot | null): JobQueue {
    return slot === null ? this.#common : (slot.queue ??= this.#parts.makeQueue());
  }

  /** Lets one in, as far as the limit does; false when it was discarded itself. */
  add(slot: Slot | null, task: Task): boolean {
    const { limit, discard } = this.#parts;
    const { max, oldest } = limit;
    const queue = this.#of(slot);
    const isOver = queue.size >= max && !this.#makesRoom(queue, max);
    if (isOver && !oldest && queue.mayDiscard?.(task) !== false) {
      discard(task, "overload");
      return false;
    }
    this.#push(slot, task);
    if (isOver && oldest) return this.#shed(queue, task);
    return true;
  }

  /** Those that nobody waits for give up their places; looked for now and then, for it costs a walk. */
  #makesRoom(queue: JobQueue, max: number): boolean {
    const now = this.#parts.ctx.now();
    if (now - this.#clearedAt < SWEEP_MS) return false;
    this.#clearedAt = now;
    this.#discardFrom(queue, isAbandoned, "abandoned");
    return queue.size < max;
  }

  /** Sheds down to the limit, as far as there are some that may go; false when `last` was among them. */
  #shed(queue: JobQueue, last: Task): boolean {
    const { limit, discard } = this.#parts;
    let stays = true;
    while (queue.size > limit.max) {
      const shed = this.#shedOne(queue);
      if (shed === undefined) break;
      this.#hasLeft(shed);
      if (shed === last) stays = false;
      discard(shed, "overload");
    }
    return stays;
  }

  /** The one that came is in the line by now, so a throw is not its failure. */
  #shedOne(queue: JobQueue): Task | undefined {
    try {
      return queue.shed() as Task | undefined;
    } catch (error) {
      this.#parts.threw(error);
      return undefined;
    }
  }

  /** Adds one that was let in already. */
  move(slot: Slot | null, task: Task): void {
    this.#push(slot, task);
  }

  /** Makes one that was taken the next again. */
  putBack(slot: Slot | null, task: Task): void {
    this.#of(slot).putBack(task);
    this.#hasCome(slot, task);
    if (slot !== null) {
      slot.hadOwn = false;
      return;
    }
    task.goesFirst = true;
    this.#again++;
  }

  #push(slot: Slot | null, task: Task): void {
    // First: a queue of the user's may throw.
    this.#of(slot).push(task);
    this.#hasCome(slot, task);
  }

  /** The next for a worker: of its own line and, where it stays, of the factory's, in turn. */
  next(slot: Slot): Task | undefined {
    const { queue } = slot;
    const common = slot.draining ? null : this.#common;
    // What is begun again goes first, also before the lines of workers that never run out.
    const again = this.#again > 0 ? this.#take(slot, common) : undefined;
    if (again !== undefined || queue === null) return again ?? this.#take(slot, common);
    const first = slot.hadOwn ? common : queue;
    const task = this.#take(slot, first);
    if (task !== undefined) {
      slot.hadOwn = first === queue;
      return task;
    }
    slot.hadOwn = first !== queue;
    return this.#take(slot, first === queue ? common : queue);
  }

  #take(slot: Slot, queue: JobQueue | null): Task | undefined {
    const { keys } = this.#parts;
    for (;;) {
      const task = queue?.shift() as Task | undefined;
      if (task === undefined) return undefined;
      const { key, isCommon } = task;
      this.#hasLeft(task);
      if (this.#givesUp(task)) continue;
      const owner = key === undefined ? undefined : keys?.of(key);
      const isHere = owner === undefined || (owner === slot && !(isCommon && slot.queued > 0));
      if (isHere) return task;
      // A worker has jobs of its key by now, at work or in its line, that it must not pass.
      keys!.bind(task, owner);
      this.move(owner, task);
    }
  }

  /** Discards one that is of no use any more. */
  #givesUp(task: Task): boolean {
    const isLate = !task.isAbandoned && this.#isLate(task);
    if (!isLate && !task.isAbandoned) return false;
    this.#parts.discard(task, isLate ? "ttl" : "abandoned");
    return true;
  }

  /** One that has begun is never too late. */
  #isLate({ expiresAt, attempts }: QueuedJob): boolean {
    return expiresAt !== Infinity && attempts === 0 && expiresAt <= this.#parts.ctx.now();
  }

  /** Takes all out of the factory's line, in order, and gives each that is still of use to `place`. */
  reroute(place: (task: Task) => void): void {
    for (const task of this.#common.remove(() => true) as readonly Task[]) {
      // One by one: those that are still in hand count as waiting.
      this.#uncount(task);
      if (!this.#givesUp(task)) place(task);
    }
    this.#parts.onLess();
  }

  /** Discards all. */
  clear(reason: DiscardReason): void {
    this.#discardWhere(() => true, reason);
  }

  #discardWhere(isOut: (job: QueuedJob) => boolean, reason: DiscardReason): void {
    const { slots } = this.#parts;
    for (const queue of [this.#common, ...slots.map((slot) => slot.queue)]) {
      if (queue !== null) this.#discardFrom(queue, isOut, reason);
    }
  }

  #discardFrom(queue: JobQueue, isOut: (job: QueuedJob) => boolean, reason: DiscardReason): void {
    for (const task of queue.remove(isOut) as readonly Task[]) {
      this.#hasLeft(task);
      this.#parts.discard(task, reason);
    }
  }

  #hasCome(slot: Slot | null, task: Task): void {
    this.size++;
    if (slot === null) {
      task.isCommon = true;
      this.#parts.keys?.wait(task, 1);
    }
    if (task.reply !== null) this.#sweepAbandonedLater();
    if (task.expiresAt === Infinity) return;
    this.#mortal++;
    this.#sweepLater();
  }

  #hasLeft(task: Task): void {
    this.#uncount(task);
    this.#parts.onLess();
  }

  #uncount(task: Task): void {
    this.size--;
    if (task.expiresAt !== Infinity) this.#mortal--;
    if (!task.isCommon) return;
    task.isCommon = false;
    this.#parts.keys?.wait(task, -1);
    if (!task.goesFirst) return;
    task.goesFirst = false;
    this.#again--;
  }

  #sweepLater(): void {
    if (this.#sweeps || this.#mortal === 0) return;
    this.#sweeps = true;
    this.#parts.ctx.timers.after(SWEEP_MS, () => {
      this.#sweeps = false;
      this.#discardWhere((job) => this.#isLate(job), "ttl");
      this.#sweepLater();
    });
  }

  /** So that callers who leave and come again do not fill the lines while nothing is taken. */
  #sweepAbandonedLater(): void {
    if (this.#sweepsAbandoned || this.size === 0) return;
    this.#sweepsAbandoned = true;
    this.#parts.ctx.timers.after(SWEEP_ABANDONED_MS, () => {
      this.#sweepsAbandoned = false;
      this.#discardWhere(isAbandoned, "abandoned");
      this.#sweepAbandonedLater();
    });
  }
}

function isAbandoned(job: QueuedJob): boolean {
  return (job as Task).isAbandoned;
}

import type { DiscardReason, InitContext } from "../index.ts";
import type { QueuedJob, Task } from "./job.ts";
import type { KeyBindings } from "./key-bindings.ts";
import type { Limit } from "./limit.ts";
import type { JobQueue, QueueMaker } from "./queue.ts";
import type { Slot } from "./slot.ts";

/** Jobs whose time to live is over are looked for this often, in ms (as in ractor). */
const SWEEP_MS = 100;

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
    const isOver = queue.size >= max;
    if (isOver && !oldest && queue.mayDiscard?.(task) !== false) {
      discard(task, "overload");
      return false;
    }
    this.#push(queue, task);
    if (isOver && oldest) return this.#shed(queue, task);
    return true;
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
    this.#push(this.#of(slot), task);
  }

  /** Makes one that was taken the next again. */
  putBack(slot: Slot | null, task: Task): void {
    this.#of(slot).putBack(task);
    this.#hasCome(task);
    if (slot !== null) return;
    task.goesFirst = true;
    this.#again++;
  }

  #push(queue: JobQueue, task: Task): void {
    // First: a queue of the user's may throw.
    queue.push(task);
    this.#hasCome(task);
  }

  /** The next for a worker: of its own line, then, where it stays, of the factory's. */
  next(slot: Slot): Task | undefined {
    const common = slot.draining ? null : this.#common;
    // What is begun again goes first, also before the lines of workers that never run out.
    const again = this.#again > 0 ? this.#take(slot, common) : undefined;
    return again ?? this.#take(slot, slot.queue) ?? this.#take(slot, common);
  }

  #take(slot: Slot, queue: JobQueue | null): Task | undefined {
    const { keys } = this.#parts;
    for (;;) {
      const task = queue?.shift() as Task | undefined;
      if (task === undefined) return undefined;
      this.#hasLeft(task);
      const other = task.key === undefined ? undefined : keys?.of(task.key);
      if (this.#givesUp(task)) continue;
      if (other === undefined || other === slot) return task;
      else {
        // Another worker has a job of its key by now.
        keys!.bind(task, other);
        this.move(other, task);
      }
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
    const { slots, discard } = this.#parts;
    for (const queue of [this.#common, ...slots.map((slot) => slot.queue)]) {
      for (const task of (queue?.remove(isOut) ?? []) as readonly Task[]) {
        this.#hasLeft(task);
        discard(task, reason);
      }
    }
  }

  #hasCome({ expiresAt }: Task): void {
    this.size++;
    if (expiresAt === Infinity) return;
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
}

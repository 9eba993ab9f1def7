import type { AnyRef } from "../index.ts";
import { CLOSED, type Cell } from "../kernel/cell.ts";
import type { Task } from "./job.ts";
import type { JobQueue } from "./queue.ts";
import type { Attempt } from "./runner.ts";
import type { WorkerInfo } from "./stats.ts";

/**
 * A worker's place in the factory, and who has it now.
 *
 * ```text
 *            spawn          started            job        result
 *   down ──────────► starting ─────► up, free ─────► busy ───────► up, free
 *    ▲                  │ cannot         │             │
 *    └──── pause ◄──────┘                └── ends ─────┴──► down, spawned again at once
 * ```
 */
export class Slot {
  readonly index: number;
  /** The actor; null while none is there. */
  worker: AnyRef | null = null;
  cell: Cell | null = null;
  /** The same without a time limit on its calls, as `run` gets it. */
  face: AnyRef | null = null;
  label = "";
  status: "down" | "starting" | "up" | "leaving" = "down";
  /** The job that it is at. */
  task: Task | null = null;
  /** Of its own, where the router sends jobs to it though it is busy. */
  queue: JobQueue | null = null;
  /** Its last job was of its own line: that of the factory has its turn now. */
  hadOwn = false;
  /** It finishes what it has, and is not replaced then. */
  draining = false;
  /** Counts lives of its worker: a failure that one has told of is not the next one's. */
  life = 0;
  /** Lives that had not begun well, in a row. */
  failedStarts = 0;
  replaced = 0;
  /** When it began its job, on the world's clock; -1 where nobody looks for stuck workers. */
  since = -1;
  /** Why its worker is being killed, where it is for being stuck; or that this was told. */
  stuck: Error | "told" | null = null;
  /** What the job's outcome is told to; used again for the next job. */
  attempt: Attempt | null = null;
  // Its place among the free ones.
  isIdle = false;
  before: Slot | null = null;
  after: Slot | null = null;

  constructor(index: number) {
    this.index = index;
  }

  /** It can begin a job. */
  get isFree(): boolean {
    return this.status === "up" && this.task === null && !this.draining && this.isThere;
  }

  /**
   * What is sent to its worker now will be handled.
   *
   * The factory hears of an end when it has come, behind the worker's own `exit`; a job that was
   * sent there before that would fail without having begun.
   */
  get isThere(): boolean {
    const { cell } = this;
    if (cell === null || cell.status !== "running" || (cell.flags & CLOSED) !== 0) return false;
    return cell.rare === null || cell.rare.stop === null;
  }

  get queued(): number {
    return this.queue === null ? 0 : this.queue.size;
  }

  info(now: number): WorkerInfo {
    const { index: worker, label, status, task, draining, queued, since, replaced } = this;
    const isAt = task !== null;
    return {
      worker,
      name: this.worker === null ? null : label,
      status: isAt ? "busy" : status === "up" ? "idle" : status === "starting" ? status : "down",
      draining,
      queued,
      busyMs: isAt && since >= 0 ? now - since : 0,
      replaced,
    };
  }

  /** It has nothing to do, and nothing to come. */
  get isDone(): boolean {
    return this.task === null && this.queued === 0;
  }
}

/** The free ones, in the order in which they became free. */
export class IdleSlots {
  #first: Slot | null = null;
  #last: Slot | null = null;
  size = 0;

  /** The one that has been free for longest. */
  get first(): Slot | null {
    return this.#first;
  }

  add(slot: Slot): void {
    if (slot.isIdle) return;
    slot.isIdle = true;
    slot.before = this.#last;
    if (this.#last === null) this.#first = slot;
    else this.#last.after = slot;
    this.#last = slot;
    this.size++;
  }

  delete(slot: Slot): void {
    if (!slot.isIdle) return;
    const { before, after } = slot;
    slot.isIdle = false;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    slot.before = slot.after = null;
    this.size--;
  }
}

import { BadInputError } from "../index.ts";
import { given } from "./settings.ts";
import { checkFunction } from "../kernel/options.ts";
import type { QueuedJob, Task } from "./job.ts";

/**
 * Jobs that wait, in the order in which they will be done.
 *
 * Open: bring your own. A factory makes one for itself, or one for each worker, as its router says.
 * Everything is called in a turn of the factory or as a job ends; it must not throw.
 */
export interface JobQueue<B = unknown> {
  readonly size: number;
  /** Adds one behind those that it must wait for. */
  push(job: QueuedJob<B>): void;
  /** Gives back one that was taken and not done: it is the next again. */
  putBack(job: QueuedJob<B>): void;
  /** Takes the next. */
  shift(): QueuedJob<B> | undefined;
  /** Takes out the one that is shed where too many wait and the oldest go; undefined where none may. */
  shed(): QueuedJob<B> | undefined;
  /** Takes out all of which `isOut` is true, in their order. */
  remove(isOut: (job: QueuedJob<B>) => boolean): readonly QueuedJob<B>[];
  /** False for a job that is taken however many wait. Default: all may be discarded. */
  mayDiscard?(job: QueuedJob<B>): boolean;
}

/** Makes a queue: `queue: fifo`, or what `byPriority` answers. */
export type QueueMaker<B = unknown> = () => JobQueue<B>;

/** First in, first out. */
export function fifo<B = unknown>(): JobQueue<B> {
  return new Fifo() as JobQueue<B>;
}

/** A list through the jobs themselves: each step costs the same however many wait. */
class Fifo implements JobQueue {
  #first: Task | null = null;
  #last: Task | null = null;
  size = 0;

  push(job: QueuedJob): void {
    const task = job as Task;
    if (this.#last === null) this.#first = task;
    else this.#last.next = task;
    this.#last = task;
    this.size++;
  }

  putBack(job: QueuedJob): void {
    const task = job as Task;
    task.next = this.#first;
    this.#first = task;
    this.#last ??= task;
    this.size++;
  }

  shift(): Task | undefined {
    const task = this.#first;
    if (task === null) return undefined;
    this.#first = task.next;
    if (this.#first === null) this.#last = null;
    task.next = null;
    this.size--;
    return task;
  }

  shed(): Task | undefined {
    return this.shift();
  }

  remove(isOut: (job: QueuedJob) => boolean): readonly Task[] {
    const out: Task[] = [];
    const all: Task[] = [];
    for (let task = this.shift(); task !== undefined; task = this.shift()) all.push(task);
    for (const task of all) {
      if (isOut(task)) out.push(task);
      else this.push(task);
    }
    return out;
  }
}

/** How `byPriority` tells jobs apart. */
export interface PriorityOptions<B> {
  /** How many classes there are; class 0 goes first. */
  readonly classes: number;
  /** The class of a job, a whole number from 0. */
  of(job: QueuedJob<B>): number;
  /** False for a job that is taken however many wait, and never shed. Default: all may be. */
  mayDiscard?(job: QueuedJob<B>): boolean;
}

/**
 * By class, and in a class first in, first out; where the oldest are shed, the lowest class goes
 * first.
 *
 * A class that there is not, or a throw of `of`, refuses the job.
 */
export function byPriority<B>(options: PriorityOptions<B>): QueueMaker<B> {
  const { classes } = options;
  if (!Number.isInteger(classes) || classes < 1) {
    throw new BadInputError(
      `byPriority: classes is ${given(classes)}; it must be a whole number, at least 1`,
    );
  }
  for (const key of ["of", "mayDiscard"] as const) {
    const fn: unknown = options[key];
    if (fn !== undefined || key === "of") checkFunction(`byPriority: ${key}`, fn);
  }
  return () => new PriorityQueue(options);
}

class PriorityQueue<B> implements JobQueue<B> {
  readonly #classes: readonly Fifo[];
  /** Those that may not be discarded, asked once for each: a throw in the midst of the line would cost it. */
  readonly #kept = new Set<QueuedJob<B>>();
  readonly #options: PriorityOptions<B>;

  constructor(options: PriorityOptions<B>) {
    this.#options = options;
    this.#classes = Array.from({ length: options.classes }, () => new Fifo());
  }

  get size(): number {
    let size = 0;
    for (const each of this.#classes) size += each.size;
    return size;
  }

  #classOf(job: QueuedJob<B>): Fifo {
    const number = this.#options.of(job);
    const found = this.#classes[number];
    if (found !== undefined) return found;
    throw new BadInputError(
      `byPriority: of answered ${given(number)}; the classes are 0 to ${this.#classes.length - 1}`,
    );
  }

  push(job: QueuedJob<B>): void {
    this.#ask(job).push(job);
  }

  putBack(job: QueuedJob<B>): void {
    this.#ask(job).putBack(job);
  }

  /** All that is the user's is asked before anything is changed. */
  #ask(job: QueuedJob<B>): Fifo {
    const line = this.#classOf(job);
    if (!this.mayDiscard(job)) this.#kept.add(job);
    return line;
  }

  shift(): QueuedJob<B> | undefined {
    for (const each of this.#classes) {
      if (each.size > 0) return this.#left(each.shift() as QueuedJob<B>);
    }
    return undefined;
  }

  #left(job: QueuedJob<B>): QueuedJob<B> {
    this.#kept.delete(job);
    return job;
  }

  shed(): QueuedJob<B> | undefined {
    for (const each of this.#classes.toReversed()) {
      const found = this.#firstToGo(each);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Nearly always the first. */
  #firstToGo(line: Fifo): QueuedJob<B> | undefined {
    const first = line.shift() as QueuedJob<B> | undefined;
    if (first === undefined || !this.#kept.has(first)) return first;
    line.putBack(first);
    if (this.#kept.size >= this.size) return undefined;
    let found = false;
    const [out] = line.remove((job) => {
      if (found || this.#kept.has(job as QueuedJob<B>)) return false;
      return (found = true);
    });
    return out as QueuedJob<B> | undefined;
  }

  remove(isOut: (job: QueuedJob<B>) => boolean): readonly QueuedJob<B>[] {
    const out = this.#classes.flatMap((each) => each.remove(isOut as never) as readonly never[]);
    for (const job of out) this.#kept.delete(job);
    return out;
  }

  mayDiscard(job: QueuedJob<B>): boolean {
    return this.#options.mayDiscard?.(job) ?? true;
  }
}

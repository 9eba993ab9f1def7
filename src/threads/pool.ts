import { Alarm } from "../kernel/alarm.ts";
import { stopCell } from "../kernel/acts.ts";
import type { Belonging } from "../kernel/belonging.ts";
import type { Cell } from "../kernel/cell.ts";
import { TimeoutError, type ThreadError } from "../kernel/errors.ts";
import { SHUTDOWN } from "../kernel/exit-reason.ts";
import { hashText } from "../kernel/hash.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { StandIns } from "../peer/stand-ins.ts";
import { Thread, type ThreadOptions } from "./thread.ts";
import { Watchdog, type WatchdogOptions } from "./watchdog.ts";

/** What a pool says of one of its threads. */
export interface ThreadInfo {
  /** Its place in the pool, from 0; the thread that replaces it has the same. */
  readonly index: number;
  readonly name: string;
  readonly status: "starting" | "running";
  /** Actors that run there. */
  readonly actors: number;
  /** Messages that are under way to it. */
  readonly underWay: number;
  /** Times that this place was given a new thread. */
  readonly replaced: number;
}

/** How the threads of a pool are made. */
export interface PoolParts {
  readonly size: number;
  readonly thread: Omit<ThreadOptions, "name" | "beatMs">;
  readonly watchdog: WatchdogOptions | null;
}

/** Threads in a row that end before they are ready, until the pool gives up. */
const FALSE_STARTS = 3;
/** A blocked thread does not see to a kill; this long it has to show that it is not. */
const PATIENCE_MS = 100;

interface Place {
  thread: Thread;
  replaced: number;
}

/** The threads of one pool while it lives: who runs where, and what becomes of threads that end. */
export class Pool implements Belonging {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #kernel: Kernel;
  readonly #parts: PoolParts;
  readonly #places: Place[] = [];
  readonly #watchdog: Watchdog | null;
  #falseStarts = 0;
  #over = false;

  constructor(owner: Incarnation, parts: PoolParts) {
    this.#owner = owner;
    this.#kernel = owner.cell.kernel;
    this.#parts = parts;
    const { watchdog } = parts;
    this.#watchdog = watchdog === null ? null : new Watchdog(this.#kernel, watchdog);
    for (let index = 0; index < parts.size; index++) {
      this.#places.push({ thread: this.#start(index), replaced: 0 });
    }
  }

  #start(index: number): Thread {
    const name = `${this.#owner.cell.label}/${index}`;
    const beatMs = this.#watchdog?.beatMs ?? 1_000;
    const options = { ...this.#parts.thread, name, beatMs };
    const thread = new Thread(this.#kernel, options, (ended, error) => this.#ended(ended, error));
    this.#watchdog?.watch(thread);
    return thread;
  }

  #ended(thread: Thread, error: ThreadError): void {
    this.#watchdog?.forget(thread);
    if (this.#over) return;
    this.#falseStarts = thread.wasReady ? 0 : this.#falseStarts + 1;
    if (this.#falseStarts >= FALSE_STARTS) {
      // First those who wait for it: what ended the threads is what they want to hear.
      for (const { thread: each } of this.#places) each.standIns.failStarts(error);
      this.#owner.cell.keeper?.failed(this.#owner.cell, {
        error,
        phase: "thread",
        reason: { kind: "failed", error },
        killed: false,
      });
      return;
    }
    const index = this.#places.findIndex((each) => each.thread === thread);
    const place = this.#places[index];
    if (place === undefined) return;
    place.thread = this.#start(index);
    place.replaced++;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** The thread on which the fewest actors run. */
  leastLoaded(): StandIns {
    let best = this.#places[0]!.thread;
    for (const { thread } of this.#places) {
      if (thread.standIns.size < best.standIns.size) best = thread;
    }
    return best.standIns;
  }

  /** The thread for a key: the same one as long as the pool has its size. */
  byKey(key: string): StandIns {
    return this.#places[hashText(key) % this.#places.length]!.thread.standIns;
  }

  /** An actor there is to be killed: where the thread is blocked, nobody there sees to it. */
  urge(node: StandIns): void {
    const thread = this.#places.find(({ thread: each }) => each.standIns === node)?.thread;
    if (thread !== undefined) killIfBlocked(this.#kernel, thread);
  }

  at(index: number): Thread | undefined {
    return this.#places[index]?.thread;
  }

  which(): ThreadInfo[] {
    return this.#places.map(({ thread, replaced }, index) => ({
      index,
      name: thread.name,
      status: thread.status === "running" ? "running" : "starting",
      actors: thread.standIns.size,
      underWay: thread.peer.window.underWay,
      replaced,
    }));
  }

  /** Ends what runs there, each as by its supervisor, then the threads. */
  async end(): Promise<void> {
    this.#over = true;
    this.#owner.own(this);
    const cells = this.#places.flatMap(({ thread }) => thread.standIns.cells());
    await Promise.allSettled(cells.map((cell) => endInTime(cell)));
    await this.#endThreads();
  }

  /** Ends the threads at once, where their owner was killed; else `end` is about to be called. */
  release(): void {
    if (this.#owner.over) void this.#endThreads();
  }

  async #endThreads(): Promise<void> {
    this.#over = true;
    this.#watchdog?.stop();
    await Promise.all(
      this.#places.map(({ thread }) => thread.terminate(SHUTDOWN, "has ended with its pool")),
    );
  }
}

/** Kills a thread that does not answer. */
export function killIfBlocked(kernel: Kernel, thread: Thread): void {
  let answered = false;
  thread.peer.ping(() => (answered = true));
  kernel.wheel.set(
    new Alarm(() => {
      if (!answered) thread.kill(`was blocked, and an actor on it was to be killed`);
    }),
    PATIENCE_MS,
  );
}

async function endInTime(cell: Cell): Promise<void> {
  const { shutdown } = cell.options;
  const timeout = typeof shutdown === "number" ? shutdown : shutdown === "kill" ? 0 : Infinity;
  try {
    await stopCell(cell, SHUTDOWN, { timeout });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}

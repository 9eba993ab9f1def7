import { stopCell } from "../kernel/acts.ts";
import type { Belonging } from "../kernel/belonging.ts";
import type { Cell } from "../kernel/cell.ts";
import { ThreadError, TimeoutError } from "../kernel/errors.ts";
import { KILLED, SHUTDOWN, type ExitReason } from "../kernel/exit-reason.ts";
import { hashText } from "../kernel/hash.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { StandIns } from "../peer/stand-ins.ts";
import { Thread, type OnEnd, type ThreadOptions } from "./thread.ts";
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
    try {
      for (let index = 0; index < parts.size; index++) {
        this.#places.push({ thread: this.#start(index), replaced: 0 });
      }
    } catch (error) {
      void this.#endThreads(SHUTDOWN);
      throw error;
    }
  }

  /** Throws what the host throws. */
  #start(index: number): Thread {
    const name = `${this.#owner.cell.label}/${index}`;
    const beatMs = this.#watchdog?.beatMs ?? 1_000;
    const options = { ...this.#parts.thread, name, beatMs };
    const thread = new Thread(this.#kernel, options, this.#ended);
    this.#watchdog?.watch(thread);
    return thread;
  }

  readonly #ended: OnEnd = (thread, { reason, error }) => {
    this.#watchdog?.forget(thread);
    if (this.#over) return;
    if (thread.wasReady) this.#falseStarts = 0;
    // One that somebody ended has not failed to start.
    else if (reason.kind === "failed") this.#falseStarts++;
    if (this.#falseStarts >= FALSE_STARTS) this.#giveUp(error);
    if (!this.#over) this.#replace(thread);
  };

  #replace(thread: Thread): void {
    const index = this.#places.findIndex((each) => each.thread === thread);
    const place = this.#places[index]!;
    try {
      place.thread = this.#start(index);
      place.replaced++;
    } catch (cause) {
      this.#giveUp(cause as Error);
    }
  }

  /** Fails; unless its parent has it go on, all that runs on it fails with it. */
  #giveUp(error: Error): void {
    this.#falseStarts = 0;
    // First those who wait for it: what ended the threads is what they want to hear.
    for (const { thread } of this.#places) thread.standIns.failStarts(error);
    this.#owner.cell.keeper?.failed(this.#owner.cell, {
      error,
      phase: "thread",
      reason: { kind: "failed", error },
      killed: false,
    });
  }

  get size(): number {
    return this.#places.length;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** The thread on which the fewest actors run. */
  leastLoaded(): StandIns {
    let best = this.#places[0]!.thread;
    for (const { thread } of this.#places) {
      if (thread.status === "ended") continue;
      if (best.status === "ended" || thread.standIns.size < best.standIns.size) best = thread;
    }
    return nodeOf(best);
  }

  /** The thread for a key: the same one as long as the pool has its size. */
  byKey(key: string): StandIns {
    return nodeOf(this.#places[hashText(key) % this.#places.length]!.thread);
  }

  /** An actor there is to be killed: while it holds the thread, nobody there sees to it. */
  urge(node: StandIns, cell: Cell): void {
    this.#places.find(({ thread }) => thread.standIns === node)?.thread.killIfHeldBy(cell);
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

  /**
   * Ends with its actor: what runs on it ends first, each within its own time.
   *
   * Where it comes back, or has failed, it is for the supervisors of what runs on it to decide.
   */
  async end(reason: ExitReason, isFinal: boolean): Promise<void> {
    this.#over = true;
    this.#owner.own(this);
    const isOrderly = isFinal && (reason.kind === "normal" || reason.kind === "shutdown");
    if (!isOrderly) return this.#endThreads({ kind: "failed", error: undefined });
    const cells = this.#places.flatMap(({ thread }) => thread.standIns.cells());
    await Promise.allSettled(cells.map((cell) => endInTime(cell)));
    await this.#endThreads(SHUTDOWN);
  }

  /** Ends the threads at once, where their owner was killed; else `end` is about to be called. */
  release(): void {
    if (this.#owner.over) void this.#endThreads(KILLED);
  }

  async #endThreads(reason: ExitReason): Promise<void> {
    this.#over = true;
    await Promise.all(
      this.#places.map(({ thread }) => thread.terminate(reason, "has ended with its pool")),
    );
  }
}

/** Where actors are put; throws where the host refused to start another thread for one that ended. */
function nodeOf({ status, name, standIns }: Thread): StandIns {
  if (status !== "ended") return standIns;
  throw new ThreadError(name, "has ended, and could not be replaced");
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

import type { World } from "../world/world.ts";
import { QUEUED, type Cell } from "./cell.ts";
import type { Priority } from "./options.ts";
import { running } from "./running.ts";

/** Messages an actor may handle in a row: as fast as no limit at all (1 would cost a third more). */
const TURN_MESSAGES = 32;
/** After this long without one, the host gets a chance to serve timers and I/O. */
const SLICE_MS = 2;
/** The same in looks at the clock, 65,000 messages or so: for worlds whose clock stands still. */
const SLICE_CHECKS = 2_048;
/** So long a host may hand over messages, and have them handled, before it has a turn of its own. */
const BURST_MS = 8;
/** After this long without one, promises get their chance: somebody may await a reply. */
const BREATH_MS = 0.05;
/** Turns in a round, where actors of all priorities have work. */
const WEIGHTS: Readonly<Record<Priority, number>> = { high: 8, normal: 4, low: 1 };

/** A first-in-first-out line of cells, linked through the cells themselves. */
class Line {
  head: Cell | null = null;
  tail: Cell | null = null;
  readonly weight: number;
  /** Turns left in this round. */
  credit: number;

  constructor(weight: number) {
    this.weight = this.credit = weight;
  }

  push(cell: Cell): void {
    if (this.tail === null) this.head = cell;
    else this.tail.nextInLine = cell;
    this.tail = cell;
  }

  shift(): Cell | null {
    const cell = this.head;
    if (cell === null) return null;
    this.head = cell.nextInLine;
    if (this.head === null) this.tail = null;
    cell.nextInLine = null;
    return cell;
  }
}

/** What it takes of a world. */
export type SchedulerWorld = Pick<World, "now" | "defer" | "yieldToHost">;

function nothing(): void {}

/** Takes one cell's turn: at most `budget` messages; answers how many it took. */
export type TakeTurn = (cell: Cell, budget: number) => number;

/**
 * Decides whose turn it is.
 *
 * One run queue for all actors of a system, drained by one job (measured: ping-pong 50 ns, against
 * 282 with a microtask for each actor). The job is a microtask while there is time in the slice,
 * and a macrotask when it is used up; so a flood never keeps the host from its timers and I/O. In
 * between it makes room for promises, so that who awaits a reply does not wait for the slice.
 * Priorities weigh turns; within one, turns go round. The idea of runtime × weight is heph's.
 */
export class Scheduler {
  readonly #world: SchedulerWorld;
  readonly #takeTurn: TakeTurn;
  readonly #beforePause: () => void;
  readonly #high = new Line(WEIGHTS.high);
  readonly #normal = new Line(WEIGHTS.normal);
  readonly #low = new Line(WEIGHTS.low);
  readonly #lines: readonly Line[] = [this.#high, this.#normal, this.#low];
  /** Cells that wait in the lines other than `normal`. */
  #special = 0;
  #scheduled = false;
  /** A slice is over, and the host has its turn. */
  #paused = false;
  /** Since when the host has handed over messages without a turn of its own. */
  #burstStart: number | null = null;
  #sliceStart = 0;
  /** Messages until the clock is read again; fewer when they are slow. */
  #untilCheck = TURN_MESSAGES;
  #checkEvery = TURN_MESSAGES;
  #lastCheck = 0;
  #lastBreath = 0;
  /** Looks at the clock in this slice. */
  #checks = 0;
  #turns = 0;

  /** `beforePause` is called when a slice is over, or nobody is left in line. */
  constructor(world: SchedulerWorld, takeTurn: TakeTurn, beforePause: () => void = nothing) {
    this.#world = world;
    this.#takeTurn = takeTurn;
    this.#beforePause = beforePause;
    this.#sliceStart = this.#lastCheck = world.now();
  }

  /** Turns taken so far. */
  get turns(): number {
    return this.#turns;
  }

  /** Turns are being taken, or are about to be. */
  get scheduled(): boolean {
    return this.#scheduled;
  }

  /** True when an actor has something to do. */
  get busy(): boolean {
    return this.#normal.head !== null || this.#special > 0;
  }

  /** Puts a cell in line; it must not be in line already. */
  enqueue(cell: Cell): void {
    cell.flags |= QUEUED;
    this.#lineUp(cell);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#world.defer(this.#drain);
    }
  }

  /** The same for who has nothing else on the stack: where nobody is in line, it is its turn now. */
  enqueueNow(cell: Cell): void {
    cell.flags |= QUEUED;
    this.#lineUp(cell);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#drain();
    }
  }

  #lineUp(cell: Cell): void {
    const { priority } = cell.options;
    if (priority === "normal") {
      this.#normal.push(cell);
    } else {
      this.#special++;
      (priority === "high" ? this.#high : this.#low).push(cell);
    }
  }

  #next(): Cell | null {
    return this.#special === 0 ? this.#normal.shift() : this.#nextByWeight();
  }

  /** High before normal before low, each as often in a round as its weight says. */
  #nextByWeight(): Cell | null {
    for (let round = 0; round < 2; round++) {
      for (const line of this.#lines) {
        if (line.head === null || line.credit === 0) continue;
        line.credit--;
        if (line !== this.#normal) this.#special--;
        return line.shift();
      }
      for (const line of this.#lines) line.credit = line.weight;
    }
    return null;
  }

  readonly #resume = (): void => {
    // Somebody else may have had it go on before the host did.
    if (this.#paused) this.#beginSlice();
  };

  /**
   * Begins a new slice, in which those who were left in line by the last one go on at once.
   *
   * For whoever is called by the host and brings messages: what came before should be handled before
   * more comes. A host may hand over a thousand batches in a row, and a mailbox that only grows
   * meanwhile costs the collector three times what the messages do.
   *
   * False when that has gone on for so long that the host has to have its turn first: its timers, and
   * all else that it does, wait as long as it hands over messages.
   */
  goOn(): boolean {
    const now = this.#world.now();
    if (this.#burstStart === null) {
      this.#burstStart = now;
      this.#world.yieldToHost(this.#endBurst);
    } else if (now - this.#burstStart >= BURST_MS) {
      return false;
    }
    if (this.#paused) this.#beginSlice();
    else this.#startClock(now);
    return true;
  }

  /** The host had its turn. */
  readonly #endBurst = (): void => {
    this.#burstStart = null;
  };

  #beginSlice(): void {
    this.#startClock(this.#world.now());
    this.#paused = false;
    this.#drain();
  }

  #startClock(now: number): void {
    this.#sliceStart = this.#lastCheck = this.#lastBreath = now;
    this.#checks = 0;
  }

  readonly #drain = (): void => {
    let abrupt = true;
    try {
      this.#drainLines();
      abrupt = false;
    } finally {
      // A mistake of the kernel's own ends one actor's turns, not those of all.
      if (abrupt) {
        running.cell = null;
        this.#world.defer(this.#drain);
      }
    }
  };

  #drainLines(): void {
    for (let cell = this.#next(); cell !== null; cell = this.#next()) {
      this.#turns++;
      const handled = this.#takeTurn(cell, Math.min(TURN_MESSAGES, this.#checkEvery));
      this.#untilCheck -= handled === 0 ? 1 : handled;
      if (this.#untilCheck <= 0 && this.#isPaused()) return;
    }
    this.#scheduled = false;
    this.#beforePause();
  }

  /** Reads the clock: true when somebody else's turn has come, and this job goes on behind it. */
  #isPaused(): boolean {
    const now = this.#world.now();
    this.#adapt(now - this.#lastCheck);
    this.#lastCheck = now;
    if (now - this.#sliceStart >= SLICE_MS || ++this.#checks >= SLICE_CHECKS) {
      this.#beforePause();
      this.#paused = true;
      this.#world.yieldToHost(this.#resume);
      return true;
    }
    if (now - this.#lastBreath < BREATH_MS) return false;
    this.#lastBreath = now;
    this.#world.defer(this.#drain);
    return true;
  }

  /** Sets how soon to read the clock again: sooner when messages are slow. */
  #adapt(tookMs: number): void {
    if (tookMs > SLICE_MS / 2) this.#checkEvery = Math.max(1, this.#checkEvery >> 2);
    else if (this.#checkEvery < TURN_MESSAGES) this.#checkEvery <<= 1;
    this.#untilCheck = this.#checkEvery;
  }
}

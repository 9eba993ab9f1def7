import { TimeoutError, type ActorLog } from "../index.ts";
import type { Announcer } from "./announcer.ts";
import type { Crew } from "./crew.ts";
import type { Task } from "./job.ts";
import type { Slot } from "./slot.ts";
import type { Tally } from "./stats.ts";

/** What looks for stuck workers, and what it acts upon. */
export interface StuckParts {
  readonly crew: Crew;
  readonly tally: Tally;
  readonly announcer: Announcer;
  readonly log: ActorLog;
  readonly now: () => number;
  /** Ends a job whose worker is gone, though `run` has not come to its end. */
  readonly cutLoose: (slot: Slot, error: Error) => void;
}

/** Finds workers that have been at one job for too long. */
export class StuckWorkers {
  readonly #parts: StuckParts;
  #timesJobs = false;

  constructor(parts: StuckParts) {
    this.#parts = parts;
  }

  /** Jobs that run when somebody begins to look count from then. */
  set(timesJobs: boolean): void {
    const { crew, now } = this.#parts;
    if (timesJobs && !this.#timesJobs) for (const slot of crew.slots) slot.since = now();
    this.#timesJobs = timesJobs;
  }

  /** When a job begins that is being looked after; -1 where the time need not be asked for. */
  get begin(): number {
    return this.#timesJobs ? this.#parts.now() : -1;
  }

  look(afterMs: number, replaces: boolean): void {
    const { crew, now } = this.#parts;
    const time = now();
    // A copy: what is found ends jobs, and may end places.
    for (const slot of crew.slots.slice()) {
      const { task, stuck, since } = slot;
      const isKnown = stuck !== null && !(replaces && stuck === "told");
      if (task === null || since < 0 || isKnown || time - since < afterMs) continue;
      this.#found(slot, task, time - since, replaces);
      if (replaces) this.#replace(slot, task, afterMs);
      else slot.stuck = "told";
    }
  }

  #found(slot: Slot, task: Task, forMs: number, replaces: boolean): void {
    const { tally, announcer, log } = this.#parts;
    tally.stuck++;
    log.warn("a worker is stuck", { worker: slot.label, forMs, key: task.key, replaces });
    announcer.emit({ type: "workerStuck", worker: slot.index, job: task, forMs });
  }

  #replace(slot: Slot, task: Task, afterMs: number): void {
    const what = `a job at ${slot.label}, attempt ${task.attempts},`;
    const error = new TimeoutError(what, afterMs, "; its worker was killed for being stuck");
    slot.stuck = error;
    slot.attempt!.cancel?.now(error);
    if (slot.worker === null) this.#parts.cutLoose(slot, error);
    else this.#parts.crew.replace(slot);
  }
}

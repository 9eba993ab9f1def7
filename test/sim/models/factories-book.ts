import {
  ActorFailedError,
  ActorStoppedError,
  JobDiscardedError,
  type AnyRef,
  type System,
} from "troupe";
import type { JobKey, PoolEvent, PoolStats, QueuedJob } from "troupe/pool";
import type { Sim } from "troupe/sim";
import { Book } from "./book.ts";

/** What a worker, or `run`, does with a job. */
export const DEEDS = [
  "note",
  "slow",
  "fail",
  "refuse",
  "stopAfter",
  "failBeside",
  "throwInRun",
  "plain",
  "caught",
  "beside",
] as const;
export type Deed = (typeof DEEDS)[number] | "hang" | "hangInRun";

export interface Body {
  readonly id: number;
  readonly deed: Deed;
  readonly ms: number;
}

/** How jobs of a run are routed and wait, as far as what must hold depends on it. */
export interface House {
  readonly router: string;
  /** First come, first served: nobody is asked for a class. */
  readonly isFifo: boolean;
}

/** One job, as its submitter and the factory's events tell of it. */
class Entry {
  readonly id: number;
  readonly manner: "submit" | "enqueue" | "dispatch";
  readonly key: JobKey | undefined;
  /** Number in the order in which the factory took notice; undefined before. */
  number: number | undefined;
  /** Where it is, by events: at that worker, or waiting. */
  at: number | undefined;
  begun = 0;
  readonly ends: string[] = [];
  heard: string | undefined;
  left = false;

  constructor(id: number, manner: Entry["manner"], key: JobKey | undefined) {
    this.id = id;
    this.manner = manner;
    this.key = key;
  }

  get waits(): boolean {
    return this.number !== undefined && this.ends.length === 0 && this.at === undefined;
  }
}

/** The counts of a factory as they are, without asking it. */
interface Dispatching {
  readonly dispatcher: { stats(): PoolStats };
}

/** What jobs and workers of one run have come to. */
export class FactoryBook extends Book {
  readonly house: House;
  readonly entries: Entry[] = [];
  /** Jobs that have not ended, by events. */
  readonly #present = new Set<Entry>();
  /** At workers, by their number. */
  readonly #atWork = new Map<number, Entry>();
  /** Inside of workers, by label. */
  readonly #inside = new Map<string, number>();
  /** The factory, as it is now, and its workers. */
  factory: AnyRef | undefined;
  readonly workers = new Map<string, AnyRef>();
  #noticed = 0;

  constructor(sim: Sim, system: System, house: House) {
    super("factories", sim, system);
    this.house = house;
  }

  open(manner: Entry["manner"], key: JobKey | undefined): Entry {
    const entry = new Entry(this.entries.length, manner, key);
    this.entries.push(entry);
    return entry;
  }

  // --- what submitters hear ------------------------------------------------------------------------

  heard(entry: Entry, promise: Promise<unknown>): Promise<void> {
    return promise.then(
      (value) => {
        const isRight = entry.manner === "enqueue" ? value === undefined : value === entry.id;
        this.expect(isRight, () => `job ${entry.id} was answered ${String(value)}`);
        entry.heard = entry.manner === "enqueue" ? "taken" : "done";
      },
      (error: Error) => {
        const isEnd = error instanceof ActorStoppedError && error.actor.startsWith("factory");
        const isCrash = error instanceof ActorFailedError && error.actor.startsWith("factory");
        if (error instanceof JobDiscardedError) entry.heard = `discarded: ${error.reason}`;
        else if (entry.left) entry.heard = "left";
        else if (isCrash) entry.heard = "the factory failed";
        else entry.heard = isEnd ? "the factory ended" : "failed";
        this.saw(`heard ${error.name}`);
      },
    );
  }

  // --- what the factory tells ----------------------------------------------------------------------

  hear(event: PoolEvent): void {
    this.saw(event.type);
    switch (event.type) {
      case "submitted":
        return this.#submitted(this.#of(event.job));
      case "begun":
        return this.#begun(this.#of(event.job), event.worker, event.job.attempts);
      case "retried":
        return this.#leaves(this.#of(event.job), event.worker);
      case "done":
        return this.#ended(this.#of(event.job), event.worker, "done");
      case "failed":
        return this.#ended(this.#of(event.job), event.worker, "failed");
      case "discarded":
        this.saw(`discarded ${event.reason}`);
        return this.#ended(this.#of(event.job), -1, `discarded: ${event.reason}`);
      default:
    }
  }

  #of({ body }: QueuedJob): Entry {
    return this.entries[(body as Body).id]!;
  }

  #submitted(entry: Entry): void {
    this.expect(entry.number === undefined, () => `job ${entry.id} came twice`);
    entry.number = this.#noticed++;
    this.#present.add(entry);
  }

  #begun(entry: Entry, worker: number, attempts: number): void {
    const { id } = entry;
    const other = this.#atWork.get(worker);
    this.expect(other === undefined, () => `worker ${worker} has ${other!.id}, and begins ${id}`);
    this.expect(entry.waits, () => `job ${id} begins, and does not wait`);
    const isWanted = !entry.left || entry.manner !== "submit";
    this.expect(isWanted, () => `job ${id} begins, and its submitter has left`);
    this.expect(attempts === ++entry.begun, () => `job ${id}: ${attempts} attempts`);
    entry.at = worker;
    this.#atWork.set(worker, entry);
    this.#checkTurn(entry);
  }

  /** Nobody's turn came before that of a job that has begun. */
  #checkTurn(entry: Entry): void {
    const { router, isFifo } = this.house;
    for (const other of this.#present) {
      if (other === entry || other.number === undefined) continue;
      const isSame = entry.key !== undefined && other.key === entry.key;
      const isEarlier = other.number < entry.number!;
      const what = (): string =>
        `${router}: job ${entry.id} of key ${String(entry.key)} begins at ${entry.at}; ${other.id} of key ${String(other.key)} came ${isEarlier ? "before" : "behind"} and ${other.waits ? "waits" : `is at ${other.at}`}`;
      if (router === "keyPersistent" && isSame) this.expect(!isEarlier && other.waits, what);
      if (router === "stickyQueuer" && isSame) this.expect(other.at === undefined, what);
      if (router !== "queuer" || !isFifo || entry.begun > 1) continue;
      this.expect(!other.waits || (!isEarlier && other.begun === 0), what);
    }
  }

  #leaves(entry: Entry, worker: number): void {
    if (worker === -1 && entry.at === undefined) return;
    this.expect(
      entry.at === worker && this.#atWork.get(worker) === entry,
      () => `job ${entry.id} leaves worker ${worker}, and is at ${String(entry.at)}`,
    );
    this.#atWork.delete(worker);
    entry.at = undefined;
  }

  #ended(entry: Entry, worker: number, end: string): void {
    this.expect(
      entry.ends.length === 0,
      () => `job ${entry.id} is ${end}, and was ${entry.ends.join()}`,
    );
    this.expect(entry.number !== undefined, () => `job ${entry.id} is ${end}, and never came`);
    this.#leaves(entry, worker);
    entry.ends.push(end);
    this.#present.delete(entry);
    const isFirst = !end.startsWith("discarded") || entry.begun === 0 || end.endsWith("abandoned");
    this.expect(isFirst, () => `job ${entry.id} is ${end}, and a worker has seen it`);
  }

  // --- what workers see ----------------------------------------------------------------------------

  born(label: string, ref: AnyRef): void {
    this.#inside.delete(label);
    this.workers.set(label, ref);
  }

  enters(label: string, id: number): void {
    const other = this.#inside.get(label);
    this.expect(other === undefined, () => `${label} is at ${other}, and is given ${id}`);
    this.#inside.set(label, id);
  }

  leaves(label: string, id: number): void {
    if (this.#inside.get(label) === id) this.#inside.delete(label);
  }

  // --- what must hold ------------------------------------------------------------------------------

  get stats(): PoolStats | undefined {
    if (this.factory === undefined) return undefined;
    return this.sim.state<Dispatching>(this.factory)?.dispatcher.stats();
  }

  /** The counts add up, whenever somebody looks. */
  checkCounts(): string | undefined {
    const { stats } = this;
    if (stats === undefined) return undefined;
    const { submitted, done, failed, discarded, queued, running } = stats;
    const given = Object.values(discarded).reduce((sum, each) => sum + each, 0);
    if (submitted !== done + failed + given + queued + running) {
      return `the counts do not add up: ${JSON.stringify(stats)}`;
    }
    const waiting = [...this.#present].filter(({ waits }) => waits).length;
    const isSame = waiting === queued && this.#atWork.size === running;
    if (isSame) return undefined;
    return `${waiting} jobs wait and ${this.#atWork.size} run by what was told: ${JSON.stringify(stats)}`;
  }

  /** Nothing waits though it could be done. */
  get isIdle(): boolean {
    const { stats } = this;
    return stats === undefined || stats.running + (stats.size === 0 ? 0 : stats.queued) === 0;
  }

  checkAtEnd(): void {
    this.expect(this.#present.size === 0, () => {
      return `jobs have no end: ${[...this.#present].map(({ id }) => id).join(", ")}`;
    });
    for (const entry of this.entries) {
      const { id, ends, heard } = entry;
      const what = (): string => `job ${id}: ${ends[0] ?? "no end"}; its submitter heard ${heard}`;
      this.expect(isTold(entry), what);
    }
  }
}

/** Whether a submitter has heard what has become of its job. */
function isTold({ manner, number, ends: [end], heard }: Entry): boolean {
  // Its handler crashed, before or behind its work.
  if (heard === "the factory failed") return true;
  if (number === undefined) {
    const isLost = heard === "left" || heard === "the factory ended";
    return end === undefined && (manner === "dispatch" ? heard === undefined : isLost);
  }
  if (end === undefined || manner === "dispatch") return end !== undefined;
  if (heard === end || heard === "left") return true;
  if (manner === "enqueue" && heard === "taken") return true;
  return heard === "the factory ended" && end === "failed";
}

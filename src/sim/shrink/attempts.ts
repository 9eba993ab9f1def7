import { createHash } from "node:crypto";
import { BadInputError } from "../../index.ts";
import { countDecisions, type Decisions } from "../decisions.ts";

/**
 * Runs a candidate. Answers the decisions that the run used when it fails as the first one did, and
 * undefined when it does not.
 */
export type Tries = (
  candidate: Decisions,
) => Decisions | undefined | Promise<Decisions | undefined>;

export interface ShrinkOptions {
  /** How many candidates may be run. Default 2,000. */
  readonly runs?: number;
  /** How long it may take by the clock `now`. Default: as long as it takes. */
  readonly limitMs?: number;
  readonly now?: () => number;
  /** Told of every list that is smaller and still fails. */
  readonly onProgress?: (best: Decisions, runs: number) => void;
}

/** The smallest list so far, and what may still be run to find one that is smaller. */
export class Attempts {
  best: Decisions;
  /** How many candidates were run. */
  runs = 0;
  readonly #tries: Tries;
  readonly #most: number;
  readonly #isLate: () => boolean;
  readonly #onProgress: ShrinkOptions["onProgress"];
  /** Digests of what was run: the lists are long, and there are thousands. */
  readonly #tried = new Set<string>();

  constructor(decisions: Decisions, tries: Tries, options: ShrinkOptions) {
    const { runs = 2_000, onProgress } = options;
    if (!(runs >= 0)) {
      throw new BadInputError(`shrink: runs is ${runs}; it must be a number, at least 0`);
    }
    this.best = decisions;
    this.#tries = tries;
    this.#most = runs;
    this.#isLate = lateness(options);
    this.#onProgress = onProgress;
  }

  get isOver(): boolean {
    return this.runs >= this.#most || this.#isLate();
  }

  /** Runs the best with these changes, where that is smaller and new; true when it still fails. */
  async try(changes: Partial<Decisions>): Promise<boolean> {
    const candidate = { ...this.best, ...changes };
    if (!isSmaller(candidate, this.best) || this.isOver) return false;
    const digest = digestOf(candidate);
    if (this.#tried.has(digest)) return false;
    this.#tried.add(digest);
    this.runs++;
    const used = await this.#tries(candidate);
    if (used === undefined) return false;
    this.best = isSmaller(candidate, used) ? candidate : used;
    this.#onProgress?.(this.best, this.runs);
    return true;
  }

  /** Tries one after the other, until one still fails. */
  async tryEach(all: Iterable<Partial<Decisions>>): Promise<boolean> {
    for (const changes of all) {
      if (await this.try(changes)) return true;
      if (this.isOver) break;
    }
    return false;
  }
}

function lateness({ limitMs, now }: ShrinkOptions): () => boolean {
  if (limitMs === undefined) return () => false;
  if (!(limitMs >= 0)) {
    throw new BadInputError(`shrink: limitMs is ${limitMs}; it must be a number of ms, at least 0`);
  }
  if (now === undefined) {
    throw new BadInputError("shrink: limitMs needs a clock to be measured by; pass it as now");
  }
  const endMs = now() + limitMs;
  return () => now() >= endMs;
}

/** What shrinking makes smaller: first this, then that. */
const MEASURES: readonly ((decisions: Decisions) => number)[] = [
  countDecisions,
  ({ turns }) => turns.reduce((sum, { waits }) => sum + waits, 0),
  ({ workload }) => workload.reduce((sum, { pauseMs }) => sum + pauseMs, 0),
];

function isSmaller(a: Decisions, b: Decisions): boolean {
  for (const measure of MEASURES) {
    const more = measure(a) - measure(b);
    if (more !== 0) return more < 0;
  }
  return false;
}

function digestOf({ workload, faults, turns, random }: Decisions): string {
  const lists = [
    workload.map(({ client, pauseMs, name, seed }) => [client, pauseMs, name, seed]),
    faults.map(({ kind, place, command, nth, value }) => [kind, place, command, nth, value]),
    turns.map(({ who, command, nth, waits }) => [who, command, nth, waits]),
    random,
  ];
  return createHash("sha256").update(JSON.stringify(lists)).digest("base64");
}

import type { System } from "troupe";
import type { Sim } from "troupe/sim";

/** No model waits longer beside its actors. */
const LONGEST_PAUSE_MS = 100;

/** How often what happened, over all runs of a model: nothing in a run looks at it. */
const sights = new Map<string, number>();

/** How often a model has seen what it is there for. */
export function sightsOf(model: string): Readonly<Record<string, number>> {
  const own = [...sights].filter(([what]) => what.startsWith(`${model}: `));
  return Object.fromEntries(own.map(([what, count]) => [what.slice(model.length + 2), count]));
}

/** What one run of a model has seen, and the first thing that was wrong. */
export class Book {
  readonly model: string;
  readonly sim: Sim;
  readonly system: System;
  wrong: string | undefined;
  #restedAt: number | undefined;
  #end: "none" | "asked" | "stopped" = "none";

  constructor(model: string, sim: Sim, system: System) {
    this.model = model;
    this.sim = sim;
    this.system = system;
  }

  get now(): number {
    return this.sim.now();
  }

  /** The system is being stopped. */
  get isEnding(): boolean {
    return this.#end !== "none";
  }

  /** Noted and not thrown: an actor's own code must not get to see it. */
  expect(holds: boolean, what: () => string): void {
    if (!holds) this.wrong ??= what();
  }

  saw(what: string): void {
    const key = `${this.model}: ${what}`;
    sights.set(key, (sights.get(key) ?? 0) + 1);
  }

  /** True when time has passed, which it does not as long as anybody has something to do. */
  hasRested(ms: number): boolean {
    if (this.#restedAt === undefined) {
      this.#restedAt = this.now + ms;
      void pause(ms);
    }
    return this.now >= this.#restedAt;
  }

  /** The end of a run that went well so far: stops the system, waits for what is nobody's, looks. */
  end(atEnd: () => void): string | true {
    if (this.#end === "stopped") return true;
    if (this.#end === "none") {
      this.#end = "asked";
      void this.#stop(atEnd);
    }
    return "the system has not stopped";
  }

  async #stop(atEnd: () => void): Promise<void> {
    await this.system.stop();
    await pause(LONGEST_PAUSE_MS);
    atEnd();
    this.#end = "stopped";
  }
}

/** For `always`: what the model promises, after every step. */
export function nothingWrong({ app }: { app: { readonly book: Book } }): string | undefined {
  return app.book.wrong;
}

/** Waits in simulated time, as code that no actor owns. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

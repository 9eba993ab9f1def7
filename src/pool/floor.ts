import type { InitContext } from "../index.ts";
import type { Crew } from "./crew.ts";
import type { JobKey } from "./job.ts";
import type { KeyBindings } from "./key-bindings.ts";
import type { Floor } from "./routing.ts";

/** What routers see of a crew. */
export class CrewFloor implements Floor {
  readonly #ctx: InitContext;
  readonly #crew: Crew;
  readonly #keys: KeyBindings | null;

  constructor(ctx: InitContext, crew: Crew, keys: KeyBindings | null) {
    this.#ctx = ctx;
    this.#crew = crew;
    this.#keys = keys;
  }

  get size(): number {
    return this.#crew.size;
  }

  get now(): number {
    return this.#ctx.now();
  }

  idle(): number | undefined {
    return this.#crew.firstFree()?.index;
  }

  workerOf(key: JobKey): number | undefined {
    return this.#keys?.forNext(key)?.index;
  }

  load(worker: number): number {
    const slot = this.#crew.slots[worker];
    return slot === undefined ? 0 : slot.queued + (slot.task === null ? 0 : 1);
  }
}

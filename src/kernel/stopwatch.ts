import type { World } from "../world/world.ts";
import type { Cell } from "./cell.ts";
import type { Envelope } from "./envelope.ts";

/**
 * Reports the handlers that hold the event loop too long, with the actor's name.
 *
 * Costs a look at the clock for each message (about 35 ns), so it runs in development only. What
 * an async handler does behind its first `await` is not seen.
 */
export class Stopwatch {
  readonly #world: World;
  readonly #limitMs: number;
  #last: number;

  constructor(world: World, limitMs: number) {
    this.#world = world;
    this.#limitMs = limitMs;
    this.#last = world.now();
  }

  start(): void {
    this.#last = this.#world.now();
  }

  /** Takes the time of the handler that has just returned. */
  lap(cell: Cell, envelope: Envelope): void {
    const now = this.#world.now();
    const tookMs = now - this.#last;
    this.#last = now;
    if (tookMs < this.#limitMs) return;
    cell.kernel.events.emit({
      type: "slowHandler",
      actor: cell.label,
      verb: envelope.verb.name,
      tookMs,
    });
  }
}

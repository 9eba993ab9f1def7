import type { Behaviour } from "./behaviour.ts";
import type { Cell } from "./cell.ts";

/** Where a place keeps what the kernel asks of it. */
export const STAND_IN: unique symbol = Symbol("troupe.standIn");

/** Somewhere else to run an actor: what `spawn(Def, props, { on: place })` takes. */
export interface Place {
  /**
   * Makes what stands for such an actor among its parent's children: same name, same verbs, and an
   * `init` that begins the actor in that place.
   *
   * Throws `BadInputError` for a definition or props that cannot go there.
   */
  readonly [STAND_IN]: (behaviour: Behaviour, props: unknown, parent: Cell) => Behaviour;
}

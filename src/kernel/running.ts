import type { Cell } from "./cell.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Kernel } from "./kernel.ts";

/**
 * The actor whose code is on the JavaScript stack right now; null outside of actors.
 *
 * A fact about the stack and not about a system, so it is shared by all systems of an isolate. It
 * is what tells a send its sender. Behind an `await` it is null: there only an async scope knows
 * (see `Cell.scope`), which development pays for and production does not.
 */
export const running: { cell: Cell | null } = { cell: null };

/** Which work of which actor a piece of code belongs to; what an async scope remembers. */
export interface Handling {
  readonly incarnation: Incarnation;
  /** What stands in `Cell.atWork` while that work lasts; null for a loop, which lasts longer. */
  readonly work: object | null;
}

/** Runs `fn` as the code of an actor, whoever's is on the stack: for what runs outside of its turns. */
export function runAs<R>(cell: Cell | null, fn: () => R): R {
  const before = running.cell;
  running.cell = cell;
  try {
    return fn();
  } finally {
    running.cell = before;
  }
}

/** Runs `fn` as nobody: for code that works for an actor but is not its handler. */
export function asNobody<R>(fn: () => R): R {
  return runAs(null, fn);
}

/** The same for code that goes on behind an `await`: it stays nobody's there. */
export function besideActors<R>({ scope }: Pick<Kernel, "scope">, fn: () => R): R {
  return asNobody(() => (scope === undefined ? fn() : scope.run(undefined, fn)));
}

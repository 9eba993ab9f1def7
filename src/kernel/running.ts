import type { Cell } from "./cell.ts";

/**
 * The actor whose code is on the JavaScript stack right now; null outside of actors.
 *
 * A fact about the stack and not about a system, so it is shared by all systems of an isolate. It
 * is what tells a send its sender. Behind an `await` it is null: there only an async scope knows
 * (see `Cell.scope`), which development pays for and production does not.
 */
export const running: { cell: Cell | null } = { cell: null };

/** Runs `fn` as nobody: for code that works for an actor but is not its handler. */
export function asNobody<R>(fn: () => R): R {
  const before = running.cell;
  running.cell = null;
  try {
    return fn();
  } finally {
    running.cell = before;
  }
}

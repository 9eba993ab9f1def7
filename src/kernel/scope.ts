import type { Hook } from "./behaviour.ts";
import { HAS_WAITED, type Cell } from "./cell.ts";
import type { Incarnation } from "./incarnation.ts";
import { isAsync } from "./verb.ts";

/** Runs code such that, in development, what it does behind an `await` is known to be its. */
export function inScope<R>(
  incarnation: Incarnation,
  waits: boolean,
  fn: () => R,
  work: object | null = incarnation.cell.atWork,
): R {
  const { scope } = incarnation.cell.kernel;
  if (!waits) return fn();
  if (scope === undefined) {
    incarnation.cell.flags |= HAS_WAITED;
    return fn();
  }
  return scope.run({ incarnation, work }, fn);
}

/** Notes that a hook is pending which was not known to wait: no scope knows what it sends. */
export function noteWait(cell: Cell, hook: Hook): void {
  if (!isAsync(hook)) cell.flags |= HAS_WAITED;
}

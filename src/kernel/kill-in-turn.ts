import type { Cell } from "./cell.ts";
import { kill } from "./death.ts";

const doomed: { readonly child: Cell; readonly order: boolean }[] = [];

/**
 * Kills a child, after those whose killing is under way.
 *
 * A killed child's own children are to be killed in turn, and when it is gone its sibling is next:
 * by a loop, for the stack does not hold a tree of any depth.
 */
export function killInTurn(child: Cell, order: boolean): void {
  doomed.push({ child, order });
  if (doomed.length > 1) return;
  try {
    // It grows while it is walked.
    for (const next of doomed) kill(next.child, next.order);
  } finally {
    doomed.length = 0;
  }
}

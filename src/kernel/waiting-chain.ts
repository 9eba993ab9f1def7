import { AWAY, type Cell } from "./cell.ts";
import { idInAllNodes, identityOf } from "./door.ts";
import type { Envelope } from "./envelope.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Handling } from "./running.ts";

/**
 * Who waits for whom, over several nodes: each actor's id and label, the first caller first.
 *
 * No node sees the whole of it. So a call that a handler waits for takes along who waits for that
 * handler; where it would reach one of those, that one's node knows whether it still does.
 * Development only, as all of this.
 */
export type Chain = readonly string[];

/** All who wait for a handler, and its own actor at the end. */
export function chainOf(waiter: Handling): Chain {
  const cells: Cell[] = [];
  let above: Chain = [];
  for (let at: Handling | null = waiter; at !== null;) {
    cells.push(identityOf(at.incarnation.cell));
    const call: PendingCall | null = callOf(at);
    above = call?.more?.chain ?? [];
    at = call?.more?.waiter ?? null;
    // It called, and did not wait for the answer.
    if (at !== null && at.incarnation.cell.atWork !== at.work) at = null;
  }
  return [...above, ...cells.toReversed().flatMap((cell) => [idInAllNodes(cell), cell.label])];
}

/** The call that a handler works on; a loop may work on several, and a hook on none. */
function callOf({ work }: Handling): PendingCall | null {
  return (work as Envelope | null)?.call ?? null;
}

/**
 * The circle over other nodes that a call to `to` closes, as far as `to` is in this one; null where
 * there is none.
 */
export function farCircle(chain: Chain, to: Cell): string[] | null {
  if ((to.flags & AWAY) !== 0 || !waitsForOthers(to)) return null;
  const start = chain.indexOf(idInAllNodes(identityOf(to)));
  if (start < 0) return null;
  const circle = chain.slice(start).filter((_, i) => i % 2 === 1);
  return [...circle, circle[0]!];
}

/** True when what it works on at present waits for an actor of another node. */
export function waitsForOthers(cell: Cell): boolean {
  for (const { more, at } of cell.rare?.waitsFor ?? []) {
    if (more!.waiter!.work === cell.atWork && (at.flags & AWAY) !== 0) return true;
  }
  return false;
}

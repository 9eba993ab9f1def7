import { AWAY } from "./cell.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import { cellOf, type AnyRef } from "./ref.ts";
import { Verb } from "./verb.ts";

const PING = new Verb("ping", "cast", (_ctx: Incarnation, done: () => void) => done(), "message");

/** Those that have not been answered: an actor that hangs is not asked again and again. */
const open = new WeakMap<Incarnation, Promise<void>>();

/**
 * Resolves when an actor is between two messages; never, where its handler hangs.
 *
 * It goes before what waits in the mailbox, and finds room in a full one. Rejects when the actor
 * does not run. Of one in another thread that is all that is asked.
 */
export async function answers(ref: AnyRef): Promise<void> {
  const cell = cellOf(ref);
  const { incarnation, status } = cell;
  if (status !== "running" || incarnation === null) throw new Error(`${cell.label} is ${status}`);
  if ((cell.flags & AWAY) !== 0) return;
  let answer = open.get(incarnation);
  if (answer === undefined) {
    answer = new Promise((resolve) => pushLane(cell, PING, [resolve], null));
    open.set(incarnation, answer);
    void answer.then(() => open.delete(incarnation));
  }
  await answer;
}

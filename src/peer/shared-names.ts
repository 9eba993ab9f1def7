import { stillborn } from "../kernel/birth.ts";
import { MUST_BEGIN, type Cell } from "../kernel/cell.ts";
import { cellOf, type AnyRef } from "../kernel/ref.ts";
import { CLAIM, CLAIMED, RELEASE } from "../wire/ops.ts";
import type { Peer } from "./peer.ts";

/** Gives names to actors of the other node, as to those of this one. */
export function answerClaims(peer: Peer): void {
  const { registry } = peer.kernel;
  peer.on(CLAIM, (reader) => {
    const tag = reader.next<number>();
    const name = reader.next<string>();
    const ref = reader.value() as AnyRef | undefined;
    const cell = ref === undefined ? undefined : cellOf(ref);
    const isGiven = cell !== undefined && cell.status !== "stopped" && registry.claim(name, cell);
    peer.outbox.say(CLAIMED, tag, isGiven);
  });
  peer.on(RELEASE, (reader) => {
    const ref = reader.value() as AnyRef | undefined;
    if (ref !== undefined) registry.release(cellOf(ref));
  });
}

/**
 * Asks the other node for the names that actors of this one want.
 *
 * Nobody there can be asked at once. So an actor with a name is begun when the answer has come; until
 * then it takes messages, as any actor does that has not started.
 */
export function askForNames(peer: Peer): void {
  const { registry } = peer.kernel;
  const waiting = new Map<number, Cell>();
  let last = 0;
  registry.answerTo({
    claim(name, cell) {
      cell.extra.waitsForName = true;
      waiting.set(++last, cell);
      peer.outbox.tell(CLAIM, "a name's bearer", last, name, cell.ref);
    },
    release: (cell) => peer.outbox.tell(RELEASE, "a name's bearer", cell.ref),
  });
  peer.on(CLAIMED, (reader) => {
    const tag = reader.next<number>();
    const isGiven = reader.next<boolean>();
    const cell = waiting.get(tag);
    waiting.delete(tag);
    if (cell !== undefined) settle(cell, isGiven);
  });
}

function settle(cell: Cell, isGiven: boolean): void {
  const { extra } = cell;
  extra.waitsForName = false;
  if (!isGiven) cell.kernel.registry.forget(cell);
  if (cell.status !== "starting") return;
  if (!isGiven) stillborn(cell, "name-taken", `the name "${cell.label}" is taken`);
  else if (extra.mayBegin) cell.wakeFor(MUST_BEGIN);
}

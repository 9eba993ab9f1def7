import { drainCell, kill, restart, started, stopCell } from "../kernel/acts.ts";
import { FOREIGN, type Cell } from "../kernel/cell.ts";
import { farDoorOf, type Errand } from "../kernel/door.ts";
import { ActorStoppedError } from "../kernel/errors.ts";
import { NOPROC, type DownReason, type ExitReason } from "../kernel/exit-reason.ts";
import { cellOf, type AnyRef } from "../kernel/ref.ts";
import { hearExit, linkHere, unlinkHere } from "../kernel/signals.ts";
import * as ops from "../wire/ops.ts";
import type { Peer } from "./peer.ts";

const ERRANDS: Readonly<Record<Errand, (ref: AnyRef) => Promise<void>>> = {
  started,
  kill,
  restart,
};

/** Does here what the other side wants done to actors of this node. */
export function hearErrands(peer: Peer): void {
  const at = (number: number): Cell | undefined => peer.receiver(number);

  peer.on(ops.STOP, (reader) => {
    const cell = at(reader.next());
    if (cell !== undefined) void stopCell(cell, reader.value() as ExitReason);
  });
  peer.on(ops.DRAIN, (reader) => {
    const cell = at(reader.next());
    if (cell !== undefined) void drainCell(cell);
  });
  peer.on(ops.ERRAND, (reader) => {
    const cell = at(reader.next());
    runErrand(peer, cell, reader.next(), reader.next());
  });
  peer.on(ops.LINK, (reader) => {
    const cell = at(reader.next());
    const other = reader.value() as AnyRef | undefined;
    if (cell === undefined || other === undefined) return;
    if (isElsewhere(cell)) farDoorOf(cell).link(cellOf(other));
    else linkHere(cell, cellOf(other));
  });
  peer.on(ops.UNLINK, (reader) => {
    const cell = at(reader.next());
    const other = reader.value() as AnyRef | undefined;
    if (cell === undefined || other === undefined) return;
    if (isElsewhere(cell)) farDoorOf(cell).unlink(cellOf(other));
    else unlinkHere(cell, cellOf(other));
  });
  peer.on(ops.EXITED, (reader) => {
    const cell = at(reader.next());
    const from = reader.value() as AnyRef | undefined;
    const reason = reader.value() as DownReason;
    if (cell === undefined || from === undefined) return;
    if (isElsewhere(cell)) farDoorOf(cell).exited(cellOf(from), reason);
    else hearExit(cell, cellOf(from), reason);
  });
}

/** This node only passes it on. */
function isElsewhere({ flags, status }: Cell): boolean {
  return (flags & FOREIGN) !== 0 && status !== "stopped";
}

function runErrand(peer: Peer, cell: Cell | undefined, tag: number, errand: Errand): void {
  if (cell === undefined) {
    return peer.calls.reject(tag, new ActorStoppedError("the actor", errand, NOPROC));
  }
  ERRANDS[errand](cell.ref).then(
    () => peer.outbox.say(ops.REPLY, tag, undefined),
    (error: unknown) => peer.calls.reject(tag, error),
  );
}

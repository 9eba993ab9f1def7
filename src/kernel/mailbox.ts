import { AWAY, SENDERS_WAIT, type Cell } from "./cell.ts";
import { doorOf } from "./door.ts";
import type { Envelope } from "./envelope.ts";
import { MailboxFullError } from "./errors.ts";
import { Fifo } from "./fifo.ts";
import type { EnvelopeQueue } from "./queue.ts";

/**
 * Applies the receiver's policy to one message too many.
 *
 * True when there is room for it now. A cast that is rejected throws, with the message in the
 * error; a call that is rejected or dropped rejects; a cast that is dropped is a dead letter.
 */
export function overflow(envelope: Envelope): boolean {
  const { to, call } = envelope;
  const { stats, events } = to.kernel;
  stats.overflows++;
  if (events.wants("overflow")) {
    events.emit({
      type: "overflow",
      actor: to.label,
      verb: envelope.verb.name,
      policy: to.options.whenFull,
    });
  }
  switch (to.options.whenFull) {
    case "reject": {
      const error = fullError(envelope);
      if (call === null) throw error;
      call.reject(error);
      return false;
    }
    case "dropNewest":
      drop(envelope);
      return false;
    case "dropOldest":
      if (makeRoom(to)) return true;
      drop(envelope);
      return false;
  }
}

/** Drops what waits longest; false when it is all the kernel's own, and nothing can go. */
function makeRoom(to: Cell): boolean {
  // Those who wait for room came before: for each of them too, the oldest makes room.
  while (to.mailbox.size >= to.options.capacity || (to.flags & SENDERS_WAIT) !== 0) {
    if (to.mailbox.size >= to.options.capacity) {
      const oldest = oldestMessage(to);
      if (oldest === null) return false;
      drop(oldest);
    }
    if ((to.flags & SENDERS_WAIT) !== 0) admitWaiters(to);
  }
  return true;
}

/** The first that somebody sent; the kernel's own are not dropped. */
function oldestMessage({ mailbox, rare }: Cell): Envelope | null {
  if (rare !== null) rare.scanned = null;
  if (mailbox.head?.verb.internal === false) return mailbox.shift();
  let found = false;
  const [oldest] = mailbox.extract(({ verb }) => !found && !verb.internal && (found = true));
  return oldest ?? null;
}

function fullError({ to, verb, args }: Envelope): MailboxFullError {
  return new MailboxFullError(to.label, verb.name, args, to.options.capacity);
}

function drop(envelope: Envelope): void {
  if (envelope.call === null) envelope.to.kernel.router.deadLetter(envelope, "mailbox full");
  else envelope.call.reject(fullError(envelope));
}

/** True when a message more would be one too many. */
export function isFull(cell: Cell): boolean {
  if ((cell.flags & AWAY) !== 0) return doorOf(cell).isFull;
  return cell.mailbox.size >= cell.options.capacity || (cell.flags & SENDERS_WAIT) !== 0;
}

/**
 * Calls `onRoom` when there is room, or the actor has ended and what is sent is turned away.
 *
 * Those who wait are served in order, and nobody who comes later overtakes them.
 */
export function waitForRoom(cell: Cell, onRoom: () => void): void {
  if ((cell.flags & AWAY) !== 0) return doorOf(cell).waitForRoom(onRoom);
  (cell.extra.roomWaiters ??= new Fifo()).push(onRoom);
  cell.flags |= SENDERS_WAIT;
}

/** Lets waiting senders in, as far as there is room. */
export function admitWaiters(cell: Cell): void {
  const waiters = cell.rare!.roomWaiters!;
  while (waiters.size > 0 && cell.mailbox.size < cell.options.capacity) {
    // Let in past the others that wait: it is the first of them.
    cell.flags &= ~SENDERS_WAIT;
    waiters.shift()!();
    if (waiters.size > 0) cell.flags |= SENDERS_WAIT;
  }
}

/** Turns away everybody who waits: the actor is gone. */
export function refuseWaiters(cell: Cell): void {
  const waiters = cell.rare?.roomWaiters;
  cell.flags &= ~SENDERS_WAIT;
  for (let next = waiters?.shift(); next !== undefined; next = waiters?.shift()) next();
}

/** Discards all that waits in a queue: casts become dead letters, calls reject. */
export function discard(cell: Cell, queue: EnvelopeQueue | null, why?: string): void {
  if (queue === null) return;
  const reason = cell.reason ?? { kind: "shutdown", detail: why };
  for (let envelope = queue.shift(); envelope !== null; envelope = queue.shift()) {
    cell.kernel.router.undeliverable(envelope, reason);
  }
}

import type { Cell } from "./cell.ts";
import type { Envelope } from "./envelope.ts";
import { BadInputError, StashFullError } from "./errors.ts";
import { discard } from "./mailbox.ts";
import { EnvelopeQueue } from "./queue.ts";

/** What an actor does with messages other than handling them: sets them aside, or throws them away. */

/** Puts the message that is being handled aside. */
export function stashCurrent(cell: Cell, isStashed: boolean): void {
  const { current, options, label } = cell;
  if (current === null || current.verb.internal) {
    throw new BadInputError(`ctx.stash in ${label}: no message is being handled`);
  }
  if (isStashed) {
    throw new BadInputError(`ctx.stash in ${label}: ${current.verb.name} has been stashed already`);
  }
  const stash = (cell.extra.stash ??= new EnvelopeQueue());
  if (stash.size >= options.stash) {
    throw new StashFullError(
      `${current.verb.name} not stashed: ${label} has stashed ${stash.size} messages, the most it may`,
    );
  }
  // As it is: should its handler fail after all, it is looked for.
  stash.keep(current);
}

/** Puts all that is stashed before what waits. */
export function unstashAll(cell: Cell): void {
  if (cell.rare?.stash == null) return;
  cell.mailbox.prepend(cell.rare.stash);
  cell.rare.scanned = null;
}

/** Takes the message of a handler that did not end well out of the stash again. */
export function dropStashed({ rare, mailbox }: Cell, message: Envelope | null): void {
  const found = rare?.stash?.extract((stashed) => stashed === message) ?? [];
  // The handler may have unstashed it itself.
  if (found.length === 0) mailbox.extract((waiting) => waiting === message);
}

function isSent({ verb, call }: Envelope): boolean {
  return !verb.internal || call !== null;
}

/**
 * Discards what others have sent, and answers how many.
 *
 * Ticks, outcomes and items are the actor's own work: without them, timers and sources would stall.
 */
export function clearSent(cell: Cell): number {
  const sent = new EnvelopeQueue();
  for (const envelope of cell.mailbox.extract(isSent)) sent.push(envelope);
  if (cell.rare !== null) cell.rare.scanned = null;
  const { size } = sent;
  discard(cell, sent, "cleared");
  return size;
}

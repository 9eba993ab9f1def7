import { HAS_WAITED, type Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { EnvelopeQueue } from "./queue.ts";
import type { Verb } from "./verb.ts";

/**
 * Puts a lifecycle event before all messages of `to`, except those that `about` sent before.
 *
 * Lifecycle events go before messages, and yet what an actor sent before it died arrives before
 * its `down`. Both hold because nothing is promised between different senders: the messages of
 * the one that the event is about are moved ahead of it, the others stay behind.
 *
 * ```text
 *   lane: –            mailbox: x₁ a₁ y₁ a₂     down(a) arrives
 *   lane: a₁ a₂ down   mailbox: x₁ y₁
 * ```
 *
 * Costs a walk over the mailbox, for the events that are about another actor.
 */
export function pushLane(to: Cell, verb: Verb, args: readonly unknown[], about: Cell | null): void {
  // An incarnation on its way out hears of nothing more, and may have many children to hear of.
  if (to.status === "stopped" || to.rare?.ending != null) return;
  const rare = to.extra;
  const lane = (rare.lane ??= new EnvelopeQueue());
  if (about !== null && to.mailbox.size > 0) {
    const unknownToo = (about.flags & HAS_WAITED) !== 0;
    const earlier = to.mailbox.extract(
      ({ from }) =>
        from === about ||
        (from === null ? unknownToo : from.rare !== null && from.rare.identity === about),
    );
    for (const envelope of earlier) lane.push(envelope);
    rare.scanned = null;
  }
  lane.push(Envelope.of(to, verb, args, null, about));
  to.wakeFor(0);
}

/** Gives the messages in the lane back to the mailbox; the events end with the incarnation. */
export function clearLane(cell: Cell): void {
  const lane = cell.rare?.lane;
  if (lane == null || lane.size === 0) return;
  const messages = new EnvelopeQueue();
  for (const envelope of lane.extract(({ verb }) => !verb.internal)) messages.push(envelope);
  cell.mailbox.prepend(messages);
  cell.rare!.lane = null;
}

import { Envelope } from "../kernel/envelope.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { EnvelopeQueue } from "../kernel/queue.ts";
import { Verb } from "../kernel/verb.ts";

/** What a machine puts in line for itself; another incarnation's is nobody's business any more. */
export function runRaised(ctx: Incarnation, owner: Incarnation, run: () => unknown): unknown {
  return ctx === owner ? run() : undefined;
}

/** A timeout of 0 ms. */
export const TIMEOUT: Verb = new Verb("timeout", "cast", runRaised, "message");

/**
 * What a machine has put before the messages that wait, so that it goes before them.
 *
 * ```text
 *   mailbox:  next next │ postponed postponed │ timeouts of 0 ms │ what others have sent
 *             by the last handler   (after a change of the state)   ▲
 *                                                            #last ─┘ the one before this line
 * ```
 *
 * All of it is in the mailbox, in front: so stop, lifecycle events, turns and drains are as with
 * any message, and what was postponed survives a restart, as what waits does.
 */
export class RaisedEvents {
  readonly #ctx: Incarnation;
  /** The last that stands there; it may have been dropped since, or its caller may have left. */
  #last: Envelope | null = null;

  constructor(ctx: Incarnation) {
    this.#ctx = ctx;
  }

  /** A message to itself that does `run`. */
  make(verb: Verb, run: () => unknown): Envelope {
    const { cell } = this.#ctx;
    return new Envelope(cell, verb, 2, this.#ctx, run, null, cell);
  }

  /** Puts `events` before all that waits; behind them what is stashed, if that is wanted too. */
  putFirst(events: readonly Envelope[], withStash: boolean): void {
    const stash = withStash ? this.#ctx.cell.rare?.stash : null;
    if (events.length === 0 && (stash?.size ?? 0) === 0) return;
    const ahead = new EnvelopeQueue();
    for (const event of events) ahead.keep(event);
    for (let next = stash?.shift(); next != null; next = stash?.shift()) ahead.keep(next);
    if (!this.#isThere()) this.#last = lastOf(ahead);
    this.#prepend(ahead);
  }

  /** Puts one event behind all that is ahead already. */
  add(event: Envelope): void {
    const { mailbox } = this.#ctx.cell;
    const ahead = new EnvelopeQueue();
    if (this.#isThere()) {
      for (let next = mailbox.shift(); next !== null; next = mailbox.shift()) {
        ahead.keep(next);
        if (next === this.#last) break;
      }
    }
    ahead.keep(event);
    this.#last = event;
    this.#prepend(ahead);
    // It may have been asked for by code that is no handler of the machine's.
    this.#ctx.cell.resume();
  }

  /** Notes which message is being handled: it stands ahead of nobody any more. */
  took(message: Envelope | null): void {
    if (message === this.#last) this.#last = null;
  }

  #isThere(): boolean {
    if (this.#last === null) return false;
    let next = this.#ctx.cell.mailbox.head;
    while (next !== null && next !== this.#last) next = next.next;
    if (next === null) this.#last = null;
    return next !== null;
  }

  #prepend(ahead: EnvelopeQueue): void {
    this.#ctx.cell.mailbox.prepend(ahead);
  }
}

function lastOf(queue: EnvelopeQueue): Envelope {
  let last = queue.head!;
  while (last.next !== null) last = last.next;
  return last;
}

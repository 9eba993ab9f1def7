import { AWAY, CLOSED, BUSY, QUEUED, SENDERS_WAIT } from "./cell.ts";
import { doorOf } from "./door.ts";
import type { Envelope } from "./envelope.ts";
import { NOPROC, type DownReason } from "./exit-reason.ts";
import type { Events } from "./events.ts";
import type { Kernel, Stats } from "./kernel.ts";
import { overflow } from "./mailbox.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The single door of a node: every envelope passes `deliver` once.
 *
 * Dead letters are made here, and this is where tracing and fault injection will stand.
 */
export class Router {
  readonly #scheduler: Scheduler;
  readonly #stats: Stats;
  readonly #events: Events;

  constructor({ scheduler, stats, events }: Pick<Kernel, "scheduler" | "stats" | "events">) {
    this.#scheduler = scheduler;
    this.#stats = stats;
    this.#events = events;
  }

  /**
   * Puts an envelope into its receiver's mailbox.
   *
   * Per sender and receiver in the order of sending. Throws `MailboxFullError` for a cast that a
   * full mailbox rejects; anything else that goes wrong settles the call or is a dead letter.
   */
  deliver(envelope: Envelope): void {
    const { to } = envelope;
    if ((to.flags & (CLOSED | AWAY)) !== 0 && !this.#isForHere(envelope)) return;
    if (
      (to.mailbox.size >= to.options.capacity || (to.flags & SENDERS_WAIT) !== 0) &&
      !envelope.verb.internal &&
      !overflow(envelope)
    ) {
      return;
    }
    to.mailbox.push(envelope);
    if ((to.flags & (QUEUED | BUSY)) === 0) this.#scheduler.enqueue(to);
  }

  /** False when it is seen to: its receiver is gone, or elsewhere. */
  #isForHere(envelope: Envelope): boolean {
    const { to } = envelope;
    if ((to.flags & CLOSED) !== 0 && !isOwnWork(envelope)) {
      this.undeliverable(envelope, to.reason ?? to.rare?.ending?.reason ?? NOPROC);
      return false;
    }
    if ((to.flags & AWAY) === 0) return true;
    doorOf(to).deliver(envelope);
    return false;
  }

  /** Makes a dead letter of a cast, and rejects a call. */
  undeliverable(envelope: Envelope, reason: DownReason): void {
    const { to, call, verb } = envelope;
    if (call !== null) {
      if (!call.settled) call.receiverGone(to.label, reason);
      return;
    }
    // A tick or an outcome that its actor did not live to see is nobody's message.
    if (verb.internal) return;
    this.deadLetter(envelope, reason.kind);
  }

  /** Counts a message that nobody will handle, and tells whoever listens. */
  deadLetter(envelope: Envelope, why: string): void {
    this.#stats.deadLetters++;
    if (!this.#events.wants("deadLetter")) return;
    const { to, verb, args, from } = envelope;
    const sentBy = from === null ? null : from.label;
    this.#events.emit({
      type: "deadLetter",
      actor: to.label,
      verb: verb.name,
      args,
      from: sentBy,
      why,
    });
  }
}

/** An actor that drains still sees what its own timers, tasks and streams have to say. */
function isOwnWork(envelope: Envelope): boolean {
  return envelope.verb.internal && envelope.to.status === "running";
}

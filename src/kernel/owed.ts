import type { PendingCall } from "./pending-call.ts";

/**
 * The replies that an incarnation owes, oldest first, linked through the calls themselves.
 *
 * No set: each time the table of one is renewed the old table refers to the new, and when one has
 * grown old all that follow live on with it, and every call in them. A server that defers its
 * replies spent a tenth of its time on collecting those.
 */
export class Owed {
  #first: PendingCall | null = null;
  #last: PendingCall | null = null;

  add(call: PendingCall): void {
    const { extra } = call;
    extra.owed = this;
    extra.owedBefore = this.#last;
    if (this.#last === null) this.#first = call;
    else this.#last.extra.owedAfter = call;
    this.#last = call;
  }

  /** Takes out the oldest. */
  shift(): PendingCall | null {
    const call = this.#first;
    if (call !== null) this.delete(call);
    return call;
  }

  delete(call: PendingCall): void {
    const { extra } = call;
    const { owedBefore: before, owedAfter: after } = extra;
    if (before === null) this.#first = after;
    else before.extra.owedAfter = after;
    if (after === null) this.#last = before;
    else after.extra.owedBefore = before;
    extra.owed = extra.owedBefore = extra.owedAfter = null;
  }
}

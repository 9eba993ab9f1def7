import { Backlog } from "./backlog.ts";
import type { Envelope } from "./envelope.ts";

/** So many are kept as envelopes; what comes behind them is written down. */
const NEAR = 1_024;

/**
 * A first-in-first-out line of envelopes.
 *
 * ```text
 *   head ► envelope ► envelope ► … ► tail   │   far: the rest, where there are more than 1,024
 * ```
 *
 * A linked list, for which nothing is allocated. What makes it long goes to a backlog, and comes
 * back from there as it gets its turn, or all at once for who has to look through the line.
 */
export class EnvelopeQueue {
  size = 0;
  #head: Envelope | null = null;
  #tail: Envelope | null = null;
  #far: Backlog | null = null;

  /** The first, from which all others hang. */
  get head(): Envelope | null {
    if (this.#far !== null) this.#unfold(this.#far);
    return this.#head;
  }

  push(envelope: Envelope): void {
    if (this.#far !== null) this.#far.push(envelope);
    else if (this.size < NEAR) this.#link(envelope);
    else (this.#far = new Backlog(envelope.to)).push(envelope);
    this.size++;
  }

  /** The same, and never written down: what comes out is this very envelope. */
  keep(envelope: Envelope): void {
    if (this.#far !== null) this.#unfold(this.#far);
    this.#link(envelope);
    this.size++;
  }

  #link(envelope: Envelope): void {
    if (this.#tail === null) this.#head = envelope;
    else this.#tail.next = envelope;
    this.#tail = envelope;
  }

  shift(): Envelope | null {
    const first = this.#head;
    if (first === null) return this.size === 0 ? null : this.#shiftFar(this.#far!);
    this.#head = first.next;
    first.next = null;
    this.size--;
    if (this.#head === null) this.#nearIsEmpty();
    return first;
  }

  #nearIsEmpty(): void {
    this.#tail = null;
    if (this.size === 0) this.#far = null;
  }

  #shiftFar(far: Backlog): Envelope {
    const first = far.shift();
    if (--this.size === 0) this.#far = null;
    return first;
  }

  /** The backlog stays, empty: who looks through a long line will do so again. */
  #unfold(far: Backlog): void {
    while (far.size > 0) this.#link(far.shift());
  }

  /** Takes out `envelope`, which follows `previous` (null where it is the head). */
  removeAfter(previous: Envelope | null, envelope: Envelope): void {
    if (previous === null) this.#head = envelope.next;
    else previous.next = envelope.next;
    if (this.#tail === envelope) this.#tail = previous;
    envelope.next = null;
    this.size--;
    if (this.#head === null) this.#nearIsEmpty();
  }

  /** Puts all of `other` in front, in its order, and leaves it empty. */
  prepend(other: EnvelopeQueue): void {
    const first = other.head;
    if (first === null) return;
    other.#tail!.next = this.#head;
    this.#head = first;
    // What is far here stays behind all that was moved.
    this.#tail ??= other.#tail;
    this.size += other.size;
    other.size = 0;
    other.#head = null;
    other.#nearIsEmpty();
  }

  /** Takes out what `wanted` picks, in order. */
  extract(wanted: (envelope: Envelope) => boolean): Envelope[] {
    const taken: Envelope[] = [];
    let previous: Envelope | null = null;
    for (let envelope = this.head; envelope !== null;) {
      const following: Envelope | null = envelope.next;
      if (wanted(envelope)) {
        this.removeAfter(previous, envelope);
        taken.push(envelope);
      } else {
        previous = envelope;
      }
      envelope = following;
    }
    return taken;
  }
}

import type { Envelope } from "./envelope.ts";

/** A linked list of envelopes: nothing is allocated for it, however many wait. */
export class EnvelopeQueue {
  head: Envelope | null = null;
  tail: Envelope | null = null;
  size = 0;

  push(envelope: Envelope): void {
    if (this.tail === null) this.head = envelope;
    else this.tail.next = envelope;
    this.tail = envelope;
    this.size++;
  }

  shift(): Envelope | null {
    const first = this.head;
    if (first === null) return null;
    this.head = first.next;
    if (this.head === null) this.tail = null;
    first.next = null;
    this.size--;
    return first;
  }

  /** Takes out `envelope`, which follows `previous` (null where it is the head). */
  removeAfter(previous: Envelope | null, envelope: Envelope): void {
    if (previous === null) this.head = envelope.next;
    else previous.next = envelope.next;
    if (this.tail === envelope) this.tail = previous;
    envelope.next = null;
    this.size--;
  }

  /** Puts all of `other` in front, in its order, and leaves it empty. */
  prepend(other: EnvelopeQueue): void {
    if (other.tail === null) return;
    other.tail.next = this.head;
    this.head = other.head;
    this.tail ??= other.tail;
    this.size += other.size;
    other.head = other.tail = null;
    other.size = 0;
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

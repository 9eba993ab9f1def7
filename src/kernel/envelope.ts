import type { PendingCall } from "./pending-call.ts";
import type { Cell } from "./cell.ts";
import type { Verb } from "./verb.ts";

/** Arguments that an envelope holds itself; more of them are in an array. */
export const HELD = 2;

/**
 * One message on its way: whom it is for, what is asked, and who waits for the answer.
 *
 * Always of this one class with these fields, so that the engine sees one shape everywhere
 * (measured: 10 % over bare values, against 3 × for mixed shapes). One or two arguments, as nearly
 * all messages have, need no array: a third less to allocate, and for the collector to move.
 */
export class Envelope {
  readonly to: Cell;
  readonly verb: Verb;
  /** How many arguments there are. */
  readonly count: number;
  /** The first of up to two arguments; of more, an array of all. */
  readonly first: unknown;
  readonly second: unknown;
  /** Who waits for the reply; null for a cast. */
  readonly call: PendingCall | null;
  /** The actor that sent it, where that is known; it orders a death after what was sent before. */
  readonly from: Cell | null;
  /** The next in the queue that holds it; an envelope lies in one queue at a time. */
  next: Envelope | null = null;

  constructor(
    to: Cell,
    verb: Verb,
    count: number,
    first: unknown,
    second: unknown,
    call: PendingCall | null,
    from: Cell | null,
  ) {
    this.to = to;
    this.verb = verb;
    this.count = count;
    this.first = first;
    this.second = second;
    this.call = call;
    this.from = from;
  }

  /** Of arguments in an array. */
  static of(
    to: Cell,
    verb: Verb,
    args: readonly unknown[],
    call: PendingCall | null,
    from: Cell | null,
  ): Envelope {
    const count = args.length;
    return new Envelope(to, verb, count, count > HELD ? args : args[0], args[1], call, from);
  }

  get args(): readonly unknown[] {
    const { count, first, second } = this;
    if (count > HELD) return first as readonly unknown[];
    return count === 0 ? [] : count === 1 ? [first] : [first, second];
  }
}

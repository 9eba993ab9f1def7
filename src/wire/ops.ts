/**
 * What one node says to another, a record for each.
 *
 * A batch is one flat array of records; a record is a header, a small integer, and what follows it:
 *
 * ```text
 *   header   has a chain │ length of what follows │ verb │ has a sender │ has specials │ op
 *   bits     29          │ 28 … 18                │ 17…8 │ 7            │ 6            │ 5…0
 * ```
 *
 * Flat, because an array of numbers and strings is what structured clone is best at: an array for
 * each record would cost more than what most of them carry.
 */
/** Casts of one verb to one receiver, in a row: how many arguments each has, then those of all. */
export const CAST = 0;
export const CALL = 1;
/** The next item of a stream. */
export const PULL = 2;
/** The reader of a stream has left. */
export const LEAVE = 3;
export const REPLY = 4;
/** An error for an answer. */
export const REJECT = 5;
/** Whom a question was for is gone. */
export const NOBODY = 37;
/** Is answered as soon as the other side's event loop turns. */
export const PING = 39;
/** A caller waits no more. */
export const LEFT = 6;
/** So many messages have arrived. */
export const ACK = 7;
/** What a kind of actor offers: once for each kind, before the first of its actors. */
export const KIND = 8;
/** An actor whose ref is about to be sent for the first time. */
export const EXPORT = 9;
/** The other side holds a ref to an actor that has ended no more. */
export const UNREF = 36;
/** An exported actor has ended. */
export const DOWN = 10;
export const STOP = 11;
export const DRAIN = 12;
/** Something to do and to answer: see `Errand`. */
export const ERRAND = 13;
export const LINK = 14;
export const UNLINK = 15;
/** An incarnation that is linked to one of the other node has ended. */
export const EXITED = 16;

// From a stand-in to the body of its actor.
export const SPAWN = 17;
export const BEGIN = 18;
export const RESUME = 19;
export const END = 20;
/** For its `onExit` hook. */
export const HEAR_EXIT = 21;
// From a body to its stand-in.
export const STARTED = 22;
export const FAILED = 23;
export const LEAVING = 24;
/** The incarnation has ended, and waits to be begun again. */
export const HELD = 25;
export const GONE = 26;

// What all nodes of a system have in common.
export const JOINED = 27;
export const QUIT = 28;
export const INTEREST = 29;
export const PUBLISH = 30;
export const CLAIM = 31;
export const CLAIMED = 32;
export const RELEASE = 33;
export const EVENT = 34;
export const LOG = 35;
/** What an actor there is called, for reports of a thread that cannot speak any more. */
export const NAMED = 38;

const SPECIALS = 1 << 6;
const FROM = 1 << 7;
const CHAIN = 1 << 29;
const VERB = 8;
const LENGTH = 18;

/** Verbs that a definition may have, to be spoken to from another node. */
export const MOST_VERBS = 1 << 10;
/** What may follow a header. */
export const MOST_PARTS = (1 << 11) - 1;

export function header(
  op: number,
  length: number,
  specials: boolean,
  verb = 0,
  withSender = false,
): number {
  return (
    op | (specials ? SPECIALS : 0) | (withSender ? FROM : 0) | (verb << VERB) | (length << LENGTH)
  );
}

/** The same header for a record to which so many parts were added. */
export function longer(head: number, parts: number): number {
  return head + (parts << LENGTH);
}

/** As much of a header as two records in a row must have in common to be one. */
export function sortOf(head: number): number {
  return head & ((1 << LENGTH) - 1);
}

export function opOf(head: number): number {
  return head & 63;
}

export function lengthOf(head: number): number {
  return (head >> LENGTH) & MOST_PARTS;
}

/** The same header, of a call that says who waits for the one who waits for it. */
export function withChain(head: number): number {
  return head | CHAIN;
}

export function hasChain(head: number): boolean {
  return (head & CHAIN) !== 0;
}

export function verbOf(head: number): number {
  return (head >> VERB) & (MOST_VERBS - 1);
}

export function hasSpecials(head: number): boolean {
  return (head & SPECIALS) !== 0;
}

export function hasFrom(head: number): boolean {
  return (head & FROM) !== 0;
}

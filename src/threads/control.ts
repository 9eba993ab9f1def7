/**
 * Memory that a thread and the one that started it share, so that one can tell how the other is
 * without a message, which a blocked event loop would not answer.
 *
 * ```text
 *   0  counts up as long as the thread's event loop turns
 *   1  the actor whose turn it is: its id and one more, or below 0 where it has a name; 0 for none
 *   2  the kind of that actor, as the thread has numbered and told them; below 0 for a body
 *   3  the actor whose handler went to sleep last; it may be what runs behind its `await`
 *   4  the kind of that actor
 *   5  messages that wait in the mailboxes there, as of the last time that it had a look
 *   6  messages that had arrived there by then, whether or not that was acknowledged
 *   7  questions that were answered there, each of them whether the loop turns
 *   8  which events are listened to where the thread was started: a bit for each of `BULKY`
 * ```
 */
export const BEAT = 0;
export const ACTOR = 1;
export const KIND = 2;
export const SLEEPER = 3;
export const SLEEPERS_KIND = 4;
export const WAITING = 5;
export const ARRIVED = 6;
export const ANSWERED = 7;
export const WANTED = 8;
export const CONTROL_SIZE = 9;

/** In place of a kind: the actor is one that runs for the other side, by its id there. */
export const BODY = -1;

export type Control = Int32Array<SharedArrayBuffer>;

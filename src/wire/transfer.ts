import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";

/** Something that can be moved to another thread: an `ArrayBuffer`, a `MessagePort`, a stream … */
export type Movable = object;

const marked = new WeakMap<object, readonly Movable[]>();
/** Nobody pays for looking before something was marked. */
let used = false;

/**
 * Marks a value to be moved, and not copied, when it goes to another thread.
 *
 * ```ts
 * const tile = await image.render(transfer(pixels)); // `pixels` is empty here from now on
 * ```
 *
 * Answers the value itself: where the receiver is on the same thread, nothing is moved. Without a
 * list the value is what is moved, or the buffer behind a view; with one, all that it names. It
 * can be the argument of a message or any part of one, and what a call answers.
 */
export function transfer<T extends object>(value: T, list?: readonly Movable[]): T {
  if (typeof value !== "object" || (value as unknown) === null) {
    throw new BadInputError(`transfer: ${describe(value)} is copied in any case; give an object`);
  }
  used = true;
  marked.set(value, list ?? [ArrayBuffer.isView(value) ? value.buffer : value]);
  return value;
}

/** What is to be moved with a value; undefined where it is not marked. */
export function marksOf(value: object): readonly Movable[] | undefined {
  return used ? marked.get(value) : undefined;
}

/** It goes once: who sends it again has to say so again. */
export function unmark(value: object): void {
  marked.delete(value);
}

export function areMarksUsed(): boolean {
  return used;
}

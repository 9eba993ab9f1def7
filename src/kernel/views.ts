import { cast, openCall, sender } from "./calls.ts";
import { CLOSED, type Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { BadInputError, MailboxFullError } from "./errors.ts";
import { isFull, waitForRoom } from "./mailbox.ts";
import { checkLimit, checkOneOf } from "./options.ts";
import { ActorRef, addMethod, CELL, cellOf, type AnyRef, type Ref } from "./ref.ts";
import { openStream } from "./streams.ts";
import type { Verb } from "./verb.ts";

/** Refs seen another way: the same actor, other manners. */

/** Manners of a ref: how long its calls wait, and what its casts do at a full mailbox. */
export interface RefOptions {
  /** Time limit of calls in ms; `Infinity` for none. Default: the system's, 5,000. */
  readonly timeout?: number;
  /** Calls reject with its reason when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * `wait`: casts return promises that resolve when there was room for them, first come first
   * served; calls wait for room too, within their time limit. `policy` (default): what the
   * receiver's mailbox says.
   */
  readonly whenFull?: "policy" | "wait";
}

/** A ref whose casts wait for room: they return promises. */
export type Waiting<A> = {
  readonly [K in keyof A]: A[K] extends (...args: infer Args) => infer R
    ? [R] extends [void]
      ? (...args: Args) => Promise<void>
      : A[K]
    : A[K];
};

/** What became of a cast that was tried. */
export type Attempt = "sent" | "full" | "gone";

/** A ref's casts, each telling what became of it. */
export type Attempts<A> = {
  readonly [
    K in keyof A as A[K] extends (...args: never[]) => infer R
      ? [R] extends [void]
        ? K
        : never
      : never
  ]: A[K] extends (...args: infer Args) => unknown ? (...args: Args) => Attempt : never;
};

type Send = (cell: Cell, verb: Verb, args: readonly unknown[]) => unknown;

/** A ref to the cell with a method of its own for each of the verbs. */
function viewOf(cell: Cell, verbs: Iterable<Verb>, send: Send): AnyRef {
  class View extends ActorRef {}
  for (const verb of verbs) {
    addMethod(View, verb.name, function (...args) {
      return send(this[CELL], verb, args);
    });
  }
  return new View(cell);
}

/**
 * The same actor with other options for calls and casts.
 *
 * Make it once and use it often: a view costs a class.
 */
export function withOptions<A>(
  ref: Ref<A>,
  options: RefOptions & { readonly whenFull: "wait" },
): Ref<Waiting<A>>;
export function withOptions<A>(ref: Ref<A>, options: RefOptions): Ref<A>;
export function withOptions(ref: AnyRef, options: RefOptions): AnyRef {
  checkLimit("withOptions: timeout", options.timeout);
  checkOneOf("withOptions: whenFull", options.whenFull, ["policy", "wait"]);
  const { timeout, signal, whenFull } = options;
  const cell = cellOf(ref);
  const castBy = whenFull === "wait" ? castWhenRoom : cast;
  return viewOf(cell, cell.behaviour.verbs.values(), (to, verb, args) => {
    switch (verb.kind) {
      case "cast":
        return castBy(to, verb, args);
      case "call":
        return openCall(to, verb, args, { timeout, signal, whenFull });
      case "stream":
        return openStream(to, verb, args, { timeout: timeout ?? Infinity, signal });
    }
  });
}

/** Resolves when the message was admitted; where the actor is gone, it is a dead letter. */
function castWhenRoom(to: Cell, verb: Verb, args: readonly unknown[]): Promise<void> {
  if (!isFull(to) || (to.flags & CLOSED) !== 0) {
    cast(to, verb, args);
    return Promise.resolve();
  }
  const envelope = new Envelope(to, verb, args, null, sender(to));
  return new Promise((resolve) => {
    // When there is no room for lack of an actor, `deliver` makes it the dead letter that it is.
    waitForRoom(to, () => {
      to.kernel.router.deliver(envelope);
      resolve();
    });
  });
}

/** Tries to cast: says at once whether the message was admitted, and never throws or waits. */
export function attempt<A>(ref: Ref<A>): Attempts<A> {
  const cell = cellOf(ref);
  const casts = [...cell.behaviour.verbs.values()].filter(({ kind }) => kind === "cast");
  return viewOf(cell, casts, (to, verb, args): Attempt => {
    if ((to.flags & CLOSED) !== 0) return "gone";
    try {
      cast(to, verb, args);
      return "sent";
    } catch (error) {
      if (error instanceof MailboxFullError) return "full";
      throw error;
    }
  });
}

/** The same actor with only some of its verbs, at run time too: a capability to hand out. */
export function narrow<A, K extends keyof A & string>(
  ref: Ref<A>,
  ...verbs: readonly K[]
): Ref<Pick<A, K>> {
  const cell = cellOf(ref);
  for (const verb of verbs) checkVerb("narrow", cell, verb);
  return viewOf(
    cell,
    [...cell.behaviour.verbs.values()].filter(({ name }) => verbs.includes(name as K)),
    (to, { name }, args) => methodOf(to, name)(...args),
  ) as Ref<Pick<A, K>>;
}

type Args<F> = F extends (...args: infer P) => unknown ? P : never;
type Result<F> = F extends (...args: never[]) => infer R ? R : never;

/** Who takes one kind of message, whatever else the actor does. */
export interface Recipient<Message extends readonly unknown[], R> {
  send(...message: Message): R;
}

/** The recipient of one verb of an actor. */
export function recipient<A, K extends keyof A & string>(
  ref: Ref<A>,
  verb: K,
): Ref<Recipient<Args<A[K]>, Result<A[K]>>>;
/**
 * The recipient of one verb, for another type of message: `convert` makes the arguments.
 *
 * What `convert` throws is thrown at the sender, and nothing is sent.
 */
export function recipient<A, K extends keyof A & string, M>(
  ref: Ref<A>,
  verb: K,
  convert: (message: M) => [...Args<A[K]>],
): Ref<Recipient<[message: M], Result<A[K]>>>;
export function recipient(
  ref: AnyRef,
  verb: string,
  convert?: (message: unknown) => readonly unknown[],
): AnyRef {
  const cell = cellOf(ref);
  checkVerb("recipient", cell, verb);
  class Sender extends ActorRef {}
  addMethod(Sender, "send", function (...message) {
    const args = convert === undefined ? message : convert(message[0]);
    return methodOf(this[CELL], verb)(...args);
  });
  return new Sender(cell);
}

function checkVerb(what: string, { behaviour, label }: Cell, verb: string): void {
  if (behaviour.verbs.has(verb)) return;
  const known = [...behaviour.verbs.keys()].join(", ");
  throw new BadInputError(`${what}: ${label} has no verb ${verb}; it has ${known}`);
}

function methodOf(cell: Cell, verb: string): (...args: readonly unknown[]) => unknown {
  const ref = cell.ref as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  return (...args) => ref[verb]!(...args);
}

/**
 * Calls many actors at once; the outcomes come in the order of the refs.
 *
 * Each call has its own outcome and its own time limit: none is lost because another failed.
 */
export function callAll<A, R>(
  refs: Iterable<Ref<A>>,
  call: (ref: Ref<A>) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  return Promise.allSettled(Array.from(refs, call));
}

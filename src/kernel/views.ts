import { cast } from "./calls.ts";
import { CLOSED, type Cell } from "./cell.ts";
import { BadInputError, MailboxFullError } from "./errors.ts";
import { isFull } from "./mailbox.ts";
import { checkLimit, checkOneOf, checkSignal } from "./options.ts";
import { viewUnder } from "./options-view.ts";
import {
  ActorRef,
  addMethod,
  CELL,
  cellOf,
  WAYS,
  waysOf,
  type AnyRef,
  type Ref,
  type Way,
} from "./ref.ts";
import { sendBy } from "./sending.ts";

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

type Send = (cell: Cell, way: Way, args: readonly unknown[]) => unknown;

/** The view that somebody made elsewhere. */
export function viewWith(ref: AnyRef, ways: ReadonlyMap<string, Way>): AnyRef {
  return viewOf(ref, ways);
}

/** A ref to the actor of `ref` with a method for each of these ways. Views can be made of views. */
function viewOf(ref: AnyRef, ways: ReadonlyMap<string, Way>, send: Send = sendBy): AnyRef {
  class View extends ActorRef {}
  Object.defineProperty(View.prototype, WAYS, { value: ways });
  for (const [name, way] of ways) {
    addMethod(View, name, function (...args) {
      return send(this[CELL], way, way.convert === undefined ? args : way.convert(args));
    });
  }
  return new View(cellOf(ref));
}

/**
 * The same actor with other options for calls and casts.
 *
 * Cheap enough to be made for one call: views of one kind of actor share a class.
 */
export function withOptions<A>(
  ref: Ref<A>,
  options: RefOptions & { readonly whenFull: "wait" },
): Ref<Waiting<A>>;
export function withOptions<A>(ref: Ref<A>, options: RefOptions): Ref<A>;
export function withOptions(ref: AnyRef, options: RefOptions): AnyRef {
  checkLimit("withOptions: timeout", options.timeout);
  checkOneOf("withOptions: whenFull", options.whenFull, ["policy", "wait"]);
  checkSignal("withOptions: signal", options.signal);
  return viewUnder(ref, { ...options });
}

/** Tries to cast: says at once whether the message was admitted, and never throws or waits. */
export function attempt<A>(ref: Ref<A>): Attempts<A>;
export function attempt(ref: AnyRef): AnyRef {
  const casts = [...waysOf(ref)].flatMap(([name, way]): [string, Way][] =>
    way.verb.kind === "cast" ? [[name, { ...way, isAttempt: true }]] : [],
  );
  return viewOf(ref, new Map(casts), (to, { verb }, args): Attempt => {
    if ((to.flags & CLOSED) !== 0) return "gone";
    const dropped = to.options.whenFull === "dropNewest" && isFull(to);
    try {
      cast(to, verb, args);
      return dropped ? "full" : "sent";
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
  return viewOf(ref, new Map(verbs.map((verb) => [verb, wayOf("narrow", ref, verb)]))) as Ref<
    Pick<A, K>
  >;
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
  const way = wayOf("recipient", ref, verb);
  if (convert === undefined) return viewOf(ref, new Map([["send", way]]));
  const inner = way.convert ?? ((args) => args);
  const send: Way = { ...way, convert: ([message]) => inner(convert(message)) };
  return viewOf(ref, new Map([["send", send]]));
}

function wayOf(what: string, ref: AnyRef, verb: string): Way {
  const ways = waysOf(ref);
  const way = ways.get(verb);
  if (way !== undefined) return way;
  const known = [...ways.keys()].join(", ");
  throw new BadInputError(`${what}: ${cellOf(ref).label} has no verb ${verb}; it has ${known}`);
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

import { HELD, type Envelope } from "./envelope.ts";
import type { FailurePhase } from "../supervision/child-spec.ts";

/** How a verb is sent: a cast has no answer, a call has one, a stream has many. */
export type VerbKind = "cast" | "call" | "stream";

/**
 * What a verb does: it gets the context and the arguments.
 *
 * `never` is what makes handlers of any signature assignable; only `invoke` calls them.
 */
export type VerbHandler = (ctx: never, ...args: never[]) => unknown;

/** One entry of an actor's protocol. */
export class Verb {
  readonly name: string;
  readonly kind: VerbKind;
  readonly handler: VerbHandler;
  /** The kernel's own (a timer's tick, a task's outcome): not counted against the bound. */
  readonly internal: boolean;
  /** What a throw in the handler counts as. */
  readonly phase: FailurePhase;
  /** The handler names more arguments than an envelope holds without an array. */
  readonly takesMany: boolean;
  /** The handler has been seen to return a promise, or is an `async` function. */
  waits: boolean;
  /** Time limit of calls in ms where the caller gives none; undefined for the system's. */
  callTimeout: number | undefined = undefined;

  constructor(name: string, kind: VerbKind, handler: VerbHandler, own?: FailurePhase) {
    this.name = name;
    this.kind = kind;
    this.handler = handler;
    this.internal = own !== undefined;
    this.phase = own ?? "message";
    // The context comes first.
    this.takesMany = handler.length > 1 + HELD;
    this.waits = isAsync(handler);
  }
}

/** True for an `async` function; one that returns promises without being one is found out later. */
export function isAsync(fn: object): boolean {
  return Object.prototype.toString.call(fn) === "[object AsyncFunction]";
}

/** Calls the handler of a message; the common arities without a spread, which costs 15 ns. */
export function invoke(envelope: Envelope, ctx: unknown): unknown {
  const handler = envelope.verb.handler as Loose;
  const { first } = envelope;
  switch (envelope.count) {
    case 0:
      return handler(ctx);
    case 1:
      return handler(ctx, first);
    case 2:
      return handler(ctx, first, envelope.second);
    default:
      return handler(ctx, ...(first as readonly unknown[]));
  }
}

/** A handler as it is called: with any arguments. */
export type Loose = (ctx: unknown, ...args: unknown[]) => unknown;

/** A thenable of the kernel's own: it calls back once, later, and needs no promise around it. */
export abstract class KernelThenable {
  // oxlint-disable-next-line no-thenable -- it is one, and made without a promise on purpose
  abstract then(done: () => void): void;
}

/**
 * What is to be waited for; null where there is nothing.
 *
 * What is thenable and no plain promise (a query builder, a careless mock, a subclass with a `then`
 * of its own) goes into one: it may call back at once, or twice, and its `then` may throw.
 */
export function pendingOf(value: unknown): PromiseLike<unknown> | null {
  if (typeof value !== "object" || value === null) return null;
  if (value instanceof Promise && value.constructor === Promise) return value;
  if (value instanceof KernelThenable) return value as unknown as PromiseLike<unknown>;
  try {
    if (typeof (value as { then?: unknown }).then !== "function") return null;
  } catch {
    // A `then` that cannot be read is read once more, by the promise: that one rejects.
  }
  return Promise.resolve(value);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

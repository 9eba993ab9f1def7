import type { ActorDef } from "../kernel/behaviour.ts";
import type { Context, InitContext } from "../kernel/context.ts";
import type { Reply } from "../kernel/reply.ts";
import type { Schemas } from "../kernel/schema.ts";
import { define, type Definition, type Hooks } from "./actor.ts";
import { compileLoop, type Inbox, type LoopHooks, type LoopContext } from "./loop.ts";

type Method = (...args: never[]) => unknown;

/** How a method of a contract is sent: by what it returns. */
export type KindOf<F> = F extends (...args: never[]) => infer R
  ? [R] extends [AsyncIterable<unknown>]
    ? "stream"
    : [R] extends [Promise<unknown>]
      ? "call"
      : [R] extends [void]
        ? "cast"
        : never
  : never;

type VerbsOf<A, Kind> = { [K in keyof A]: KindOf<A[K]> extends Kind ? K : never }[keyof A];

type CastHandlers<A, C> = {
  readonly [K in VerbsOf<A, "cast">]: A[K] extends (...args: infer Args) => unknown
    ? (ctx: C, ...args: Args) => unknown
    : never;
};
type CallHandlers<A, C> = {
  readonly [K in VerbsOf<A, "call">]: A[K] extends (...args: infer Args) => Promise<infer R>
    ? (ctx: C, ...args: Args) => R | Reply<R> | Promise<R | Reply<R>>
    : never;
};
type ContractStreams<A, C> = {
  readonly [K in VerbsOf<A, "stream">]: A[K] extends (...args: infer Args) => AsyncIterable<infer R>
    ? (ctx: C, ...args: Args) => AsyncIterable<R>
    : never;
};

/** A section must be there when the contract has verbs for it, and must not when it has none. */
type Section<Name extends string, H> = [keyof H] extends [never]
  ? { readonly [K in Name]?: undefined }
  : { readonly [K in Name]: H };

/** The handlers that a contract asks for. */
export type Implementation<A, S, P> = Definition & {
  readonly init?: (ctx: InitContext<P, A>, props: P) => S | Promise<S>;
  /** Checks the arguments of messages that come in from another thread, as a tuple. */
  readonly schemas?: Schemas<A>;
} & Section<"cast", CastHandlers<A, Context<S, P, A>>> &
  Section<"call", CallHandlers<A, Context<S, P, A>>> &
  Section<"stream", ContractStreams<A, Context<S, P, A>>> &
  Hooks<S, P, A>;

/** Which verbs a contract has and how each is sent: types are gone at run time. */
export type VerbKinds<A> = { readonly [K in keyof A]: KindOf<A[K]> };

/** Implements the contract `A`: with handlers, or with a loop. */
export interface Implement<A> {
  <S = undefined, P = void>(implementation: Implementation<A, S, P>): ActorDef<A, P>;
  /** As one async function that takes messages when it wants them. */
  loop<P = void>(
    verbs: VerbKinds<A>,
    run: (inbox: Inbox<ContractMessage<A>>, ctx: LoopContext<P, A>) => Promise<void>,
    hooks?: LoopHooks<P, A>,
  ): ActorDef<A, P>;
}

/** A message of a contract, as a loop gets it: `type` tells the arguments and the reply apart. */
export type ContractMessage<A> = {
  [K in keyof A]: A[K] extends Method ? MessageOf<K, A[K]> : never;
}[keyof A];

type MessageOf<K, F extends Method> =
  KindOf<F> extends "cast"
    ? { readonly type: K; readonly args: Readonly<Parameters<F>> }
    : KindOf<F> extends "call"
      ? CallMessage<K, Readonly<Parameters<F>>, Awaited<ReturnType<F>>>
      : F extends (...args: never[]) => AsyncIterable<infer R>
        ? StreamMessage<K, Readonly<Parameters<F>>, R>
        : never;

/** A call, in a loop: it is answered when the loop says so. */
export interface CallMessage<K, Args, R> {
  readonly type: K;
  readonly args: Args;
  /** Aborts when the caller has left. */
  readonly signal: AbortSignal;
  reply(value: R): void;
  /** Rejects the caller; the loop goes on. */
  refuse(error: unknown): void;
}

/** A stream that somebody wants to read, in a loop. */
export interface StreamMessage<K, Args, R> {
  readonly type: K;
  readonly args: Args;
  /** Answers with what `items` yields, at the reader's pace. */
  stream(items: AsyncIterable<R>): void;
  refuse(error: unknown): void;
}

/**
 * Implements a contract: a plain interface, whose methods return `void` (a cast), a `Promise` (a
 * call) or an `AsyncIterable` (a stream).
 *
 * A ref to such an actor *is* the interface, generic methods included. Annotate the result with
 * `ActorDef<Contract, Props>`: that keeps declarations fast, and lets two actors know each other.
 */
export function implement<A>(): Implement<A> {
  return implementAny as Implement<A>;
}

/** Types are gone at run time: one function implements all contracts. */
const implementAny = Object.assign((implementation: object) => define(implementation), {
  loop: (verbs: object, run: never, hooks: object = {}) =>
    compileLoop(verbs as Record<string, never>, run, hooks),
});

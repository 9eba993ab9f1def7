import type { InitContext } from "../kernel/context.ts";
import type { ExitReason } from "../kernel/exit-reason.ts";
import type { ChildEvent } from "../kernel/child-event.ts";
import type { GroupChange } from "../kernel/group-ref.ts";
import type { Reply } from "../kernel/reply.ts";
import type { Schemas } from "../kernel/schema.ts";
import type { Down, LinkedExit } from "../kernel/signals.ts";
import type { Definition } from "./actor.ts";
import type { KindOf } from "./contract.ts";
import type {
  AnyStateContext,
  DataArgs,
  End,
  EventArgs,
  EventContext,
  Postponed,
  StateContext,
} from "./machine-context.ts";

/**
 * How each event comes: types are gone at run time.
 *
 * A machine has no streams; one that offers some has an actor for them beside it.
 */
type EventKinds<A, I> = {
  readonly [E in keyof A]: KindOf<A[E]> extends "stream" ? never : KindOf<A[E]>;
} & { readonly [E in keyof I]: KindOf<I[E]> extends "cast" ? "internal" : never };

/**
 * What becomes of an event that a state has no handler for.
 *
 * `refuse`: a call rejects with `WrongStateError`, a cast is a dead letter, counted. `postpone`: it
 * waits until the state changes. `ignore`: a cast is dropped, as by a handler that does nothing; a
 * call, which is never left open, is refused.
 */
export type Verdict = "refuse" | "postpone" | "ignore";

/** A verdict, or what finds it. */
type Otherwise<C, E> = Verdict | ((ctx: C, event: E) => Verdict);

/** Where a handler may go: one state, or some, the end among them. The diagram shows it. */
type Targets<S, To> = (To & (keyof S | End)) | readonly (To & (keyof S | End))[];

/** Nothing was said of where to go. */
type Said<To> = unknown extends To ? never : To;

/** What a handler answers with: a call's reply, now or later; of a cast, nobody looks at it. */
type Answer<F> =
  KindOf<F> extends "call"
    ? F extends (...args: never[]) => Promise<infer R>
      ? R | Reply<R> | Postponed | Promise<R | Reply<R> | Postponed>
      : never
    : unknown;

/**
 * What a state does with one event.
 *
 * ```text
 *   (ctx, …args) => …                  stays in its state
 *   { to, do: (ctx, …args) => … }      may go to one of these: `ctx.goto`
 *   "refuse" "postpone" "ignore"       says so
 * ```
 */
type Reaction<A, I, S, P, K extends keyof S, E extends keyof (A & I), To> =
  | (KindOf<(A & I)[E]> extends "call" ? Exclude<Verdict, "ignore"> : Verdict)
  | Staying<A, I, S, P, K, E>
  | {
      readonly to: Targets<S, To>;
      do(
        ctx: EventContext<A, I, S, P, K, Said<To>>,
        ...args: EventArgs<A, I, E>
      ): Answer<(A & I)[E]>;
    };

type Staying<A, I, S, P, K extends keyof S, E extends keyof (A & I)> = (
  ctx: EventContext<A, I, S, P, K, never>,
  ...args: EventArgs<A, I, E>
) => Answer<(A & I)[E]>;

/** What a state does when a time is up. */
interface Timed<A, I, S, P, K extends keyof S, To> {
  /** Without it, the timeout runs when it is set: `ctx.timeouts.state`, `ctx.timeouts.event`. */
  readonly ms?: number | ((ctx: StateContext<A, I, S, P, K>) => number);
  readonly to?: Targets<S, To>;
  do(ctx: Omit<EventContext<A, I, S, P, K, Said<To>>, "postpone">): unknown;
}

/** What a state has beside its handlers; each part may be left out. */
interface StateParts<A, I, S, P, K extends keyof S> {
  /**
   * Runs whenever the state is entered, the first time included, and belongs to what led there: a
   * call is answered when it is done. It cannot change the state; it may send an event: `ctx.next`.
   * A refusal comes too late here, and is a failure.
   */
  enter?(ctx: StateContext<A, I, S, P, K>, from: keyof S | undefined): unknown;
  /** For events without a handler. Must be there unless each event has one. */
  readonly otherwise?: Otherwise<StateContext<A, I, S, P, K>, keyof (A & I)>;
}

/** States by name. What is inferred of each (`To`, by event and timeout) is where it goes. */
type States<A, I, S, P, T, U, V> = {
  readonly [K in keyof T]: StateParts<A, I, S, P, K & keyof S> & {
    readonly on?: {
      readonly [E in keyof T[K]]: Reaction<A, I, S, P, K & keyof S, E & keyof (A & I), T[K][E]>;
    };
  };
} & {
  /** The state timeout: begins when the state is entered, and is cancelled when it is left. */
  readonly [K in keyof U]: { readonly after?: Timed<A, I, S, P, K & keyof S, U[K]> };
} & {
  /** The event timeout: begins anew behind every event, whatever became of that. */
  readonly [K in keyof V]: { readonly idle?: Timed<A, I, S, P, K & keyof S, V[K]> };
};

/** A state and its data: what `init` answers with. */
type Start<S, K> = {
  [N in keyof S]: readonly [state: N, ...data: DataArgs<S[N]>];
}[K & keyof S];

/** Hooks of a machine, whatever state it is in. To change that, they send an event: `ctx.next`. */
export interface MachineHooks<A, I, S, P> {
  /** Runs at every end but a kill; the state is undefined when `init` failed. */
  exit?(
    ctx:
      | AnyStateContext<A, I, S, P>
      | (InitContext<P, A> & { readonly state: undefined; readonly data: undefined }),
    reason: ExitReason,
  ): void | Promise<void>;
  onChild?(ctx: AnyStateContext<A, I, S, P>, event: ChildEvent): void | Promise<void>;
  onDown?(ctx: AnyStateContext<A, I, S, P>, down: Down): void | Promise<void>;
  onExit?(ctx: AnyStateContext<A, I, S, P>, exit: LinkedExit): void | Promise<void>;
  onGroup?(ctx: AnyStateContext<A, I, S, P>, change: GroupChange): void | Promise<void>;
}

/** A machine as it is written. `T`, `U`, `V` and `N` are inferred: where it goes, and begins. */
export type MachineDefinition<A, I, S, P, N, T, U, V> = Definition & {
  readonly events: EventKinds<A, I>;
  /** Where it may begin. */
  readonly initial: N | readonly N[];
  /** Where it does begin, and with which data; again at each restart. */
  readonly init: (ctx: InitContext<P, A>, props: P) => Start<S, N> | Promise<Start<S, N>>;
  readonly states: States<A, I, S, P, T, U, V>;
  /** Checks the arguments of messages that come in from another thread, as a tuple. */
  readonly schemas?: Schemas<A>;
} & MachineHooks<A, I, S, P>;

/**
 * Every state is there with a handler for each event, or says `otherwise`; and nothing else is.
 *
 * It says once more what a plain function is handed: of a state that has no others, nothing is
 * inferred that could tell, not even which events it handles.
 */
export interface Complete<A, I, S, P, T> {
  readonly initial: keyof S | readonly (keyof S)[];
  readonly states: {
    readonly [K in keyof S]: (
      | Unhandled<Missing<T, K, keyof (A & I)>, A, I, S, P, K>
      | Handled<A, I, S, P, K>
    ) & { readonly on?: Unknown<T, K, keyof (A & I)> };
  } & { readonly [K in Exclude<keyof T, keyof S>]: never };
}

type Missing<T, K, Events> = K extends keyof T ? Exclude<Events, keyof T[K]> : Events;
type Unknown<T, K, Events> = K extends keyof T
  ? { readonly [E in Exclude<keyof T[K], Events>]: never }
  : unknown;

/** A state that handles every event. */
interface Handled<A, I, S, P, K extends keyof S> {
  readonly on: { readonly [E in keyof (A & I)]: Shape<A, I, S, P, K, E> };
}

/** A state without handlers for `Event`, which compilers name in their complaint. */
interface Unhandled<Event, A, I, S, P, K extends keyof S> {
  readonly otherwise: unknown;
  readonly on?: { readonly [E in keyof (A & I)]?: Shape<A, I, S, P, K, E> };
  /** Phantom. */
  readonly [MISSING]?: Event;
}
declare const MISSING: unique symbol;

type Shape<A, I, S, P, K extends keyof S, E extends keyof (A & I)> =
  | Verdict
  | Staying<A, I, S, P, K, E>
  | { readonly to: unknown };

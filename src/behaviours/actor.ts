import {
  Behaviour,
  type ActorDef,
  type ActorSettings,
  type Hook,
  type LifecycleHooks,
  type Supervision,
} from "../kernel/behaviour.ts";
import type { Context, InitContext } from "../kernel/context.ts";
import type { Refusal } from "../kernel/errors.ts";
import type { ExitReason } from "../kernel/exit-reason.ts";
import type { ChildEvent } from "../kernel/child-event.ts";
import type { GroupChange } from "../kernel/group-ref.ts";
import type { Reply } from "../kernel/reply.ts";
import type { Schemas } from "../kernel/schema.ts";
import type { Down, LinkedExit } from "../kernel/signals.ts";
import { checkDefinition, collectVerbs, limitCalls, type CallTimeout } from "./definition.ts";

/** Handlers by verb. `never` lets each have arguments of its own, and keeps unannotated ones out of `any`. */
export type Handlers<C> = { readonly [verb: string]: (ctx: C, ...args: never[]) => unknown };

/** Streams by verb: each answers with something to iterate. */
export type StreamHandlers<C> = {
  readonly [verb: string]: (ctx: C, ...args: never[]) => AsyncIterable<unknown>;
};

/** Hooks that an actor may have beside its verbs. Each may be async; a throw fails the actor. */
export interface Hooks<S, P, A> {
  /** Runs at every end but a kill; the state is undefined when `init` failed. */
  exit?(ctx: Context<S | undefined, P, A>, reason: ExitReason): void | Promise<void>;
  /** What happens to its children: started, failed, restarted, ended. */
  onChild?(ctx: Context<S, P, A>, event: ChildEvent): void | Promise<void>;
  /** A monitored actor is gone. */
  onDown?(ctx: Context<S, P, A>, down: Down): void | Promise<void>;
  /** A linked actor has ended; without this hook, its failure would be this actor's end. */
  onExit?(ctx: Context<S, P, A>, exit: LinkedExit): void | Promise<void>;
  /** A watched group has changed. */
  onGroup?(ctx: Context<S, P, A>, change: GroupChange): void | Promise<void>;
}

/** What every definition may say. */
export interface Definition extends ActorSettings {
  /** In labels and logs, and the name under which `whereIs(def)` looks. Default `actor`. */
  readonly name?: string;
  /** How it looks after its children. */
  readonly supervision?: Supervision;
  /**
   * Time limit in ms of calls to it, of all or by verb, where the caller gives none; `Infinity` for
   * none. Default: the system's, 5,000.
   */
  readonly callTimeout?: CallTimeout;
}

type CastOf<H> = H extends (ctx: never, ...args: infer Args) => unknown
  ? (...args: Args) => void
  : never;
/** A refusal that is returned is thrown: no caller gets it for an answer. */
type Given<V> = V extends Reply<infer R> ? R : V extends Refusal ? never : V;
/** What a caller gets when a handler returns `R`: a promise or deferred reply stands for its value. */
export type Replied<R> = Given<Awaited<R>>;
type CallOf<H> = H extends (ctx: never, ...args: infer Args) => infer R
  ? (...args: Args) => Promise<Replied<R>>
  : never;
type StreamOf<H> = H extends (ctx: never, ...args: infer Args) => AsyncIterable<infer R>
  ? (...args: Args) => AsyncIterable<R>
  : never;

/** How one verb looks from outside: by the section that its handler stands in. */
export type VerbOf<V, C, K, T> = V extends keyof C
  ? CastOf<C[V]>
  : V extends keyof K
    ? CallOf<K[V]>
    : V extends keyof T
      ? StreamOf<T[V]>
      : never;

/**
 * Defines an actor: how its state is made, and what each of its verbs does.
 *
 * Write `init` first: the state that it returns types the `ctx` of all that follows. A `cast` has
 * no answer; a `call` answers with what its handler returns; a `stream` answers many times. One
 * message is handled at a time, also while a handler is async.
 *
 * Throws `BadInputError` for a verb that cannot be one (`then`, `toJSON`, `constructor`), or that
 * stands in two sections.
 */
export function actor<
  S = undefined,
  P = void,
  C extends Handlers<Context<S, P>> = Record<never, never>,
  K extends Handlers<Context<S, P>> = Record<never, never>,
  T extends StreamHandlers<Context<S, P>> = Record<never, never>,
>(
  definition: Definition & {
    readonly init?: (ctx: InitContext<P>, props: P) => S | Promise<S>;
    readonly cast?: C & Handlers<Context<S, P>>;
    readonly call?: K & Handlers<Context<S, P>>;
    readonly stream?: T & StreamHandlers<Context<S, P>>;
    /** Checks the arguments of messages that come in from another thread, as a tuple. */
    readonly schemas?: NoInfer<Schemas<{ [V in keyof (C & K & T)]: VerbOf<V, C, K, T> }>>;
  } & Hooks<S, P, unknown>,
  // Written out here and not under a name of its own: so editors and declarations show the verbs
  // themselves. Over `keyof`, so that going to a verb's definition leads to its handler.
): ActorDef<{ [V in keyof (C & K & T)]: VerbOf<V, C, K, T> }, P> {
  return define(definition);
}

/** The parts of a definition as they are at run time. */
interface LooseDefinition extends Definition, LifecycleHooks {
  readonly init?: Hook | undefined;
  readonly exit?: Hook | undefined;
  readonly cast?: object | undefined;
  readonly call?: object | undefined;
  readonly stream?: object | undefined;
  readonly schemas?: object | undefined;
}

/** Compiles what `actor` and `implement` were given. */
export function define(definition: object): Behaviour {
  const given = definition as LooseDefinition;
  const name = given.name ?? "actor";
  checkDefinition(name, given);
  return new Behaviour({
    name,
    verbs: limitCalls(name, collectVerbs(name, given), given.callTimeout),
    init: given.init,
    exit: given.exit,
    hooks: given,
    supervision: given.supervision,
    settings: given,
    schemas: given.schemas,
  });
}

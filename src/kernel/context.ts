import type { ActorDef } from "./behaviour.ts";
import type { ReasonInput } from "./exit-reason.ts";
import type { GroupFilter } from "../names/groups.ts";
import type { Group, GroupChange, GroupRef } from "./group-ref.ts";
import type { Topic } from "../names/topics.ts";
import type { ActorLog } from "./log.ts";
import type { SpawnOptions } from "./options.ts";
import type { AnyRef, Ref } from "./ref.ts";
import type { Reply, Forwarding, Request } from "./reply.ts";
import type { Down, Monitor } from "./signals.ts";
import type { Source, SourceOptions } from "./sources.ts";
import type { ConvertOptions, SubscribeOptions } from "./subscriptions.ts";
import type { TaskOptions } from "./tasks.ts";
import type { Timers } from "./timers.ts";

/** The props that `spawn` asks for: none, where the definition has none. */
export type PropsArgs<P> = unknown extends P
  ? [props?: undefined, options?: SpawnOptions]
  : [P] extends [void]
    ? [props?: undefined, options?: SpawnOptions]
    : [props: P, options?: SpawnOptions];

/** A parent's view of its children, and what it may do to them. */
export interface Children {
  /** The children in start order. */
  list(): AnyRef[];
  readonly size: number;
  /** Ends a child as its parent: within its shutdown time, then by force; it stays ended. */
  stop(child: AnyRef): Promise<void>;
  /** Ends all children, the youngest first. */
  stopAll(): Promise<void>;
  /** Lets every child handle what it has admitted, then ends it. */
  drainAll(): Promise<void>;
}

/**
 * What `init` is handed: everything but the state, which `init` is there to make.
 *
 * It belongs to one incarnation. When that ends, its timers, sources, tasks, subscriptions and
 * monitors end with it, and using it rejects or throws `ActorStoppedError`. After a kill every use
 * is a `KilledError`; only `signal` can still be looked at, and has aborted.
 */
export interface InitContext<P = unknown, A = unknown> {
  /** What the actor was spawned with; kept over restarts. */
  readonly props: P;
  readonly self: Ref<A>;
  /** The registered name, or a label like `counter#17`. */
  readonly name: string;
  /** Aborts when the incarnation ends: hand it to `fetch` and the like. */
  readonly signal: AbortSignal;
  /** The call that is being handled; undefined for a cast. */
  readonly request: Request | undefined;
  readonly log: ActorLog;
  readonly timers: Timers;
  readonly children: Children;

  /** Milliseconds on the world's monotonic clock. */
  now(): number;
  /** Milliseconds since the Unix epoch, by the world's clock; it may jump. */
  date(): number;
  /** A number in [0, 1) from the world. */
  random(): number;

  /**
   * Waits inside of a handler, in ms. The actor takes no other message meanwhile.
   *
   * Rejects with `ActorStoppedError`, after a kill `KilledError`, when the incarnation ends before.
   * A timer would not do: its tick is a message, and waits for the handler.
   */
  sleep(ms: number): Promise<void>;

  /** Starts a child; it ends with this actor. Restarted on failure unless `restart` says otherwise. */
  spawn<B, Q>(def: ActorDef<B, Q>, ...args: PropsArgs<NoInfer<Q>>): Ref<B>;
  /** Ends this actor after the running handler, as if it had nothing left to do. */
  stop(reason?: ReasonInput): void;

  /**
   * Watches an actor: exactly one `down`, to `listener` or else to the `onDown` hook.
   *
   * A dead actor gives `noproc` at once. It fires when the actor is gone for good, not when it
   * restarts; what the actor sent before it died arrives before.
   */
  monitor(ref: AnyRef, listener?: (down: Down) => unknown): Monitor;
  /** Shares fate with another actor: a failure, kill or shutdown of one ends both. */
  link(ref: AnyRef): void;
  unlink(ref: AnyRef): void;

  /**
   * Runs work beside the actor; `onDone` gets the outcome as a message, and may use the state.
   *
   * A failure goes to supervision, or to `onError` where that is given. The work is told to end by
   * the signal when the incarnation does.
   */
  task<T>(
    work: PromiseLike<T> | ((signal: AbortSignal) => T | PromiseLike<T>),
    onDone?: (result: Awaited<T>) => unknown,
    options?: TaskOptions,
  ): void;
  /**
   * Turns what a source yields into messages, one at a time: the next is asked for when the one
   * before has been handled.
   */
  source<T>(source: Source<T>, onItem: (item: T) => unknown, options?: SourceOptions): Disposable;

  /** Puts the message that is being handled aside, its call unanswered. */
  stash(): void;
  /** Puts all stashed messages before what waits in the mailbox, in their order. */
  unstash(): void;
  /** Discards what waits: casts become dead letters, calls reject. Answers how many. */
  clearMailbox(): number;

  /** Takes the reply to the running call into one's own hands: it can be given later. */
  defer<R>(): Reply<R>;
  /** Passes the running call on: the other actor's reply is the caller's. */
  forward<B>(ref: Ref<B>): Forwarding<B>;

  /** A group as one: to send to all its members, or to one. */
  group<B>(key: Group<B>): GroupRef<B>;
  join(group: Group<unknown>): void;
  leave(group: Group<unknown>): void;
  /**
   * The members now; changes after that come to the listener or `onGroup`, in order.
   *
   * `{ scope }` watches all groups of a scope, `{}` all there are.
   */
  watchGroup(group: GroupFilter, listener?: (change: GroupChange) => void): AnyRef[];
  /** Hears what is published from now on, each event as a message, until the incarnation ends. */
  subscribe<T>(
    topic: Topic<T>,
    onEvent: (event: T) => unknown,
    options?: SubscribeOptions<T>,
  ): Disposable;
  subscribe<T, U>(
    topic: Topic<T>,
    onEvent: (event: U) => unknown,
    options: SubscribeOptions<T> & ConvertOptions<T, U>,
  ): Disposable;
  /** Tells all subscribers; answers how many it reached. */
  publish<T>(topic: Topic<T>, event: T): number;
}

/** What a handler is handed. `S` is the state, `P` the props, `A` the protocol. */
export interface Context<S, P = unknown, A = unknown> extends InitContext<P, A> {
  /** This incarnation's own; nobody else sees it. May be replaced. */
  state: S;
}

import type { InitContext } from "../kernel/context.ts";
import type { ReasonInput } from "../kernel/exit-reason.ts";
import type { KindOf } from "./contract.ts";

/** The arguments of one event, be it of the contract or one of the machine's own. */
export type EventArgs<A, I, E extends keyof (A & I)> = (A & I)[E] extends (
  ...args: infer Args
) => unknown
  ? Args
  : never;

/** Events that nobody waits for: only these can be sent by a timeout, or by the machine to itself. */
export type Raisable<A, I> =
  | { [E in keyof A]: KindOf<A[E]> extends "cast" ? E : never }[keyof A]
  | keyof I;

/** Data is asked for, where a state has some. */
export type DataArgs<D> = undefined extends D ? [data?: D] : [data: D];

/** The end of a machine, as diagrams of states draw it. */
export type End = "[*]";

/** What the context of an actor has and that of a machine has not, or only in the handler of an event. */
type NotInMachines = "stash" | "unstash" | "stop" | "defer" | "forward" | "request";

/**
 * A machine's own timeouts: an event that comes when a time is up, before what was sent after it.
 *
 * Times in ms; `Infinity` is never, and takes back what was set. With 0 the event stands before
 * every message that waits, behind what the machine has put there already. All end with the
 * incarnation, and one that was cancelled is never seen, not even if it is in line already.
 */
export interface Timeouts<A, I> {
  /**
   * Sets the timeout of an event anew: one for each name, which lasts over changes of the state.
   *
   * At once, also if the handler refuses later.
   */
  set<E extends Raisable<A, I>>(event: E, ms: number, ...args: EventArgs<A, I, E>): void;
  /** Gives a timeout that runs other arguments, and leaves its time; false where none runs. */
  update<E extends Raisable<A, I>>(event: E, ...args: EventArgs<A, I, E>): boolean;
  /** False where none runs. */
  cancel(event: Raisable<A, I>): boolean;
  /**
   * Sets the state timeout anew, in place of the `ms` of `after`.
   *
   * In a handler or in `enter`: of the state in which the machine will be when that is done.
   */
  state(ms: number): void;
  /** The same for the event timeout, in place of the `ms` of `idle`: the next event cancels it. */
  event(ms: number): void;
}

/**
 * What all code of a machine is handed: the state it is in, with the data of that state.
 *
 * It is good for as long as the machine is in that state: a callback that comes later finds
 * `state` and `data` closed with a `BadInputError`. Let it send an event, with `next`.
 */
export interface StateContext<A, I, S, P, K extends keyof S> extends Omit<
  InitContext<P, A>,
  NotInMachines
> {
  readonly state: K;
  /** Of this state; may be replaced. */
  data: S[K];
  readonly timeouts: Timeouts<A, I>;
  /**
   * Sends an event to this machine itself, to be handled before all that waits.
   *
   * Those of one handler keep their order. They are the incarnation's own: what is left of them
   * when it ends is gone.
   */
  next<E extends Raisable<A, I>>(event: E, ...args: EventArgs<A, I, E>): void;
}

/** What hooks are handed: any of the states with its data; `ctx.state` tells which. */
export type AnyStateContext<A, I, S, P> = {
  [K in keyof S]: StateContext<A, I, S, P, K>;
}[keyof S];

/** In place of a reply: the call is not answered yet. */
export interface Postponed {
  /** Phantom. */
  readonly [POSTPONED]: true;
}
declare const POSTPONED: unique symbol;

/** What the handler of an event is handed, in state `K`, where it may go to `To`. */
export type EventContext<A, I, S, P, K extends keyof S, To> = StateContext<A, I, S, P, K> &
  Pick<InitContext<P, A>, "defer" | "forward" | "request"> &
  Going<S, To> &
  Repeating<K, To> &
  Stopping<To> & {
    /**
     * Puts the event aside until the state has changed; then it comes before what waits.
     *
     * The handler of a call returns what this returns, in place of a reply. One event more than may be
     * stashed is refused, by a `StashFullError`.
     */
    postpone(): Postponed;
  };

type Going<S, To> = [To & keyof S] extends [never]
  ? unknown
  : {
      /**
       * Changes the state, when the handler is done; the last call counts.
       *
       * To the state it is in, it gives that new data and nothing else: see `repeat`.
       */
      goto<T extends To & keyof S>(state: T, ...data: DataArgs<S[T]>): void;
    };

type Repeating<K, To> = K extends To
  ? {
      /** Enters the state again, when the handler is done: `enter` runs, and its timeouts begin. */
      repeat(): void;
    }
  : unknown;

type Stopping<To> = End extends To
  ? {
      /** Ends the machine when the handler is done, in the state it is in. */
      stop(reason?: ReasonInput): void;
    }
  : unknown;

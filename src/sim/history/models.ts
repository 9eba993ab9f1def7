import { isDeepStrictEqual } from "node:util";
import { fingerprint } from "./fingerprint.ts";
import { model, type AnyModel, type Invocation, type Effect } from "./model.ts";

/** One value that is read and written. */
export interface RegisterModel<T> extends AnyModel {
  readonly read: () => Invocation<T>;
  /** Any answer will do. */
  readonly write: (value: T) => Invocation;
  /** Answers whether the value was `expected`, and has become `next`. */
  readonly compareAndSet: (expected: T, next: T) => Invocation<boolean>;
}

/** A model of one value. Values are compared by what is in them. */
export function register<T>(initial: T, name = "register"): RegisterModel<T> {
  return model({
    name,
    init: () => initial,
    reads: { read: (state: T) => state },
    writes: {
      write: (_: T, value: T) => ({ state: value }),
      compareAndSet: (state: T, expected: T, next: T) => swap(state, expected, next),
    },
  });
}

/** Values under keys. */
export interface MapModel<K, V> extends AnyModel {
  /** Answers the value, or undefined. */
  readonly get: (key: K) => Invocation<V | undefined>;
  readonly has: (key: K) => Invocation<boolean>;
  /** Any answer will do. */
  readonly set: (key: K, value: V) => Invocation;
  /** Answers whether there was a value; an answer of undefined is not compared. */
  readonly delete: (key: K) => Invocation<boolean | void>;
  /** Answers whether the value was `expected` (undefined: there was none), and has become `next`. */
  readonly compareAndSet: (key: K, expected: V | undefined, next: V) => Invocation<boolean>;
}

/** What stands under a key that is not there: a map may hold `undefined`. */
class Absent {
  // Not public, so that no value of another type is one.
  protected readonly absent = true;
}
const ABSENT = new Absent();

/** A model of a map whose keys know nothing of each other. Values are compared by what is in them. */
export function map<K, V>(entries: Iterable<readonly [K, V]> = [], name = "map"): MapModel<K, V> {
  type State = V | Absent;
  // By what is in the keys, as they are compared elsewhere.
  const initial = new Map<string, State>();
  for (const [key, value] of entries) initial.set(fingerprint(key), value);
  const valueOf = (state: State): V | undefined => (state instanceof Absent ? undefined : state);
  return model({
    name,
    keyed: true,
    init: (key: unknown): State => {
      const id = fingerprint(key);
      return initial.has(id) ? initial.get(id)! : ABSENT;
    },
    reads: {
      get: (state: State, _key: K) => valueOf(state),
      has: (state: State, _key: K) => state !== ABSENT,
    },
    writes: {
      set: (_: State, _key: K, value: V): Effect<State> => ({ state: value }),
      delete: (state: State, _key: K) => [
        { state: ABSENT, output: state !== ABSENT },
        { state: ABSENT, output: undefined },
      ],
      compareAndSet: (state: State, _key: K, expected: V | undefined, next: V) =>
        isDeepStrictEqual(valueOf(state), expected)
          ? { state: next, output: true }
          : { state, output: false },
    },
  });
}

/** A number that is added to. */
export interface CounterModel extends AnyModel {
  readonly get: () => Invocation<number>;
  /** Answers the new number; an answer of undefined is not compared. */
  readonly add: (amount: number) => Invocation<number | void>;
}

/** A model of a counter. */
export function counter(initial = 0, name = "counter"): CounterModel {
  return model({
    name,
    init: () => initial,
    reads: { get: (state: number) => state },
    writes: {
      add: (state: number, amount: number) => [
        { state: state + amount, output: state + amount },
        { state: state + amount, output: undefined },
      ],
    },
  });
}

function swap<T>(state: T, expected: T, next: T): { state: T; output: boolean } {
  return isDeepStrictEqual(state, expected)
    ? { state: next, output: true }
    : { state, output: false };
}

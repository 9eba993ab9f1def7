import { BadInputError } from "../../index.ts";
import { checkName } from "../../kernel/options.ts";

/** What an operation does to a state, in one of the ways it may go. */
export interface Effect<S> {
  /** The state after it. A new one: the one before must stay as it was. */
  readonly state: S;
  /** What it answers. Where it is not given, any answer will do. */
  readonly output?: unknown;
}

/** One effect, or all that are allowed; an empty list where the operation cannot happen. */
type Effects<S> = Effect<S> | readonly Effect<S>[];

/** A function of the state that changes nothing, and answers what it returns. */
type Read<S> = (state: S, ...args: never[]) => unknown;
/** A function of the state that says what comes of it. */
type Write<S> = (state: S, ...args: never[]) => Effects<S>;

type Reads<S> = Readonly<Record<string, Read<S>>>;
type Writes<S> = Readonly<Record<string, Write<S>>>;

/**
 * How something behaves when it is used by one client at a time.
 *
 * Reads and writes are pure: they are tried in many orders, on states that many tries share. They
 * must not depend on the order of keys in an object, a map or a set; keep an order that matters in
 * an array.
 */
export interface ModelSpec<S, R extends Reads<S>, W extends Writes<S>> {
  /** What it is called in reports. */
  readonly name: string;
  /**
   * The first argument of every operation is a key, and what happens under one key does not concern
   * the others: the state is then that of one key, and keys are checked one by one, which is far
   * quicker. Default false.
   */
  readonly keyed?: boolean;
  /** The state at the beginning: of `key`, where the model is keyed. */
  readonly init: (key: unknown) => S;
  /** What changes nothing: these are cheap to check. */
  readonly reads?: R & Reads<S>;
  readonly writes?: W & Writes<S>;
}

/** A model as the checker sees it. */
export interface Specification {
  readonly name: string;
  readonly keyed: boolean;
  init(key: unknown): unknown;
  isRead(verb: string): boolean;
  effects(verb: string, state: unknown, args: readonly unknown[]): readonly Effect<unknown>[];
}

const SPECIFICATION = Symbol("specification");
declare const OUTPUT: unique symbol;

/** What a client asks for: an operation of a model, with its arguments. */
export interface Invocation<Output = unknown> {
  readonly of: Specification;
  readonly verb: string;
  readonly args: readonly unknown[];
  /** Only a type: what the operation may answer. */
  readonly [OUTPUT]?: Output;
}

/** Any model, whatever its operations. */
export interface AnyModel {
  readonly [SPECIFICATION]: Specification;
}

type OutputOf<R> = R extends readonly (infer One)[]
  ? OutputOf<One>
  : R extends { readonly output: infer Output }
    ? Output
    : unknown;

type Reader<F> = F extends (state: never, ...args: infer Args) => infer Output
  ? (...args: Args) => Invocation<Output>
  : never;

type Writer<F> = F extends (state: never, ...args: infer Args) => infer R
  ? (...args: Args) => Invocation<OutputOf<R>>
  : never;

/** What `model` returns: for each operation a function that says "this one, with these arguments". */
export type Model<R, W> = AnyModel & { readonly [Verb in keyof R]: Reader<R[Verb]> } & {
  readonly [Verb in keyof W]: Writer<W[Verb]>;
};

/**
 * Describes how something behaves when it is used by one client at a time, to check that it behaves
 * so for many: see `linearizable`.
 *
 * ```ts
 * const account = model({
 *   name: "account",
 *   init: () => 100,
 *   reads: { balance: (state) => state },
 *   writes: {
 *     withdraw: (state, amount: number) =>
 *       amount > state ? { state, output: false } : { state: state - amount, output: true },
 *   },
 * });
 * await history.record(account.withdraw(30), () => app.account.withdraw(30));
 * ```
 *
 * Make one model for each thing: two accounts are two models, or one that is `keyed`.
 */
export function model<
  S,
  R extends Reads<S> = Readonly<Record<never, never>>,
  W extends Writes<S> = Readonly<Record<never, never>>,
>(spec: ModelSpec<S, R, W>): Model<R, W> {
  checkSpec(spec);
  const { name, keyed = false, init } = spec;
  const reads = functionsOf(spec.reads);
  const writes = functionsOf(spec.writes);
  const of: Specification = {
    name,
    keyed,
    init,
    isRead: (verb) => reads.has(verb),
    effects(verb, state, args) {
      const read = reads.get(verb);
      if (read !== undefined) return [{ state, output: read(state, ...args) }];
      return effectsOf(`model ${name}: ${verb}`, writes.get(verb)!(state, ...args));
    },
  };
  const invokers = [...reads.keys(), ...writes.keys()].map((verb) => [
    verb,
    (...args: readonly unknown[]): Invocation => ({ of, verb, args }),
  ]);
  return { ...Object.fromEntries(invokers), [SPECIFICATION]: of } as Model<R, W>;
}

/** By verb, and loosely: the types of a verb's arguments are checked where it is invoked. */
function functionsOf(
  given: object = {},
): ReadonlyMap<string, (...args: readonly unknown[]) => unknown> {
  return new Map(Object.entries(given));
}

/** @internal */
export function specificationOf(given: AnyModel): Specification {
  const specification = (given as Partial<AnyModel> | undefined)?.[SPECIFICATION];
  if (specification !== undefined) return specification;
  throw new BadInputError(
    "linearizable: this is not a model; make one with model({ ... }), register(), map() or counter()",
  );
}

function effectsOf(what: string, given: unknown): readonly Effect<unknown>[] {
  const effects: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const effect of effects) {
    if (typeof effect === "object" && effect !== null && "state" in effect) continue;
    throw new BadInputError(
      `${what} returned ${String(effect)}; it must return { state, output }, or a list of these`,
    );
  }
  return effects as readonly Effect<unknown>[];
}

function checkSpec<S>({ name, init, reads, writes }: ModelSpec<S, Reads<S>, Writes<S>>): void {
  checkName("model: name", name);
  if (typeof init !== "function") {
    throw new BadInputError(`model ${name}: init must be a function that returns the first state`);
  }
  const verbs = [...Object.entries<unknown>(reads ?? {}), ...Object.entries<unknown>(writes ?? {})];
  for (const [verb, behaves] of verbs) {
    if (typeof behaves === "function") continue;
    throw new BadInputError(`model ${name}: ${verb} is no function of the state and its arguments`);
  }
  if (verbs.length === 0) {
    throw new BadInputError(
      `model ${name} has neither reads nor writes, so nothing could be checked with it`,
    );
  }
  const both = Object.keys(reads ?? {}).find((verb) => Object.hasOwn(writes ?? {}, verb));
  if (both === undefined) return;
  throw new BadInputError(
    `model ${name}: ${both} is a read and a write; what may change the state is a write`,
  );
}

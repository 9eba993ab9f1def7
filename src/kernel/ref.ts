import { ask, cast, openCall, send, type CallOptions } from "./calls.ts";
import { HELD } from "./envelope.ts";
import type { ActorDef } from "./behaviour.ts";
import type { Cell } from "./cell.ts";
import { BadInputError } from "./errors.ts";
import { describe } from "./exit-reason.ts";
import { openStream } from "./streams.ts";
import type { Verb } from "./verb.ts";

/** Where a ref keeps its target: a symbol, so that every string is free for verbs. */
export const CELL: unique symbol = Symbol("troupe.cell");
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

declare const PROTOCOL: unique symbol;

/**
 * What callers hold of an actor: it has the verbs of the protocol `A` as methods.
 *
 * Valid for the actor's whole life, over restarts; equal to itself. Holding one keeps nothing
 * alive, and using one whose actor is gone is safe: casts become dead letters, calls reject.
 */
export type Ref<A> = A & AnyRef & { readonly [PROTOCOL]?: A };

/** The ref of a definition's actors: `RefOf<typeof Counter>`. */
export type RefOf<D> = D extends ActorDef<infer A, never> ? Ref<A> : never;

/** A ref whose protocol does not matter: to stop, watch, link or compare. */
export interface AnyRef {
  readonly [CELL]: unknown;
  /** `await using ref = …` stops the actor at the end of the scope. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where a view keeps its ways, which are not those of the definition. */
export const WAYS: unique symbol = Symbol("troupe.ways");

/** What a method of a ref does: which verb it sends, as a view may have changed it. */
export interface Way {
  readonly verb: Verb;
  readonly options?: CallOptions;
  /** It answers in a way of its own, which is code: see `attempt`. */
  readonly isAttempt?: true;
  /** Makes the verb's arguments of the method's. */
  readonly convert?: (args: readonly unknown[]) => readonly unknown[];
}

/** The methods of a ref by name: the definition's, or those of the view that it is. */
export function waysOf(ref: AnyRef): ReadonlyMap<string, Way> {
  const cell = cellOf(ref);
  const { [WAYS]: ways } = ref as ActorRef;
  if (ways !== undefined) return ways;
  return new Map(Array.from(cell.behaviour.verbs, ([name, verb]) => [name, { verb }]));
}

/** The class behind every ref; `makeRefClass` adds the verbs. */
export abstract class ActorRef implements AnyRef {
  readonly [CELL]: Cell;
  declare readonly [WAYS]?: ReadonlyMap<string, Way>;

  constructor(cell: Cell) {
    this[CELL] = cell;
    if (cell.options.stopWhenUnreferenced) cell.countRef(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this[CELL].kernel.stop(this[CELL]);
  }

  [INSPECT](): string {
    return `Ref(${this[CELL].label})`;
  }
}

type Method = (this: ActorRef, ...args: unknown[]) => unknown;

/** What an envelope holds as its first. */
function held(args: readonly unknown[]): unknown {
  return args.length > HELD ? args.slice() : args[0];
}

function methodFor(verb: Verb): Method {
  switch (verb.kind) {
    case "cast":
      if (verb.takesMany) {
        return function (...args) {
          cast(this[CELL], verb, args);
        };
      }
      return function (...args) {
        send(this[CELL], verb, args.length, held(args), args[1]);
      };
    case "call":
      if (verb.takesMany) {
        return function (...args) {
          return openCall(this[CELL], verb, args);
        };
      }
      return function (...args) {
        return ask(this[CELL], verb, args.length, held(args), args[1]);
      };
    case "stream":
      return function (...args) {
        return openStream(this[CELL], verb, args);
      };
  }
}

/** Makes the one class of all refs to actors of a kind: 8 ns a send, where a Proxy costs 30. */
export function makeRefClass(verbs: Iterable<Verb>): new (cell: Cell) => ActorRef {
  class BoundRef extends ActorRef {}
  for (const verb of verbs) addMethod(BoundRef, verb.name, methodFor(verb));
  return BoundRef;
}

/** Adds a verb's method; writable like any other, so that test doubles can replace it. */
export function addMethod(
  refClass: new (...args: never) => ActorRef,
  name: string,
  method: Method,
): void {
  Object.defineProperty(refClass.prototype, name, {
    value: method,
    writable: true,
    configurable: true,
  });
}

/** The cell's ref, as one of protocol `A`: that it has the verbs is its definition's promise. */
export function refTo<A>(cell: Cell): Ref<A> {
  return cell.ref as unknown as Ref<A>;
}

/** The cell behind a ref; what is no ref is refused. */
export function cellOf(ref: AnyRef): Cell {
  const cell = (ref as Partial<AnyRef> | null | undefined)?.[CELL];
  if (cell === undefined) throw new BadInputError(`${describe(ref)} is no ref`);
  return cell as Cell;
}

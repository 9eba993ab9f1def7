import { Cancellation, type Signal } from "./abort.ts";
import type { CallOptions } from "./calls.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Cell } from "./cell.ts";
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

/** Where a view keeps the options that hold for all of its methods. */
const OPTIONS: unique symbol = Symbol("troupe.options");

/** A ref under other options: what it is a view of is in its class, and so is shared. */
interface OptionsView extends ActorRef {
  readonly [OPTIONS]?: CallOptions;
}
type OptionsViewClass = new (cell: Cell, options: CallOptions) => OptionsView;

/**
 * What ends calls together, as those of one request: a time, and a signal, which it is itself.
 *
 * Both are asked for at each call, so they may change while there are views under them.
 */
export abstract class Bounds extends Cancellation implements CallOptions {
  /** Time that is left, in ms. */
  abstract readonly timeout: number;

  get signal(): this {
    return this;
  }
}

/** Options within bounds: the shorter time counts, and either signal. */
class Within implements CallOptions {
  readonly own: CallOptions;
  readonly bounds: Bounds;

  constructor(own: CallOptions, bounds: Bounds) {
    this.own = own;
    this.bounds = bounds;
  }

  get timeout(): number {
    return Math.min(this.own.timeout ?? Infinity, this.bounds.timeout);
  }

  get whenFull(): CallOptions["whenFull"] {
    return this.own.whenFull;
  }

  get signal(): Signal {
    const { signal } = this.own;
    return signal === undefined
      ? this.bounds.signal
      : Cancellation.either(signal, this.bounds.signal);
  }
}

/** Both together: the later wins, but that no option leads out of bounds. */
function joined(earlier: CallOptions | undefined, later: CallOptions): CallOptions {
  if (earlier === undefined) return later;
  if (later instanceof Bounds) return new Within(earlier, later);
  if (earlier instanceof Bounds) return new Within(later, earlier);
  if (earlier instanceof Within) return new Within(joined(earlier.own, later), earlier.bounds);
  return { ...earlier, ...later };
}

/** The same actor, whose calls and streams end within `bounds`, and within limits of their own. */
export function within<A>(ref: Ref<A>, bounds: Bounds): Ref<A>;
export function within(ref: AnyRef, bounds: Bounds): AnyRef {
  return viewUnder(ref, bounds);
}

/** The methods of a ref under other options. */
export function viewUnder(ref: AnyRef, options: CallOptions): AnyRef {
  const cell = cellOf(ref);
  const { [WAYS]: ways, [OPTIONS]: earlier } = ref as OptionsView;
  if (earlier !== undefined) {
    // Of the class that it has: there is one for each thing to be a view of.
    return new (ref.constructor as OptionsViewClass)(cell, joined(earlier, options));
  }
  const key = ways ?? cell.behaviour;
  let view = classes.get(key);
  if (view === undefined) classes.set(key, (view = makeViewClass(waysOf(ref))));
  return new view(cell, options);
}

/** By the definition, or by the ways of the view that it is a view of. */
const classes = new WeakMap<Behaviour | ReadonlyMap<string, Way>, OptionsViewClass>();

function makeViewClass(ways: ReadonlyMap<string, Way>): OptionsViewClass {
  class View extends ActorRef implements OptionsView {
    readonly [OPTIONS]: CallOptions;

    constructor(cell: Cell, options: CallOptions) {
      super(cell);
      this[OPTIONS] = options;
    }
  }
  // Made for whoever makes a view of this one, or sends it away: most are only used.
  Object.defineProperty(View.prototype, WAYS, {
    get(this: View) {
      const { [OPTIONS]: options } = this;
      return new Map(Array.from(ways, ([name, way]) => [name, under(way, options)]));
    },
  });
  for (const [name, way] of ways) {
    const ofDefinition = limitOf(way);
    addMethod(View, name, function (...args) {
      const { [OPTIONS]: options } = this as View;
      const given = way.convert === undefined ? args : way.convert(args);
      const own = options instanceof Bounds ? ofDefinition : way.options;
      return sendBy(this[CELL], way, given, joined(own, options));
    });
  }
  return View;
}

/** Its own options; where it has none, what its definition says of calls: bounds do not undo that. */
function limitOf({ options, verb }: Way): CallOptions | undefined {
  const { kind, callTimeout } = verb;
  if (options !== undefined || kind !== "call" || callTimeout === undefined) return options;
  return { timeout: callTimeout };
}

function under(way: Way, options: CallOptions): Way {
  return { ...way, options: joined(way.options, options) };
}

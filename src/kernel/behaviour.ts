import type { ChildSpec } from "../supervision/child-spec.ts";
import type { Intensity } from "../supervision/restart-intensity.ts";
import type { AutoShutdown, Strategy } from "../supervision/strategy.ts";
import { BadInputError } from "./errors.ts";
import { describe } from "./exit-reason.ts";
import type { Priority, WhenFull } from "./options.ts";
import { makeRefClass, type ActorRef } from "./ref.ts";
import { collectSchemas, type StandardSchema } from "./schema.ts";
import { isAsync, type Verb } from "./verb.ts";

declare const API: unique symbol;
declare const PROPS: unique symbol;

/**
 * A definition: how an actor's state is made and what each of its verbs does.
 *
 * `A` is the protocol (what a ref offers), `P` the props. Opaque: made by `actor`, `implement`,
 * `loop`, `agent` and `supervisor`, used by `spawn`.
 */
export interface ActorDef<A, P = void> {
  /** The name in labels and logs: `counter#17`. */
  readonly name: string;
  /** Phantom: carries the types, is never there. */
  readonly [API]?: A;
  readonly [PROPS]?: (props: P) => void;
}

/** How an actor looks after its children. */
export interface Supervision {
  /** Default `oneForOne`. */
  readonly strategy?: Strategy;
  /** Default 3 restarts in 5,000 ms. */
  readonly intensity?: Intensity;
  /** Default `never`. */
  readonly autoShutdown?: AutoShutdown;
  /** More than these are refused with a `StartError`. Default: no limit. */
  readonly maxChildren?: number;
}

/** What a definition may set for all its actors; a spawn's own options win. */
export interface ActorSettings extends ChildSpec {
  readonly mailbox?: {
    /** Messages that may wait. Default 100,000; `Infinity` for no bound. */
    readonly capacity?: number;
    /** Default `reject`. */
    readonly whenFull?: WhenFull;
    /** Messages that may be stashed. Default 1,000. */
    readonly stash?: number;
  };
  /** Weighs its turns against those of others. Default `normal`. */
  readonly priority?: Priority;
  /** Time limit of `init` in ms. Default 30,000. */
  readonly initTimeout?: number;
}

/** A hook or handler as the kernel sees it: any signature, called by position. */
export type Hook = (ctx: never, ...args: never[]) => unknown;

/** The hooks for what comes in the lifecycle lane. */
export interface LifecycleHooks {
  readonly onChild?: Hook | undefined;
  readonly onDown?: Hook | undefined;
  readonly onExit?: Hook | undefined;
  readonly onGroup?: Hook | undefined;
}

/** What the ways to write an actor hand to the kernel. */
export interface BehaviourParts {
  readonly name: string;
  readonly verbs: readonly Verb[];
  readonly init?: Hook | undefined;
  readonly exit?: Hook | undefined;
  readonly hooks?: LifecycleHooks | undefined;
  readonly supervision?: Supervision | undefined;
  readonly settings?: ActorSettings | undefined;
  /** What it stands for, where it is not the definition itself. */
  readonly definition?: Behaviour | undefined;
  /** By verb; as they were given, and not looked at yet. */
  readonly schemas?: object | undefined;
}

/** A compiled definition: what every cell of one kind of actor shares. */
export class Behaviour {
  readonly name: string;
  readonly verbs: ReadonlyMap<string, Verb>;
  readonly init: Hook | undefined;
  readonly exit: Hook | undefined;
  /** `init` is an `async` function. */
  readonly initWaits: boolean;
  readonly onChild: Hook | undefined;
  readonly onDown: Hook | undefined;
  /** With it, the end of a linked actor is an event; without it, it is this actor's end too. */
  readonly onExit: Hook | undefined;
  readonly onGroup: Hook | undefined;
  readonly supervision: Supervision;
  readonly settings: ActorSettings;
  /** Itself; where it stands for actors that run elsewhere, the definition that they have. */
  readonly definition: Behaviour;
  /** By verb, what checks the arguments of messages from elsewhere; null where nothing does. */
  readonly schemas: ReadonlyMap<string, StandardSchema> | null;
  /** One prototype for all refs to actors of this kind. */
  readonly Ref: new (cell: never) => ActorRef;

  constructor(parts: BehaviourParts) {
    this.name = parts.name;
    this.verbs = new Map(parts.verbs.map((verb) => [verb.name, verb]));
    this.init = parts.init;
    this.exit = parts.exit;
    this.initWaits = parts.init !== undefined && isAsync(parts.init);
    this.onChild = parts.hooks?.onChild;
    this.onDown = parts.hooks?.onDown;
    this.onExit = parts.hooks?.onExit;
    this.onGroup = parts.hooks?.onGroup;
    this.supervision = parts.supervision ?? {};
    this.settings = parts.settings ?? {};
    this.schemas = collectSchemas(this.name, this.verbs, parts.schemas);
    this.definition = parts.definition ?? this;
    this.Ref = parts.definition?.Ref ?? makeRefClass(this.verbs.values());
  }
}

/** The compiled definition behind what users hold; what is no definition is refused. */
export function behaviourOf(def: ActorDef<unknown, never>): Behaviour {
  if (def instanceof Behaviour) return def;
  throw new BadInputError(
    `${describe(def)} is no definition; make one with actor, implement, loop, agent or supervisor`,
  );
}

/** Calls a hook by position; what it may be called with is its definition's business. */
export function callHook(hook: Hook, ctx: unknown, arg: unknown): unknown {
  return (hook as (ctx: unknown, arg: unknown) => unknown)(ctx, arg);
}

import {
  Behaviour,
  type ActorDef,
  type ActorSettings,
  type Supervision,
} from "../kernel/behaviour.ts";
import type { InitContext } from "../kernel/context.ts";
import { BadInputError } from "../kernel/errors.ts";
import type { ChildEvent } from "../kernel/child-event.ts";
import type { GroupChange } from "../kernel/group-ref.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { Schemas } from "../kernel/schema.ts";
import { inScope } from "../kernel/scope.ts";
import type { Down, LinkedExit } from "../kernel/signals.ts";
import { failLater } from "../kernel/tasks.ts";
import { Verb, type VerbKind } from "../kernel/verb.ts";
import { InboxClosed, LoopInbox, SEND } from "./inbox.ts";
import { checkDefinition, checkVerbName, limitCalls, type CallTimeout } from "./definition.ts";

/** What a loop is handed beside its inbox. Its state is in its own variables. */
export type LoopContext<P = unknown, A = unknown> = InitContext<P, A>;

/** Messages as a loop takes them: when it wants, which it wants. */
export interface Inbox<M> extends AsyncIterable<M> {
  /** The next message; with types, the next of those, while the others wait in their order. */
  receive(): Promise<M>;
  receive<K extends TypeOf<M>>(...types: readonly K[]): Promise<Extract<M, { readonly type: K }>>;
  /** A message that waits already, or undefined. */
  tryReceive(): M | undefined;
  /** How many wait. */
  readonly size: number;
}

type TypeOf<M> = M extends { readonly type: infer K } ? K : never;

/** The protocol of a loop that takes one type of message. */
export interface Sendable<M> {
  send(message: M): void;
}

/** Settings and hooks of a loop. The hooks run while it waits for a message. */
export interface LoopHooks<P = unknown, A = unknown> extends ActorSettings {
  readonly name?: string;
  readonly supervision?: Supervision;
  /** Time limit in ms of calls to it, of all or by verb, where the caller gives none. */
  readonly callTimeout?: CallTimeout;
  /** Checks the arguments of messages that come in from another thread, as a tuple. */
  readonly schemas?: Schemas<A>;
  onChild?(ctx: LoopContext<P, A>, event: ChildEvent): void | Promise<void>;
  onDown?(ctx: LoopContext<P, A>, down: Down): void | Promise<void>;
  onExit?(ctx: LoopContext<P, A>, exit: LinkedExit): void | Promise<void>;
  onGroup?(ctx: LoopContext<P, A>, change: GroupChange): void | Promise<void>;
}

type Run = (inbox: LoopInbox, ctx: Incarnation) => Promise<void>;

/**
 * Defines an actor as one async function that takes messages from its inbox (heph).
 *
 * It lives as long as the function runs: returning is its normal end, throwing its failure. A stop
 * ends the `for await` over the inbox, so what stands behind the loop is its clean-up; a pending
 * `receive` rejects. A kill ends it wherever it is.
 */
export function loop<M, P = void>(
  run: (inbox: Inbox<M>, ctx: LoopContext<P, Sendable<M>>) => Promise<void>,
  hooks?: LoopHooks<P, Sendable<M>>,
): ActorDef<Sendable<M>, P> {
  return compileLoop(undefined, run as unknown as Run, hooks ?? {});
}

/** Compiles a loop: with `kinds`, over a contract; without, over messages of one type. */
export function compileLoop(
  kinds: Readonly<Record<string, VerbKind>> | undefined,
  run: Run,
  hooks: LoopHooks<never>,
): Behaviour {
  const name = hooks.name ?? "loop";
  checkDefinition(name, hooks);
  return new Behaviour({
    name,
    verbs: limitCalls(
      name,
      kinds === undefined ? [SEND] : Object.entries(kinds).map(contractVerb(name)),
      hooks.callTimeout,
    ),
    init: (ctx: Incarnation) => startLoop(ctx, run),
    exit: (ctx: Incarnation) => (ctx.lastState as LoopInbox | undefined)?.finished(),
    hooks,
    supervision: hooks.supervision,
    settings: hooks,
    schemas: hooks.schemas,
  });
}

/** Starts the function; from here on it runs by itself, from one message to the next. */
function startLoop(ctx: Incarnation, run: Run): LoopInbox {
  const inbox = new LoopInbox(ctx);
  // Not before `init` is done: what the function throws is a failure of a running actor.
  inbox
    .start(() => inScope(ctx, true, () => run(inbox, ctx), null))
    .then(
      () => {
        if (!ctx.over && ctx.cell.status === "running") ctx.stop();
      },
      (error: unknown) => {
        if (error instanceof InboxClosed || ctx.cell.status !== "running") return;
        inbox.failed();
        failLater(ctx, "loop", error);
      },
    );
  return inbox;
}

function contractVerb(definition: string): (entry: [string, VerbKind]) => Verb {
  return ([name, kind]) => {
    checkVerbName(definition, name);
    if (kind === "cast" || kind === "call") {
      return new Verb(name, kind, (ctx: Incarnation) =>
        (ctx.lastState as LoopInbox).offer(ctx.cell.current!),
      );
    }
    if (kind === "stream") {
      return new Verb(name, kind, (ctx: Incarnation, ...args: unknown[]) =>
        (ctx.lastState as LoopInbox).offerStream(name, args),
      );
    }
    throw new BadInputError(
      `definition ${definition}: verb "${name}" is "${String(kind)}"; it can be cast, call or stream`,
    );
  };
}

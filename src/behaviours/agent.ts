import type { ActorDef } from "../kernel/behaviour.ts";
import type { Context } from "../kernel/context.ts";
import { define, type Definition, type Replied } from "./actor.ts";

type AgentContext<S> = Context<S, void, AgentProtocol<S>>;

/**
 * State whose messages are functions (cooper; Elixir's Agent).
 *
 * Each function has the state to itself until it returns, or its promise settles. Functions cannot
 * leave their isolate, so an agent is for local use.
 */
export interface AgentProtocol<S> {
  /** Runs a function on the state; nobody waits for it. */
  cast(fn: (state: S, ctx: AgentContext<S>) => unknown): void;
  /** Runs a function on the state and answers with what it returns; `ctx.defer()` answers later. */
  call<R>(fn: (state: S, ctx: AgentContext<S>) => R): Promise<Replied<R>>;
  /** Replaces the state with what the function returns. */
  update(fn: (state: S) => S | Promise<S>): void;
  /** Resolves when all that was sent before has run. */
  flush(): Promise<void>;
}

/** Defines an agent; `init` makes its state, again at each restart. */
export function agent<S>(
  init: () => S | Promise<S>,
  settings: Definition = {},
): ActorDef<AgentProtocol<S>> {
  return define({
    name: "agent",
    ...settings,
    init,
    cast: {
      cast: (ctx: AgentContext<S>, fn: (state: S, ctx: AgentContext<S>) => unknown) =>
        fn(ctx.state, ctx),
      update: (ctx: AgentContext<S>, fn: (state: S) => S | Promise<S>) => {
        const state = fn(ctx.state);
        if (!(state instanceof Promise)) {
          ctx.state = state;
          return undefined;
        }
        return state.then((made) => void (ctx.state = made));
      },
    },
    call: {
      call: (ctx: AgentContext<S>, fn: (state: S, ctx: AgentContext<S>) => unknown) =>
        fn(ctx.state, ctx),
      flush: () => {},
    },
  });
}

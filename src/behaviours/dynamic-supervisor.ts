import { started } from "../kernel/acts.ts";
import { behaviourOf, type ActorDef } from "../kernel/behaviour.ts";
import type { Context } from "../kernel/context.ts";
import type { Ref } from "../kernel/ref.ts";
import { checkSettings, type SpawnOptions } from "../kernel/options.ts";
import type { Intensity } from "../supervision/restart-intensity.ts";
import { define, type Definition } from "./actor.ts";

type PropsOf<P> = unknown extends P ? [] : [P] extends [void] ? [] : [props: P];

/** A supervisor of children that are many, alike, and started when they are needed. */
export interface DynamicProtocol<A, P> {
  /** Starts a child; resolves when it has started, rejects with `StartError` when it cannot. */
  start(...props: PropsOf<P>): Promise<Ref<A>>;
  /** The children, in start order. */
  which(): Promise<Ref<A>[]>;
  count(): Promise<number>;
  /** Ends a child, within its shutdown time. */
  terminate(child: Ref<A>): Promise<void>;
}

/** What `dynamicSupervisor` is made from: one kind of child, and how all of them are looked after. */
export interface DynamicSpec<A, P> extends Definition {
  readonly actor: ActorDef<A, P>;
  /** How each child is looked after. */
  readonly child?: SpawnOptions;
  readonly intensity?: Intensity;
  /** One more is refused with a `StartError`. Default: no limit. */
  readonly maxChildren?: number;
}

/** Defines a supervisor of children that are started when they are needed; all are stopped at once. */
export function dynamicSupervisor<A, P>(spec: DynamicSpec<A, P>): ActorDef<DynamicProtocol<A, P>> {
  const { actor: kind, child, intensity, maxChildren, ...rest } = spec;
  type Ctx = Context<undefined>;
  behaviourOf(kind);
  checkSettings(`${spec.name ?? "dynamic-supervisor"}: child`, child ?? {});
  return define({
    name: "dynamic-supervisor",
    shutdown: "infinity",
    ...rest,
    supervision: {
      strategy: "dynamic",
      ...(intensity === undefined ? {} : { intensity }),
      ...(maxChildren === undefined ? {} : { maxChildren }),
    },
    call: {
      start(ctx: Ctx, props: P) {
        const reply = ctx.defer<Ref<A>>();
        const ref = ctx.spawn<A, unknown>(kind as ActorDef<A, unknown>, props as never, child);
        started(ref).then(
          () => reply.resolve(ref),
          (error: unknown) => reply.reject(error),
        );
        return reply;
      },
      which: (ctx: Ctx) => ctx.children.list(),
      count: (ctx: Ctx) => ctx.children.size,
      terminate(ctx: Ctx, ref: Ref<A>) {
        const reply = ctx.defer<void>();
        ctx.children.stop(ref).then(
          () => reply.resolve(),
          (error: unknown) => reply.reject(error),
        );
        return reply;
      },
    },
  });
}

import {
  agent,
  dynamicSupervisor,
  implement,
  loop,
  machine,
  partitioned,
  supervisor,
  type ActorDef,
  type Ref,
} from "troupe";
import type { Echo } from "./actors-calls.ts";
import type { Journal } from "./actors-subject.ts";

/** Counts what it is sent, until it is sent `enough`. */
export const Loop = loop<string, { readonly journal: Ref<Journal> }>(async (inbox, ctx) => {
  const { journal } = ctx.props;
  let count = 0;
  for await (const word of inbox) {
    if (word === "enough") return;
    if (word === "fail") throw new Error("in a loop");
    journal.note(`${word} ${++count}`);
  }
});

interface Counting {
  add(by: number): void;
  value(): Promise<number>;
}
export const Counting: ActorDef<Counting> = implement<Counting>()({
  name: "counting",
  init: () => ({ n: 0 }),
  cast: {
    add(ctx, by) {
      ctx.state.n += by;
    },
  },
  call: { value: (ctx) => ctx.state.n },
});

export const Words = agent(() => new Map<string, number>(), { name: "words" });

export const Echoing: ActorDef<Echo & { fail(): void }, { readonly prefix: string }> = implement<
  Echo & { fail(): void }
>()({
  name: "echoing",
  init: (_ctx, props: { readonly prefix: string }) => props,
  cast: {
    fail() {
      throw new Error("of an echo");
    },
  },
  call: { echo: (ctx, what) => `${ctx.state.prefix}${what}` },
});

interface Valve {
  open(): void;
  /** Answered in another state than that in which it is asked. */
  opened(): Promise<string>;
  shut(): Promise<string>;
}
interface Valves {
  closed: { times: number };
  flowing: { times: number };
}
/** Closes by itself. */
export const Valve: ActorDef<Valve, { readonly ms: number }> = machine<Valve, Valves>()({
  name: "valve",
  events: { open: "cast", opened: "call", shut: "call" },
  initial: "closed",
  init: (_ctx, _props: { readonly ms: number }) => ["closed", { times: 0 }],
  states: {
    closed: {
      on: {
        open: {
          to: "flowing",
          do: (ctx) => ctx.goto("flowing", { times: ctx.data.times + 1 }),
        },
        opened: "postpone",
        shut: "refuse",
      },
    },
    flowing: {
      on: {
        open: "ignore",
        opened: (ctx) => `flowing, the ${ctx.data.times}. time`,
        shut: {
          to: "closed",
          do(ctx) {
            ctx.goto("closed", ctx.data);
            return "shut by hand";
          },
        },
      },
      after: {
        ms: (ctx) => ctx.props.ms,
        to: "closed",
        do: (ctx) => ctx.goto("closed", ctx.data),
      },
    },
  },
});

/** Supervisors that are to run on a thread, with their children there. */
export const Tree = supervisor({
  name: "tree",
  children: {
    left: { actor: Echoing, props: { prefix: "left: " }, restart: "permanent" },
    right: { actor: Echoing, props: { prefix: "right: " }, restart: "permanent" },
  },
});
export const Dynamic = dynamicSupervisor({ name: "dynamic", actor: Echoing, maxChildren: 2 });
export const Parts = partitioned({ name: "parts", actor: Counting, partitions: 3 });

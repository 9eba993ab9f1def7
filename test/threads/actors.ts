import { threadId } from "node:worker_threads";
import { actor, type AnyRef, type Ref, type RefOf } from "troupe";
import { register } from "troupe/threads";

/** Hears from threads how far they are. */
export interface Signs {
  sign(what: string): void;
  /** Answers when the test says so. */
  pass(what: string): Promise<string>;
}

export interface VictimProps {
  readonly signs: Ref<Signs>;
  /** `init` waits until the test lets it pass. */
  readonly slowInit?: boolean;
}

/** Has something pending of every sort. */
export const Victim = actor({
  name: "victim",
  async init(_ctx, { signs, slowInit }: VictimProps) {
    signs.sign("init");
    if (slowInit === true) await signs.pass("init");
    return { n: 0 };
  },
  cast: {
    add(ctx, by: number): void {
      ctx.state.n += by;
    },
    fail(): void {
      throw new Error("told to fail");
    },
    spin: (): void => spin(),
  },
  call: {
    value: (ctx) => ctx.state.n,
    sum: (_ctx, of: ArrayBuffer | readonly number[]) =>
      of instanceof ArrayBuffer ? of.byteLength : of.reduce((sum, each) => sum + each, 0),
    where: () => threadId,
    /** Holds the actor until the test lets it go on. */
    hold: (ctx, what: string) => ctx.props.signs.pass(what),
    /** Owes its answer for ever. */
    owe(ctx) {
      ctx.props.signs.sign("owes");
      return ctx.defer<string>();
    },
    passOn: (ctx, to: Ref<{ pass(what: string): Promise<string> }>, what: string) =>
      ctx.forward(to).pass(what),
  },
  exit: ({ props: { signs } }, { kind }): void => signs.sign(`exits ${kind}`),
  stream: {
    async *count(ctx) {
      yield 0;
      yield 1;
      yield await ctx.props.signs.pass("item");
    },
  },
});
export type VictimRef = RefOf<typeof Victim>;

function spin(): never {
  for (;;);
}

/** Ends the thread that it is on, in each of the ways that there are. */
export const Saboteur = actor({
  name: "saboteur",
  cast: {
    exit: (_ctx, code: number): void => process.exit(code),
    throw: (): void => {
      setImmediate(() => {
        throw new RangeError("thrown by nobody");
      });
    },
    reject: (): void => void Promise.reject(new RangeError("rejected by nobody")),
    fillMemory: (): void => {
      const all: number[][] = [];
      for (;;) all.push(Array.from({ length: 10_000 }, (_, n) => n));
    },
    block: (): void => spin(),
    blockFor(_ctx, ms: number): void {
      const end = performance.now() + ms;
      while (performance.now() < end);
    },
    async blockLater(_ctx, signs: Ref<Signs>): Promise<void> {
      await signs.pass("before it blocks");
      spin();
    },
    blockInChild(ctx): void {
      ctx.spawn(Child).block();
    },
    outsideOfActors: (): void => void setImmediate(spin),
  },
  call: {
    isThere: () => threadId,
  },
});
export type SaboteurRef = RefOf<typeof Saboteur>;

const Child = actor({ name: "child", cast: { block: (): void => spin() } });

/** Monitors and links from within a thread. */
export const Watcher = actor({
  name: "watcher",
  init: (_ctx, props: { readonly signs: Ref<Signs> }) => props,
  onExit: (ctx, { reason }): void => ctx.state.signs.sign(`exit ${reason.kind}`),
  call: {
    watch(ctx, whom: AnyRef): void {
      ctx.monitor(whom, ({ reason }) => ctx.state.signs.sign(`down ${reason.kind}`));
      ctx.link(whom);
    },
  },
});

register({ Victim, Saboteur, Watcher });

import { assertType, describe, expectTypeOf, test } from "vitest";
import {
  actor,
  createSystem,
  type ActorDef,
  type Context,
  type ExitReason,
  type Ref,
  type Reply,
} from "troupe";

const system = createSystem();

const Counter = actor({
  name: "counter",
  init: (_ctx, props: { start: number }) => ({ n: props.start }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
    reset: (ctx) => void (ctx.state.n = 0),
  },
  call: {
    value: (ctx) => ctx.state.n,
    later: async (ctx, ms: number) => ({ ms, n: ctx.state.n }),
  },
  stream: {
    async *changes(_ctx, from: number): AsyncGenerator<number> {
      yield from;
    },
  },
});

test("a ref has the verbs as methods, typed by their handlers", () => {
  const counter = system.spawn(Counter, { start: 1 });
  expectTypeOf(counter.add).toEqualTypeOf<(by: number) => void>();
  expectTypeOf(counter.reset).toEqualTypeOf<() => void>();
  expectTypeOf(counter.value).toEqualTypeOf<() => Promise<number>>();
  expectTypeOf(counter.later).toEqualTypeOf<(ms: number) => Promise<{ ms: number; n: number }>>();
  expectTypeOf(counter.changes).toEqualTypeOf<(from: number) => AsyncIterable<number>>();
});

test("a verb takes its handler's arguments and no others", () => {
  const counter = system.spawn(Counter, { start: 1 });
  // @ts-expect-error -- not a number
  counter.add("2");
  // @ts-expect-error -- none given
  counter.add();
  // @ts-expect-error -- one too many
  counter.reset(1);
  // @ts-expect-error -- there is no such verb
  counter.subtract(1);
});

test("a cast has no value", async () => {
  const counter = system.spawn(Counter, { start: 1 });
  expectTypeOf(await counter.add(1)).toEqualTypeOf<void>();
  // @ts-expect-error -- void is no number
  assertType<number>(await counter.add(1));
});

describe("props", () => {
  test("are asked for where init takes some", () => {
    expectTypeOf(system.spawn(Counter, { start: 1 }, { name: "c" })).toExtend<object>();
    // @ts-expect-error -- props are missing
    system.spawn(Counter);
    // @ts-expect-error -- another type
    system.spawn(Counter, { start: "1" });
    // @ts-expect-error -- an unknown one
    system.spawn(Counter, { start: 1, end: 2 });
  });

  test("are not asked for where init takes none", () => {
    const Plain = actor({ init: () => ({ n: 1 }), call: { n: (ctx) => ctx.state.n } });
    expectTypeOf(Plain).toExtend<ActorDef<object>>();
    system.spawn(Plain);
    system.spawn(Plain, undefined, { name: "plain" });
    // @ts-expect-error -- it has none
    system.spawn(Plain, { start: 1 });
  });

  test("keep unions and generics", () => {
    type Props = { kind: "file"; path: string } | { kind: "memory" };
    const Store = actor({
      init: (_ctx, props: Props) => props.kind,
      call: { kind: (ctx) => ctx.state, own: (ctx) => ctx.props },
    });
    const store = system.spawn(Store, { kind: "memory" });
    expectTypeOf(store.kind()).resolves.toEqualTypeOf<"file" | "memory">();
    expectTypeOf(store.own()).resolves.toEqualTypeOf<Props>();
    // @ts-expect-error -- a file needs a path
    system.spawn(Store, { kind: "file" });
  });
});

describe("state", () => {
  test("is what init returns, in every hook and handler", () => {
    actor({
      init: () => ({ open: new Map<string, number>() }),
      exit(ctx, reason) {
        expectTypeOf(ctx.state).toEqualTypeOf<{ open: Map<string, number> } | undefined>();
        expectTypeOf(reason).toEqualTypeOf<ExitReason>();
      },
      onChild: (ctx, event) => {
        expectTypeOf(ctx.state.open).toEqualTypeOf<Map<string, number>>();
        expectTypeOf(event.kind).toEqualTypeOf<"started" | "restarted" | "failed" | "ended">();
      },
      call: { open: (ctx) => ctx.state.open },
    });
  });

  test("is what an async init resolves with", () => {
    const Late = actor({
      init: async (_ctx, props: { url: string }) => ({ url: props.url, hits: 0 }),
      call: {
        hits(ctx) {
          expectTypeOf(ctx.state).toEqualTypeOf<{ url: string; hits: number }>();
          expectTypeOf(ctx.props).toEqualTypeOf<{ url: string }>();
          return ctx.state.hits;
        },
      },
    });
    expectTypeOf(system.spawn(Late, { url: "" }).hits()).resolves.toEqualTypeOf<number>();
  });

  test("is undefined without an init", () => {
    actor({ call: { state: (ctx) => expectTypeOf(ctx.state).toEqualTypeOf<undefined>() } });
  });

  test("is not there yet in init", () => {
    actor({
      init(ctx) {
        // @ts-expect-error -- init is there to make it
        return ctx.state as string;
      },
    });
  });
});

describe("replies", () => {
  const Answers = actor({
    call: {
      union: (_ctx, found: boolean) => (found ? { found, at: 1 } : null),
      deferred: (ctx) => ctx.defer<string>(),
      maybeDeferred: async (ctx): Promise<Reply<number> | number> => ctx.defer<number>(),
      nothing: () => {},
    },
  });

  test("keep their unions, and are unwrapped once", () => {
    const answers = system.spawn(Answers);
    expectTypeOf(answers.union(true)).resolves.toEqualTypeOf<{
      found: true;
      at: number;
    } | null>();
    expectTypeOf(answers.nothing()).resolves.toEqualTypeOf<void>();
  });

  test("that are deferred are typed by what will be given", () => {
    const answers = system.spawn(Answers);
    expectTypeOf(answers.deferred()).resolves.toEqualTypeOf<string>();
    expectTypeOf(answers.maybeDeferred()).resolves.toEqualTypeOf<number>();
  });

  test("that are forwarded are the other actor's", () => {
    const Front = actor({
      init: (_ctx, back: Ref<{ find(key: string): Promise<number | null> }>) => ({ back }),
      call: { find: (ctx, key: string) => ctx.forward(ctx.state.back).find(key) },
    });
    const back = null as unknown as Ref<{ find(key: string): Promise<number | null> }>;
    expectTypeOf(system.spawn(Front, back).find("k")).resolves.toEqualTypeOf<number | null>();
    actor({
      cast: {
        add(ctx) {
          // @ts-expect-error -- only calls can be passed on
          ctx.forward(null as unknown as Ref<{ add(by: number): void }>).add(1);
        },
      },
    });
  });
});

describe("what cannot be meant does not compile", () => {
  test("an argument without an annotation is not any", () => {
    actor({
      // @ts-expect-error -- verbs and their arguments are `never` until they are written down
      cast: { add: (ctx: Context<undefined>, by) => by.toFixed() },
    });
  });

  test("a misspelt section, hook or setting", () => {
    // @ts-expect-error -- it is cast
    actor({ casts: { add() {} } });
    // @ts-expect-error -- there is no such strategy
    actor({ supervision: { strategy: "oneForNone" } });
    // @ts-expect-error -- there is no such restart
    system.spawn(Counter, { start: 1 }, { restart: "always" });
    // @ts-expect-error -- there is no such policy
    actor({ mailbox: { whenFull: "dropAll" } });
  });
});

import { describe, expectTypeOf, test } from "vitest";
import * as v from "valibot";
import { z } from "zod";
import { actor, createSystem, implement, loop, type ActorDef, type StandardSchema } from "troupe";

const system = createSystem();

interface Stock {
  restock(sku: string, count: number): void;
  take(sku: string, count: number): Promise<boolean>;
  changes(since?: number): AsyncIterable<[sku: string, left: number]>;
  clear(): void;
  echo<T>(value: T): Promise<T>;
}

/** The rest of an implementation, which is not what is looked at here. */
const sections = {
  cast: { restock() {}, clear() {} },
  call: { take: () => true, echo: <T>(_ctx: unknown, value: T): T => value },
  stream: {
    async *changes(): AsyncGenerator<[sku: string, left: number]> {
      yield ["bolt", 1];
    },
  },
};
const item = z.tuple([z.string(), z.number()]);
const noArguments = (): { value: [] } => ({ value: [] });

describe("the schemas of a contract", () => {
  test("come from the libraries as they are", () => {
    const Checked: ActorDef<Stock> = implement<Stock>()({
      ...sections,
      schemas: {
        restock: item,
        take: v.tuple([v.string(), v.pipe(v.number(), v.integer())]),
        changes: z.tuple([z.number().optional()]),
        clear: z.tuple([]),
        echo: v.tuple([v.unknown()]),
      },
    });
    expectTypeOf(system.spawn(Checked)).toExtend<Stock>();
    implement<Stock>()({ ...sections, schemas: { take: item.readonly() } });
    implement<Stock>()({ ...sections, schemas: {} });
    const byHand = { version: 1, vendor: "by hand", validate: noArguments } as const;
    implement<Stock>()({ ...sections, schemas: { clear: { "~standard": byHand } } });
  });

  test("make what the verb takes", () => {
    implement<Stock>()({
      ...sections,
      schemas: { take: z.tuple([z.string(), z.string().transform(Number)]) },
    });
    // @ts-expect-error -- the count is a number
    implement<Stock>()({ ...sections, schemas: { take: z.tuple([z.string(), z.string()]) } });
    // @ts-expect-error -- the count is missing
    implement<Stock>()({ ...sections, schemas: { take: v.tuple([v.string()]) } });
    // @ts-expect-error -- of the tuple, and not of the first argument
    implement<Stock>()({ ...sections, schemas: { take: z.string() } });
    // @ts-expect-error -- what is not known is no count
    implement<Stock>()({ ...sections, schemas: { take: z.array(z.unknown()) } });
  });

  test("are for its verbs, and are schemas", () => {
    // @ts-expect-error -- there is no such verb
    implement<Stock>()({ ...sections, schemas: { tak: item } });
    // @ts-expect-error -- no schema
    implement<Stock>()({ ...sections, schemas: { take: (args: unknown[]) => args } });
  });

  test("are taken by its loops", () => {
    const kinds = {
      restock: "cast",
      take: "call",
      changes: "stream",
      clear: "cast",
      echo: "call",
    } as const;
    implement<Stock>().loop(kinds, async () => {}, { schemas: { take: item } });
    // @ts-expect-error -- there is no such verb
    implement<Stock>().loop(kinds, async () => {}, { schemas: { tak: item } });
    // @ts-expect-error -- clear takes nothing
    implement<Stock>().loop(kinds, async () => {}, { schemas: { clear: item } });
    loop<string>(async () => {}, { schemas: { send: z.tuple([z.string()]) } });
    // @ts-expect-error -- it takes texts
    loop<string>(async () => {}, { schemas: { send: z.tuple([z.number()]) } });
  });

  test("may be of one that is generic", () => {
    interface Cache<V> {
      put(key: string, value: V): void;
    }
    const cacheOf = <V>(value: StandardSchema<readonly [string, V]>): ActorDef<Cache<V>> =>
      implement<Cache<V>>()({ cast: { put() {} }, schemas: { put: value } });
    system.spawn(cacheOf(z.tuple([z.string(), z.date()]))).put("k", new Date(0));
  });
});

describe("the schemas of an actor", () => {
  const Counter = actor({
    schemas: {
      add: z.tuple([z.number()]),
      find: v.tuple([v.string(), v.boolean()]),
      ticks: z.tuple([z.string().transform(Number)]),
    },
    init: (_ctx, props: { start: number }) => ({ n: props.start }),
    cast: {
      add(ctx, by: number) {
        expectTypeOf(ctx.state).toEqualTypeOf<{ n: number }>();
        ctx.state.n += by;
      },
    },
    call: { find: (ctx, name: string, deep: boolean) => ({ name, deep, n: ctx.state.n }) },
    stream: {
      async *ticks(_ctx, everyMs: number): AsyncGenerator<number> {
        yield everyMs;
      },
    },
  });

  test("leave its types as they would be, wherever they stand", () => {
    expectTypeOf(Counter).toEqualTypeOf<
      ActorDef<
        {
          add: (by: number) => void;
          find: (
            name: string,
            deep: boolean,
          ) => Promise<{ name: string; deep: boolean; n: number }>;
          ticks: (everyMs: number) => AsyncIterable<number>;
        },
        { start: number }
      >
    >();
    const Last = actor({
      init: () => ({ n: 0 }),
      cast: { add: (ctx, by: number) => void (ctx.state.n += by) },
      schemas: { add: z.tuple([z.number()]) },
    });
    expectTypeOf(Last).toEqualTypeOf<ActorDef<{ add: (by: number) => void }>>();
  });

  test("do not decide what a verb takes", () => {
    const Wide = actor({
      schemas: { add: z.tuple([z.literal(1)]) },
      cast: { add(_ctx, _by: number) {} },
    });
    expectTypeOf(system.spawn(Wide).add).toEqualTypeOf<(by: number) => void>();
  });

  test("make what its verbs take, and are for those", () => {
    actor({
      cast: { add(_ctx, _by: number) {} },
      // @ts-expect-error -- by is a number
      schemas: { add: z.tuple([z.string()]) },
    });
    actor({
      cast: { add(_ctx, _by: number) {} },
      // @ts-expect-error -- there is no such verb
      schemas: { subtract: z.tuple([z.number()]) },
    });
  });

  test("may be written in place", () => {
    const InPlace = actor({
      schemas: {
        add: {
          "~standard": {
            version: 1,
            vendor: "by hand",
            // Annotated: its type is asked for before those of the verbs are known.
            validate: (args: unknown) =>
              Array.isArray(args) ? { value: [args.length] as const } : { issues: [] },
          },
        },
        find: z.tuple([z.string().transform((text) => text.length)]),
      },
      init: () => ({ n: 0 }),
      cast: {
        add: (ctx, by: number) => void (ctx.state.n += by),
        find: (ctx, at: number) => void (ctx.state.n = at),
      },
    });
    expectTypeOf(InPlace).toEqualTypeOf<
      ActorDef<{ add: (by: number) => void; find: (at: number) => void }>
    >();
  });
});

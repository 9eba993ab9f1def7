import { describe, expectTypeOf, test } from "vitest";
import {
  createSystem,
  implement,
  loop,
  type ActorDef,
  type CallMessage,
  type KindOf,
  type Ref,
  type Sendable,
} from "troupe";

const system = createSystem();

interface Stock {
  restock(sku: string, count: number): void;
  take(sku: string, count: number): Promise<boolean>;
  changes(since?: number): AsyncIterable<[sku: string, left: number]>;
}

const Stock: ActorDef<Stock, { warehouse: string }> = implement<Stock>()({
  init: (_ctx, _props: { warehouse: string }) => new Map<string, number>(),
  cast: {
    restock(ctx, sku, count) {
      expectTypeOf(ctx.state).toEqualTypeOf<Map<string, number>>();
      expectTypeOf(ctx.props.warehouse).toEqualTypeOf<string>();
      expectTypeOf(sku).toEqualTypeOf<string>();
      expectTypeOf(count).toEqualTypeOf<number>();
      // Its own verbs are typed: the contract is known.
      expectTypeOf(ctx.self.take).toEqualTypeOf<Stock["take"]>();
    },
  },
  call: { take: (ctx, sku, count) => (ctx.state.get(sku) ?? 0) >= count },
  stream: {
    async *changes(_ctx, since) {
      expectTypeOf(since).toEqualTypeOf<number | undefined>();
      yield ["sku", 1];
    },
  },
});

test("a ref is the contract", () => {
  const stock = system.spawn(Stock, { warehouse: "north" });
  expectTypeOf(stock).toExtend<Stock>();
  expectTypeOf(stock.restock).toEqualTypeOf<Stock["restock"]>();
  // @ts-expect-error -- props are asked for
  system.spawn(Stock);
});

test("a method's kind is what it returns", () => {
  expectTypeOf<KindOf<() => void>>().toEqualTypeOf<"cast">();
  expectTypeOf<KindOf<() => Promise<void>>>().toEqualTypeOf<"call">();
  expectTypeOf<KindOf<() => AsyncIterable<number>>>().toEqualTypeOf<"stream">();
  expectTypeOf<KindOf<() => number>>().toEqualTypeOf<never>();
});

describe("sections", () => {
  interface Small {
    add(by: number): void;
    value(): Promise<number>;
  }

  test("have a handler for each verb", () => {
    // @ts-expect-error -- value is missing
    implement<Small>()({ cast: { add() {} } });
    // @ts-expect-error -- add is missing
    implement<Small>()({ cast: {}, call: { value: () => 1 } });
  });

  test("are not there where the contract has no verbs for them", () => {
    // @ts-expect-error -- there are no streams
    implement<Small>()({ cast: { add() {} }, call: { value: () => 1 }, stream: {} });
  });

  test("answer with what the contract says", () => {
    implement<Small>()({
      cast: { add() {} },
      // @ts-expect-error -- a number was promised
      call: { value: () => "1" },
    });
    implement<Small>()({ cast: { add() {} }, call: { value: (ctx) => ctx.defer<number>() } });
    implement<Small>()({
      cast: { add() {} },
      // @ts-expect-error -- and a deferred one as well
      call: { value: (ctx) => ctx.defer<string>() },
    });
  });
});

test("a generic contract is generic at the ref, and so are its methods", () => {
  interface Cache<V> {
    put(key: string, value: V): void;
    get(key: string): Promise<V | undefined>;
    map<R>(key: string, fn: (value: V) => R): Promise<R>;
  }
  const cacheOf = <V>(): ActorDef<Cache<V>> =>
    implement<Cache<V>>()({
      init: () => new Map<string, V>(),
      cast: { put: (ctx, key, value) => void ctx.state.set(key, value) },
      call: {
        get: (ctx, key) => ctx.state.get(key),
        map: (ctx, key, fn) => fn(ctx.state.get(key)!),
      },
    });
  const cache = system.spawn(cacheOf<Date>());
  expectTypeOf(cache.get("k")).resolves.toEqualTypeOf<Date | undefined>();
  expectTypeOf(cache.map("k", (date) => date.getTime())).resolves.toEqualTypeOf<number>();
  // @ts-expect-error -- it holds dates
  cache.put("k", 1);
});

test("two actors may know each other", () => {
  interface Ping {
    ping(from: Ref<Pong>, left: number): void;
  }
  interface Pong {
    pong(from: Ref<Ping>, left: number): void;
  }
  const PingActor: ActorDef<Ping> = implement<Ping>()({
    cast: { ping: (ctx, from, left) => void (left > 0 && from.pong(ctx.self, left - 1)) },
  });
  const PongActor: ActorDef<Pong> = implement<Pong>()({
    init: (ctx) => ({ child: ctx.spawn(PingActor) }),
    cast: { pong: (ctx, from, left) => from.ping(ctx.self, left) },
  });
  system.spawn(PingActor).ping(system.spawn(PongActor), 3);
  // @ts-expect-error -- a ping is no pong
  system.spawn(PingActor).ping(system.spawn(PingActor), 3);
});

describe("a loop", () => {
  test("over one type of message has send", () => {
    const Greeter = loop<string>(async (inbox) => {
      for await (const name of inbox) expectTypeOf(name).toEqualTypeOf<string>();
    });
    expectTypeOf(Greeter).toEqualTypeOf<ActorDef<Sendable<string>>>();
    // @ts-expect-error -- a name, please
    system.spawn(Greeter).send(1);
  });

  test("over a contract narrows arguments and reply together", () => {
    const Shop = implement<Stock>().loop<{ warehouse: string }>(
      { restock: "cast", take: "call", changes: "stream" },
      async (inbox, ctx) => {
        expectTypeOf(ctx.props.warehouse).toEqualTypeOf<string>();
        for await (const message of inbox) {
          switch (message.type) {
            case "restock":
              expectTypeOf(message.args).toEqualTypeOf<readonly [sku: string, count: number]>();
              break;
            case "take":
              expectTypeOf(message.reply).toEqualTypeOf<(value: boolean) => void>();
              // @ts-expect-error -- a boolean was promised
              message.reply("yes");
              break;
            case "changes":
              expectTypeOf(message.stream).toEqualTypeOf<
                (items: AsyncIterable<[sku: string, left: number]>) => void
              >();
              break;
          }
        }
        expectTypeOf(await inbox.receive("take")).toEqualTypeOf<
          CallMessage<"take", readonly [sku: string, count: number], boolean>
        >();
      },
    );
    expectTypeOf(Shop).toEqualTypeOf<ActorDef<Stock, { warehouse: string }>>();
  });

  test("names every verb of its contract, each by its kind", () => {
    // @ts-expect-error -- take is a call
    implement<Stock>().loop({ restock: "cast", take: "cast", changes: "stream" }, async () => {});
    // @ts-expect-error -- changes is missing
    implement<Stock>().loop({ restock: "cast", take: "call" }, async () => {});
  });
});

import { expect, test } from "vitest";
import { implement, type ActorDef, type Reply } from "troupe";
import { createTestSystem } from "troupe/testing";

interface Stock {
  restock(sku: string, count: number): void;
  take(sku: string, count: number): Promise<boolean>;
  changes(): AsyncIterable<[sku: string, left: number]>;
}
const Stock: ActorDef<Stock, { warehouse: string }> = implement<Stock>()({
  name: "stock",
  init: (_ctx, _props: { warehouse: string }) => new Map<string, number>(),
  cast: {
    restock(ctx, sku, count) {
      ctx.state.set(sku, (ctx.state.get(sku) ?? 0) + count);
    },
  },
  call: {
    take(ctx, sku, count) {
      const left = (ctx.state.get(sku) ?? 0) - count;
      if (left < 0) return false;
      ctx.state.set(sku, left);
      return true;
    },
  },
  stream: {
    async *changes(ctx) {
      yield* ctx.state;
    },
  },
});

/** Written against the interface alone: it does not know that this is an actor. */
async function takeTwice(stock: Pick<Stock, "take">, sku: string): Promise<boolean[]> {
  return [await stock.take(sku, 1), await stock.take(sku, 1)];
}

test("a ref to an implemented contract is the interface", async () => {
  const { system } = createTestSystem();
  const stock = system.spawn(Stock, { warehouse: "north" });
  stock.restock("bolt", 1);
  expect(await takeTwice(stock, "bolt")).toEqual([true, false]);
  const seen: [string, number][] = [];
  for await (const change of stock.changes()) seen.push(change);
  expect(seen).toEqual([["bolt", 0]]);
});

test("two contracts may know each other", async () => {
  const { system } = createTestSystem();
  interface Ping {
    start(pong: Pong, rounds: number): Promise<string[]>;
    back(n: number): void;
  }
  interface Pong {
    hit(ping: Ping, n: number): void;
  }
  const Ping: ActorDef<Ping> = implement<Ping>()({
    init: () => ({
      log: [] as string[],
      rounds: 0,
      pong: null as Pong | null,
      reply: null as Reply<string[]> | null,
    }),
    call: {
      start(ctx, pong, rounds) {
        Object.assign(ctx.state, { pong, rounds });
        pong.hit(ctx.self, 0);
        const reply = ctx.defer<string[]>();
        ctx.state.reply = reply;
        return reply;
      },
    },
    cast: {
      back(ctx, n) {
        ctx.state.log.push(`back ${n}`);
        if (n + 1 < ctx.state.rounds) ctx.state.pong?.hit(ctx.self, n + 1);
        else ctx.state.reply?.resolve(ctx.state.log);
      },
    },
  });
  const Pong: ActorDef<Pong> = implement<Pong>()({
    cast: { hit: (_ctx, ping, n) => ping.back(n) },
  });
  const given = await system.spawn(Ping).start(system.spawn(Pong), 3);
  expect(given).toEqual(["back 0", "back 1", "back 2"]);
});

test("a generic method stays generic", async () => {
  const { system } = createTestSystem();
  interface Echo {
    echo<T>(value: T): Promise<T>;
  }
  const Echo: ActorDef<Echo> = implement<Echo>()({ call: { echo: (_ctx, value) => value } });
  const echo = system.spawn(Echo);
  const text: string = await echo.echo("text");
  const number: number = await echo.echo(7);
  expect([text, number]).toEqual(["text", 7]);
});

import { actor, status, withOptions, type Ref } from "troupe";
import { createTestSystem } from "troupe/testing";
import { expect, test } from "vitest";

/* A caller that leaves must not cost the actors that it has asked their state. */
const Stock = actor({ name: "stock", call: { take: () => new Promise<number>(() => {}) } });

interface ShopProps {
  readonly stock: Ref<{ take(): Promise<number> }>;
}
const Shop = actor({
  name: "shop",
  init: (_ctx, _props: ShopProps) => ({ asked: 0 }),
  call: {
    buy(ctx) {
      ctx.state.asked++;
      const { signal } = ctx.request!;
      return withOptions(ctx.props.stock, { signal }).take();
    },
    /** Waits as `node:timers/promises` does. */
    async pause(ctx) {
      const { signal } = ctx.request!;
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          const error = new Error("The operation was aborted", { cause: signal.reason });
          error.name = "AbortError";
          reject(error);
        });
      });
    },
    async break(ctx) {
      const { signal } = ctx.request!;
      await withOptions(ctx.props.stock, { signal })
        .take()
        .catch(() => {});
      throw new TypeError("a mistake of its own");
    },
    asked: (ctx) => ctx.state.asked,
  },
});

function open() {
  const kit = createTestSystem();
  const stock = kit.system.spawn(Stock);
  return { kit, shop: kit.system.spawn(Shop, { stock }, { restart: "permanent" }) };
}

test("a handler that lets through what its request's signal aborted with has not failed", async () => {
  const { kit, shop } = open();
  for (const verb of ["buy", "pause", "buy", "pause", "buy"] as const) {
    const left: Promise<unknown> = withOptions(shop, { timeout: 50 })[verb]();
    await Promise.all([kit.advance(50), expect(left).rejects.toThrow("timed out")]);
  }
  expect(await shop.asked()).toBe(3);
  expect(kit.system.stats()).toMatchObject({ failures: 0, restarts: 0, lateReplies: 5 });
  expect(status(shop)).toBe("running");
});

test("what else it throws when its caller has left is its failure", async () => {
  const { kit, shop } = open();
  const left = withOptions(shop, { timeout: 50 }).break();
  await Promise.all([kit.advance(50), expect(left).rejects.toThrow("timed out")]);
  expect(kit.system.stats()).toMatchObject({ failures: 1, restarts: 1 });
  expect(await shop.asked()).toBe(0);
});

import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { Project } from "./project.ts";

const COUNTER = `
import { actor, createSystem } from "troupe";
const system = createSystem();
export const Counter = actor({
  init: (_ctx, props: { start: number }) => ({ n: props.start }),
  cast: { add(ctx, by: number) { ctx.state.n += by; } },
  call: {
    value: (ctx) => ctx.state.n,
    find: async (_ctx, name: string) => (name === "" ? null : { name }),
  },
  stream: { async *ticks(_ctx, everyMs: number): AsyncGenerator<number> { yield everyMs; } },
});
export const counter = system.spawn(Counter, { start: 1 });
`;

const COUNTER_DECLARED = `export declare const Counter: import("troupe").ActorDef<{
    add: (by: number) => void;
    value: () => Promise<number>;
    find: (name: string) => Promise<{
        name: string;
    } | null>;
    ticks: (everyMs: number) => AsyncIterable<number>;
}, {
    start: number;
}>;
export declare const counter: import("troupe").Ref<{
    add: (by: number) => void;
    value: () => Promise<number>;
    find: (name: string) => Promise<{
        name: string;
    } | null>;
    ticks: (everyMs: number) => AsyncIterable<number>;
}>;
`;

test(
  "a definition and a ref are declared, and shown, as their verbs",
  { timeout: 60_000 },
  async () => {
    using project = new Project({ "counter.ts": COUNTER }, { declaration: true });
    expect(await project.compile()).toBe("");
    expect(project.declarationsOf("counter.d.ts")).toBe(COUNTER_DECLARED);
  },
);

const CONTEXT = `
import { actor } from "troupe";
export const Shop = actor({
  init: (_ctx, props: { city: string }) => ({ sold: 0, city: props.city }),
  call: { context: (ctx) => ({ ctx }) },
});
`;

test("a context is shown as its state and props", { timeout: 60_000 }, async () => {
  using project = new Project({ "shop.ts": CONTEXT }, { declaration: true });
  expect(await project.compile()).toBe("");
  expect(project.declarationsOf("shop.d.ts")).toContain(`
        ctx: import("troupe").Context<{
            sold: number;
            city: string;
        }, {
            city: string;
        }, unknown>;`);
});

const CONTRACT = `
import { createSystem, implement, type ActorDef, type Ref, type System } from "troupe";
export interface Stock {
  restock(sku: string, count: number): void;
  take(sku: string, count: number): Promise<boolean>;
}
export const Stock: ActorDef<Stock, { warehouse: string }> = implement<Stock>()({
  init: (_ctx, _props: { warehouse: string }) => new Map<string, number>(),
  cast: { restock: (ctx, sku, count) => void ctx.state.set(sku, count) },
  call: { take: (ctx, sku, count) => (ctx.state.get(sku) ?? 0) >= count },
});
export const system: System = createSystem();
export const stock: Ref<Stock> = system.spawn(Stock, { warehouse: "north" });
`;

const CONTRACT_DECLARED = `import { type ActorDef, type Ref, type System } from "troupe";
export interface Stock {
    restock(sku: string, count: number): void;
    take(sku: string, count: number): Promise<boolean>;
}
export declare const Stock: ActorDef<Stock, {
    warehouse: string;
}>;
export declare const system: System;
export declare const stock: Ref<Stock>;
`;

test(
  "a published contract needs one annotation under isolatedDeclarations",
  { timeout: 60_000 },
  async () => {
    const options = { declaration: true, isolatedDeclarations: true };
    using project = new Project({ "stock.ts": CONTRACT }, options);
    const errors = await project.compile();
    expect(errors.split("\n").filter((line) => line.includes("stock.ts"))).toEqual([]);
    expect(project.declarationsOf("stock.d.ts")).toBe(CONTRACT_DECLARED);
  },
);

/** Actors as they are written by hand, each with state of its own. */
function manyActors(actors: number, verbs: number): string {
  const lines = [`import { actor, createSystem } from "troupe";`, "const system = createSystem();"];
  for (let a = 0; a < actors; a++) {
    const casts = Array.from(
      { length: verbs / 2 },
      (_, v) => `cast${v}(ctx, by: number) { ctx.state.n${a} += by; },`,
    );
    const calls = Array.from(
      { length: verbs / 2 },
      (_, v) => `call${v}: (ctx, key: string) => ({ key, n: ctx.state.n${a} }),`,
    );
    lines.push(
      `export const A${a} = actor({ init: (_ctx, props: { p${a}: number }) => ({ n${a}: props.p${a} }),`,
      `  cast: { ${casts.join("\n    ")} }, call: { ${calls.join("\n    ")} } });`,
      `const a${a} = system.spawn(A${a}, { p${a}: ${a} });`,
      `a${a}.cast0(1); export const r${a} = a${a}.call1("k");`,
    );
  }
  return lines.join("\n");
}

test("300 actors of 20 verbs are checked in a few seconds", { timeout: 60_000 }, async () => {
  using project = new Project({ "many.ts": manyActors(300, 20) }, { noEmit: true });
  const before = performance.now();
  expect(await project.compile()).toBe("");
  // Under 2 s on an idle machine; this is what no inference that explodes would pass.
  expect(performance.now() - before).toBeLessThan(10_000);
});

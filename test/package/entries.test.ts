import type * as Troupe from "troupe";
import type * as Testing from "troupe/testing";
import { describe, expect, test } from "vitest";

/** The built package, as it is imported where the path is no type's business. */
async function built(path: string): Promise<Record<string, unknown>> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as never;
}

describe.each([
  ["troupe", "index.js", "node/index.js"],
  ["troupe/testing", "testing/index.js", "node/testing.js"],
  ["troupe/net", "net/index.js", "node/net.js"],
  ["troupe/pool", "pool/index.js", "node/pool.js"],
  ["troupe/http", "http/index.js", "node/http.js"],
  ["troupe/http/hono", "http/hono.js", "node/http-hono.js"],
  ["troupe/http/fastify", "http/fastify.js", "node/http-fastify.js"],
  ["troupe/fs", "fs/index.js", "node/fs.js"],
  ["troupe/process", "process/index.js", "node/process.js"],
])("%s", (_, modules, bundle) => {
  test("offers Node what it offers everybody else", async () => {
    const names = Object.keys(await built(modules));
    expect(Object.keys(await built(bundle)).toSorted()).toEqual(names.toSorted());
    expect(names.length).toBeGreaterThan(0);
  });
});

test("for Node, too, all entries know the same actors", async () => {
  const { actor } = (await built("node/index.js")) as typeof Troupe;
  const { createTestSystem } = (await built("node/testing.js")) as typeof Testing;
  const Greeter = actor({ name: "greeter", call: { greet: (_ctx, who: string) => `hi ${who}` } });
  const kit = createTestSystem();
  // What a definition of another copy of the kernel would be refused for.
  await expect(kit.system.spawn(Greeter).greet("you")).resolves.toBe("hi you");
});

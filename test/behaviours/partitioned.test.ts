import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actor, BadInputError, partitioned, started, status, stop } from "troupe";
import { createTestSystem } from "troupe/testing";

const Shard = actor({
  name: "shard",
  init: (_ctx, props: { number: number }) => ({ ...props, keys: new Set<string>() }),
  cast: {
    put(ctx, key: string) {
      ctx.state.keys.add(key);
    },
    fail() {
      throw new Error("broken");
    },
  },
  call: {
    number: (ctx) => ctx.state.number,
    keys: (ctx) => [...ctx.state.keys],
  },
});

function shards(count: number) {
  return partitioned({
    name: "shards",
    actor: Shard,
    partitions: count,
    props: (number) => ({ number }),
    child: { restart: "permanent" },
  });
}

describe("of(key)", () => {
  test("is always the same actor for a key, and always one of the partitions", async () => {
    await using kit = createTestSystem();
    const map = kit.system.spawn(shards(7));
    const all = map.partitions();
    fc.assert(
      fc.property(fc.string(), (key) => {
        expect(map.of(key)).toBe(map.of(key));
        expect(all).toContain(map.of(key));
      }),
    );
  });

  test("is the same number in every system and every run", async () => {
    await using one = createTestSystem({ seed: 1 });
    await using two = createTestSystem({ seed: 2 });
    const [a, b] = [one.system.spawn(shards(5)), two.system.spawn(shards(5))];
    for (const key of ["", "a", "user:1", "user:2", "ключ", "🔑"]) {
      expect(await a.of(key).number()).toBe(await b.of(key).number());
    }
  });

  test("divides keys about evenly, also keys that differ only at the end", async () => {
    await using kit = createTestSystem();
    const map = kit.system.spawn(shards(4));
    for (let i = 0; i < 4_000; i++) map.of(`user:${i}`).put(`user:${i}`);
    await kit.run();
    const sizes = await Promise.all(map.partitions().map(async (ref) => (await ref.keys()).length));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(4_000);
    for (const size of sizes) {
      expect(size).toBeGreaterThan(800);
      expect(size).toBeLessThan(1_200);
    }
  });

  test("stays the same over a partition's restart", async () => {
    await using kit = createTestSystem();
    const map = kit.system.spawn(shards(3));
    const ref = map.of("key");
    ref.fail();
    await kit.run();
    expect(map.of("key")).toBe(ref);
    expect(status(ref)).toBe("running");
  });

  test("can be used before the supervisor's first turn", async () => {
    await using kit = createTestSystem();
    const map = kit.system.spawn(shards(3));
    map.of("key").put("key");
    expect(await map.of("key").keys()).toEqual(["key"]);
  });
});

test("each partition has the props of its number; they are started in order", async () => {
  await using kit = createTestSystem();
  const map = kit.system.spawn(shards(12));
  await started(map);
  const numbers = await Promise.all(map.partitions().map((ref) => ref.number()));
  expect(numbers).toEqual(Array.from({ length: 12 }, (_, i) => i));
});

test("the failure of one partition leaves the others alone", async () => {
  await using kit = createTestSystem();
  const map = kit.system.spawn(shards(2));
  const [one, two] = map.partitions();
  two!.put("kept");
  one!.fail();
  expect(await two!.keys()).toEqual(["kept"]);
  expect(await one!.keys()).toEqual([]);
});

test("all partitions end with it", async () => {
  await using kit = createTestSystem();
  const map = kit.system.spawn(shards(3));
  await started(map);
  await stop(map);
  expect(map.partitions().map((ref) => status(ref))).toEqual(["stopped", "stopped", "stopped"]);
});

test.each([0, -1, 1.5, Number.NaN, Infinity])("%s partitions are refused", (count) => {
  expect(() => shards(count)).toThrow(BadInputError);
});

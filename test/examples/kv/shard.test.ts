import { describe, expect, test } from "vitest";
import {
  connectionCommand,
  ping,
  refuse,
  select,
} from "../../../examples/kv/commands-connection.ts";
import { fromShardScan, toShardScan } from "../../../examples/kv/scan-cursor.ts";
import {
  mergeAll,
  mergeParts,
  ownerOf,
  shardOf,
  splitByShard,
} from "../../../examples/kv/shard.ts";
import { execute, findShardCommand } from "../../../examples/kv/store/commands.ts";
import { Store } from "../../../examples/kv/store/store.ts";

const SHARDS = 3;

/** Shards without actors: what the wiring does, in a few lines. */
class Shards {
  readonly stores = Array.from({ length: SHARDS }, () => new Store());

  keyed(line: string): string {
    const args = line.split(" ");
    const keys = findShardCommand(args[0]!)!.keys!;
    const owner = ownerOf(args, keys, SHARDS);
    if (owner !== undefined) return execute(this.stores[owner]!, args, 0);
    const parts = splitByShard(args, keys, SHARDS);
    const replies = parts.map((part) => execute(this.stores[part.shard]!, part.args, 0));
    return mergeParts(parts, replies);
  }

  all(line: string): string {
    return mergeAll(this.stores.map((store) => execute(store, line.split(" "), 0)));
  }
}

describe("shards together answer as one store would", () => {
  test("multi-key commands, in the order asked", () => {
    const shards = new Shards();
    const single = new Store();
    for (const line of [
      "MSET a 1 b 2 c 3 d 4 e 5 a 6",
      "MGET e a x b a",
      "EXISTS a a b x",
      "DEL a x c",
      "MGET a b c d e",
      "MSET a",
      "MSET a 1 b",
      "GET b",
    ]) {
      expect(shards.keyed(line)).toBe(execute(single, line.split(" "), 0));
    }
    expect(shards.all("DBSIZE")).toBe(":3\r\n");
    expect(shards.all("KEYS *").slice(0, 4)).toBe("*3\r\n");
    expect(shards.all("FLUSHALL nonsense")).toBe("-ERR syntax error\r\n");
    expect(shards.all("FLUSHALL")).toBe("+OK\r\n");
    expect(shards.all("DBSIZE")).toBe(":0\r\n");
  });

  test("SCAN goes through all of them", () => {
    const shards = new Shards();
    for (let key = 0; key < 100; key++) shards.keyed(`SET key:${key} v`);
    const met = new Set<string>();
    let cursor = "0";
    do {
      const { shard, args } = toShardScan(["SCAN", cursor, "COUNT", "7"], SHARDS);
      const reply = fromShardScan(execute(shards.stores[shard]!, args, 0), shard, SHARDS);
      cursor = reply.split("\r\n")[2]!;
      for (const [key] of reply.matchAll(/key:\d+/g)) met.add(key);
    } while (cursor !== "0");
    expect(met.size).toBe(100);
    const wrong = toShardScan(["SCAN", "x"], SHARDS);
    expect(fromShardScan(execute(shards.stores[0]!, wrong.args, 0), 0, SHARDS)).toMatch(/cursor/);
  });
});

test("keys spread evenly, and a hash tag keeps them together", () => {
  const counts = [0, 0, 0, 0];
  for (let key = 0; key < 10_000; key++) counts[shardOf(`key:${key}`, 4)]! += 1;
  for (const count of counts) expect(Math.abs(count - 2500)).toBeLessThan(250);
  expect(shardOf("{user:1}.name", 64)).toBe(shardOf("x{user:1}", 64));
  expect(shardOf("{user:1}.name", 64)).toBe(shardOf("user:1", 64));
  const empty = Array.from({ length: 20 }, (_, key) => shardOf(`{}${key}`, 64));
  expect(new Set(empty).size).toBeGreaterThan(1);
});

test("commands of the connection", () => {
  expect(connectionCommand(["PING"])).toBe("ping");
  expect(connectionCommand(["GET", "k"])).toBeUndefined();
  expect(refuse(["Get"])).toBe("-ERR wrong number of arguments for 'get' command\r\n");
  expect(refuse(["CLIENT"])).toBe("-ERR wrong number of arguments for 'client' command\r\n");
  expect(refuse(["GET", "k"])).toBeUndefined();
  expect(refuse(["FOO", "a"])).toBe(
    "-ERR unknown command 'FOO', with args beginning with: 'a' \r\n",
  );
  expect(ping(["PING", "x"])).toBe("$1\r\nx\r\n");
  expect(select(["SELECT", "1"])).toBe("-ERR DB index is out of range\r\n");
});

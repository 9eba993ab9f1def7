import { describe, expect, test } from "vitest";
import { Client, eventually } from "../../net/client.ts";
import { KvServer, redisTo, startOn, TemporaryDirectory } from "./kv-server.ts";

describe.each([0, 2])("with --threads %i", (threads) => {
  const start = startOn(threads);

  describe("with an independent client, ioredis", () => {
    test("every command about strings, numbers and keys", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      expect(await redis.ping()).toBe("PONG");
      expect(await redis.echo("hi")).toBe("hi");
      expect(await redis.select(0)).toBe("OK");
      expect(await redis.set("k", "v")).toBe("OK");
      expect(await redis.set("k", "w", "NX")).toBeNull();
      expect(await redis.set("k", "w", "XX", "GET")).toBe("v");
      expect(await redis.set("t", "x", "EX", 100)).toBe("OK");
      expect(await redis.set("t", "y", "KEEPTTL")).toBe("OK");
      expect(await redis.ttl("t")).toBeGreaterThan(90);
      expect(await redis.set("t", "z", "PX", 90_000)).toBe("OK");
      expect(await redis.pttl("t")).toBeGreaterThan(80_000);
      expect(await redis.persist("t")).toBe(1);
      expect(await redis.expire("t", 50)).toBe(1);
      expect(await redis.pexpire("t", 60_000)).toBe(1);
      expect(await redis.get("k")).toBe("w");
      expect(await redis.getdel("k")).toBe("w");
      expect(await redis.setnx("k", "1")).toBe(1);
      expect(await redis.mset({ a: "1", b: "2", c: "3" })).toBe("OK");
      expect(await redis.mget("a", "b", "c", "nothing")).toEqual(["1", "2", "3", null]);
      expect(await redis.del("a", "b", "nothing")).toBe(2);
      expect(await redis.exists("c", "c", "a")).toBe(2);
      expect(await redis.incr("n")).toBe(1);
      expect(await redis.incrby("n", 10)).toBe(11);
      expect(await redis.decr("n")).toBe(10);
      expect(await redis.decrby("n", 3)).toBe(7);
      expect(await redis.append("k", "23")).toBe(3);
      expect(await redis.strlen("k")).toBe(3);
      expect(await redis.type("k")).toBe("string");
      expect((await redis.keys("*")).toSorted()).toEqual(["c", "k", "n", "t"]);
      expect(await redis.dbsize()).toBe(4);
      expect(await redis.flushall()).toBe("OK");
      expect(await redis.dbsize()).toBe(0);
      await expect(redis.call("NONSENSE", "x")).rejects.toThrow("unknown command 'NONSENSE'");
      await expect(redis.call("GET")).rejects.toThrow("wrong number of arguments for 'get'");
      await redis.lpush("l", "x");
      await expect(redis.incr("l")).rejects.toThrow("WRONGTYPE");
    });

    test("every command about lists and hashes", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      expect(await redis.rpush("l", "b", "c")).toBe(2);
      expect(await redis.lpush("l", "a")).toBe(3);
      expect(await redis.lrange("l", 0, -1)).toEqual(["a", "b", "c"]);
      expect(await redis.llen("l")).toBe(3);
      expect(await redis.lpop("l")).toBe("a");
      expect(await redis.rpop("l", 2)).toEqual(["c", "b"]);
      expect(await redis.exists("l")).toBe(0);
      expect(await redis.hset("h", { f: "1", g: "2" })).toBe(2);
      expect(await redis.hget("h", "f")).toBe("1");
      expect(await redis.hgetall("h")).toEqual({ f: "1", g: "2" });
      expect(await redis.hlen("h")).toBe(2);
      expect(await redis.hdel("h", "f", "x")).toBe(1);
      expect(await redis.type("h")).toBe("hash");
    });

    test("commands about the connection and the server", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      expect(await redis.client("SETNAME", "me")).toBe("OK");
      expect(await redis.client("GETNAME")).toBe("me");
      expect(await redis.client("ID")).toBeGreaterThan(0);
      expect(await redis.client("INFO")).toContain("name=me");
      expect(await redis.config("GET", "append*")).toEqual(
        expect.arrayContaining(["appendonly", "yes", "appendfsync", "everysec"]),
      );
      expect(await redis.command("COUNT")).toBeGreaterThan(40);
      expect(await redis.call("COMMAND", "INFO", "get")).toEqual([
        ["get", 2, ["readonly"], 1, 1, 1],
      ]);
      expect(await redis.call("HELLO", "2")).toContain("proto");
      await expect(redis.call("HELLO", "3")).rejects.toThrow("NOPROTO");
      await redis.set("k", "v");
      expect(await redis.info()).toMatch(/connected_clients:1\r\n[^]*db0:keys=1,/);
      expect(await redis.quit()).toBe("OK");
    });

    test("SCAN meets every key of every shard once", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
      await redis.mset(keys.flatMap((key) => [key, "v"]));
      const seen: string[] = [];
      let cursor = "0";
      do {
        const [next, some] = await redis.scan(cursor, "MATCH", "key:*", "COUNT", 30);
        seen.push(...some);
        cursor = next;
      } while (cursor !== "0");
      expect(seen.toSorted()).toEqual(keys.toSorted());
    });

    test("a pipeline over all shards is answered in its order", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      const pipeline = redis.pipeline();
      for (let i = 0; i < 2_000; i++) pipeline.set(`k${i}`, i).get(`k${i}`).ping(String(i));
      const replies = (await pipeline.exec())!.map(([error, reply]) => error ?? reply);
      const expected = Array.from({ length: 2_000 }, (_, i) => ["OK", String(i), String(i)]).flat();
      expect(replies).toEqual(expected);
    });

    test("publish and subscribe, with patterns", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using subscriber = redisTo(server);
      using publisher = redisTo(server);
      const got: string[] = [];
      subscriber.on("message", (channel, text) => got.push(`${channel}: ${text}`));
      subscriber.on("pmessage", (pattern, channel, text) =>
        got.push(`${pattern} ${channel}: ${text}`),
      );
      expect(await subscriber.subscribe("news", "sport")).toBe(2);
      expect(await subscriber.psubscribe("n?ws", "x*")).toBe(4);
      expect(await publisher.publish("news", "one")).toBe(2);
      expect(await publisher.publish("sport", "two")).toBe(1);
      expect(await publisher.publish("nobody", "three")).toBe(0);
      await eventually(() => got.length === 3);
      expect(got).toEqual(["news: one", "n?ws news: one", "sport: two"]);
      expect(await subscriber.unsubscribe("news")).toBe(3);
      expect(await subscriber.punsubscribe("n?ws", "x*")).toBe(1);
      expect(await publisher.publish("news", "four")).toBe(0);
      await expect(subscriber.call("GET", "k")).rejects.toThrow("subscriber mode");
      subscriber.disconnect();
      await eventually(async () => (await publisher.publish("sport", "gone")) === 0);
    });

    test("expired keys are gone, also for those who do not ask for them", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      await redis.set("soon", "x", "PX", 30);
      await redis.set("late", "x", "PX", 100_000);
      expect(await redis.dbsize()).toBe(2);
      // DBSIZE counts what is there: only the server's own timer takes an expired key away.
      await eventually(async () => (await redis.dbsize()) === 1);
      expect(await redis.get("soon")).toBeNull();
    });

    test("bytes that are no text are kept as they are", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      using redis = redisTo(server);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await redis.set("b", bytes);
      expect(await redis.getBuffer("b")).toEqual(bytes);
    });

    test("a client that ends its side still gets its answers", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      await using client = await Client.open(server.port, { allowHalfOpen: true });
      client.socket.end("SET k v\r\nGET k\r\n");
      expect(await client.closed).toBe("end");
      expect(client.received).toBe("+OK\r\n$1\r\nv\r\n");
    });
  });
});

describe("broken and oversized requests", () => {
  test.each([
    ["no bulk", "*1\r\n+3\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"],
    ["too many arguments", "*99999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
    [
      "too long an argument",
      "*1\r\n$999999999999\r\n",
      "-ERR Protocol error: invalid bulk length\r\n",
    ],
    ["no length", "PING\r\n*1\r\n$x\r\n", "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n"],
    ["an open quote", 'SET "k\r\n', "-ERR Protocol error: unbalanced quotes in request\r\n"],
    ["too long a line", "x".repeat(70_000), "-ERR Protocol error: too big inline request\r\n"],
  ])("%s", async (_what, request, reply) => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await using other = await Client.open(server.port);
    expect(await server.answers(request)).toBe(reply);
    other.send("PING\r\n");
    await other.expect("+PONG\r\n");
  });

  test("a request in pieces of any size is answered once it is whole", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await using client = await Client.open(server.port);
    for (const char of "*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n") {
      client.socket.write(char);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.expect("$3\r\na\r\n\r\n");
    expect(client.received).toBe("$3\r\na\r\n\r\n");
  });

  test("a small request for more than a string can hold is answered in portions", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    const size = 1 << 20;
    await redis.set("large", Buffer.alloc(size, "x"));
    const times = 600;
    await using client = await Client.open(server.port);
    let received = 0;
    client.socket.removeAllListeners("data");
    client.socket.on("data", (text: string) => (received += text.length));
    client.send("GET large\r\n".repeat(times));
    const each = `$${size}\r\n`.length + size + 2;
    await eventually(() => received === times * each || client.socket.closed);
    expect(received).toBe(times * each);
  });

  test("what follows QUIT is not executed", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    expect(await server.answers("SET k v\r\nQUIT\r\nSET k w\r\n")).toBe("+OK\r\n+OK\r\n");
    expect(await server.answers("GET k\r\nQUIT\r\n")).toBe("$1\r\nv\r\n+OK\r\n");
  });

  test("a subscriber may do little else", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    const replies = await server.answers("SUBSCRIBE c\r\nGET k\r\nPING\r\nQUIT\r\n");
    expect(replies).toBe(
      "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n" +
        "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n" +
        "*2\r\n$4\r\npong\r\n$0\r\n\r\n+OK\r\n",
    );
  });
});

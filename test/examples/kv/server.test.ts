import { appendFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { Client, eventually } from "../../net/client.ts";
import { KvServer, TemporaryDirectory } from "./kv-server.ts";

/** A client that tells of every failure, in place of trying again. */
function redisTo({ port }: KvServer): Redis & Disposable {
  const redis = new Redis({ port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  return Object.assign(redis, { [Symbol.dispose]: () => redis.disconnect() });
}

describe("with an independent client, ioredis", () => {
  test("every command about strings, numbers and keys", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
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
    await using server = await KvServer.start(dir.path);
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
    await using server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    expect(await redis.client("SETNAME", "me")).toBe("OK");
    expect(await redis.client("GETNAME")).toBe("me");
    expect(await redis.client("ID")).toBeGreaterThan(0);
    expect(await redis.client("INFO")).toContain("name=me");
    expect(await redis.config("GET", "append*")).toEqual(
      expect.arrayContaining(["appendonly", "yes"]),
    );
    expect(await redis.command("COUNT")).toBeGreaterThan(40);
    expect(await redis.call("COMMAND", "INFO", "get")).toEqual([["get", 2, ["readonly"], 1, 1, 1]]);
    expect(await redis.call("HELLO", "2")).toContain("proto");
    await expect(redis.call("HELLO", "3")).rejects.toThrow("NOPROTO");
    await redis.set("k", "v");
    expect(await redis.info()).toMatch(/connected_clients:1\r\n[^]*db0:keys=1,/);
    expect(await redis.quit()).toBe("OK");
  });

  test("SCAN meets every key of every shard once", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
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
    await using server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    const pipeline = redis.pipeline();
    for (let i = 0; i < 2_000; i++) pipeline.set(`k${i}`, i).get(`k${i}`).ping(String(i));
    const replies = (await pipeline.exec())!.map(([error, reply]) => error ?? reply);
    const expected = Array.from({ length: 2_000 }, (_, i) => ["OK", String(i), String(i)]).flat();
    expect(replies).toEqual(expected);
  });

  test("publish and subscribe, with patterns", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
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
    await using server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    await redis.set("soon", "x", "PX", 30);
    await redis.set("late", "x", "PX", 100_000);
    expect(await redis.dbsize()).toBe(2);
    // DBSIZE counts what is there: only the server's own timer takes an expired key away.
    await eventually(async () => (await redis.dbsize()) === 1);
    expect(await redis.get("soon")).toBeNull();
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

  test("bytes that are no text are kept as they are", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await redis.set("b", bytes);
    expect(await redis.getBuffer("b")).toEqual(bytes);
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

  test("a client that ends its side still gets its answers", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await using client = await Client.open(server.port, { allowHalfOpen: true });
    client.socket.end("SET k v\r\nGET k\r\n");
    expect(await client.closed).toBe("end");
    expect(client.received).toBe("+OK\r\n$1\r\nv\r\n");
  });
});

describe("what was acknowledged stays true", () => {
  test("a crashed shard comes back with its keys, and no connection notices", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await using client = await Client.open(server.port);
    client.send("SET k 1\r\nINCR k\r\nDEBUG CRASH k\r\nINCR k\r\nGET k\r\n");
    await client.expect("$1\r\n3\r\n");
    expect(client.received).toMatch(/^\+OK\r\n:2\r\n\+shard \d crashed\r\n:3\r\n\$1\r\n3\r\n$/);
    expect(server.output).toMatch(
      /failed in message; restart error=Error: asked to by DEBUG CRASH/,
    );
  });

  test("crashes in the middle of counting lose no count and count nothing twice", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    const counters = Array.from({ length: 20 }, () => redisTo(server));
    using crasher = redisTo(server);
    let left = 400 * counters.length;
    const counting = counters.map(async (redis, i) => {
      let last = 0;
      for (let n = 0; n < 400; n += 4) {
        const replies = await redis
          .pipeline()
          .incr("shared")
          .incr(`own${i}`)
          .rpush("list", "x")
          .incr(`own${i}`)
          .exec();
        for (const [error] of replies!) expect(error).toBeNull();
        last = Number(replies!.at(-1)![1]);
        left -= 4;
      }
      return last;
    });
    for (let crashes = 0; crashes < 10; crashes++) {
      await crasher.call("DEBUG", "CRASH", crashes % 2 === 0 ? "shared" : `own${crashes}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(left).toBeGreaterThan(0);
    expect(await Promise.all(counting)).toEqual(counters.map(() => 200));
    expect(await crasher.get("shared")).toBe(String(20 * 100));
    expect(await crasher.llen("list")).toBe(20 * 100);
    for (const redis of counters) redis.disconnect();
  });

  test("a shard that crashes too often takes clients along, but no data and not the server", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await using unlucky = await Client.open(server.port);
    unlucky.send(`SET k v\r\n${"DEBUG CRASH k\r\n".repeat(30)}`);
    await unlucky.closed;
    expect(server.output).toContain("gave up on shard");
    await eventually(async () => {
      try {
        return (await server.answers("GET k\r\nQUIT\r\n")) === "$1\r\nv\r\n+OK\r\n";
      } catch {
        return false;
      }
    });
  });

  test("a write that the disk refuses is an error, and leaves what was acknowledged", async () => {
    await using dir = await TemporaryDirectory.make();
    const smallDisk = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh"];
    await using server = await KvServer.startUnder(smallDisk, dir.path, "--shards", "1");
    using redis = redisTo(server);
    const value = "x".repeat(1_000);
    let written = 0;
    const filling = async (): Promise<void> => {
      for (; written < 100; written++) await redis.set(`k${written}`, value);
    };
    await expect(filling()).rejects.toThrow("MISCONF");
    expect(await redis.dbsize()).toBe(written);
    expect(await redis.strlen(`k${written - 1}`)).toBe(1_000);
    expect(server.output).toContain("EFBIG");
  });

  test("a second server on the same data is refused", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await expect(KvServer.start(dir.path)).rejects.toThrow(/process \d+ uses this data/);
    expect(await server.answers("PING\r\nQUIT\r\n")).toBe("+PONG\r\n+OK\r\n");
  });

  test("kill -9: what was answered is there after a restart", async () => {
    await using dir = await TemporaryDirectory.make();
    const expected: Record<string, string> = {};
    {
      await using server = await KvServer.start(dir.path);
      using redis = redisTo(server);
      for (let i = 0; i < 200; i++) {
        await redis.set(`k${i}`, `v${i}`);
        expected[`k${i}`] = `v${i}`;
      }
      await redis.set("gone", "x", "PX", 1);
      await redis.rpush("l", "a", "b");
      expect(await server.end("SIGKILL")).toBe("SIGKILL");
    }
    await using server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    const keys = Object.keys(expected);
    expect(await redis.mget(keys)).toEqual(Object.values(expected));
    expect(await redis.lrange("l", 0, -1)).toEqual(["a", "b"]);
    expect(await redis.get("gone")).toBeNull();
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it cleanly, with code 0", async (signal) => {
    await using dir = await TemporaryDirectory.make();
    const server = await KvServer.start(dir.path);
    using redis = redisTo(server);
    await redis.set("k", "v");
    const closed = new Promise((resolve) => redis.on("end", resolve));
    expect(await server.end(signal)).toBe(0);
    await closed;
    await using again = await KvServer.start(dir.path);
    using reader = redisTo(again);
    expect(await reader.get("k")).toBe("v");
  });

  test("a torn last record is cut off, with a warning", async () => {
    await using dir = await TemporaryDirectory.make();
    await (await KvServer.start(dir.path, "--shards", "1")).end("SIGTERM");
    const file = join(dir.path, "shard-0.aof");
    const whole = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
    await writeFile(file, `${whole}*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1`);
    await using server = await KvServer.start(dir.path, "--shards", "1");
    expect(server.output).toContain("ended in the middle of a record; its last 22 bytes");
    using redis = redisTo(server);
    expect(await redis.get("k")).toBe("v");
    expect((await stat(file)).size).toBe(whole.length);
  });

  test("a file that is damaged in the middle is not guessed about", async () => {
    await using dir = await TemporaryDirectory.make();
    await (await KvServer.start(dir.path, "--shards", "1")).end("SIGTERM");
    await writeFile(join(dir.path, "shard-0.aof"), "*1\r\n$8\r\nFLUSHALL\r\ngarbage\r\n");
    await expect(KvServer.start(dir.path, "--shards", "1")).rejects.toThrow(
      /shard-0.aof is damaged at byte 18.*truncate -s 18/,
    );
  });

  test("another number of shards than the data's is refused", async () => {
    await using dir = await TemporaryDirectory.make();
    await (await KvServer.start(dir.path, "--shards", "3")).end("SIGTERM");
    await expect(KvServer.start(dir.path, "--shards", "2")).rejects.toThrow(
      /divided among 3 shards, not 2: start with --shards 3/,
    );
  });

  test("a port that is taken is said in one line", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    const other = join(dir.path, "other");
    await expect(KvServer.start(other, "--port", String(server.port))).rejects.toThrow(
      /^[^]*EADDRINUSE/,
    );
  });
});

describe("the file", () => {
  test("is rewritten before it grows without end, while commands go on", async () => {
    await using dir = await TemporaryDirectory.make();
    const options = ["--shards", "1", "--rewrite-bytes", "200000"];
    const file = join(dir.path, "shard-0.aof");
    {
      await using server = await KvServer.start(dir.path, ...options);
      using redis = redisTo(server);
      await redis.rpush("list", ...Array.from({ length: 1_000 }, (_, i) => String(i)));
      for (let round = 0; round < 60; round++) {
        const pipeline = redis.pipeline();
        for (let i = 0; i < 500; i++) pipeline.incr(`n${i % 50}`).append(`a${i % 7}`, "x");
        pipeline.rpush("list", "y").lpop("list");
        await pipeline.exec();
      }
      await eventually(async () => (await stat(file)).size < 450_000);
      expect(await server.end("SIGKILL")).toBe("SIGKILL");
    }
    await using server = await KvServer.start(dir.path, ...options);
    using redis = redisTo(server);
    expect(await redis.get("n0")).toBe(String(60 * 10));
    expect(await redis.strlen("a0")).toBe(60 * 72);
    const list = await redis.lrange("list", 0, -1);
    expect(list.slice(0, 2)).toEqual(["60", "61"]);
    expect(list.slice(-60)).toEqual(Array.from({ length: 60 }, () => "y"));
  });

  test("a rewrite that was cut short leaves the old file in force", async () => {
    await using dir = await TemporaryDirectory.make();
    await (await KvServer.start(dir.path, "--shards", "1")).end("SIGTERM");
    const file = join(dir.path, "shard-0.aof");
    await appendFile(file, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    await writeFile(`${file}.new`, "*1\r\n$8\r\nFLUSHALL\r\n*3\r\n$3\r\nSE");
    await using server = await KvServer.start(dir.path, "--shards", "1", "--rewrite-bytes", "100");
    using redis = redisTo(server);
    expect(await redis.get("k")).toBe("v");
    await redis.set("long", "x".repeat(200));
    await eventually(async () => !(await readdir(dir.path)).includes("shard-0.aof.new"));
    await redis.call("DEBUG", "CRASH", "k");
    expect(await redis.get("k")).toBe("v");
    expect(await redis.strlen("long")).toBe(200);
  });
});

import { appendFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Client, eventually } from "../../net/client.ts";
import { KvServer, redisTo, startOn, TemporaryDirectory } from "./kv-server.ts";

describe.each([0, 2])("with --threads %i", (threads) => {
  const start = startOn(threads);

  describe("what was acknowledged stays true", () => {
    test("a crashed shard comes back with its keys, and no connection notices", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      await using client = await Client.open(server.port);
      client.send("SET k 1\r\nINCR k\r\nDEBUG CRASH k\r\nINCR k\r\nGET k\r\n");
      await client.expect("$1\r\n3\r\n");
      expect(client.received).toMatch(/^\+OK\r\n:2\r\n\+shard \d crashed\r\n:3\r\n\$1\r\n3\r\n$/);
      expect(server.output).toMatch(/failed in \w+; restart error=Error: asked to by DEBUG CRASH/);
    });

    test("crashes in the middle of counting lose no count and count nothing twice", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
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
      await using server = await start(dir.path);
      await using unlucky = await Client.open(server.port);
      unlucky.send(`SET k v\r\n${"DEBUG CRASH k\r\n".repeat(30)}`);
      await unlucky.closed;
      // The listener is away for a moment.
      let answer = "";
      await eventually(async () => {
        answer = await server.answers("GET k\r\nQUIT\r\n").catch(() => "");
        return answer !== "";
      });
      expect(answer).toBe("$1\r\nv\r\n+OK\r\n");
      expect(server.output).toMatch(/gave up on \S*shards\.p\d/);
    });

    test("a write that the disk refuses is an error, and leaves what was acknowledged", async () => {
      await using dir = await TemporaryDirectory.make();
      const smallDisk = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh"];
      await using server = await KvServer.startUnder(
        smallDisk,
        dir.path,
        "--shards",
        "1",
        "--threads",
        String(threads),
      );
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

    test("with --sync always every command is answered, and a shard's crash counts nothing twice", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path, "--sync", "always");
      using redis = redisTo(server);
      using crasher = redisTo(server);
      expect(await redis.config("GET", "appendfsync")).toEqual(["appendfsync", "always"]);
      const counting = Array.from({ length: 50 }, () => redis.incr("n"));
      const crashed = crasher.call("DEBUG", "CRASH", "n");
      expect(await Promise.all(counting)).toEqual(counting.map((_, i) => i + 1));
      await crashed;
      expect(await redis.get("n")).toBe("50");
    });

    test("kill -9: what was answered is there after a restart", async () => {
      await using dir = await TemporaryDirectory.make();
      const expected: Record<string, string> = {};
      {
        await using server = await start(dir.path);
        using redis = redisTo(server);
        for (let i = 0; i < 200; i++) {
          await redis.set(`k${i}`, `v${i}`);
          expected[`k${i}`] = `v${i}`;
        }
        await redis.set("gone", "x", "PX", 1);
        await redis.rpush("l", "a", "b");
        expect(await server.end("SIGKILL")).toBe("SIGKILL");
      }
      await using server = await start(dir.path);
      using redis = redisTo(server);
      const keys = Object.keys(expected);
      expect(await redis.mget(keys)).toEqual(Object.values(expected));
      expect(await redis.lrange("l", 0, -1)).toEqual(["a", "b"]);
      expect(await redis.get("gone")).toBeNull();
    });

    test.each(["SIGINT", "SIGTERM"] as const)("%s ends it cleanly, with code 0", async (signal) => {
      await using dir = await TemporaryDirectory.make();
      const server = await start(dir.path);
      using redis = redisTo(server);
      await redis.set("k", "v");
      const closed = new Promise((resolve) => redis.on("end", resolve));
      expect(await server.end(signal)).toBe(0);
      await closed;
      await using again = await start(dir.path);
      using reader = redisTo(again);
      expect(await reader.get("k")).toBe("v");
    });

    test("a torn last record is cut off, with a warning", async () => {
      await using dir = await TemporaryDirectory.make();
      await (await start(dir.path, "--shards", "1")).end("SIGTERM");
      const file = join(dir.path, "shard-0.aof");
      const whole = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
      await writeFile(file, `${whole}*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1`);
      await using server = await start(dir.path, "--shards", "1");
      expect(server.output).toContain("ended in the middle of a record; its last 22 bytes");
      using redis = redisTo(server);
      expect(await redis.get("k")).toBe("v");
      expect((await stat(file)).size).toBe(whole.length);
    });

    test("a file that is damaged in the middle is not guessed about", async () => {
      await using dir = await TemporaryDirectory.make();
      await (await start(dir.path, "--shards", "1")).end("SIGTERM");
      await writeFile(join(dir.path, "shard-0.aof"), "*1\r\n$8\r\nFLUSHALL\r\ngarbage\r\n");
      await expect(start(dir.path, "--shards", "1")).rejects.toThrow(
        /shard-0.aof is damaged at byte 18.*truncate -s 18/,
      );
    });

    test("a port that is taken is said in one line", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      const other = join(dir.path, "other");
      await expect(start(other, "--port", String(server.port))).rejects.toThrow(/^[^]*EADDRINUSE/);
    });
  });

  describe("the file", () => {
    test("is rewritten before it grows without end, while commands go on", async () => {
      await using dir = await TemporaryDirectory.make();
      const options = ["--shards", "1", "--rewrite-bytes", "200000"];
      const file = join(dir.path, "shard-0.aof");
      {
        await using server = await start(dir.path, ...options);
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
      await using server = await start(dir.path, ...options);
      using redis = redisTo(server);
      expect(await redis.get("n0")).toBe(String(60 * 10));
      expect(await redis.strlen("a0")).toBe(60 * 72);
      const list = await redis.lrange("list", 0, -1);
      expect(list.slice(0, 2)).toEqual(["60", "61"]);
      expect(list.slice(-60)).toEqual(Array.from({ length: 60 }, () => "y"));
    });

    test("a rewrite that was cut short leaves the old file in force", async () => {
      await using dir = await TemporaryDirectory.make();
      await (await start(dir.path, "--shards", "1")).end("SIGTERM");
      const file = join(dir.path, "shard-0.aof");
      await appendFile(file, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
      await writeFile(`${file}.new`, "*1\r\n$8\r\nFLUSHALL\r\n*3\r\n$3\r\nSE");
      await using server = await start(dir.path, "--shards", "1", "--rewrite-bytes", "100");
      using redis = redisTo(server);
      expect(await redis.get("k")).toBe("v");
      await redis.set("long", "x".repeat(200));
      await eventually(async () => !(await readdir(dir.path)).includes("shard-0.aof.new"));
      await redis.call("DEBUG", "CRASH", "k");
      expect(await redis.get("k")).toBe("v");
      expect(await redis.strlen("long")).toBe(200);
    });
  });
});

describe("what cannot be served is refused", () => {
  test("another --sync than those there are is refused", async () => {
    await using dir = await TemporaryDirectory.make();
    await expect(KvServer.start(dir.path, "--sync", "no")).rejects.toThrow(
      '--sync is "no"; it must be everysec or always',
    );
  });

  test("a second server on the same data is refused", async () => {
    await using dir = await TemporaryDirectory.make();
    await using server = await KvServer.start(dir.path);
    await expect(KvServer.start(dir.path)).rejects.toThrow(/process \d+ uses this data/);
    expect(await server.answers("PING\r\nQUIT\r\n")).toBe("+PONG\r\n+OK\r\n");
  });

  test("another number of shards than the data's is refused", async () => {
    await using dir = await TemporaryDirectory.make();
    await (await KvServer.start(dir.path, "--shards", "3")).end("SIGTERM");
    await expect(KvServer.start(dir.path, "--shards", "2")).rejects.toThrow(
      /divided among 3 shards, not 2: start with --shards 3/,
    );
  });
});

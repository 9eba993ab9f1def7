import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startOn, TemporaryDirectory, type KvServer } from "./kv-server.ts";

const run = promisify(execFile);
const isInstalled = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;

const TESTS = "ping_mbulk,set,get,incr,lpush,hset,mset";
const NAMES = ["PING_MBULK", "SET", "GET", "INCR", "LPUSH", "HSET", "MSET (10 keys)"];

/** Runs the benchmark; answers the tests that it has completed. */
async function benchmark(server: KvServer, ...options: string[]): Promise<string[]> {
  const port = String(server.port);
  const args = ["-p", port, "-c", "50", "-t", TESTS, "--csv", ...options];
  const { stdout, stderr } = await run("redis-benchmark", args);
  expect(stderr).toBe("");
  const [_header, ...lines] = stdout.trim().split("\n");
  return lines.map((line) => line.split('"')[1]!);
}

describe.each([0, 2])("with --threads %i", (threads) => {
  const start = startOn(threads);

  describe.skipIf(!isInstalled("redis-cli"))("redis-cli", () => {
    test("talks to the server", async () => {
      await using dir = await TemporaryDirectory.make();
      await using server = await start(dir.path);
      const cli = async (...args: string[]): Promise<string> =>
        (await run("redis-cli", ["-p", String(server.port), ...args])).stdout.trimEnd();
      expect(await cli("SET", "greeting", "hello")).toBe("OK");
      expect(await cli("DEBUG", "CRASH", "greeting")).toMatch(/^shard \d crashed$/);
      expect(await cli("GET", "greeting")).toBe("hello");
      expect(await cli("HSET", "h", "a", "1", "b", "2")).toBe("2");
      expect(await cli("HGETALL", "h")).toBe("a\n1\nb\n2");
      expect((await cli("--scan")).split("\n").toSorted()).toEqual(["greeting", "h"]);
      expect(await cli("INCR", "greeting")).toBe("ERR value is not an integer or out of range");
    });
  });

  // Long on a busy machine, for servers and clients share it.
  describe.skipIf(!isInstalled("redis-benchmark"))("redis-benchmark", { timeout: 60_000 }, () => {
    test.each([[["-n", "2000"]], [["-n", "20000", "-P", "16"]]])(
      "runs to its end with %j",
      async (options) => {
        await using dir = await TemporaryDirectory.make();
        await using server = await start(dir.path);
        expect(await benchmark(server, ...options)).toEqual(NAMES);
        expect(server.output).not.toContain("error");
      },
    );

    test.each([[["-n", "4000"]], [["-n", "40000", "-P", "16"]]])(
      "runs to its end while shards crash, and no acknowledged write is lost, with %j",
      async (options) => {
        await using dir = await TemporaryDirectory.make();
        await using server = await start(dir.path);
        const connect = (): Redis =>
          new Redis({ port: server.port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
        const witness = connect();
        const crasher = connect();
        let dropped = 0;
        for (const redis of [witness, crasher]) redis.on("close", () => dropped++);

        const ended = new AbortController();
        const running = benchmark(server, ...options, "-r", "1000").finally(() => ended.abort());
        let acknowledged = 0;
        const witnessing = (async () => {
          for (; !ended.signal.aborted; acknowledged++) {
            expect(await witness.incr("witness")).toBe(acknowledged + 1);
            expect(await witness.rpush(`list${acknowledged % 8}`, acknowledged)).toBe(
              Math.floor(acknowledged / 8) + 1,
            );
          }
        })();
        let crashes = 0;
        for (; crashes < 10 && !ended.signal.aborted; crashes++) {
          await crasher.call("DEBUG", "CRASH", `list${crashes}`);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }

        expect(await running).toEqual(NAMES);
        await witnessing;
        expect(crashes).toBe(10);
        expect(dropped).toBe(0);
        expect(await witness.get("witness")).toBe(String(acknowledged));
        for (let list = 0; list < 8; list++) {
          const values = await witness.lrange(`list${list}`, 0, -1);
          const count = Math.ceil((acknowledged - list) / 8);
          expect(values).toEqual(Array.from({ length: count }, (_, i) => String(i * 8 + list)));
        }
        witness.disconnect();
        crasher.disconnect();
      },
    );
  });
});

import { type Redis } from "ioredis";
import { expect, test } from "vitest";
import { KvServer, redisTo, TemporaryDirectory } from "./kv-server.ts";

const ON_THREADS = ["--threads", "2", "--shards", "4"];
const WRITERS = 10;
const ROUNDS = 150;
/** A few seconds of work; more where the machine has other things to do. */
const TIMEOUT_MS = 30_000;
/** Then a thread is ended. Two shards begin again each time, and within 5 s no more than 20 may. */
const ROUNDS_TO_AN_END = 20;

/** A client that counts, and pushes each number to a list; it notes what it was told. */
class Writer {
  readonly redis: Redis & Disposable;
  readonly #name: string;
  readonly #pushed: number[] = [];
  readonly #maybePushed: number[] = [];
  #counted = 0;
  #maybeCounted = 0;
  dropped = 0;
  /** What it was told where it was not told that it is done. */
  readonly errors = new Set<string>();

  constructor(server: KvServer, name: string) {
    this.redis = redisTo(server);
    this.redis.on("close", () => this.dropped++);
    this.#name = name;
  }

  async round(n: number): Promise<void> {
    await Promise.all([
      this.redis.rpush(`list:${this.#name}`, n).then(
        () => this.#pushed.push(n),
        (error: unknown) => {
          this.errors.add(String(error));
          this.#maybePushed.push(n);
        },
      ),
      this.redis.incr(`count:${this.#name}`).then(
        () => this.#counted++,
        (error: unknown) => {
          this.errors.add(String(error));
          this.#maybeCounted++;
        },
      ),
    ]);
  }

  /** What was acknowledged and is not there, once; and what is there and was not asked for. */
  async complaints(redis: Redis): Promise<string[]> {
    const complaints: string[] = [];
    const found = (await redis.lrange(`list:${this.#name}`, 0, -1)).map(Number);
    const maybe = new Set(this.#maybePushed);
    const times = (n: number): number => found.filter((each) => each === n).length;
    for (const n of this.#pushed) {
      if (times(n) !== 1) complaints.push(`${n} was acknowledged, and is there ${times(n)} times`);
    }
    for (const n of maybe) {
      if (times(n) > 1) complaints.push(`${n} may be there, but is ${times(n)} times`);
    }
    if (found.some((n, at) => n < (found[at - 1] ?? 0))) complaints.push(`order: ${found.join()}`);
    const count = Number(await redis.get(`count:${this.#name}`));
    const most = this.#counted + this.#maybeCounted;
    if (count < this.#counted || count > most) {
      complaints.push(`counted ${this.#counted} to ${most}, found ${count}`);
    }
    return complaints;
  }
}

test(
  "threads that end under load cost no acknowledged write",
  { timeout: TIMEOUT_MS },
  async () => {
    await using dir = await TemporaryDirectory.make();
    const writers: Writer[] = [];
    {
      await using server = await KvServer.start(dir.path, ...ON_THREADS);
      using reader = redisTo(server);
      let ended = 0;
      const endOne = async (): Promise<void> => {
        await reader.call("DEBUG", "ENDTHREAD", ended++ % 2);
        // All shards are asked: the next one ends when those that ended have come back.
        await reader.dbsize();
      };
      const writing = Array.from({ length: WRITERS }, async (_, i) => {
        const writer = new Writer(server, String(i));
        writers.push(writer);
        for (let n = 1; n <= ROUNDS; n++) {
          const isTime = i === 0 && n % ROUNDS_TO_AN_END === 0;
          await Promise.all([writer.round(n), isTime && endOne()]);
        }
      });
      const over = new AbortController();
      const written = Promise.all(writing).finally(() => over.abort());
      const keys = writers.map((_, i) => `count:${i}`);
      let reads = 0;
      for (; !over.signal.aborted; reads++) expect(await reader.mget(keys)).toHaveLength(WRITERS);
      await written;

      expect(ended).toBe(7);
      expect(reads).toBeGreaterThan(ended);
      for (const writer of writers) {
        expect(writer.dropped).toBe(0);
        for (const error of writer.errors) expect(error).toMatch("the shard of this key");
        expect(await writer.complaints(reader)).toEqual([]);
      }
      expect(await server.end("SIGKILL")).toBe("SIGKILL");
      for (const { redis } of writers) redis.disconnect();
    }
    await using server = await KvServer.start(dir.path, ...ON_THREADS);
    using reader = redisTo(server);
    for (const writer of writers) expect(await writer.complaints(reader)).toEqual([]);
  },
);

test("data made on threads is read without them, and the other way round", async () => {
  await using dir = await TemporaryDirectory.make();
  for (const [round, threads] of ["2", "0", "1"].entries()) {
    await using server = await KvServer.start(dir.path, "--threads", threads);
    using redis = redisTo(server);
    const counts = Array.from({ length: 20 }, (_, i) => redis.incr(`k${i}`));
    expect(await Promise.all(counts)).toEqual(counts.map(() => round + 1));
    expect(await server.end("SIGTERM")).toBe(0);
  }
});

test("a thread that is not there cannot be ended", async () => {
  await using dir = await TemporaryDirectory.make();
  await using server = await KvServer.start(dir.path, "--threads", "1");
  using redis = redisTo(server);
  await expect(redis.call("DEBUG", "ENDTHREAD", "1")).rejects.toThrow("there is no thread 1");
  expect(await redis.call("DEBUG", "ENDTHREAD", "0")).toBe("thread 0 ended");
  expect(await redis.dbsize()).toBe(0);
});

test("a number of threads that cannot be is refused", async () => {
  await using dir = await TemporaryDirectory.make();
  await expect(KvServer.start(dir.path, "--threads", "two")).rejects.toThrow(
    '--threads is "two"; it must be a whole number from 0 to 64',
  );
});

import { describe, expect, test } from "vitest";
import {
  actor,
  drain,
  implement,
  kill,
  port,
  refuse,
  restart,
  stop,
  withOptions,
  type ActorDef,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

const Numbers = actor({
  name: "numbers",
  init: (_ctx, props: { log: string[] }) => props,
  cast: {
    failNow() {
      throw new Error("boom");
    },
  },
  call: { ping: () => "pong" },
  stream: {
    async *upTo(ctx, last: number) {
      // What stands behind `finally` may run when the incarnation, and so `ctx`, is over.
      const { log } = ctx.state;
      try {
        for (let n = 1; n <= last; n++) {
          log.push(`make ${n}`);
          yield n;
        }
      } finally {
        log.push("closed");
      }
    },
    async *waits(ctx, until: Promise<unknown>) {
      ctx.state.log.push("waits");
      yield await until;
    },
    async *breaks(_ctx, error: Error) {
      yield 1;
      throw error;
    },
    async *refuses(_ctx, error: Error) {
      yield 1;
      throw refuse(error);
    },
    failsAtOnce(_ctx, error: Error): AsyncIterable<number> {
      throw error;
    },
    refusesAtOnce(_ctx, error: Error): AsyncIterable<number> {
      throw refuse(error);
    },
  },
});

function setUp() {
  const kit = createTestSystem();
  const log: string[] = [];
  const numbers = kit.system.spawn(Numbers, { log }, { restart: "permanent" });
  return { kit, log, numbers };
}

/** Reads to the end, or to the error, which comes last. */
async function readAll(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const got: unknown[] = [];
  try {
    for await (const item of items) got.push(item);
  } catch (error) {
    got.push(error);
  }
  return got;
}

test("a stream gives all it yields, in order, and ends", async () => {
  const { numbers, log } = setUp();
  expect(await readAll(numbers.upTo(3))).toEqual([1, 2, 3]);
  expect(log.at(-1)).toBe("closed");
});

test("a stream that nobody reads is not started", async () => {
  const { kit, numbers, log } = setUp();
  numbers.upTo(3);
  await kit.run();
  expect(log).toEqual([]);
});

test("the writer does not run ahead of the reader", async () => {
  const { kit, numbers, log } = setUp();
  const reader = numbers.upTo(3)[Symbol.asyncIterator]();
  await reader.next();
  await kit.run();
  expect(log).toEqual(["make 1"]);
  await reader.next();
  await kit.run();
  expect(log).toEqual(["make 1", "make 2"]);
});

test("leaving the loop ends the writer", async () => {
  const { kit, numbers, log } = setUp();
  for await (const n of numbers.upTo(100)) if (n === 2) break;
  await kit.run();
  expect(log).toEqual(["make 1", "make 2", "closed"]);
});

test("throwing out of the loop ends the writer", async () => {
  const { kit, numbers, log } = setUp();
  const read = async (): Promise<void> => {
    for await (const n of numbers.upTo(100)) if (n === 2) throw new Error("enough");
  };
  await expect(read()).rejects.toThrow("enough");
  await kit.run();
  expect(log.at(-1)).toBe("closed");
});

test("leaving before the stream is open ends the writer as well", async () => {
  const { kit, numbers, log } = setUp();
  const reader = numbers.upTo(3)[Symbol.asyncIterator]();
  const first = reader.next();
  await reader.return!();
  expect(await first).toEqual({ done: true, value: undefined });
  await kit.run();
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(log).toEqual([]);
});

test("steps asked for together come in order, from one writer", async () => {
  const { numbers, log } = setUp();
  const reader = numbers.upTo(2)[Symbol.asyncIterator]();
  const steps = await Promise.all([reader.next(), reader.next(), reader.next()]);
  expect(steps.map(({ value }) => value as unknown)).toEqual([1, 2, undefined]);
  expect(log).toEqual(["make 1", "make 2", "closed"]);
});

test("two readers have a writer each", async () => {
  const { numbers } = setUp();
  const items = numbers.upTo(2);
  expect(await Promise.all([readAll(items), readAll(items), readAll(numbers.upTo(1))])).toEqual([
    [1, 2],
    [1, 2],
    [1],
  ]);
});

test("while a stream waits, its actor handles other messages", async () => {
  const { kit, numbers } = setUp();
  const until = gate<number>();
  const read = follow(readAll(numbers.waits(until.passed)));
  expect(await numbers.ping()).toBe("pong");
  until.open(7);
  await kit.run();
  expect(read.outcomes).toEqual([{ value: [7] }]);
});

test("a stream waits as long as it takes, unless a view sets a limit to its steps", async () => {
  const { kit, numbers, log } = setUp();
  const patient = follow(readAll(numbers.waits(new Promise(() => {}))));
  const quick = follow(readAll(withOptions(numbers, { timeout: 10 }).waits(new Promise(() => {}))));
  await kit.advance(1e9);
  expect(patient.outcomes).toEqual([]);
  expect(quick.outcomes).toMatchObject([{ value: [{ code: "TROUPE_TIMEOUT" }] }]);
  expect(log).toEqual(["waits", "waits"]);
});

test("the reader's signal ends its loop and the writer", async () => {
  const { kit, numbers, log } = setUp();
  const abort = new AbortController();
  const reader = withOptions(numbers, { signal: abort.signal }).upTo(9)[Symbol.asyncIterator]();
  await reader.next();
  abort.abort("enough");
  await expect(reader.next()).rejects.toBe("enough");
  await kit.run();
  expect(log).toEqual(["make 1", "closed"]);
  expect(await reader.next()).toEqual({ done: true, value: undefined });
});

describe("a stream that goes wrong", () => {
  test("fails its actor; the reader gets the error, whose cause is what was thrown", async () => {
    const { kit, numbers } = setUp();
    const error = new Error("no more");
    expect(await readAll(numbers.breaks(error))).toMatchObject([
      1,
      { code: "TROUPE_ACTOR_FAILED", cause: error },
    ]);
    await kit.run();
    expect(kit.eventsOf("failed")).toMatchObject([{ error, decision: "restart" }]);
  });

  test("by refusal leaves its actor alone", async () => {
    const { kit, numbers } = setUp();
    const error = new Error("not for you");
    expect(await readAll(numbers.refuses(error))).toEqual([1, error]);
    expect(await readAll(numbers.refusesAtOnce(error))).toEqual([error]);
    await kit.run();
    expect(kit.eventsOf("failed")).toEqual([]);
  });

  test("before it began fails its actor too", async () => {
    const { kit, numbers } = setUp();
    const error = new Error("not today");
    expect(await readAll(numbers.failsAtOnce(error))).toMatchObject([
      { code: "TROUPE_ACTOR_FAILED", cause: error },
    ]);
    expect(kit.eventsOf("failed")).toHaveLength(1);
  });

  test("by being no stream fails its actor with BadInputError", async () => {
    const kit = createTestSystem();
    const Wrong: ActorDef<{ items(): AsyncIterable<number> }> = implement<{
      items(): AsyncIterable<number>;
    }>()({ stream: { items: () => 7 as unknown as AsyncIterable<number> } });
    expect(await readAll(kit.system.spawn(Wrong).items())).toMatchObject([
      { cause: { code: "TROUPE_BAD_INPUT" } },
    ]);
  });
});

describe("an open stream", () => {
  test.each([
    ["is stopped", stop, "normal"],
    ["is drained", drain, "normal"],
  ] as const)("ends with an error when its actor %s", async (_how, end, kind) => {
    const { kit, numbers } = setUp();
    const read = follow(readAll(numbers.waits(new Promise(() => {}))));
    await kit.run();
    await end(numbers);
    await kit.run();
    expect(read.outcomes).toMatchObject([
      { value: [{ code: "TROUPE_ACTOR_STOPPED", reason: { kind } }] },
    ]);
  });

  test("ends with an error when its actor is killed, and its writer is ended", async () => {
    const { kit, numbers } = setUp();
    const read = follow(readAll(numbers.waits(new Promise(() => {}))));
    await kit.run();
    void kill(numbers);
    await kit.run();
    expect(read.outcomes).toMatchObject([{ value: [{ reason: { kind: "killed" } }] }]);
  });

  test("does not live over a restart", async () => {
    const { kit, numbers, log } = setUp();
    const reader = numbers.upTo(9)[Symbol.asyncIterator]();
    await reader.next();
    await restart(numbers);
    await kit.run();
    expect(log).toEqual(["make 1", "closed"]);
    await expect(reader.next()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    expect(await readAll(numbers.upTo(2))).toEqual([1, 2]);
  });

  test("ends with an error when its actor fails in something else", async () => {
    const { kit, numbers } = setUp();
    const read = follow(readAll(numbers.waits(new Promise(() => {}))));
    await kit.run();
    numbers.failNow();
    await kit.run();
    expect(read.outcomes).toMatchObject([{ value: [{ reason: { kind: "failed" } }] }]);
  });

  test("is left when the actor that reads it is killed", async () => {
    const { kit, numbers, log } = setUp();
    const Reader = actor({
      init: () => ({ sum: 0 }),
      cast: {
        async read(ctx) {
          for await (const n of numbers.upTo(1_000)) {
            ctx.state.sum += n;
            if (n === 3) await forEver;
          }
        },
      },
    });
    let goOn!: () => void;
    const forEver = new Promise<void>((resolve) => (goOn = resolve));
    const reader = kit.system.spawn(Reader);
    reader.read();
    await kit.run();
    expect(log).toEqual(["make 1", "make 2", "make 3"]);
    void kill(reader);
    goOn();
    await kit.run();
    expect(log).toEqual(["make 1", "make 2", "make 3", "closed"]);
  });

  test("is left when it was a source of an actor that ends", async () => {
    const { kit, numbers, log } = setUp();
    const Reader = actor({
      init(ctx) {
        ctx.source(numbers.upTo(1_000), async () => {
          if (log.length === 3) ctx.stop();
        });
        return {};
      },
    });
    kit.system.spawn(Reader);
    await kit.run();
    expect(log.filter((line) => line === "closed")).toHaveLength(1);
    expect(log.length).toBeLessThan(6);
  });
});

test("a stream of an actor that is gone rejects", async () => {
  const { numbers } = setUp();
  await stop(numbers);
  expect(await readAll(numbers.upTo(1))).toMatchObject([{ code: "TROUPE_ACTOR_STOPPED" }]);
});

test("a stream that is opened while the actor drains is refused", async () => {
  const kit = createTestSystem();
  const hold = gate();
  const Slow = actor({
    cast: { hold: () => hold.passed },
    stream: {
      async *two() {
        yield 1;
        yield 2;
      },
    },
  });
  const slow = kit.system.spawn(Slow);
  slow.hold();
  await kit.run();
  void drain(slow);
  const late = readAll(slow.two());
  hold.open();
  expect(await late).toMatchObject([{ code: "TROUPE_ACTOR_STOPPED" }]);
});

test("an open stream counts against the mailbox once, and its steps do not", async () => {
  const kit = createTestSystem();
  const hold = gate();
  const Slow = actor({
    cast: { hold: () => hold.passed },
    stream: {
      async *one() {
        yield 1;
      },
    },
  });
  const slow = kit.system.spawn(Slow, undefined, { mailbox: { capacity: 2 } });
  slow.hold();
  await kit.run();
  const reads = [readAll(slow.one()), readAll(slow.one()), readAll(slow.one())];
  await kit.run();
  hold.open();
  expect(await Promise.all(reads)).toMatchObject([
    [1],
    [1],
    [{ code: "TROUPE_MAILBOX_FULL", verb: "one", args: [] }],
  ]);
});

test("reading one's own stream in a handler rejects at once", async () => {
  const { system } = createTestSystem();
  interface Mirror {
    look(): Promise<unknown[]>;
    items(): AsyncIterable<number>;
  }
  const Mirror: ActorDef<Mirror> = implement<Mirror>()({
    call: { look: (ctx) => readAll(ctx.self.items()) },
    stream: {
      async *items() {
        yield 1;
      },
    },
  });
  expect(await system.spawn(Mirror).look()).toMatchObject([{ code: "TROUPE_DEADLOCK" }]);
});

test("a stream may call the actor that it belongs to", async () => {
  const { system } = createTestSystem();
  interface Paged {
    page(n: number): Promise<number[]>;
    items(): AsyncIterable<number>;
  }
  const Paged: ActorDef<Paged> = implement<Paged>()({
    call: { page: (_ctx, n) => (n < 2 ? [n * 2, n * 2 + 1] : []) },
    stream: {
      async *items(ctx) {
        for (let n = 0; ; n++) {
          // oxlint-disable-next-line no-await-in-loop -- page after page
          const page = await ctx.self.page(n);
          if (page.length === 0) return;
          yield* page;
        }
      },
    },
  });
  expect(await readAll(system.spawn(Paged).items())).toEqual([0, 1, 2, 3]);
});

describe("a port", () => {
  const Clock = actor({
    name: "clock",
    init: (_ctx, props: { capacity?: number; whenFull?: "dropOldest" | "dropNewest" }) => ({
      ticks: port<number>(props),
      told: [] as number[],
    }),
    cast: {
      tick(ctx, n: number) {
        ctx.state.told.push(ctx.state.ticks.emit(n));
      },
      close: (ctx) => ctx.state.ticks.close(),
    },
    call: {
      stats: ({ state: { ticks, told } }) => ({
        readers: ticks.readers,
        dropped: ticks.dropped,
        told,
      }),
    },
    stream: { ticks: (ctx) => ctx.state.ticks },
  });

  test("tells every reader every event from when it began to read", async () => {
    const kit = createTestSystem();
    const clock = kit.system.spawn(Clock, {});
    clock.tick(0);
    const first = readAll(clock.ticks());
    await kit.run();
    clock.tick(1);
    const second = readAll(clock.ticks());
    await kit.run();
    clock.tick(2);
    clock.close();
    expect(await first).toEqual([1, 2]);
    expect(await second).toEqual([2]);
    expect(await clock.stats()).toEqual({ readers: 0, dropped: 0, told: [0, 1, 2] });
  });

  test.each([
    ["dropOldest", [1, 4, 5], 2],
    ["dropNewest", [1, 2, 3], 2],
  ] as const)("with %s loses what a slow reader has no room for, and counts it", async (...row) => {
    const [whenFull, kept, dropped] = row;
    const kit = createTestSystem();
    const clock = kit.system.spawn(Clock, { capacity: 2, whenFull });
    const reader = clock.ticks()[Symbol.asyncIterator]();
    const first = reader.next();
    await kit.run();
    for (const n of [1, 2, 3, 4, 5]) clock.tick(n);
    clock.close();
    expect((await first).value).toBe(kept[0]);
    expect(await readAll({ [Symbol.asyncIterator]: () => reader })).toEqual(kept.slice(1));
    expect((await clock.stats()).dropped).toBe(dropped);
  });

  test("without a bound loses nothing", async () => {
    const kit = createTestSystem();
    const clock = kit.system.spawn(Clock, { capacity: Infinity });
    const reader = clock.ticks()[Symbol.asyncIterator]();
    const first = reader.next();
    await kit.run();
    for (let n = 0; n < 5_000; n++) clock.tick(n);
    clock.close();
    expect((await first).value).toBe(0);
    expect(await readAll({ [Symbol.asyncIterator]: () => reader })).toHaveLength(4_999);
    expect((await clock.stats()).dropped).toBe(0);
  });

  test("forgets readers that left, and ends all with its actor", async () => {
    const kit = createTestSystem();
    const clock = kit.system.spawn(Clock, {});
    const stays = follow(readAll(clock.ticks()));
    const leaves = clock.ticks()[Symbol.asyncIterator]();
    const first = leaves.next();
    await kit.run();
    expect((await clock.stats()).readers).toBe(2);
    clock.tick(1);
    await first;
    await leaves.return!();
    await kit.run();
    expect((await clock.stats()).readers).toBe(1);
    await stop(clock);
    await kit.run();
    expect(stays.outcomes).toMatchObject([{ value: [1, { code: "TROUPE_ACTOR_STOPPED" }] }]);
  });

  test("can be a source of another actor", async () => {
    const kit = createTestSystem();
    const got: number[] = [];
    const clock = kit.system.spawn(Clock, {});
    const Listener = actor({
      init(ctx) {
        ctx.source(clock.ticks(), (n) => void got.push(n));
        return {};
      },
    });
    const listener = kit.system.spawn(Listener);
    await kit.run();
    clock.tick(1);
    clock.tick(2);
    await kit.run();
    expect(got).toEqual([1, 2]);
    await stop(listener);
    await kit.run();
    expect((await clock.stats()).readers).toBe(0);
  });
});

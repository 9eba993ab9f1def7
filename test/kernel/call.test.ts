import { describe, expect, test } from "vitest";
import {
  actor,
  ActorFailedError,
  ActorStoppedError,
  callAll,
  kill,
  MailboxFullError,
  refuse,
  restart,
  started,
  stop,
  TimeoutError,
  withOptions,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

class OutOfStock extends Error {}

/** Does what it is told, and holds what it is told to hold. */
const Worker = actor({
  name: "worker",
  init: (_ctx, props: { hold: Promise<unknown> }) => ({ seen: [] as string[], hold: props.hold }),
  cast: {
    note(ctx, what: string) {
      ctx.state.seen.push(what);
    },
  },
  call: {
    echo(ctx, what: string) {
      ctx.state.seen.push(what);
      return what;
    },
    async held(ctx, what: string) {
      ctx.state.seen.push(what);
      await ctx.state.hold;
      return what;
    },
    fails(_ctx, error: Error): number {
      throw error;
    },
    async failsLater(_ctx, error: Error): Promise<number> {
      await Promise.resolve();
      throw error;
    },
    refuses(_ctx, error: unknown): number {
      throw refuse(error);
    },
    async refusesLater(_ctx, error: unknown): Promise<number> {
      await Promise.resolve();
      throw refuse(error);
    },
    seen: (ctx) => ctx.state.seen,
  },
});

function setUp(options: { capacity?: number; restart?: "permanent" } = {}) {
  const kit = createTestSystem();
  const hold = gate();
  const { capacity, ...rest } = options;
  const worker = kit.system.spawn(
    Worker,
    { hold: hold.passed },
    { ...rest, ...(capacity === undefined ? {} : { mailbox: { capacity } }) },
  );
  return { kit, hold, worker };
}

describe("a call settles, once,", () => {
  test("with the reply", async () => {
    const { worker } = setUp();
    expect(await worker.echo("hi")).toBe("hi");
  });

  test("with the reply of an async handler", async () => {
    const { kit, hold, worker } = setUp();
    const { outcomes } = follow(worker.held("x"));
    await kit.run();
    expect(outcomes).toEqual([]);
    hold.open();
    await kit.run();
    expect(outcomes).toEqual([{ value: "x" }]);
  });

  test("with the very error of a refusal, and the actor goes on with its state", async () => {
    const { kit, worker } = setUp();
    worker.note("before");
    const error = new OutOfStock();
    await expect(worker.refuses(error)).rejects.toBe(error);
    await expect(worker.refusesLater(error)).rejects.toBe(error);
    expect(await worker.seen()).toEqual(["before"]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("with ActorFailedError, whose cause is what the handler threw", async () => {
    const { kit, worker } = setUp({ restart: "permanent" });
    const error = new Error("disk full");
    for (const call of [worker.fails(error), worker.failsLater(error)]) {
      // oxlint-disable-next-line no-await-in-loop -- one failure after the other
      const given = await call.catch((caught: unknown) => caught);
      expect(given).toBeInstanceOf(ActorFailedError);
      expect(given).toMatchObject({ cause: error, actor: "worker#1" });
    }
    expect(kit.system.stats().failures).toBe(2);
  });

  test("when the receiver is dead already, with its reason", async () => {
    const { worker } = setUp();
    await stop(worker, "maintenance");
    const given = await worker.echo("x").catch((caught: unknown) => caught);
    expect(given).toBeInstanceOf(ActorStoppedError);
    expect(given).toMatchObject({ reason: { kind: "shutdown", detail: "maintenance" } });
  });

  test("when the receiver is stopped while the call waits in its mailbox", async () => {
    const { kit, hold, worker } = setUp();
    const running = follow(worker.held("running"));
    const queued = follow(worker.echo("queued"));
    await kit.run();
    void stop(worker);
    hold.open();
    await kit.run();
    expect(running.outcomes).toEqual([{ value: "running" }]);
    expect(queued.outcomes).toMatchObject([{ error: { reason: { kind: "normal" } } }]);
  });

  test("when the receiver is killed while it handles the call", async () => {
    const { kit, hold, worker } = setUp();
    const running = follow(worker.held("x"));
    const queued = follow(worker.echo("y"));
    await kit.run();
    await kill(worker);
    await kit.run();
    expect(running.outcomes).toMatchObject([{ error: { reason: { kind: "killed" } } }]);
    expect(queued.outcomes).toMatchObject([{ error: { reason: { kind: "killed" } } }]);
    hold.open();
    await kit.run();
    expect(running.outcomes).toHaveLength(1);
  });

  test("when the receiver fails for good before it came to the call", async () => {
    const { worker } = setUp();
    const error = new Error("boom");
    const failing = worker.fails(error);
    const queued = worker.echo("x");
    await expect(failing).rejects.toBeInstanceOf(ActorFailedError);
    const given = await queued.catch((caught: unknown) => caught);
    expect(given).toBeInstanceOf(ActorStoppedError);
    expect(given).toMatchObject({ reason: { kind: "failed", error }, cause: error });
  });

  test("with the reply of the next incarnation, when the receiver restarts first", async () => {
    const { worker } = setUp({ restart: "permanent" });
    worker.note("old");
    const failing = worker.fails(new Error("boom"));
    const queued = worker.seen();
    await expect(failing).rejects.toBeInstanceOf(ActorFailedError);
    expect(await queued).toEqual([]);
  });

  test("when a restart by hand waits for its handler: with that handler's reply", async () => {
    const { kit, hold, worker } = setUp();
    const running = follow(worker.held("x"));
    await kit.run();
    const again = restart(worker);
    hold.open();
    await again;
    await kit.run();
    expect(running.outcomes).toEqual([{ value: "x" }]);
  });

  test("when the receiver never came to life", async () => {
    const kit = createTestSystem();
    const Stillborn = actor({
      init: (): number => {
        throw new Error("no database");
      },
      call: { get: (ctx) => ctx.state },
    });
    const ref = kit.system.spawn(Stillborn);
    const early = ref.get();
    await expect(early).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
    await expect(ref.get()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });

  test("when the receiver's name was taken", async () => {
    const kit = createTestSystem();
    kit.system.spawn(Worker, { hold: Promise.resolve() }, { name: "the one" });
    const second = kit.system.spawn(Worker, { hold: Promise.resolve() }, { name: "the one" });
    await expect(started(second)).rejects.toMatchObject({ why: "name-taken" });
    await expect(second.echo("x")).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  });

  test("when the receiver's mailbox is full, with the message in the error", async () => {
    const { kit, worker } = setUp({ capacity: 1 });
    const first = worker.echo("first");
    const given = await worker.echo("second").catch((caught: unknown) => caught);
    expect(given).toBeInstanceOf(MailboxFullError);
    expect(given).toMatchObject({ verb: "echo", args: ["second"], capacity: 1 });
    expect(await first).toBe("first");
    expect(kit.system.stats().overflows).toBe(1);
  });

  test("when its time is up, by default after 5,000 ms", async () => {
    const { kit, worker } = setUp();
    const { outcomes } = follow(worker.held("x"));
    worker.note("waits");
    await kit.advance(4_999);
    expect(outcomes).toEqual([]);
    await kit.advance(1);
    expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT", timeoutMs: 5_000 } }]);
    expect(outcomes[0]).toHaveProperty(
      "error.message",
      "call worker.held to worker#1 timed out after 5000 ms; 1 message was waiting",
    );
    expect(kit.system.stats().timeouts).toBe(1);
  });

  test("when the time that a view or the system sets is up", async () => {
    const kit = createTestSystem({ callTimeout: 50 });
    const worker = kit.system.spawn(Worker, { hold: new Promise(() => {}) });
    const quick = follow(withOptions(worker, { timeout: 10 }).held("a"));
    const usual = follow(worker.held("b"));
    const patient = follow(withOptions(worker, { timeout: Infinity }).held("c"));
    await kit.advance(10);
    expect(quick.outcomes[0]).toHaveProperty("error.timeoutMs", 10);
    expect(usual.outcomes).toEqual([]);
    await kit.advance(40);
    expect(usual.outcomes[0]).toHaveProperty("error.timeoutMs", 50);
    await kit.advance(1e9);
    expect(patient.outcomes).toEqual([]);
  });

  test("when the caller's signal has aborted before: nothing is sent", async () => {
    const { kit, worker } = setUp();
    const reason = new Error("never mind");
    const ref = withOptions(worker, { signal: AbortSignal.abort(reason) });
    await expect(ref.echo("x")).rejects.toBe(reason);
    expect(await worker.seen()).toEqual([]);
    expect(kit.system.stats().skippedCalls).toBe(0);
  });

  test("when the caller's signal aborts while the call waits: it is skipped, not handled", async () => {
    const { kit, hold, worker } = setUp();
    void worker.held("running");
    const abort = new AbortController();
    const { outcomes } = follow(withOptions(worker, { signal: abort.signal }).echo("left"));
    await kit.run();
    const reason = new Error("never mind");
    abort.abort(reason);
    await kit.run();
    expect(outcomes).toEqual([{ error: reason }]);
    hold.open();
    await kit.run();
    expect(await worker.seen()).toEqual(["running"]);
    expect(kit.system.stats()).toMatchObject({ skippedCalls: 1, lateReplies: 0 });
  });

  test("when the caller's signal aborts while the call is handled: the reply is late", async () => {
    const { kit, hold, worker } = setUp();
    const abort = new AbortController();
    const { outcomes } = follow(withOptions(worker, { signal: abort.signal }).held("x"));
    await kit.run();
    abort.abort("bye");
    await kit.run();
    hold.open();
    await kit.run();
    expect(outcomes).toEqual([{ error: "bye" }]);
    expect(kit.system.stats().lateReplies).toBe(1);
  });

  test("and its time does not end it a second time", async () => {
    const { kit, worker } = setUp();
    const { outcomes } = follow(worker.echo("x"));
    await kit.advance(60_000);
    expect(outcomes).toEqual([{ value: "x" }]);
    expect(kit.system.stats()).toMatchObject({ timeouts: 0, lateReplies: 0 });
  });

  test("and listens to its signal no more", async () => {
    const { worker } = setUp();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await withOptions(worker, { signal }).echo("x");
    expect(listeners).toBe(0);
  });
});

test("a late reply is dropped and counted, with an event that names the verb", async () => {
  const { kit, hold, worker } = setUp();
  const { outcomes } = follow(worker.held("x"));
  await kit.advance(5_000);
  expect(outcomes[0]).toHaveProperty("error.code", "TROUPE_TIMEOUT");
  hold.open();
  await kit.run();
  expect(outcomes).toHaveLength(1);
  expect(kit.system.stats().lateReplies).toBe(1);
  expect(kit.eventsOf("lateReply")).toEqual([
    { type: "lateReply", actor: "worker#1", verb: "held" },
  ]);
});

test("a call whose time is up while it waits is skipped, not handled", async () => {
  const { kit, hold, worker } = setUp();
  const patient = follow(withOptions(worker, { timeout: Infinity }).held("first"));
  const { outcomes } = follow(worker.echo("second"));
  await kit.advance(5_000);
  expect(outcomes[0]).toHaveProperty("error", expect.any(TimeoutError));
  hold.open();
  await kit.run();
  expect(patient.outcomes).toEqual([{ value: "first" }]);
  expect(await worker.seen()).toEqual(["first"]);
  expect(kit.system.stats()).toMatchObject({ skippedCalls: 1, lateReplies: 0 });
});

test("a call that nobody awaits and that fails does not reach the process", async () => {
  const seen: unknown[] = [];
  const onUnhandled = (error: unknown): void => void seen.push(error);
  process.on("unhandledRejection", onUnhandled);
  const { kit, worker } = setUp();
  void worker.fails(new Error("boom"));
  await kit.run();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", onUnhandled);
  expect(seen).toEqual([]);
});

test("calls to many actors give their outcomes in order, each its own", async () => {
  const kit = createTestSystem();
  const workers = ["a", "b", "c", "d"].map((name) =>
    kit.system.spawn(Worker, { hold: new Promise(() => {}) }, { name }),
  );
  await stop(workers[1]!);
  const outcomes = callAll(workers, (worker): Promise<number | string> => {
    if (worker === workers[2]) return worker.refuses("no");
    if (worker === workers[3]) return withOptions(worker, { timeout: 10 }).held("x");
    return worker.echo("x");
  });
  await kit.advance(10);
  expect(await outcomes).toMatchObject([
    { status: "fulfilled", value: "x" },
    { status: "rejected", reason: { code: "TROUPE_ACTOR_STOPPED" } },
    { status: "rejected", reason: "no" },
    { status: "rejected", reason: { code: "TROUPE_TIMEOUT" } },
  ]);
});

test("calls to no actors give no outcomes", async () => {
  expect(await callAll([], () => Promise.resolve(1))).toEqual([]);
});

describe("the request that a handler works on", () => {
  const Slow = actor({
    init: (_ctx, props: { log: unknown[]; hold: Promise<unknown> }) => props,
    cast: {
      tell(ctx) {
        ctx.state.log.push(ctx.request);
      },
    },
    call: {
      async work(ctx) {
        const request = ctx.request!;
        ctx.state.log.push(request.verb, request.remainingMs);
        request.signal.addEventListener("abort", () => ctx.state.log.push("caller left"));
        await ctx.state.hold;
        ctx.state.log.push(request.remainingMs);
      },
    },
  });

  test("says its verb and how long the caller still waits", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const hold = gate();
    const slow = kit.system.spawn(Slow, { log, hold: hold.passed });
    const done = slow.work();
    await kit.advance(1_000);
    hold.open();
    await done;
    expect(log).toEqual(["work", 5_000, 4_000]);
  });

  test("has a signal that aborts when the caller's time is up", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const slow = kit.system.spawn(Slow, { log, hold: new Promise(() => {}) });
    follow(slow.work());
    await kit.advance(4_999);
    expect(log).toEqual(["work", 5_000]);
    await kit.advance(1);
    expect(log).toEqual(["work", 5_000, "caller left"]);
  });

  test("has a signal that aborts when the caller aborts, and no time is left", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const hold = gate();
    const abort = new AbortController();
    const slow = kit.system.spawn(Slow, { log, hold: hold.passed });
    follow(withOptions(slow, { signal: abort.signal, timeout: Infinity }).work());
    await kit.run();
    abort.abort();
    hold.open();
    await kit.run();
    expect(log).toEqual(["work", Infinity, "caller left", 0]);
  });

  test("has a signal that does not abort when the call is answered", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const slow = kit.system.spawn(Slow, { log, hold: Promise.resolve() });
    await slow.work();
    await kit.advance(60_000);
    expect(log).not.toContain("caller left");
  });

  test("is undefined for a cast", async () => {
    const kit = createTestSystem();
    const log: unknown[] = [];
    kit.system.spawn(Slow, { log, hold: Promise.resolve() }).tell();
    await kit.run();
    expect(log).toEqual([undefined]);
  });
});

test("a refusal that is returned is thrown: it rejects the caller, who gets no refusal for a reply", async () => {
  const Picky = actor({
    call: {
      even: (_ctx, n: number) => (n % 2 === 0 ? n : refuse(new RangeError("odd"))),
    },
  });
  const picky = createTestSystem().system.spawn(Picky);
  const two: number = await picky.even(2);
  expect(two).toBe(2);
  await expect(picky.even(1)).rejects.toThrow("odd");
  expect(await picky.even(4)).toBe(4);
});

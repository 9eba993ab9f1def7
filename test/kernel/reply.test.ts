import { describe, expect, test } from "vitest";
import {
  actor,
  type AnyRef,
  kill,
  refuse,
  type Reply,
  restart,
  started,
  stop,
  withOptions,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

/** Keeps every reply until it is told what to do with the oldest. */
const Keeper = actor({
  name: "keeper",
  init: () => ({ kept: [] as Reply<string>[] }),
  cast: {
    give(ctx, value: string) {
      ctx.state.kept.shift()?.resolve(value);
    },
    refuse(ctx, error: unknown) {
      ctx.state.kept.shift()?.reject(error);
    },
    hand(ctx, to: AnyRef) {
      ctx.state.kept[0]?.handTo(to);
    },
    pass(ctx, to: { owe(reply: Reply<string>): void }) {
      to.owe(ctx.state.kept.shift()!);
    },
    failNow() {
      throw new Error("boom");
    },
  },
  call: {
    ask(ctx) {
      const reply = ctx.defer<string>();
      ctx.state.kept.push(reply);
      return reply;
    },
    open: (ctx) => ctx.state.kept.map((reply) => reply.isOpen),
    askAndFail(ctx): Reply<string> {
      ctx.defer<string>();
      throw new Error("after all");
    },
    askAndRefuse(ctx): Reply<string> {
      ctx.defer<string>();
      throw refuse("after all");
    },
  },
});

const Payer = actor({
  name: "payer",
  init: () => ({ owed: [] as Reply<string>[] }),
  cast: {
    owe(ctx, reply: Reply<string>) {
      ctx.state.owed.push(reply);
    },
    pay(ctx, value: string) {
      for (const reply of ctx.state.owed) reply.resolve(value);
    },
  },
});

function setUp() {
  const kit = createTestSystem();
  return { kit, keeper: kit.system.spawn(Keeper, undefined, { restart: "permanent" }) };
}

describe("a deferred reply", () => {
  test("is given later, while the actor handles other messages", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    expect(await keeper.open()).toEqual([true]);
    expect(outcomes).toEqual([]);
    keeper.give("here");
    await kit.run();
    expect(outcomes).toEqual([{ value: "here" }]);
  });

  test("can be an error", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    keeper.refuse("sold out");
    await kit.run();
    expect(outcomes).toEqual([{ error: "sold out" }]);
    expect(kit.system.stats().failures).toBe(0);
  });

  test("can be given by another actor", async () => {
    const { kit, keeper } = setUp();
    const payer = kit.system.spawn(Payer);
    const { outcomes } = follow(keeper.ask());
    keeper.pass(payer);
    await kit.run();
    payer.pay("paid");
    await kit.run();
    expect(outcomes).toEqual([{ value: "paid" }]);
  });

  test("is given once; what comes after does nothing and is counted", async () => {
    const { kit, keeper } = setUp();
    const payer = kit.system.spawn(Payer);
    const { outcomes } = follow(keeper.ask());
    keeper.pass(payer);
    await kit.run();
    payer.pay("first");
    payer.pay("second");
    await kit.run();
    expect(outcomes).toEqual([{ value: "first" }]);
    expect(kit.system.stats().lateReplies).toBe(1);
  });

  test("is open no more when the caller's time is up, and then late", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    await kit.advance(5_000);
    expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT" } }]);
    expect(await keeper.open()).toEqual([false]);
    keeper.give("late");
    await kit.run();
    expect(outcomes).toHaveLength(1);
    expect(kit.system.stats().lateReplies).toBe(1);
  });

  test("that is never given rejects when the actor stops", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    await kit.run();
    await stop(keeper);
    expect(outcomes).toMatchObject([{ error: { reason: { kind: "normal" } } }]);
    expect(kit.system.stats().lateReplies).toBe(0);
  });

  test("that is never given rejects when the actor is killed", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    await kit.run();
    void kill(keeper);
    await kit.run();
    expect(outcomes).toMatchObject([{ error: { reason: { kind: "killed" } } }]);
  });

  test("does not live over a restart: it rejects, and the new incarnation owes nothing", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    keeper.failNow();
    await kit.run();
    expect(outcomes).toMatchObject([{ error: { reason: { kind: "failed" } } }]);
    expect(await keeper.open()).toEqual([]);
  });

  test("does not live over a restart by hand", async () => {
    const { kit, keeper } = setUp();
    const { outcomes } = follow(keeper.ask());
    await kit.run();
    await restart(keeper);
    expect(outcomes).toMatchObject([{ error: { code: "TROUPE_ACTOR_STOPPED" } }]);
  });

  test("can still be given from the exit hook", async () => {
    const kit = createTestSystem();
    const Polite = actor({
      init: () => ({ kept: [] as Reply<string>[] }),
      call: {
        ask(ctx) {
          const reply = ctx.defer<string>();
          ctx.state.kept.push(reply);
          return reply;
        },
      },
      exit(ctx) {
        for (const reply of ctx.state?.kept ?? []) reply.resolve("closing time");
      },
    });
    const polite = kit.system.spawn(Polite);
    const { outcomes } = follow(polite.ask());
    await kit.run();
    await stop(polite);
    expect(outcomes).toEqual([{ value: "closing time" }]);
  });

  test("that was handed to another actor lives on when the first ends", async () => {
    const { kit, keeper } = setUp();
    const payer = kit.system.spawn(Payer);
    await started(payer);
    const { outcomes } = follow(keeper.ask());
    keeper.hand(payer);
    keeper.pass(payer);
    await kit.run();
    await stop(keeper);
    expect(outcomes).toEqual([]);
    payer.pay("paid");
    await kit.run();
    expect(outcomes).toEqual([{ value: "paid" }]);
  });

  test("that was handed to another actor rejects when that one ends", async () => {
    const { kit, keeper } = setUp();
    const payer = kit.system.spawn(Payer);
    await started(payer);
    const { outcomes } = follow(keeper.ask());
    keeper.hand(payer);
    await kit.run();
    await stop(payer, "bankrupt");
    expect(outcomes).toMatchObject([
      { error: { actor: "payer#2", reason: { kind: "shutdown", detail: "bankrupt" } } },
    ]);
  });

  test("can be handed to an actor that has not started yet", async () => {
    const kit = createTestSystem();
    const Boss = actor({
      call: {
        ask(ctx) {
          const reply = ctx.defer<string>();
          const worker = ctx.spawn(Payer);
          reply.handTo(worker);
          worker.owe(reply);
          worker.pay("done");
          return reply;
        },
      },
    });
    expect(await kit.system.spawn(Boss).ask()).toBe("done");
  });

  test("that was handed to an actor that never starts rejects", async () => {
    const kit = createTestSystem();
    const Broken = actor({
      name: "broken",
      init: (): number => {
        throw new Error("no");
      },
    });
    const Boss = actor({
      call: {
        ask(ctx) {
          const reply = ctx.defer<string>();
          reply.handTo(ctx.spawn(Broken));
          return reply;
        },
      },
    });
    const boss = kit.system.spawn(Boss);
    const { outcomes } = follow(boss.ask());
    await kit.run();
    expect(outcomes).toMatchObject([{ error: { actor: "broken#2", reason: { kind: "failed" } } }]);
  });

  test("that is handed to a dead actor rejects at once", async () => {
    const { kit, keeper } = setUp();
    const payer = kit.system.spawn(Payer);
    await stop(payer);
    const { outcomes } = follow(keeper.ask());
    keeper.hand(payer);
    await kit.run();
    expect(outcomes).toMatchObject([{ error: { actor: "payer#2" } }]);
  });

  test("that is handed to an actor whose init was cut off rejects when that one has ended", async () => {
    const { kit, keeper } = setUp();
    const Child = actor({ name: "child", exit: () => new Promise<void>(() => {}) });
    const CutOff = actor({
      name: "cut-off",
      init: async (ctx) => {
        ctx.spawn(Child);
        await new Promise<void>(() => {});
      },
      exit() {},
    });
    const cutOff = kit.system.spawn(CutOff);
    const { outcomes } = follow(withOptions(keeper, { timeout: Infinity }).ask());
    await kit.run();
    void stop(cutOff);
    await kit.run();
    keeper.hand(cutOff);
    await kit.advance(5_000);
    expect(outcomes).toMatchObject([{ error: { actor: "cut-off#2" } }]);
  });

  test("can be given as a promise of it, which is waited for", async () => {
    const { kit, keeper } = setUp();
    const first = follow(keeper.ask());
    const second = follow(keeper.ask());
    const [later, never] = [gate<string>(), gate<string>()];
    keeper.give(later.passed as never);
    keeper.give(never.passed as never);
    await kit.run();
    expect([first.outcomes, second.outcomes]).toEqual([[], []]);
    later.open("here");
    never.fail("sold out");
    await kit.run();
    expect([first.outcomes, second.outcomes]).toEqual([
      [{ value: "here" }],
      [{ error: "sold out" }],
    ]);
  });

  test("of a handler that then throws: the failure is the reply", async () => {
    const { keeper } = setUp();
    await expect(keeper.askAndFail()).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
    await expect(keeper.askAndRefuse()).rejects.toBe("after all");
  });

  test("of a cast leads nowhere", async () => {
    const kit = createTestSystem();
    const open: boolean[] = [];
    const Teller = actor({
      cast: {
        tell(ctx) {
          const reply = ctx.defer();
          open.push(reply.isOpen);
          reply.resolve(1);
        },
      },
    });
    kit.system.spawn(Teller).tell();
    await kit.run();
    expect(open).toEqual([false]);
    expect(kit.system.stats()).toMatchObject({ lateReplies: 0, failures: 0 });
  });
});

describe("a forwarded call", () => {
  const Store = actor({
    name: "store",
    init: (_ctx, props: { log: string[] }) => props,
    call: {
      get(ctx, key: string) {
        ctx.state.log.push(key);
        return `value of ${key}`;
      },
      fails(_ctx, error: Error): string {
        throw error;
      },
      never: () => new Promise<string>(() => {}),
    },
  });
  const Door = actor({
    name: "door",
    init: (_ctx, props: { to: ReturnType<typeof spawnStore> }) => props,
    call: {
      get: (ctx, key: string) => ctx.forward(ctx.state.to).get(key.toUpperCase()),
      fails: (ctx, error: Error) => ctx.forward(ctx.state.to).fails(error),
      never: (ctx) => ctx.forward(ctx.state.to).never(),
      async later(ctx, key: string) {
        await Promise.resolve();
        return ctx.forward(ctx.state.to).get(key);
      },
      twice(ctx, key: string) {
        const forwarding = ctx.forward(ctx.state.to);
        forwarding.get(key);
        return forwarding.get(key);
      },
      ping: () => "pong",
    },
  });
  const spawnStore = (kit: ReturnType<typeof createTestSystem>, log: string[] = []) =>
    kit.system.spawn(Store, { log });

  function withDoor() {
    const kit = createTestSystem();
    const log: string[] = [];
    const store = spawnStore(kit, log);
    const door = kit.system.spawn(Door, { to: store });
    return { kit, log, store, door };
  }

  test("is answered by the one it was passed on to", async () => {
    const { door } = withDoor();
    expect(await door.get("k")).toBe("value of K");
    expect(await door.later("k")).toBe("value of k");
  });

  test("can be forwarded again", async () => {
    const { kit, log, store } = withDoor();
    const Porch = actor({ call: { get: (ctx, key: string) => ctx.forward(inner).get(key) } });
    const inner = kit.system.spawn(Door, { to: store });
    const porch = kit.system.spawn(Porch);
    expect(await porch.get("k")).toBe("value of K");
    expect(log).toEqual(["K"]);
  });

  test("leaves the one in the middle free for other messages", async () => {
    const { kit, door } = withDoor();
    const { outcomes } = follow(door.never());
    expect(await door.ping()).toBe("pong");
    await kit.run();
    expect(outcomes).toEqual([]);
  });

  test("lives on when the one in the middle ends", async () => {
    const { kit, door } = withDoor();
    const { outcomes } = follow(door.get("k"));
    const gone = follow(door.never());
    await kit.run();
    await stop(door);
    expect(outcomes).toEqual([{ value: "value of K" }]);
    expect(gone.outcomes).toEqual([]);
  });

  test("rejects when the last one ends, or was dead already", async () => {
    const { kit, store, door } = withDoor();
    const { outcomes } = follow(door.never());
    await kit.run();
    void kill(store);
    await kit.run();
    expect(outcomes).toMatchObject([{ error: { actor: "store#1", reason: { kind: "killed" } } }]);
    await expect(door.get("k")).rejects.toMatchObject({ actor: "store#1" });
  });

  test("fails with the actor that failed, not with the one in the middle", async () => {
    const { kit, door } = withDoor();
    const error = new Error("boom");
    await expect(door.fails(error)).rejects.toMatchObject({ actor: "store#1", cause: error });
    expect(kit.eventsOf("failed").map(({ actor: name }) => name)).toEqual(["store#1"]);
  });

  test("keeps its caller's time limit and signal", async () => {
    const { kit, door } = withDoor();
    const quick = follow(withOptions(door, { timeout: 10 }).never());
    await kit.advance(10);
    expect(quick.outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT" } }]);
  });

  test("is skipped when its caller left before the last one came to it", async () => {
    const { kit, log, store, door } = withDoor();
    follow(withOptions(store, { timeout: Infinity }).never());
    const { outcomes } = follow(withOptions(door, { timeout: 10 }).get("k"));
    await kit.advance(10);
    expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT" } }]);
    expect(log).toEqual([]);
  });

  test("can be passed on only once", async () => {
    const { kit, door, log } = withDoor();
    expect(await door.twice("k").catch((error: unknown) => error)).toMatchObject({
      code: "TROUPE_ACTOR_FAILED",
      cause: { code: "TROUPE_BAD_INPUT" },
    });
    await kit.run();
    expect(log).toEqual([]);
  });

  test("that a full mailbox refuses rejects its caller, and nobody fails", async () => {
    const kit = createTestSystem();
    const store = kit.system.spawn(Store, { log: [] }, { mailbox: { capacity: 1 } });
    const door = kit.system.spawn(Door, { to: store });
    follow(store.never());
    await kit.run();
    follow(store.never());
    await expect(door.get("k")).rejects.toMatchObject({ code: "TROUPE_MAILBOX_FULL" });
    expect(kit.system.stats().failures).toBe(0);
  });

  test("cannot be made of a cast", async () => {
    const kit = createTestSystem();
    const store = spawnStore(kit);
    const Teller = actor({
      cast: {
        tell(ctx) {
          ctx.forward(store);
        },
      },
    });
    kit.system.spawn(Teller).tell();
    await kit.run();
    expect(kit.eventsOf("failed")).toMatchObject([{ error: { code: "TROUPE_BAD_INPUT" } }]);
  });
});

test.each([
  ["none was given", []],
  ["the first was given", [0]],
  ["one in the middle was given", [2]],
  ["the last was given", [4]],
  ["several were given", [3, 0, 4]],
])("replies still owed at the end are rejected, oldest first: %s", async (_which, given) => {
  const kit = createTestSystem();
  const replies: Reply<string>[] = [];
  const Debtor = actor({
    name: "debtor",
    init: () => undefined,
    call: {
      ask(ctx) {
        const reply = ctx.defer<string>();
        replies.push(reply);
        return reply;
      },
    },
  });
  const debtor = kit.system.spawn(Debtor);
  const ends: string[] = [];
  const calls = Array.from({ length: 5 }, (_, n) =>
    debtor.ask().then(
      () => ends.push(`${n} given`),
      () => ends.push(`${n} rejected`),
    ),
  );
  await kit.run();
  for (const n of given) replies[n]!.resolve("yes");
  void stop(debtor);
  await kit.run();
  await Promise.all(calls);
  const left = [0, 1, 2, 3, 4].filter((n) => !given.includes(n));
  expect(ends).toEqual([...given.map((n) => `${n} given`), ...left.map((n) => `${n} rejected`)]);
});

import { describe, expect, test } from "vitest";
import {
  actor,
  address,
  attempt,
  narrow,
  recipient,
  sameActor,
  stop,
  withOptions,
  type Recipient,
  type Ref,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

const Store = actor({
  name: "store",
  init: (_ctx, props: { hold: Promise<unknown> }) => ({ log: [] as string[], hold: props.hold }),
  cast: {
    put(ctx, key: string, value: number) {
      ctx.state.log.push(`${key}=${value}`);
    },
    clear(ctx) {
      ctx.state.log.length = 0;
    },
  },
  call: {
    log: (ctx) => [...ctx.state.log],
    async slow(ctx) {
      await ctx.state.hold;
      return "done";
    },
  },
  stream: {
    async *items(ctx) {
      yield* ctx.state.log;
    },
  },
});

function setUp(capacity = 100) {
  const kit = createTestSystem();
  const hold = gate();
  const store = kit.system.spawn(Store, { hold: hold.passed }, { mailbox: { capacity } });
  return { kit, hold, store };
}

test("a view leads to the same actor", () => {
  const { store } = setUp();
  const views = [
    withOptions(store, { timeout: 1 }),
    narrow(store, "put"),
    recipient(store, "put"),
    withOptions(store, {}),
  ];
  for (const view of views) {
    expect(sameActor(view, store)).toBe(true);
    expect(address(view)).toEqual(address(store));
  }
});

describe("a narrowed ref", () => {
  test("has the verbs that were given, and at run time no others", async () => {
    const { store } = setUp();
    const writer = narrow(store, "put");
    writer.put("a", 1);
    expect(await store.log()).toEqual(["a=1"]);
    expect("clear" in writer).toBe(false);
  });

  test("stays narrow through every other view", () => {
    const { store } = setUp();
    const writer = narrow(store, "put", "clear");
    for (const view of [
      withOptions(writer, { timeout: 1 }),
      narrow(writer, "put"),
      attempt(writer),
    ]) {
      expect("put" in view).toBe(true);
      expect("log" in view).toBe(false);
    }
    expect(() => recipient(writer as unknown as typeof store, "log")).toThrow(
      "recipient: store#1 has no verb log; it has put, clear",
    );
    expect(() => narrow(writer as unknown as typeof store, "log")).toThrow(
      "narrow: store#1 has no verb log; it has put, clear",
    );
  });

  test("keeps the options of the view that it was made of", async () => {
    const { kit, store } = setUp();
    const quick = narrow(withOptions(store, { timeout: 10 }), "slow");
    const { outcomes } = follow(quick.slow());
    await kit.advance(10);
    expect(outcomes).toMatchObject([{ error: { timeoutMs: 10 } }]);
  });
});

describe("a recipient", () => {
  test("takes one kind of message, whatever else its actor does", async () => {
    const { store } = setUp();
    const put: Recipient<[key: string, value: number], void> = recipient(store, "put");
    put.send("a", 1);
    expect(await recipient(store, "log").send()).toEqual(["a=1"]);
  });

  test("can be for another type of message", async () => {
    const { store } = setUp();
    const pairs = recipient(store, "put", ([key, value]: [string, number]) => [key, value]);
    pairs.send(["a", 1]);
    const numbers = recipient(pairs, "send", (n: number) => [[`n${n}`, n] as [string, number]]);
    numbers.send(7);
    expect(await store.log()).toEqual(["a=1", "n7=7"]);
  });

  test("throws at the sender what its converter throws, and sends nothing", async () => {
    const { store } = setUp();
    const odd = recipient(store, "put", (n: number) => {
      if (n % 2 === 0) throw new Error("even");
      return ["n", n];
    });
    expect(() => odd.send(2)).toThrow("even");
    odd.send(3);
    expect(await store.log()).toEqual(["n=3"]);
  });

  test("keeps and takes options", async () => {
    const { kit, store } = setUp();
    const quick = follow(recipient(withOptions(store, { timeout: 10 }), "slow").send());
    const quicker = follow(withOptions(recipient(store, "slow"), { timeout: 5 }).send());
    await kit.advance(10);
    expect(quick.outcomes).toMatchObject([{ error: { timeoutMs: 10 } }]);
    expect(quicker.outcomes).toMatchObject([{ error: { timeoutMs: 5 } }]);
  });

  test("can be one that a call is forwarded to", async () => {
    const { kit, store } = setUp();
    const Door = actor({
      init: (_ctx, props: { to: Ref<Recipient<[], Promise<string[]>>> }) => props,
      call: { log: (ctx) => ctx.forward(ctx.state.to).send() },
    });
    store.put("a", 1);
    expect(await kit.system.spawn(Door, { to: recipient(store, "log") }).log()).toEqual(["a=1"]);
  });
});

describe("options", () => {
  test("of a later view are added to those of an earlier one, and win", async () => {
    const { kit, store } = setUp();
    const abort = new AbortController();
    const both = withOptions(withOptions(store, { signal: abort.signal, timeout: 5 }), {
      timeout: 100,
    });
    const { outcomes } = follow(both.slow());
    await kit.advance(50);
    expect(outcomes).toEqual([]);
    abort.abort("enough");
    await kit.run();
    expect(outcomes).toEqual([{ error: "enough" }]);
  });

  test("may make casts wait for room, first come first served", async () => {
    const { kit, hold, store } = setUp(1);
    follow(withOptions(store, { timeout: Infinity }).slow());
    await kit.run();
    const patient = withOptions(store, { whenFull: "wait" });
    const sent = [patient.put("a", 1), patient.put("b", 2), patient.put("c", 3)].map(follow);
    await kit.run();
    expect(sent.map(({ outcomes }) => outcomes.length)).toEqual([1, 0, 0]);
    hold.open();
    await kit.run();
    expect(sent.map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1]);
    expect(await store.log()).toEqual(["a=1", "b=2", "c=3"]);
  });
});

test("an attempt says at once what became of a cast, and never throws", async () => {
  const { kit, store } = setUp(1);
  const tries = attempt(store);
  expect([tries.put("a", 1), tries.put("b", 2)]).toEqual(["sent", "full"]);
  await kit.run();
  await stop(store);
  expect(tries.put("c", 3)).toBe("gone");
});

test("a method of a ref may be replaced, as test doubles do", () => {
  const { store } = setUp();
  const seen: unknown[] = [];
  store.put = (...args) => void seen.push(args);
  store.put("a", 1);
  expect(seen).toEqual([["a", 1]]);
});

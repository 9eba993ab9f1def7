import { describe, expect, test } from "vitest";
import { actor, narrow, recipient, withOptions } from "troupe";
import { createTestSystem } from "troupe/testing";
import { Bounds, within } from "../../src/kernel/options-view.ts";
import { follow } from "../support/gate.ts";

const Store = actor({
  name: "store",
  call: {
    slow: () => new Promise<string>(() => {}),
    left: (ctx) => ctx.request?.remainingMs,
  },
  stream: {
    async *quiet() {
      yield await new Promise<string>(() => {});
    },
  },
});

class Budget extends Bounds {
  timeout: number;
  reason: unknown;
  readonly listeners = new Set<() => void>();

  constructor(timeout: number) {
    super();
    this.timeout = timeout;
  }

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  onAbort(fn: () => void): () => void {
    this.listeners.add(fn);
    return () => void this.listeners.delete(fn);
  }

  abort(reason: unknown): void {
    this.reason = reason;
    for (const fn of this.listeners) fn();
  }
}

function setUp(timeout = 1_000) {
  const kit = createTestSystem();
  return { kit, store: kit.system.spawn(Store), bounds: new Budget(timeout) };
}

describe("within bounds", () => {
  test("the time that is left is asked for at each call", async () => {
    const { store, bounds } = setUp(700);
    const bounded = within(store, bounds);
    expect(await bounded.left()).toBe(700);
    bounds.timeout = 300;
    expect(await bounded.left()).toBe(300);
  });

  test("calls that are open reject with the reason when the signal aborts, and none is kept", async () => {
    const { kit, store, bounds } = setUp();
    const bounded = within(store, bounds);
    const calls = [follow(bounded.slow()), follow(bounded.slow())];
    await kit.run();
    bounds.abort("gone");
    await kit.run();
    expect(calls.map(({ outcomes }) => outcomes)).toMatchObject([
      [{ error: "gone" }],
      [{ error: "gone" }],
    ]);
    expect(bounds.listeners.size).toBe(0);
    await expect(bounded.left()).rejects.toBe("gone");
  });

  test("a quiet stream ends with them as well", async () => {
    const { kit, store, bounds } = setUp();
    const { outcomes } = follow(within(store, bounds).quiet()[Symbol.asyncIterator]().next());
    await kit.run();
    bounds.abort("gone");
    await kit.run();
    expect(outcomes).toMatchObject([{ error: "gone" }]);
  });

  test("the shorter time counts, whichever was given first", async () => {
    const { store, bounds } = setUp(500);
    expect(await within(withOptions(store, { timeout: 100 }), bounds).left()).toBe(100);
    expect(await within(withOptions(store, { timeout: 900 }), bounds).left()).toBe(500);
    expect(await withOptions(within(store, bounds), { timeout: 100 }).left()).toBe(100);
    expect(await withOptions(within(store, bounds), { timeout: 900 }).left()).toBe(500);
    const twice = withOptions(withOptions(within(store, bounds), { timeout: 100 }), {
      timeout: 200,
    });
    expect(await twice.left()).toBe(200);
    expect(await within(within(store, bounds), new Budget(50)).left()).toBe(50);
  });

  test("what a definition says of its calls is a limit of its own", async () => {
    const { kit, bounds } = setUp(500);
    const call = {
      left: (ctx: { request: { remainingMs: number } | undefined }) => ctx.request?.remainingMs,
    };
    const Quick = actor({ name: "quick", callTimeout: 40, call });
    const Patient = actor({ name: "patient", callTimeout: Infinity, call });
    const quick = kit.system.spawn(Quick);
    expect(await within(quick, bounds).left()).toBe(40);
    expect(await within(kit.system.spawn(Patient), bounds).left()).toBe(500);
    expect(await withOptions(within(quick, bounds), { timeout: 90 }).left()).toBe(90);
    expect(await within(withOptions(quick, { timeout: 90 }), bounds).left()).toBe(90);
  });

  test("either signal ends a call, and neither keeps it afterwards", async () => {
    const { kit, store, bounds } = setUp();
    const own = new AbortController();
    const bounded = within(withOptions(store, { signal: own.signal }), bounds);
    const first = follow(bounded.slow());
    await kit.run();
    own.abort("mine");
    await kit.run();
    expect(first.outcomes).toMatchObject([{ error: "mine" }]);
    expect(bounds.listeners.size).toBe(0);
    await expect(bounded.left()).rejects.toBe("mine");
    const fresh = within(withOptions(store, { signal: new AbortController().signal }), bounds);
    const second = follow(fresh.slow());
    await kit.run();
    bounds.abort("theirs");
    await kit.run();
    expect(second.outcomes).toMatchObject([{ error: "theirs" }]);
  });

  test("they hold for every other view, made before or after", async () => {
    const { store, bounds } = setUp(400);
    expect(await within(narrow(store, "left"), bounds).left()).toBe(400);
    expect(await narrow(within(store, bounds), "left").left()).toBe(400);
    expect(await within(recipient(store, "left"), bounds).send()).toBe(400);
    expect(await recipient(within(store, bounds), "left").send()).toBe(400);
    const quick = narrow(withOptions(store, { timeout: 30 }), "left");
    expect(await within(quick, bounds).left()).toBe(30);
    expect(await withOptions(quick, { timeout: 60 }).left()).toBe(60);
  });

  test("it is cheap: views of one kind of actor share a class", () => {
    const { kit, store, bounds } = setUp();
    const other = within(kit.system.spawn(Store), bounds);
    expect(within(store, bounds).constructor).toBe(other.constructor);
    expect(withOptions(other, { timeout: 1 }).constructor).toBe(other.constructor);
  });
});

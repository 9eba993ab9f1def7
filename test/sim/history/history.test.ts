import { expect, test } from "vitest";
import { describeOperation, History } from "../../../src/sim/history/history.ts";
import { model } from "../../../src/sim/history/model.ts";
import { counter, map, register } from "../../../src/sim/history/models.ts";

const kv = map<string, number>([], "kv");

/** A promise that the test settles. */
function promised<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
} {
  let settle: ((value: T) => void) | undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: settle! };
}

const outcomes = (history: History): string[] => history.operations.map(({ outcome }) => outcome);

test("an operation is noted with its client, its arguments and its answer, which the caller gets", async () => {
  const history = new History();
  const answer = await history.client(3).record(kv.get("a"), () => Promise.resolve(7));
  expect(answer).toBe(7);
  expect(history.operations).toMatchObject([
    { client: 3, invocation: { verb: "get", args: ["a"] }, outcome: "returned", output: 7 },
  ]);
});

test("calls and returns stand in one order without ties", async () => {
  const history = new History();
  const write = promised<void>();
  const writing = history.client(0).record(kv.set("a", 1), () => write.promise);
  await history.client(1).record(kv.get("a"), () => 1);
  write.resolve();
  await writing;
  await history.client(1).record(kv.get("a"), () => 1);
  expect(history.operations.map(({ calledAt, returnedAt }) => [calledAt, returnedAt])).toEqual([
    [0, 3],
    [1, 2],
    [4, 5],
  ]);
});

test("an operation is called before its act runs, and open until it settles", async () => {
  const history = new History();
  let seen: readonly string[] = [];
  const reading = history.client(0).record(kv.get("a"), () => {
    seen = outcomes(history);
    return 1;
  });
  expect(seen).toEqual(["open"]);
  expect(history.operations[0]?.returnedAt).toBe(Infinity);
  await reading;
  expect(outcomes(history)).toEqual(["returned"]);
});

test("what rejects or throws may have happened, and rejects the caller with the same error", async () => {
  const history = new History();
  const lost = new Error("lost");
  const thrown = new Error("thrown");
  const { record } = history.client(0);
  await expect(record(kv.set("a", 1), () => Promise.reject(lost))).rejects.toBe(lost);
  await expect(
    record(kv.set("a", 1), () => {
      throw thrown;
    }),
  ).rejects.toBe(thrown);
  expect(outcomes(history)).toEqual(["unknown", "unknown"]);
  expect(history.operations[0]?.returnedAt).toBe(Infinity);
});

test("a known failure certainly did not happen, whether the history knows it or the record", async () => {
  const full = new RangeError("full");
  const history = new History({ knownFailure: (error) => error instanceof RangeError });
  const { record } = history.client(0);
  const other = new TypeError("refused");
  const knownFailure = (error: unknown): boolean => error === other;
  await expect(record(kv.set("a", 1), () => Promise.reject(full))).rejects.toBe(full);
  await expect(record(kv.set("a", 1), () => Promise.reject(other))).rejects.toBe(other);
  await expect(record(kv.set("a", 1), () => Promise.reject(other), { knownFailure })).rejects.toBe(
    other,
  );
  expect(outcomes(history)).toEqual(["failed", "unknown", "failed"]);
});

test("a crash makes all that is open unknown, and what settles later is ignored", async () => {
  const history = new History();
  const { record } = history.client(0);
  await record(kv.get("a"), () => undefined);
  const late = promised<void>();
  const never = promised<void>();
  const writing = record(kv.set("a", 1), () => late.promise);
  void record(kv.set("a", 2), () => never.promise);
  history.processCrashed();
  expect(outcomes(history)).toEqual(["returned", "unknown", "unknown"]);
  late.resolve();
  await writing;
  expect(outcomes(history)).toEqual(["returned", "unknown", "unknown"]);
  expect(history.operations[1]?.returnedAt).toBe(Infinity);
});

test("the number of settled operations tells whether there is anything new to check", async () => {
  const history = new History();
  const read = promised<number>();
  const reading = history.client(0).record(kv.get("a"), () => read.promise);
  expect(history.settled).toBe(0);
  read.resolve(1);
  await reading;
  expect(history.settled).toBe(1);
  void history.client(0).record(kv.set("a", 1), () => new Promise<void>(() => {}));
  history.processCrashed();
  expect(history.settled).toBe(2);
});

test("a history reads as one line for each operation", async () => {
  const history = new History({ knownFailure: (error) => error instanceof RangeError });
  const { record } = history.client(2);
  await record(kv.set("a", 1), () => undefined);
  await record(kv.compareAndSet("a", 1, 2), () => true);
  await record(kv.get("b"), () => Promise.reject(new RangeError("full"))).catch(() => {});
  await record(kv.get("b"), () => Promise.reject(new Error("late"))).catch(() => {});
  expect(String(history).split("\n")).toEqual([
    "client 2: kv.set('a', 1) -> undefined [0..1]",
    "client 2: kv.compareAndSet('a', 1, 2) -> true [2..3]",
    "client 2: kv.get('b') did not happen [4..]",
    "client 2: kv.get('b') -> nobody knows [5..]",
  ]);
  expect(describeOperation(history.operations[0]!)).toContain("kv.set");
});

test("answers have the types of the model", async () => {
  const { record } = new History().client(0);
  const account = model({
    name: "account",
    init: () => 100,
    reads: { balance: (state) => state },
    writes: {
      withdraw: (state, amount: number) =>
        amount > state ? { state, output: false } : { state: state - amount, output: true },
      reset: () => ({ state: 0 }),
    },
  });
  const balance: number = await record(account.balance(), () => Promise.resolve(100));
  const done: boolean = await record(account.withdraw(30), () => Promise.resolve(true));
  await record(account.reset(), () => Promise.resolve());
  await record(counter().add(1), () => Promise.resolve());
  await record(kv.delete("a"), () => Promise.resolve());
  await record(register("a").read(), () => "b" as const);
  // @ts-expect-error a balance is no text
  await record(account.balance(), () => Promise.resolve("100"));
  // @ts-expect-error an amount is a number
  void account.withdraw("30");
  // @ts-expect-error there is no such operation
  expect(() => account.deposit(1)).toThrow(TypeError);
  expect([balance, done]).toEqual([100, true]);
});

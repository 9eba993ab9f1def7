import { expect, test } from "vitest";
import { BadInputError } from "troupe";
import { History, type Operation } from "../../../src/sim/history/history.ts";
import { checkLinearizable, linearizable } from "../../../src/sim/history/linearizable.ts";
import {
  model,
  specificationOf,
  type AnyModel,
  type Invocation,
} from "../../../src/sim/history/model.ts";
import { counter, map, register } from "../../../src/sim/history/models.ts";

const x = register(0, "x");
const kv = map<string, number>([], "kv");

/** An operation that was called at one time, and returned at the other. */
function returned<Output>(
  client: number,
  [calledAt, returnedAt]: readonly [number, number],
  invocation: Invocation<Output>,
  output?: NoInfer<Output>,
): Operation {
  return { client, invocation, calledAt, returnedAt, outcome: "returned", output };
}

/** One of which nobody knows whether it happened. */
function unknown(client: number, calledAt: number, invocation: Invocation): Operation {
  const [returnedAt, outcome, output] = [Infinity, "unknown", undefined] as const;
  return { client, invocation, calledAt, returnedAt, outcome, output };
}

const verdict = (of: AnyModel, ...operations: Operation[]): string =>
  checkLinearizable(of, operations).verdict;

test("nothing, and one after the other, is linearizable", () => {
  expect(verdict(x)).toBe("yes");
  expect(
    verdict(
      x,
      returned(0, [0, 1], x.read(), 0),
      returned(0, [2, 3], x.write(1)),
      returned(1, [4, 5], x.read(), 1),
      returned(1, [6, 7], x.compareAndSet(1, 2), true),
      returned(0, [8, 9], x.compareAndSet(1, 3), false),
      returned(0, [10, 11], x.read(), 2),
    ),
  ).toBe("yes");
});

test("a read that overlaps a write may see the old value or the new one", () => {
  const write = returned(0, [0, 9], x.write(1));
  expect(verdict(x, write, returned(1, [1, 2], x.read(), 0))).toBe("yes");
  expect(verdict(x, write, returned(1, [1, 2], x.read(), 1))).toBe("yes");
});

test("a stale read is not linearizable", () => {
  const write = returned(0, [0, 1], x.write(1));
  expect(verdict(x, write, returned(1, [2, 3], x.read(), 0))).toBe("no");
});

test("a value that was seen once cannot be unseen by another client", () => {
  expect(
    verdict(
      x,
      returned(0, [0, 9], x.write(1)),
      returned(1, [1, 2], x.read(), 1),
      returned(2, [3, 4], x.read(), 0),
    ),
  ).toBe("no");
});

test("a value that nobody wrote cannot be read", () => {
  expect(verdict(x, returned(0, [0, 9], x.write(1)), returned(1, [1, 2], x.read(), 7))).toBe("no");
});

test("a lost update is not linearizable", () => {
  const likes = counter(0, "likes");
  expect(
    verdict(
      likes,
      returned(0, [0, 2], likes.add(1)),
      returned(1, [1, 3], likes.add(1)),
      returned(0, [4, 5], likes.get(), 1),
    ),
  ).toBe("no");
});

test("only one of two compare-and-sets that overlap can win", () => {
  const winner = returned(0, [0, 2], x.compareAndSet(0, 1), true);
  expect(verdict(x, winner, returned(1, [1, 3], x.compareAndSet(0, 2), false))).toBe("yes");
  expect(verdict(x, winner, returned(1, [1, 3], x.compareAndSet(0, 2), true))).toBe("no");
});

test("two clients cannot see two writes in different orders", () => {
  const writes = [returned(0, [0, 9], x.write(1)), returned(1, [1, 10], x.write(2))];
  const reads = (client: number, ...values: number[]): Operation[] =>
    values.map((value, at) =>
      returned(client, [12 + 4 * at + client, 12.5 + 4 * at + client], x.read(), value),
    );
  expect(verdict(x, ...writes, ...reads(0, 1, 1), ...reads(1, 1, 1))).toBe("yes");
  expect(verdict(x, ...writes, ...reads(0, 1, 2))).toBe("no");
  expect(verdict(x, ...writes, ...reads(0, 1, 1), ...reads(1, 2, 2))).toBe("no");
});

test("a write of which nobody knows may take effect late, or never, and only once", () => {
  const write = unknown(0, 0, x.write(1));
  const read = (at: number, value: number): Operation => returned(1, [at, at + 1], x.read(), value);
  expect(verdict(x, write, read(2, 0), read(4, 0))).toBe("yes");
  expect(verdict(x, write, read(2, 0), read(4, 1))).toBe("yes");
  expect(verdict(x, write, read(2, 1), read(4, 0))).toBe("no");
  const overwritten = returned(1, [4, 5], x.write(2));
  expect(verdict(x, write, read(2, 1), overwritten, read(6, 1))).toBe("no");
  expect(verdict(x, write, read(2, 0), overwritten, read(6, 1))).toBe("yes");
});

test("a write of which nobody knows takes no effect before it was called", () => {
  expect(verdict(x, returned(1, [0, 1], x.read(), 1), unknown(0, 2, x.write(1)))).toBe("no");
});

test("what certainly did not happen is left out", () => {
  const failed: Operation = { ...unknown(0, 0, x.write(1)), outcome: "failed" };
  expect(verdict(x, failed, returned(1, [2, 3], x.read(), 1))).toBe("no");
});

test("what is still open may have happened", () => {
  const open: Operation = { ...unknown(0, 0, x.compareAndSet(0, 1)), outcome: "open" };
  expect(verdict(x, open, returned(1, [2, 3], x.read(), 1))).toBe("yes");
});

test("keys know nothing of each other, whatever they are", () => {
  const byPlace = map<{ row: number }, string>([[{ row: 1 }, "a"]]);
  const get = (at: number, row: number, value: string | undefined): Operation =>
    returned(0, [at, at + 1], byPlace.get({ row }), value);
  const set = returned(0, [0, 1], byPlace.set({ row: 2 }, "b"));
  expect(verdict(byPlace, set, get(2, 1, "a"), get(4, 2, "b"), get(6, 3, undefined))).toBe("yes");
  expect(verdict(byPlace, set, get(2, 1, "b"))).toBe("no");
});

test("a map tells an absent key from one that holds undefined", () => {
  const holes = map<string, number | undefined>();
  const set = returned(0, [0, 1], holes.set("a", undefined));
  expect(verdict(holes, set, returned(0, [2, 3], holes.has("a"), true))).toBe("yes");
  expect(verdict(holes, set, returned(0, [2, 3], holes.delete("a"), false))).toBe("no");
  expect(verdict(holes, set, returned(0, [2, 3], holes.delete("a")))).toBe("yes");
  expect(verdict(holes, returned(0, [2, 3], holes.has("a"), true))).toBe("no");
  const full = map([["a", undefined]]);
  expect(verdict(full, returned(0, [2, 3], full.has("a"), true))).toBe("yes");
});

test("values are compared by what is in them", () => {
  const list = register<readonly number[]>([]);
  expect(
    verdict(list, returned(0, [0, 1], list.write([1])), returned(0, [2, 3], list.read(), [1])),
  ).toBe("yes");
  expect(verdict(list, returned(0, [0, 1], list.compareAndSet([], [1]), true))).toBe("yes");
});

test("operations of another model are passed over", () => {
  const other = register(0, "x");
  expect(verdict(x, returned(0, [0, 1], other.write(1)), returned(0, [2, 3], x.read(), 0))).toBe(
    "yes",
  );
});

test("a model may allow more than one answer, and the answer then decides the state", () => {
  const bag = model({
    name: "bag",
    init: (): readonly string[] => ["a", "b", "c"],
    writes: {
      take: (state) =>
        state.map((output) => ({ state: state.filter((item) => item !== output), output })),
    },
  });
  const take = (at: number, item: string): Operation => returned(0, [at, at + 1], bag.take(), item);
  expect(verdict(bag, take(0, "c"), take(2, "a"))).toBe("yes");
  expect(verdict(bag, take(0, "c"), take(2, "c"))).toBe("no");
  expect(verdict(bag, unknown(1, 0, bag.take()), take(2, "b"), take(4, "c"))).toBe("yes");
  expect(verdict(bag, take(0, "a"), take(2, "b"), take(4, "c"), take(6, "a"))).toBe("no");
});

test("a refusal names the first answer that has no explanation, and the answers that it could have had", () => {
  const operations = [
    returned(0, [0, 1], kv.set("a", 1)),
    unknown(1, 2, kv.set("a", 2)),
    returned(2, [3, 4], kv.get("a"), 1),
    returned(0, [5, 9], kv.set("a", 3)),
    returned(2, [6, 8], kv.get("a"), 7),
    returned(2, [10, 11], kv.get("a"), 99),
  ];
  const result = checkLinearizable(kv, operations);
  if (result.verdict !== "no") throw new Error(`it said ${result.verdict}`);
  expect(result.impossible).toBe(operations[4]);
  expect(result.outputsComplete).toBe(true);
  expect(new Set(result.possibleOutputs)).toEqual(new Set([1, 2, 3]));
  expect(result.explained).toEqual([operations[0], operations[2]]);
  expect(result.open).toEqual([operations[1], operations[3]]);
  expect(result.text.replace(/answered .*\./, "answered ….").split("\n")).toEqual([
    "kv['a'] is not linearizable: nothing explains",
    "  client 2: kv.get('a') -> 7 [6..8]",
    "It could have answered ….",
    "What was answered before is explained by this order:",
    "  client 0: kv.set('a', 1) -> undefined [0..1]",
    "  client 2: kv.get('a') -> 1 [3..4]",
    "Under way as well, and not needed for that:",
    "  client 1: kv.set('a', 2) -> nobody knows [2..]",
    "  client 0: kv.set('a', 3) -> undefined [5..9]",
  ]);
});

test("what could not have happened at all is said to be so", () => {
  const door = model({
    name: "door",
    init: () => "shut",
    writes: {
      open: (state) => (state === "shut" ? { state: "open" } : []),
    },
  });
  const result = checkLinearizable(door, [
    returned(0, [0, 1], door.open()),
    returned(1, [2, 3], door.open()),
  ]);
  expect(result).toMatchObject({ verdict: "no", possibleOutputs: [] });
  expect(result).toHaveProperty("text", expect.stringContaining("could not have happened at all"));
});

test("of what was under way, an answer that came later counts in the explanation", () => {
  const operations = [
    returned(0, [0, 20], x.compareAndSet(0, 1), false),
    returned(1, [1, 21], x.compareAndSet(0, 1), true),
    returned(2, [2, 3], x.read(), 1),
    returned(2, [4, 5], x.read(), 7),
  ];
  const [loser, winner, read, impossible] = operations;
  expect(checkLinearizable(x, operations)).toMatchObject({
    impossible,
    possibleOutputs: [1],
    explained: [winner, read],
    open: [loser],
  });
});

test("of many answers that it could have had, some are named", () => {
  const lost = Array.from({ length: 9 }, (_, at) => unknown(at, at, x.write(at + 1)));
  const result = checkLinearizable(x, [...lost, returned(99, [50, 51], x.read(), -1)]);
  expect(result).toHaveProperty("outputsComplete", false);
  expect(result).toHaveProperty("possibleOutputs.length", 5);
  expect(result).toHaveProperty("text", expect.stringContaining(", perhaps others."));
});

test("a long history is told by its end", () => {
  const writes = Array.from({ length: 30 }, (_, at) =>
    returned(0, [2 * at, 2 * at + 1], x.write(at)),
  );
  const result = checkLinearizable(x, [...writes, returned(0, [60, 61], x.read(), -1)]);
  expect(result).toHaveProperty("text", expect.stringContaining("(18 before)"));
  expect(result).toHaveProperty("text", expect.stringContaining("answered only 29."));
});

/** Adds that all overlap, and a sum that they cannot have: every subset has to be looked at. */
function hardToRefuse(): Operation[] {
  const adds = Array.from({ length: 12 }, (_, at) =>
    returned(at, [at, 100 + at], hard.add(2 ** at)),
  );
  return [...adds, returned(99, [50, 60], hard.get(), -1)];
}
const hard = counter(0, "hard");

test("the answer is unknown when there is too much to look at, never no", () => {
  const result = checkLinearizable(hard, hardToRefuse(), { maxStates: 1_000 });
  expect(result).toMatchObject({ verdict: "unknown" });
  expect(result.statesSeen).toBeLessThan(1_100);
  expect(checkLinearizable(hard, hardToRefuse()).verdict).toBe("no");
});

test("an answer of no for one key is given though another key is too hard", () => {
  const both = model({
    name: "both",
    keyed: true,
    init: () => 0,
    reads: { get: (state, _key: string) => state },
    writes: { add: (state, _key: string, amount: number) => ({ state: state + amount }) },
  });
  const adds = Array.from({ length: 12 }, (_, at) =>
    returned(at, [at, 100 + at], both.add("hard", 2 ** at)),
  );
  const wrong = returned(0, [200, 201], both.get("easy"), 1);
  const operations = [...adds, returned(99, [50, 60], both.get("hard"), -1), wrong];
  const result = checkLinearizable(both, operations, { maxStates: 1_000 });
  expect(result).toMatchObject({ verdict: "no", impossible: wrong });
});

test("many writes of which nobody knows do not make a search of all their subsets", () => {
  const lost = Array.from({ length: 40 }, (_, at) => unknown(at, at, x.write(at + 1)));
  const result = checkLinearizable(x, [...lost, returned(99, [50, 51], x.read(), -1)]);
  expect(result.verdict).toBe("no");
  expect(result.statesSeen).toBeLessThan(100);
  const adds = Array.from({ length: 40 }, (_, at) => unknown(at, at, hard.add(1)));
  const sum = checkLinearizable(hard, [...adds, returned(99, [50, 51], hard.get(), 41)]);
  expect(sum.verdict).toBe("no");
  expect(sum.statesSeen).toBeLessThan(100);
});

test("adds of which nobody knows and that cancel out are not tried in all their subsets", () => {
  const adds = Array.from({ length: 12 }, (_, at) =>
    unknown(at, at, hard.add((at % 2 === 0 ? 1 : -1) * 2 ** (at >> 1))),
  );
  const result = checkLinearizable(hard, [...adds, returned(99, [50, 51], hard.get(), 0.5)]);
  expect(result.verdict).toBe("no");
  expect(result.statesSeen).toBeLessThan(3_000);
});

test("reads that overlap are not tried in all their orders", () => {
  const reads = Array.from({ length: 30 }, (_, at) => returned(at, [at, 60 + at], x.read(), 0));
  const result = checkLinearizable(x, [...reads, returned(99, [50, 51], x.read(), 7)]);
  expect(result.verdict).toBe("no");
  expect(result.statesSeen).toBeLessThan(50);
});

test("a thousand operations of five clients cost hardly more than one look at each", () => {
  const operations = Array.from({ length: 1_000 }, (_, at) => {
    // Five at a time: set, and four reads that overlap it and one another.
    const [round, client, key] = [Math.floor(at / 5), at % 5, `k${Math.floor(at / 5) % 10}`];
    const span = [10 * round + client, 10 * round + 9 - client / 10] as const;
    return client === 2
      ? returned(client, span, kv.set(key, round))
      : returned(
          client,
          span,
          kv.get(key),
          client < 2 && round >= 10 ? round - 10 : client < 2 ? undefined : round,
        );
  });
  const result = checkLinearizable(kv, operations);
  expect(result.verdict).toBe("yes");
  expect(result.statesSeen).toBeLessThan(1_100);
});

test("a check says nothing as long as the history can be explained, then what cannot", async () => {
  const check = linearizable(x);
  const history = new History();
  const view = { history };
  await history.client(0).record(x.write(1), () => {});
  expect(check(view)).toBeUndefined();
  await history.client(1).record(x.read(), () => 0);
  expect(check(view)).toContain("x is not linearizable");
  expect(check(view)).toBe(check(view));
  expect(check({ history: new History() })).toBeUndefined();
});

test("a failure that came to be known may make a history impossible, and a check sees it", async () => {
  const check = linearizable(x);
  const history = new History({ knownFailure: () => true });
  let fail: ((error: Error) => void) | undefined;
  const lost = new Promise<void>((_, reject) => {
    fail = reject;
  });
  const writing = history.client(0).record(x.write(1), () => lost);
  await history.client(1).record(x.read(), () => 1);
  expect(check({ history })).toBeUndefined();
  fail?.(new Error("full"));
  await writing.catch(() => {});
  expect(check({ history })).toContain("x.read() -> 1");
});

test("what a check could not decide is noted in the history, or fails", async () => {
  const history = new History();
  for (const _ of Array.from({ length: 3 })) await history.client(0).record(x.write(1), () => {});
  expect(linearizable(x, { maxStates: 1 })({ history })).toBeUndefined();
  expect(history.undecided).toEqual([expect.stringContaining("x: could not decide")]);
  linearizable(x, { maxStates: 1 })({ history });
  expect(history.undecided).toHaveLength(1);
  const strict = linearizable(x, { maxStates: 1, whenUndecided: "fail" });
  expect(strict({ history })).toContain("could not decide");
});

test("bad input is refused where it is given", () => {
  expect(() => linearizable(x, { maxStates: 0 })).toThrow(/maxStates is 0; .* at least 1/);
  expect(() => checkLinearizable(x, [], { maxStates: Number.NaN })).toThrow(BadInputError);
  // @ts-expect-error there is no such manner
  expect(() => linearizable(x, { whenUndecided: "ignore" })).toThrow(/"note" or "fail"/);
  // @ts-expect-error no model
  expect(() => linearizable({})).toThrow(/not a model/);
  expect(() => model({ name: "", init: () => 0 })).toThrow(/name is ""/);
  expect(() => model({ name: "m", init: () => 0 })).toThrow(/neither reads nor writes/);
  // @ts-expect-error a value is no function
  expect(() => model({ name: "m", init: 0 })).toThrow(/init must be a function/);
  // @ts-expect-error a value is no function
  expect(() => model({ name: "m", init: () => 0, reads: { get: 1 } })).toThrow(
    /get is no function/,
  );
  expect(() =>
    model({ name: "m", init: () => 0, reads: { a: () => 1 }, writes: { a: () => ({ state: 1 }) } }),
  ).toThrow(/a is a read and a write/);
});

test("a write that returns no effect is refused when it is tried", () => {
  // @ts-expect-error a state is no effect
  const wrong = model({ name: "m", init: () => 0, writes: { inc: (state: number) => state + 1 } });
  const operation = returned(0, [0, 1], { ...x.write(1), of: specificationOf(wrong), verb: "inc" });
  expect(() => checkLinearizable(wrong, [operation])).toThrow(/m: inc returned 1; it must return/);
});

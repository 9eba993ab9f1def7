import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RequestDecoder } from "../../../examples/kv/request-decoder.ts";
import { arrayItems } from "../../../examples/kv/resp.ts";
import { execute } from "../../../examples/kv/store/commands.ts";
import { Deque } from "../../../examples/kv/store/deque.ts";
import { Store } from "../../../examples/kv/store/store.ts";

function run(store: Store, line: string, now = 0): string {
  return execute(store, line.split(" "), now);
}

/** The cursor and the keys of one SCAN. */
function scan(store: Store, cursor: string, count: number): [string, string[]] {
  const reply = execute(store, ["SCAN", cursor, "COUNT", String(count)], 0);
  const next = reply.split("\r\n")[2]!;
  const keys = reply.slice(reply.indexOf("*", 1));
  return [next, new RequestDecoder().feed(Buffer.from(keys, "latin1")).flatMap(({ args }) => args)];
}

describe("expiry", () => {
  test("a key is gone at its millisecond, for every reader", () => {
    const store = new Store();
    run(store, "SET k v PX 100");
    expect(run(store, "GET k", 99)).toBe("$1\r\nv\r\n");
    expect(run(store, "PTTL k", 99)).toBe(":1\r\n");
    expect(run(store, "KEYS *", 100)).toBe("*0\r\n");
    expect(run(store, "GET k", 100)).toBe("$-1\r\n");
    expect(store.size).toBe(0);
  });

  test("SET, PERSIST and DEL take a key out of the queue of those that will expire", () => {
    const store = new Store();
    for (const key of ["a", "b", "c"]) run(store, `SET ${key} v PX 100`);
    run(store, "SET a w");
    run(store, "PERSIST b");
    run(store, "DEL c");
    expect(store.nextExpiry()).toBe(Number.POSITIVE_INFINITY);
  });

  test("active expiry removes the due keys in order, so many at a time", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 50 }))), (sets) => {
        const store = new Store({ noteExpired: true });
        const times = new Map<string, number>();
        for (const [key, time] of sets) {
          run(store, `SET ${key} v PXAT ${time}`);
          times.set(String(key), time);
        }
        const due = [...times.values()].filter((time) => time <= 25).toSorted((a, b) => a - b);
        expect(store.nextExpiry()).toBe(Math.min(...times.values()));
        let removed = 0;
        for (let step = 1; step > 0; removed += step) {
          step = store.expireSome(25, 3);
          expect(step).toBeLessThanOrEqual(3);
        }
        expect(removed).toBe(due.length);
        expect(store.takeExpired().map((key) => times.get(key))).toEqual(due);
        expect(store.nextExpiry()).toBeGreaterThan(25);
      }),
    );
  });
});

describe("SCAN", () => {
  test("meets every key that was there throughout, once, and ends while keys are added", () => {
    const step = fc.record({ count: fc.integer({ min: 1, max: 30 }), gone: fc.array(fc.nat(299)) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const store = new Store();
        const lasting = new Set<string>();
        for (let key = 0; key < 300; key++) {
          run(store, `SET ${key} v`);
          lasting.add(String(key));
        }
        const met: string[] = [];
        let cursor = "0";
        let turn = 0;
        do {
          const { count, gone } = steps[turn++ % steps.length]!;
          const [next, keys] = scan(store, cursor, count);
          met.push(...keys);
          cursor = next;
          for (let added = 0; added < 40; added++) run(store, `SET new:${turn}:${added} v`);
          for (const key of gone) {
            run(store, `DEL ${key}`);
            lasting.delete(String(key));
          }
        } while (cursor !== "0" && turn < 1000);
        expect(turn).toBeLessThan(1000);
        expect(new Set(met).size).toBe(met.length);
        expect([...lasting].filter((key) => !met.includes(key))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test("finds its way after most keys were swept up", () => {
    const store = new Store();
    for (let key = 0; key < 1000; key++) run(store, `SET ${key} v`);
    const [cursor, first] = scan(store, "0", 100);
    for (let key = 0; key < 1000; key++) if (key % 10 !== 0) run(store, `DEL ${key}`);
    const [end, rest] = scan(store, cursor, 1000);
    expect(end).toBe("0");
    expect(first.filter((key) => Number(key) % 10 === 0).length + rest.length).toBe(100);
  });

  test("takes any cursor", () => {
    const store = new Store();
    run(store, "SET a 1");
    for (const cursor of ["1", "2", "77", "18446744073709551615"]) {
      expect(arrayItems(run(store, `SCAN ${cursor}`))?.[0]).toBe("$1\r\n0\r\n");
    }
  });
});

test("a Deque is an array with cheap ends", () => {
  const twin = {
    pushFront: "unshift",
    pushBack: "push",
    popFront: "shift",
    popBack: "pop",
  } as const;
  const operation = fc.tuple(
    fc.constantFrom(...(Object.keys(twin) as (keyof typeof twin)[])),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const deque = new Deque();
      const model: string[] = [];
      const popped: unknown[][] = [];
      for (const [name, value] of operations) {
        const mine = deque[name](value);
        const theirs = (model[twin[name]] as (item: string) => unknown).call(model, value);
        if (name.startsWith("pop")) popped.push([mine, theirs]);
      }
      for (const [mine, theirs] of popped) expect(mine).toBe(theirs);
      expect(deque.slice(0, deque.length)).toEqual(model);
    }),
  );
});

test("many appends of one byte make one string", () => {
  const store = new Store();
  for (let at = 0; at < 10_000; at++) run(store, "APPEND k x");
  expect(run(store, "GET k")).toBe(`$10000\r\n${"x".repeat(10_000)}\r\n`);
});

import { inspect } from "node:util";
import { expect, test } from "vitest";
import { glimpse } from "../../../src/sim/diagram/glimpse.ts";

const show = (value: unknown): string => glimpse(value, 80);

class Point {
  readonly x = 1;
  readonly #hidden = 2;
  get hidden(): number {
    return this.#hidden;
  }
}

test("values look as they are written", () => {
  expect([null, undefined, -0, 1.5, 5n, true, 'say "hi"'].map(show)).toEqual([
    "null",
    "undefined",
    "-0",
    "1.5",
    "5n",
    "true",
    String.raw`"say \"hi\""`,
  ]);
  expect(show([1, [2, [3]]])).toBe("[1, [2, […]]]");
  expect(show({ a: { b: { c: 1 } }, "odd key": [] })).toBe('{ a: { b: {…} }, "odd key": [] }');
  expect(show(new Map([["a", { b: 1 }]]))).toBe('Map(1) { "a" => { b: 1 } }');
  expect(show(new Set([1]))).toBe("Set(1) { 1 }");
  expect(show(new Point())).toBe("Point { x: 1 }");
  expect(show(Point)).toBe("[Function Point]");
  expect(show(new RangeError("too far"))).toBe("RangeError: too far");
  expect(show({ error: new Error("boom") })).toBe("{ error: Error: boom }");
  expect(show(/x/g)).toBe("/x/g");
});

test("of much, a little is shown", () => {
  expect(show(Array.from({ length: 1_000 }))).toMatch(/^\[undefined, .*, …\]$/);
  expect(show(Object.assign([], { length: 2 ** 32 - 1 }))).toBe(
    "[undefined, undefined, undefined, undefined, undefined, …]",
  );
  expect(show(new Uint8Array(512))).toBe("Uint8Array(512) [ 0, 0, 0, 0, 0, ... 507 more items ]");
  expect(glimpse("x".repeat(1e7), 8)).toBe('"xxxxx…"');
  expect(glimpse({ a: "x".repeat(1e7) }, 80)).toBe(`{ a: "${"x".repeat(21)}…" }`);
  expect(glimpse({ article: "apple" }, 10)).toBe("{ article…");
});

const forbidden = (): never => {
  throw new Error("asked");
};

test("no getter is called and no proxy asked", () => {
  const getter = {
    get value(): never {
      throw new Error("called");
    },
  };
  const traps: ProxyHandler<object> = {
    get: forbidden,
    ownKeys: forbidden,
    getPrototypeOf: forbidden,
    getOwnPropertyDescriptor: forbidden,
  };
  expect(show(getter)).toBe("{ value: [Getter] }");
  expect(show(new Proxy({}, traps))).toBe("[Proxy]");
  expect(show({ proxy: new Proxy(() => 1, traps) })).toBe("{ proxy: [Proxy] }");
  expect(show(Object.create(new Proxy({}, traps)))).toBe("{}");
});

test("what describes itself is asked, and may fail", () => {
  expect(show({ [inspect.custom]: () => "Ref(bank)" })).toBe("Ref(bank)");
  const failing = {
    [inspect.custom]: () => {
      throw new Error("no");
    },
  };
  expect(show({ a: failing, b: 1 })).toBe("{ a: [unreadable], b: 1 }");
});

test("what contains itself ends", () => {
  const list: unknown[] = [];
  list.push(list);
  expect(show(list)).toBe("[[[…]]]");
});

test("nothing in it acts upon a terminal", () => {
  expect(show("\u001b[31m\u202e\n")).toMatch(/^[ -~]*$/);
  expect(show({ "a\u001b\u202e": 1 })).toMatch(/^[ -~]*$/);
});

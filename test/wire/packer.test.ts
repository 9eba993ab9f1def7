import { createSystem, type System } from "troupe";
import { transfer } from "troupe/threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkCanBeSent } from "../../src/wire/packer.ts";
import { Tiny } from "../peer/sink.ts";
import { makePacker, trip } from "./trip.ts";

let system: System;
beforeAll(() => {
  system = createSystem({ logger: false });
});
afterAll(async () => {
  await system.stop();
});

test("a value that is marked with a list of what moves is looked into: refs and errors in it arrive", () => {
  const bytes = new Uint8Array([1, 2]);
  const message = { bytes, replyTo: system.spawn(Tiny), why: new RangeError("odd") };
  const there = trip(transfer(message, [bytes.buffer])) as typeof message;
  expect(there.replyTo).toBe("a ref");
  expect(there.why).toBeInstanceOf(RangeError);
  expect(there.bytes).toEqual(new Uint8Array([1, 2]));
  expect(bytes.length).toBe(0);
});

test("a function in a value that is marked with a list is refused", () => {
  const bytes = new Uint8Array(1);
  const message = transfer({ bytes, done: () => 1 }, [bytes.buffer]);
  expect(() => trip(message)).toThrow(/it\.done is a function/);
  expect(bytes.length).toBe(1);
});

test("a buffer that is marked twice moves once", () => {
  const { buffer } = new Uint8Array(2);
  const packer = makePacker();
  packer.pack([transfer(buffer), transfer(new Uint8Array(buffer))], "it");
  expect(packer.transfers).toEqual([buffer]);
});

test("of a message that cannot go, nothing is left for the next: nothing special, nothing to move", () => {
  const packer = makePacker();
  packer.pack(new Error("goes"), "it");
  const bytes = transfer(new Uint8Array(1));
  expect(() =>
    packer.together(() =>
      [bytes, new Error("odd"), () => 1].map((part) => packer.pack(part, "it")),
    ),
  ).toThrow(/it is a function/);
  expect(packer.specials.length).toBe(1);
  expect(packer.transfers).toEqual([]);
  packer.next();
  packer.pack(bytes, "it");
  expect(packer.transfers).toEqual([bytes.buffer]);
});

test("what was marked goes once", () => {
  const packer = makePacker();
  const bytes = transfer(new Uint8Array(1));
  packer.pack(bytes, "it");
  packer.next();
  packer.pack(bytes, "it");
  expect(packer.transfers).toEqual([]);
});

test("a field that is named __proto__ arrives as a field, with a ref in the message or without", () => {
  const plain = JSON.parse('{ "__proto__": { "evil": true }, "x": 1 }') as object;
  for (const message of [plain, Object.assign(plain, { ref: system.spawn(Tiny) })]) {
    const there = trip(message) as object;
    expect(there).not.toHaveProperty("evil");
    expect(Object.keys(there)).toEqual(Object.keys(message));
    expect(Object.getPrototypeOf(there)).toBe(Object.prototype);
  }
});

test("what cannot go is named by its place", () => {
  expect(() => checkCanBeSent("props", { list: [1, { done: () => 1 }] })).toThrow(
    /props\.list\[1\]\.done is a function/,
  );
  expect(() => checkCanBeSent("props", new Map([["a", new WeakMap()]]))).toThrow(
    /an entry of props is .*WeakMap/,
  );
  expect(() => checkCanBeSent("props", new Set([Symbol("s")]))).toThrow(/an item of props/);
});

test("a value that is told, and not sent, is described where it cannot go", () => {
  const packer = makePacker();
  const reason = packer.describe({ kind: "shutdown", detail: { why: () => 1, n: 1 } });
  expect(reason).toEqual({ kind: "shutdown", detail: { why: expect.any(String), n: 1 } });
  expect(packer.describe(Symbol("s"))).toBeTypeOf("string");
});

test("a port that is not marked is refused, and not asked to be cloned: that may end the process", async () => {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  await new Promise<void>((done) => setImmediate(done));
  expect(() => checkCanBeSent("it", { port1 })).toThrow(/it\.port1 is a port.*transfer\(port\)/);
  port1.close();
});

test("a buffer that was moved before is refused, also where it is marked once more", () => {
  const pixels = new Uint8Array(4);
  structuredClone(pixels.buffer, { transfer: [pixels.buffer] });
  expect(() => checkCanBeSent("it", { pixels })).toThrow(/it\.pixels is .* moved .* before/);
  expect(() => checkCanBeSent("it", transfer(pixels))).toThrow(/moved .* before/);
});

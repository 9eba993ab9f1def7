import { expect, test } from "vitest";
import { Reader } from "../../src/peer/reader.ts";
import * as ops from "../../src/wire/ops.ts";

test("records are read one after the other, however much of each is read", () => {
  const head = ops.header(ops.REPLY, 2, false);
  const reader = new Reader([head, 1, "one", head, 2, "two"], null);
  const tags: unknown[] = [];
  while (reader.advance()) tags.push(reader.next());
  expect(tags).toEqual([1, 2]);
});

test("a record that says it is longer than its batch is the last one", () => {
  const reader = new Reader([ops.header(ops.REPLY, 5, false), 1], null);
  expect(reader.advance()).toBe(true);
  expect(reader.advance()).toBe(false);
});

import { expect, test } from "vitest";
import { ERROR, REF, type Special } from "../../src/wire/codec.ts";
import * as ops from "../../src/wire/ops.ts";
import { castsApart, castsIn, plainOf, recordsOf, specialsThatGo } from "../../src/peer/salvage.ts";
import { movedAway, proxy } from "./sink.ts";

/** A header of casts of verb 7, with that many parts behind it. */
const cast = (parts: number, hasFrom = false): number =>
  ops.header(ops.CAST, parts, true, 7, hasFrom);

test("a batch is taken apart at its headers, whatever numbers its parts are", () => {
  const reply = [ops.header(ops.REPLY, 2, false), 1, 4];
  const ack = [ops.header(ops.ACK, 1, false), 9];
  expect(recordsOf([...reply, ...ack])).toEqual([reply, ack]);
  expect(recordsOf([])).toEqual([]);
});

test("casts in a row become one record each, with the sender and the specials of all", () => {
  expect(castsApart([cast(6), 3, 2, "a", "b", "c", "d"])).toEqual([
    [cast(4), 3, 2, "a", "b"],
    [cast(4), 3, 2, "c", "d"],
  ]);
  expect(castsApart([cast(5, true), 3, 1, -8, "a", "b"])).toEqual([
    [cast(4, true), 3, 1, -8, "a"],
    [cast(4, true), 3, 1, -8, "b"],
  ]);
});

test("a cast alone, or without arguments, stays one record", () => {
  for (const record of [
    [cast(3), 3, 1, "a"],
    [cast(2), 3, 0],
    [cast(3, true), 3, 0, -8],
  ]) {
    expect(castsIn(record)).toBe(1);
    expect(castsApart(record)).toEqual([record]);
  }
});

test.each([
  ["a buffer that was moved", movedAway()] as const,
  ["a bigint", 5n] as const,
  ["an object that is no number", Object.create(null) as object] as const,
])("a record that is not of casts stays as it is: its answer may be %s", (_name, answer) => {
  const record = [ops.header(ops.REPLY, 2, false), 1, answer];
  expect(castsApart(record)[0]).toBe(record);
});

test("of an error that cannot go, its name, message and stack do", () => {
  const ref: Special = [{}, REF, 17];
  const known = { is: "RangeError", name: "RangeError", message: "odd", stack: "here" };
  const error: Special = [{}, ERROR, { ...known, cause: 1, fields: { data: proxy() } }];
  const [first, second] = specialsThatGo([ref, error]);
  expect(first).toBe(ref);
  expect(second![0]).toBe(error[0]);
  expect(second).toEqual([{}, ERROR, { ...known, fields: {} }]);
});

function describe(): string {
  return "described";
}

test("of a reason, the fields that can go do, and the others are described", () => {
  const sound = { kind: "shutdown" };
  expect(plainOf(sound, describe)).toBe(sound);
  expect(plainOf({ kind: "shutdown", detail: proxy() }, describe)).toEqual({
    kind: "shutdown",
    detail: "described",
  });
  expect(plainOf(() => 1, describe)).toBe("described");
});

import { expect, test } from "vitest";
import { TimeoutError } from "troupe";
import { ProgramError } from "troupe/process";
import { trip } from "./trip.ts";

test.each(["toString", "valueOf", "constructor", "__proto__", "hasOwnProperty"])(
  "an error that is named %s arrives as an error of that name",
  (name) => {
    const error = trip(Object.assign(new Error("odd"), { name }));
    expect(error).toBeInstanceOf(Error);
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(error).toMatchObject({ name, message: "odd" });
  },
);

test("an error has the class that it had, ours or the host's, and its stack", () => {
  const range = new RangeError("odd");
  expect(trip(range)).toBeInstanceOf(RangeError);
  expect(trip(range)).toHaveProperty("stack", range.stack);
  const late = trip(new TimeoutError("call sink.echo", 10));
  expect(late).toBeInstanceOf(TimeoutError);
  expect(late).toHaveProperty("code", "TROUPE_TIMEOUT");
});

test("an error of one of our rooms is known by its code, also where nobody has registered it", () => {
  const exit = { code: 3, signal: null };
  const there = trip(new ProgramError("ls -x", "exited with code 3", { exit, stderr: ["no"] }));
  expect(there).toBeInstanceOf(ProgramError);
  expect(there).toBeInstanceOf(Error);
  expect(there).not.toBeInstanceOf(TimeoutError);
  expect(there).toMatchObject({ exitCode: 3, signal: null, stderr: ["no"], command: "ls -x" });
});

test("an error that is in itself, by whatever way, is so when it has arrived", () => {
  const error: AggregateError & { self?: unknown } = new AggregateError([], "circle");
  error.self = error;
  error.cause = { list: [error] };
  error.errors.push(error);
  const there = trip([error, error]) as [AggregateError, AggregateError];
  expect(there[1]).toBe(there[0]);
  expect(there[0]).toHaveProperty("self", there[0]);
  expect(there[0]).toHaveProperty("cause.list", [there[0]]);
  expect(there[0].errors[0]).toBe(there[0]);
});

test("what an error carries that cannot be sent is described, and the rest arrives", () => {
  const error = Object.assign(new Error("odd", { cause: () => 1 }), {
    status: 503,
    retry: () => 1,
    parts: [Symbol("s"), 1],
  });
  const there = trip(error) as typeof error;
  expect(there.status).toBe(503);
  expect(there.cause).toBeTypeOf("string");
  expect(there.retry).toBeTypeOf("string");
  expect(there.parts).toEqual([expect.any(String), 1]);
});

test("a field that is named __proto__ is a field, and gives an error no other class", () => {
  const error = new Error("odd");
  const value = { evil: true };
  Object.defineProperty(error, "__proto__", { value, enumerable: true });
  const there = trip(error) as Error;
  expect(there).not.toHaveProperty("evil");
  expect(there).toBeInstanceOf(Error);
  expect(Object.getOwnPropertyDescriptor(there, "__proto__")).toHaveProperty("value", value);
});

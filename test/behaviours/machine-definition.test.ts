import { describe, expect, test } from "vitest";
import { BadInputError, machine } from "troupe";
import { createTestSystem } from "troupe/testing";

/** A definition that is right, but for what is given here; as somebody without types would write it. */
function define(parts: object, a: object = {}): unknown {
  const loose = machine<object, object>() as unknown as (definition: object) => unknown;
  return loose({
    name: "box",
    events: { put: "cast", take: "call", tick: "internal" },
    initial: "a",
    init: () => ["a"],
    states: { a: { otherwise: "ignore", ...a }, b: { otherwise: "refuse" } },
    ...parts,
  });
}

describe("a definition is refused", () => {
  test.for([
    [{ events: undefined }, "machine box: events is undefined; it must be an object"],
    [
      { events: { put: "cats" } },
      'machine box: event put is cats; it can be "cast", "call" or "internal"',
    ],
    [{ events: { toJSON: "call" } }, 'definition machine box: "toJSON" cannot be a verb'],
    [{ states: { a: 1 } }, "machine box: state a is 1; it must be an object"],
    [{ states: { "[*]": {} } }, 'machine box: "[*]" is the end, and no state'],
    [{ initial: "c" }, "machine box: initial is c; there are a, b"],
    [{ initial: ["a", "c"] }, "machine box: initial is c; there are a, b"],
    [{ init: undefined }, "machine box: init is undefined; it must be a function"],
    [{ cast: {} }, 'machine box: there is no "cast"; events stand under states'],
    [{ sates: {} }, 'definition box: there is no "sates"'],
    [{ onDown: 1 }, "definition box: onDown is 1; it must be a function"],
    [{ schemas: { tick: {} } }, "schemas.tick is for no verb; there are put, take"],
  ] as const)("%o", ([parts, message]) => {
    expect(() => define(parts)).toThrow(BadInputError);
    expect(() => define(parts)).toThrow(message);
  });

  test.for([
    [
      { otherwise: undefined, on: { put() {} } },
      "has no handler for take, tick; write one, or say",
    ],
    [{ otherwise: "drop" }, 'otherwise is drop; it can be "refuse", "postpone", "ignore"'],
    [{ entry() {} }, 'there is no "entry"; events stand under on, beside enter, after, idle'],
    [{ enter: 1 }, "enter is 1; it must be a function"],
    [{ on: { putt() {} } }, "on.putt is for no event; list it in events"],
    [{ on: { put: "drop" } }, "on.put is drop; it must be an object"],
    [{ on: { take: "ignore" } }, 'on.take is "ignore", but somebody waits for it: "refuse" it'],
    [{ on: { put: { to: "b" } } }, "on.put.do is undefined; it must be a function"],
    [{ on: { put: { do() {} } } }, "on.put.to is undefined; there are a, b, [*]"],
    [{ on: { put: { to: ["b", "c"], do() {} } } }, "on.put.to is c; there are a, b, [*]"],
    [{ after: { ms: -1, do() {} } }, "after.ms is -1; it must be a number of ms, at least 0"],
    [{ after: { ms: 1 } }, "after.do is undefined; it must be a function"],
    [{ idle: { ms: "1", do() {} } }, 'idle.ms is "1"; it must be a number of ms'],
    [{ idle: { to: "c", do() {} } }, "idle.to is c; there are a, b, [*]"],
  ] as const)("with a state %o", ([state, message]) => {
    expect(() => define({}, state)).toThrow(`machine box: state a`);
    expect(() => define({}, state)).toThrow(message);
  });
});

test.for([
  [undefined, "undefined"],
  [["c"], "c"],
  [["b"], "b"],
  ["a", "a"],
] as const)("an `init` that gives %o fails the start", async ([start, shown]) => {
  const kit = createTestSystem({ logger: false });
  kit.system.spawn(define({ init: () => start }) as never);
  await kit.run();
  expect(kit.eventsOf("startFailed").map(({ error }) => String(error))).toEqual([
    `StartError: box#1 did not start: BadInputError: machine box: init gave ${shown}; it must give [state, data], with a state of a`,
  ]);
});

import { describe, expect, test } from "vitest";
import { actor, agent, BadInputError, implement, loop, type ActorDef } from "troupe";
import { createTestSystem } from "troupe/testing";

/** For what TypeScript refuses already: JavaScript, and what comes from files, does not. */
const define = actor as unknown as (definition: object) => ActorDef<unknown>;
const run = async (): Promise<void> => {};
const contractLoop = (kinds: object) => () =>
  implement<Record<string, () => void>>().loop(kinds as Record<string, "cast">, run);

describe("a definition that cannot work is refused when it is made:", () => {
  test.each<[string, () => unknown, string]>([
    ...["then", "toJSON", "constructor"].map((verb): [string, () => unknown, string] => [
      `a verb called ${verb}`,
      () => define({ name: "bad", cast: { [verb]: () => {} } }),
      `definition bad: "${verb}" cannot be a verb, JavaScript asks objects for it by itself; give it another name`,
    ]),
    [
      "a verb called then in a contract loop",
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is refused
      contractLoop({ then: "cast" }),
      `definition loop: "then" cannot be a verb, JavaScript asks objects for it by itself; give it another name`,
    ],
    [
      "a verb of an unknown kind",
      contractLoop({ go: "tell" }),
      'definition loop: verb "go" is "tell"; it can be cast, call or stream',
    ],
    [
      "a verb in two sections",
      () => define({ cast: { go() {} }, call: { go() {} } }),
      'definition actor: "go" is both a cast and a call',
    ],
    [
      "a verb that is no function",
      () => define({ call: { go: 7 } }),
      "definition actor: call.go is no function",
    ],
    [
      "a limit for calls that is no time",
      () => define({ call: { go() {} }, callTimeout: -1 }),
      "definition actor: callTimeout is -1; it must be a number of ms, at least 0",
    ],
    [
      "a limit for what is no call",
      () => define({ cast: { go() {} }, callTimeout: { go: 5 } }),
      "definition actor: callTimeout.go is a limit for no call",
    ],
    [
      "a verb outside of the sections",
      () => define({ name: "counter", add() {} }),
      'definition counter: there is no "add"; verbs stand under cast, call or stream',
    ],
    [
      "a hook that is no function",
      () => define({ init: { n: 0 } }),
      "definition actor: init is [object Object]; it must be a function",
    ],
    [
      "an empty name",
      () => define({ name: "" }),
      'definition: name is ""; it must be a string that is not empty',
    ],
    [
      "an unknown restart",
      () => define({ restart: "always" }),
      'definition actor.restart is "always"; it can be "permanent", "transient", "temporary"',
    ],
    [
      "a negative shutdown",
      () => agent(() => 1, { shutdown: -1 }),
      "definition agent.shutdown is -1; it must be a number of ms, at least 0",
    ],
    [
      "an unknown strategy",
      () => loop(run, { supervision: { strategy: "oneForSome" as "oneForOne" } }),
      'definition loop: supervision.strategy is "oneForSome"; it can be "oneForOne", "oneForAll", "restForOne", "dynamic"',
    ],
    [
      "a mailbox without room",
      () => define({ mailbox: { capacity: 0 } }),
      "definition actor.mailbox.capacity is 0; it must be a number of messages, at least 1",
    ],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(BadInputError);
    expect(make).toThrow(message);
  });
});

test("settings of a spawn win over those of the definition", async () => {
  const kit = createTestSystem();
  const Small = actor({ name: "small", mailbox: { capacity: 1 }, cast: { go() {} } });
  const small = kit.system.spawn(Small);
  const big = kit.system.spawn(Small, undefined, { mailbox: { capacity: 2 } });
  small.go();
  expect(() => small.go()).toThrow("its mailbox holds 1 messages, the most it may");
  big.go();
  big.go();
  expect(() => big.go()).toThrow("its mailbox holds 2 messages, the most it may");
});

test("a setting that a spawn gives as undefined is the definition's, each on its own", async () => {
  const kit = createTestSystem();
  const Small = actor({
    name: "small",
    restart: "permanent",
    mailbox: { capacity: 1, whenFull: "dropNewest" },
    cast: {
      fail() {
        throw new Error("boom");
      },
    },
  });
  // As callers without types, or without `exactOptionalPropertyTypes`, do.
  const unsaid = { restart: undefined, mailbox: { capacity: undefined, stash: 3 } };
  const small = kit.system.spawn(Small, undefined, unsaid as object);
  small.fail();
  small.fail();
  await kit.run();
  expect(kit.deadLetters).toEqual(["fail to small#1"]);
  expect(kit.eventsOf("restarting")).toHaveLength(1);
});

test("settings that options inherit are checked as their own are", () => {
  const { system } = createTestSystem();
  const options = Object.create({ restart: "sometimes" }) as object;
  expect(() => system.spawn(actor({}), undefined, options)).toThrow(BadInputError);
});

test("a definition can be used again and again, in many systems", async () => {
  const Counter = actor({
    init: (_ctx, props: { start: number }) => ({ n: props.start }),
    call: { next: (ctx) => ctx.state.n++ },
  });
  const refs = [createTestSystem(), createTestSystem()].flatMap(({ system }) => [
    system.spawn(Counter, { start: 1 }),
    system.spawn(Counter, { start: 10 }),
  ]);
  expect(await Promise.all(refs.map((ref) => ref.next()))).toEqual([1, 10, 1, 10]);
});

test("an actor without a state, props or verbs is one all the same", async () => {
  const { system } = createTestSystem();
  const refs = [system.spawn(actor({})), system.spawn(actor({ name: "empty" }))];
  expect(system.actors()).toEqual(refs);
});

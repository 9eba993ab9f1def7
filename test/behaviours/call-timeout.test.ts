import { actor, implement, withOptions, type CallMessage, type Ref } from "troupe";
import { createTestSystem } from "troupe/testing";
import { expect, test } from "vitest";

interface Slow {
  quick(): Promise<void>;
  slow(): Promise<void>;
}

const never = { quick: () => new Promise<void>(() => {}), slow: () => new Promise<void>(() => {}) };
const ByVerb = implement<Slow>()({ callTimeout: { slow: 60_000 }, call: never });
const All = actor({ callTimeout: 20, call: never });
const Loop = implement<Slow>().loop(
  { quick: "call", slow: "call" },
  async (inbox) => {
    const held: CallMessage<unknown, unknown, void>[] = [];
    for await (const message of inbox) held.push(message);
  },
  { callTimeout: { slow: 60_000 } },
);

/** When its call was given up, in ms. */
async function givenUpAfter(call: Promise<void>, now: () => number): Promise<number> {
  const start = now();
  const error = await call.catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ name: "TimeoutError" });
  return now() - start;
}

test.each<[string, typeof ByVerb]>([
  ["of handlers", ByVerb],
  ["of a loop", Loop],
])(
  "a definition %s sets the time limit of its calls by verb, and leaves others alone",
  async (_, def) => {
    const kit = createTestSystem();
    const ref: Ref<Slow> = kit.system.spawn(def);
    const slow = givenUpAfter(ref.slow(), () => kit.world.now());
    const quick = givenUpAfter(ref.quick(), () => kit.world.now());
    await kit.advance(5_000);
    expect(await quick).toBe(5_000);
    await kit.advance(55_000);
    expect(await slow).toBe(60_000);
  },
);

test("one limit holds for all calls, but for a caller that gives one of its own", async () => {
  const kit = createTestSystem();
  const ref = kit.system.spawn(All);
  const quick = givenUpAfter(ref.quick(), () => kit.world.now());
  const mine = givenUpAfter(withOptions(ref, { timeout: 90 }).slow(), () => kit.world.now());
  await kit.advance(20);
  expect(await quick).toBe(20);
  await kit.advance(70);
  expect(await mine).toBe(90);
});

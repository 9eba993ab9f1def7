import { describe, expect, test } from "vitest";
import { actor, BadInputError, supervisor, type SpawnOptions } from "troupe";
import { createTestSystem } from "troupe/testing";
import { comesBack } from "../../src/supervision/child-spec.ts";

const Plain = actor({ name: "plain", init: () => ({}) });

test.each([
  { restart: "permanent", failed: true, back: true },
  { restart: "permanent", failed: false, back: true },
  { restart: "transient", failed: true, back: true },
  { restart: "transient", failed: false, back: false },
  { restart: "temporary", failed: true, back: false },
  { restart: "temporary", failed: false, back: false },
] as const)("a $restart child comes back: $back, when it failed: $failed", (row) => {
  expect(comesBack(row.restart, row.failed)).toBe(row.back);
});

/** Options that no child can have, as they come from code that is not type-checked. */
const refused: readonly [options: object, named: RegExp][] = [
  [{ restart: "always" }, /restart is "always"; it can be "permanent"/],
  [{ shutdown: "never" }, /shutdown is "never"/],
  [{ shutdown: -1 }, /shutdown is -1/],
  [{ backoff: { kind: "linear" } }, /backoff.kind is "linear"/],
  [{ backoff: { kind: "fixed", delay: -5 } }, /backoff.delay is -5/],
  [{ backoff: { kind: "exponential", min: 200, max: 100 } }, /min is 200, more than its max, 100/],
  [{ backoff: { kind: "exponential", min: 1, max: 2, jitter: 1.5 } }, /jitter is 1.5/],
  [{ backoff: { kind: "incremental", step: Number.NaN } }, /backoff.step is NaN/],
  [{ maxRestarts: -1 }, /maxRestarts is -1/],
  [{ significant: true, restart: "permanent" }, /significant and permanent/],
];

describe("options that cannot work are refused when they are given", () => {
  test.each(refused)("to spawn: %o", async (options, named) => {
    await using kit = createTestSystem();
    expect(() => kit.system.spawn(Plain, undefined, options as SpawnOptions)).toThrow(named);
    expect(kit.system.actors()).toEqual([]);
  });

  test.each(refused)("to a definition: %o", (options, named) => {
    expect(() => actor({ name: "bad", ...options })).toThrow(named);
  });

  test.each(refused)("to a supervisor's child: %o", (options, named) => {
    const child = { actor: Plain, ...options };
    expect(() => supervisor({ children: { child } })).toThrow(named);
  });
});

describe("a supervision that cannot work is refused with the definition", () => {
  test.each([
    [{ strategy: "oneForTwo" }, /strategy is "oneForTwo"; it can be "oneForOne"/],
    [{ autoShutdown: "some" }, /autoShutdown is "some"/],
    [{ intensity: { max: -1, within: 5 } }, /intensity.max is -1/],
    [{ intensity: { max: 1, within: -5 } }, /intensity.within is -5/],
    [{ intensity: { max: Number.NaN, within: 5 } }, /intensity.max is NaN/],
    [{ maxChildren: -1 }, /maxChildren is -1/],
  ])("%o", (supervision, named) => {
    expect(() => actor({ name: "bad", supervision: supervision as object })).toThrow(named);
  });

  test("the error is a BadInputError and names the definition", () => {
    const spec = { name: "bad", supervision: { maxChildren: -1 } };
    expect(() => actor(spec)).toThrow(BadInputError);
    expect(() => actor(spec)).toThrow(/bad/);
  });
});

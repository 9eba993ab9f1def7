import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "troupe/sim";
import { scenario } from "./bank.mjs";

const quiet = { print: false };

test("nobody gets rich", async () => {
  await simulate({ ...scenario({ most: 20 }), ...quiet });
});

test("a simulation holds", async () => {
  const { seeds } = await simulate({ ...scenario({ most: Infinity }), ...quiet });
  assert.equal(seeds, 20);
});

test("what nobody catches within a run does not reach the runner", async () => {
  const orphan = { pay: () => void Promise.reject(new Error("an orphan")) };
  const options = { ...scenario({ most: Infinity }), ...quiet, workload: { commands: orphan } };
  await assert.rejects(simulate(options), { invariant: "no unhandled rejection" });
});

test("tests at the same time get in each other's way neither", async () => {
  const options = { ...scenario({ most: Infinity }), ...quiet };
  const [one, other] = await Promise.all([simulate(options), simulate(options)]);
  assert.equal(one.hash, other.hash);
  assert.ok(Date.now() > 1_700_000_000_000);
});

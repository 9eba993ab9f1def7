import { inspect } from "node:util";
import { expect, test } from "vitest";
import { actor, address, createSystem, restart, started, stop } from "troupe";
import { createTestSystem } from "troupe/testing";

const Idle = actor({ name: "idle" });

test("no two actors have the same address, nor one of another system, or another life of it", () => {
  const systems = [1, 2].map(() => createSystem({ name: "node", logger: false }));
  const all = systems.flatMap((system) => [system.spawn(Idle), system.spawn(Idle)]);
  const seen = new Set(all.map((ref) => JSON.stringify(address(ref))));
  expect(seen.size).toBe(4);
  expect(address(all[0]!)).toEqual({ node: "node", incarnation: expect.any(String), id: 1 });
});

test("an address stays over restarts, and after the end", async () => {
  const { system } = createTestSystem();
  const ref = system.spawn(Idle);
  const before = address(ref);
  await started(ref);
  await restart(ref);
  await stop(ref);
  expect(address(ref)).toEqual(before);
});

test("a ref shows itself by its label", () => {
  const { system } = createTestSystem();
  expect(inspect(system.spawn(Idle))).toBe("Ref(idle#1)");
  expect(inspect(system.spawn(Idle, undefined, { name: "main" }))).toBe("Ref(main)");
});

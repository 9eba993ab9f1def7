import { expect, test } from "vitest";
import { actor, createSystem, type Ref } from "troupe";
import { failing } from "./once.ts";

const Stuck = actor({
  name: "stuck",
  init: (_ctx, next: Ref<{ wait(): Promise<void> }> | undefined) => ({ next }),
  call: {
    async wait(ctx): Promise<void> {
      await (ctx.state.next === undefined ? new Promise(() => {}) : ctx.state.next.wait());
    },
  },
});

test("where commands never settle, the failure tells who waits for what", async () => {
  const error = await failing({
    seeds: 1,
    boot: () => {
      const system = createSystem({ callTimeout: Infinity });
      const last = system.spawn(Stuck, undefined, { name: "last" });
      return system.spawn(Stuck, last, { name: "first" });
    },
    workload: { clients: 2, steps: 1, commands: { wait: ({ app }) => app.wait() } },
    virtualTime: 1_000,
    within: 500,
  });
  expect(error.invariant).toBe("commands settle");
  expect(error.message).toContain("nobody has anything to do any more");
  expect(error.message).toMatch(/under way: wait of client \d, wait of client \d/);
  expect(error.message).toMatch(/pending: .*wait of first \(for .*last/);
  expect(error.message).toMatch(/wait of last \(for no reply\)/);
});

test("where a system never stops, the failure says so, and who is pending", async () => {
  const Clinger = actor({
    name: "clinger",
    shutdown: Infinity,
    init: () => 0,
    cast: { cling: () => new Promise(() => {}) },
  });
  const error = await failing({
    seeds: 1,
    boot: () => {
      const clinger = createSystem().spawn(Clinger, undefined, { shutdown: Infinity });
      clinger.cling();
      return clinger;
    },
    workload: { steps: 1, commands: { none: () => undefined } },
  });
  expect(error.invariant).toBe("systems stop");
  expect(error.message).toMatch(/pending: cling of clinger#\d/);
});

test("of many that wait, a few are named and the rest counted", async () => {
  const error = await failing({
    seeds: 1,
    boot: () => createSystem(),
    workload: { clients: 9, steps: 1, commands: { hang: () => new Promise(() => {}) } },
    virtualTime: 100,
    within: 100,
  });
  expect(error.message).toMatch(/under way: (hang of client \d, ){4}hang of client \d and 4 more/);
});

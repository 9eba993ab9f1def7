import { describe, expect, test } from "vitest";
import { implement, type ActorDef, createSystem, group } from "troupe";
import { noLeaks } from "troupe/sim";
import { Alarm } from "../../../src/kernel/alarm.ts";
import type { Cell } from "../../../src/kernel/cell.ts";
import type { Kernel } from "../../../src/kernel/kernel.ts";
import { cellOf, type AnyRef } from "../../../src/kernel/ref.ts";
import { runSeeds, once } from "../once.ts";

const Member: ActorDef<{ ask(): Promise<number> }> = implement<{ ask(): Promise<number> }>()({
  name: "member",
  init: (ctx) => {
    ctx.timers.every(10, () => {});
    ctx.timers.after(1_000_000, () => {});
    ctx.join(members);
  },
  call: { ask: () => 1 },
});

const members = group(Member, "members");

const living = {
  boot: () => {
    const system = createSystem();
    const spawn = (name: string) =>
      system.spawn(Member, undefined, { name, restart: "permanent" as const });
    return { system, refs: ["a", "b", "c"].map(spawn) };
  },
  workload: {
    clients: 2,
    commands: {
      ask: ({ app }: { app: { refs: { ask(): Promise<number> }[] } }) => app.refs[0]!.ask(),
    },
  },
};

test("a system that has stopped leaves nothing, whatever became of its actors", async () => {
  const results = await runSeeds(
    {
      ...living,
      faults: { crash: 0.05, kill: 0.05, process: { crash: 0.01 } },
      always: { leaks: noLeaks() },
    },
    20,
  );
  expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
});

describe("what is left over is told", () => {
  const leaks: Readonly<Record<string, [(kernel: Kernel) => void, RegExp]>> = {
    "an actor": [(kernel) => void kernel.stats.spawned++, /there is still 1 actors/],
    "a timer": [
      (kernel) => kernel.wheel.set(new Alarm(() => {}), 1_000_000_000),
      /there is still 1 timers/,
    ],
    "a name": [
      (kernel) => {
        const bearer: object = {};
        kernel.registry.claim("forgotten", bearer as Cell);
      },
      /there is still the name forgotten/,
    ],
  };

  test.each(Object.entries(leaks))("%s", async (_what, [leak, message]) => {
    const { failure } = await once({
      ...living,
      boot: () => {
        const app = living.boot();
        leak(kernelOf(app));
        return app;
      },
      always: { leaks: noLeaks() },
    });
    expect(failure).toMatchObject({ invariant: "leaks" });
    expect(failure?.message).toMatch(message);
  });
});

function kernelOf({ refs: [first] }: { refs: AnyRef[] }): Kernel {
  return cellOf(first!).kernel;
}

import { actor, createSystem, supervisor } from "troupe";
import { simulate } from "troupe/sim";
import { register, threads } from "troupe/threads";
import { expect, test } from "vitest";
import { quiet } from "./once.ts";

const Counter = actor({
  name: "counter",
  init: () => ({ n: 0 }),
  call: { add: (ctx, by: number) => (ctx.state.n += by) },
});
register({ Counter });

test("in a simulation, actors that are put on threads run where they are spawned", async () => {
  const { commands } = await simulate({
    ...quiet,
    seeds: 20,
    boot: () => {
      const pool = threads({ size: 2, module: import.meta.url });
      const App = supervisor({
        children: {
          pool: { actor: pool },
          counter: { actor: Counter, on: pool, restart: "permanent" },
        },
      });
      return createSystem().spawn(App).child("counter");
    },
    workload: { clients: 2, commands: { add: ({ app, chance }) => app.add(chance.int(1, 9)) } },
    faults: { crash: 0.02 },
    always: { "never negative": ({ app, sim }) => (sim.state<{ n: number }>(app)?.n ?? 0) >= 0 },
  });
  expect(commands.done).toBeGreaterThan(100);
});

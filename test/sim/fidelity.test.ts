import { actor, createSystem, type RefOf } from "troupe";
import { simulate } from "troupe/sim";
import { expect, test } from "vitest";

/* What a simulation does to a service, a host could do as well. */

test("a process may crash between two awaits of one handler", async () => {
  const found = new Set<string>();
  await simulate({
    seeds: 100,
    print: false,
    boot(sim) {
      found.add(["a", "b", "c"].filter((name) => sim.disk.existsSync(`/${name}`)).join(""));
      const Writer = actor({
        name: "writer",
        call: {
          async write() {
            for (const name of ["a", "b", "c"]) await sim.disk.promises.writeFile(`/${name}`, name);
          },
        },
      });
      return createSystem().spawn(Writer);
    },
    workload: { steps: 3, commands: { write: ({ app }) => app.write() } },
    faults: { process: { crash: 0.1 } },
  });
  expect([...found]).toEqual(expect.arrayContaining(["a", "ab"]));
});

test("a tick of the kernel's is not made to fail, so that a timer goes on", async () => {
  const Clock = actor({
    name: "clock",
    onFailure: () => "resume",
    init(ctx) {
      const state = { ticks: 0 };
      ctx.timers.every(10, () => void state.ticks++);
      return state;
    },
  });
  const report = await simulate({
    seeds: 50,
    print: false,
    virtualTime: 1_000,
    boot: () => createSystem().spawn(Clock),
    faults: { crash: 0.2 },
    finally: {
      "it ticks to the end": ({ app, sim }) => sim.state<{ ticks: number }>(app)!.ticks >= 99,
    },
  });
  expect(report.turns).toBeGreaterThan(50 * 99);
});

test("a message that comes twice is a call both times: it can be passed on", async () => {
  const Clerk = actor({ name: "clerk", call: { answer: (_ctx, what: string) => what } });
  const Desk = actor({
    name: "desk",
    init: (_ctx, clerk: RefOf<typeof Clerk>) => ({ clerk }),
    call: { ask: (ctx, what: string) => ctx.forward(ctx.state.clerk).answer(what) },
  });
  const report = await simulate({
    seeds: 50,
    print: false,
    boot() {
      const system = createSystem();
      return system.spawn(Desk, system.spawn(Clerk));
    },
    workload: { commands: { ask: ({ app }) => app.ask("when") } },
    faults: { messages: { to: "desk", duplicate: 0.3 } },
  });
  expect(report.faults["message.twice"]).toBeGreaterThan(50);
  expect(report.commands.rejected).toBe(0);
});

import { actor, createSystem, type RefOf } from "troupe";
import { noLeaks, pairOrder, replay, simulate } from "troupe/sim";
import { expectTypeOf, test } from "vitest";

const Counter = actor({
  name: "counter",
  init: () => ({ count: 0 }),
  call: { add: (ctx, by: number) => (ctx.state.count += by) },
});

test("commands and checks know what boot returns", () => {
  void simulate({
    boot: () => ({ counter: createSystem().spawn(Counter) }),
    workload: {
      commands: {
        add({ app, chance, client }) {
          expectTypeOf(app).toEqualTypeOf<{ counter: RefOf<typeof Counter> }>();
          expectTypeOf(client).toEqualTypeOf<number>();
          return app.counter.add(chance.int(1, 3));
        },
        often: { weight: 3, run: ({ app }) => app.counter.add(1) },
      },
    },
    always: {
      order: pairOrder(),
      positive: ({ app, sim }) => (sim.state<{ count: number }>(app.counter)?.count ?? 0) >= 0,
    },
    eventually: { some: ({ app }) => expectTypeOf(app).not.toBeAny() },
  });
});

test("a boot that waits is waited for", () => {
  void simulate({
    async boot(sim) {
      const counter = createSystem().spawn(Counter);
      await counter.add(sim.seed);
      return counter;
    },
    always: {
      leaks: noLeaks(),
      same: ({ app }) => expectTypeOf(app).toEqualTypeOf<RefOf<typeof Counter>>(),
    },
  });
});

test("a replay's steps show the service, where it is up", async () => {
  const scenario = { boot: () => createSystem().spawn(Counter) };
  for await (const step of replay("counter-1.sim.json", scenario)) {
    expectTypeOf(step.app).toEqualTypeOf<RefOf<typeof Counter> | undefined>();
  }
});

function boot(): undefined {}

test("what cannot be simulated does not compile", () => {
  // @ts-expect-error -- there is nothing to simulate
  void simulate({ seeds: 10 });
  // @ts-expect-error -- a chance is a number
  void simulate({ boot, faults: { crash: "often" } });
  // @ts-expect-error -- there is no such fault
  void simulate({ boot, faults: { earthquake: 0.1 } });
  // @ts-expect-error -- a command is a function
  void simulate({ boot, workload: { commands: { add: 1 } } });
  // @ts-expect-error -- a check is a function, or one of the ready-made
  void simulate({ boot, always: { fine: true } });
});

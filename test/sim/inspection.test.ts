import { describe, expect, test } from "vitest";
import { actor, createSystem, type RefOf } from "troupe";
import { pairOrder, type Sim } from "troupe/sim";
import { Observation } from "../../src/sim/checks/observation.ts";
import { failing, once } from "./once.ts";

const Counter = actor({
  name: "counter",
  init: () => ({ total: 0 }),
  call: { add: (ctx, by: number) => (ctx.state.total += by) },
});

/** A counter that one client adds 1 to, five times. */
const counting = {
  seeds: 1,
  boot: () => createSystem().spawn(Counter),
  workload: {
    steps: 5,
    pauseMs: [10, 10] as const,
    commands: { add: ({ app }: { app: RefOf<typeof Counter> }) => app.add(1) },
  },
};
const total = (sim: Sim, ref: RefOf<typeof Counter>) =>
  sim.state<{ total: number }>(ref)?.total ?? -1;

describe("a condition of always", () => {
  test("is asked after each step, from when boot and whom it spawned have begun", async () => {
    const totals: number[] = [];
    await once({
      ...counting,
      always: { watch: ({ app, sim }) => void totals.push(total(sim, app)) },
    });
    expect(new Set(totals)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  });

  test("that is false at any time fails the run there and then", async () => {
    let asked = 0;
    const { failure, simulatedMs } = await once({
      ...counting,
      always: { fewerThanThree: ({ app, sim }) => ++asked > 0 && total(sim, app) < 3 },
    });
    expect(failure).toMatchObject({ invariant: "fewerThanThree", message: "it is false" });
    expect(simulatedMs).toBe(30);
    const sofar = asked;
    await Promise.resolve();
    expect(asked).toBe(sofar);
  });

  test("may say what is wrong", async () => {
    const error = await failing({
      ...counting,
      always: { small: ({ app, sim }) => (total(sim, app) > 1 ? "it is 2" : undefined) },
    });
    expect(error).toMatchObject({ invariant: "small" });
    expect(error.message).toContain('"small" does not hold: it is 2');
  });

  test("that throws does not hold, and what it threw is the cause", async () => {
    const thrown = new RangeError("too much");
    const error = await failing({
      ...counting,
      always: {
        small: ({ app, sim }) => {
          if (total(sim, app) > 1) throw thrown;
        },
      },
    });
    expect(error).toMatchObject({ invariant: "small", cause: thrown });
    expect(error.message).toContain("RangeError: too much");
  });

  test("that answers later does not count as one that holds", async () => {
    const late: object = { later: async () => false };
    const { failure } = await once({ ...counting, always: late as Record<string, () => void> });
    expect(failure).toMatchObject({ invariant: "later" });
    expect(failure?.message).toMatch(/promise/);
  });

  test("is not asked while the process is down", async () => {
    let down = false;
    const states: boolean[] = [];
    for (let seed = 1; seed <= 10; seed++) {
      await once(
        {
          ...counting,
          boot: (sim) => {
            down = false;
            return { ref: createSystem().spawn(Counter), life: sim.life };
          },
          workload: { steps: 5, commands: { add: ({ app }) => app.ref.add(1) } },
          faults: { process: { crash: 0.2 } },
          always: {
            up: ({ app, sim }) => {
              states.push(down);
              expect(app.life).toBe(sim.life);
            },
          },
        },
        seed,
      );
    }
    expect(states).not.toContain(true);
  });
});

describe("what must come true", () => {
  test("is given its time, in which it need not be true", async () => {
    const { failure, simulatedMs } = await once({
      ...counting,
      eventually: { late: ({ sim }) => sim.now() >= 300 },
      within: 500,
    });
    expect(failure).toBeUndefined();
    expect(simulatedMs).toBeGreaterThanOrEqual(300);
  });

  test("and does not, fails the run with its last word and the limit", async () => {
    const { failure, simulatedMs } = await once({
      ...counting,
      eventually: { never: ({ sim }) => `not at ${sim.now()}` },
      within: 500,
    });
    expect(failure?.invariant).toBe("never");
    expect(failure?.message).toMatch(/not at \d+, 500 ms after the faults have stopped$/);
    expect(simulatedMs).toBe(550);
  });

  test("may throw until it is true", async () => {
    const { failure } = await once({
      ...counting,
      eventually: { later: ({ sim }) => expect(sim.now()).toBeGreaterThan(100) },
      within: 500,
    });
    expect(failure).toBeUndefined();
  });
});

test("what must hold at the end is asked once, when all is done", async () => {
  const totals: number[] = [];
  const { failure } = await once({
    ...counting,
    finally: {
      look: ({ app, sim }) => {
        totals.push(total(sim, app));
        return totals[0] === 5 ? "it is five" : true;
      },
    },
  });
  expect(totals).toEqual([5]);
  expect(failure).toMatchObject({ invariant: "look", message: "it is five" });
});

describe("an observation", () => {
  test("that complains while a handler runs fails the run, and the handler does not see it", async () => {
    let caught: unknown;
    const Sender = actor({
      name: "sender",
      init: (_ctx, counter: RefOf<typeof Counter>) => counter,
      call: {
        send(ctx) {
          try {
            void ctx.state.add(1).catch(() => {});
          } catch (error) {
            caught = error;
          }
        },
      },
    });
    const { failure } = await once({
      boot: () => {
        const system = createSystem();
        return system.spawn(Sender, system.spawn(Counter));
      },
      workload: { steps: 1, commands: { send: ({ app }) => app.send() } },
      always: {
        nothingIsSent: new Observation(() => ({
          sent: ({ verb }) => (verb.name === "add" ? "add was sent" : undefined),
        })),
      },
    });
    expect(caught).toBeUndefined();
    expect(failure).toMatchObject({ invariant: "nothingIsSent", message: "add was sent" });
  });

  test("begins anew for each run", async () => {
    let begun = 0;
    const check = new Observation(() => {
      begun++;
      return {};
    });
    await once({ ...counting, always: { check, order: pairOrder() } });
    await once({ ...counting, always: { check } });
    expect(begun).toBe(2);
  });
});

test("a service that does nothing is looked at all the same", async () => {
  const Idle = actor({ name: "idle", init: () => ({ isRight: true }) });
  const idle = { boot: () => createSystem().spawn(Idle) };
  const wrong = await once({ ...idle, always: { "it is right": () => false } });
  expect(wrong.failure?.invariant).toBe("it is right");
  const right = await once({
    ...idle,
    always: { "it is right": ({ app, sim }) => sim.state<{ isRight: boolean }>(app)!.isRight },
    eventually: { "it came true": () => true },
  });
  expect(right.failure).toBeUndefined();
});

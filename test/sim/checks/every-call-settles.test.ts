import { expect, test } from "vitest";
import { actor, createSystem } from "troupe";
import { everyCallSettles } from "troupe/sim";
import { runSeeds, failing } from "../once.ts";

const Answerer = actor({
  name: "answerer",
  init: () => 0,
  call: {
    answer: () => 1,
    async late(ctx) {
      await ctx.sleep(20);
      return 1;
    },
    never: () => new Promise<number>(() => {}),
  },
});

const asking = {
  boot: () =>
    createSystem({ callTimeout: 50 }).spawn(Answerer, undefined, { restart: "permanent" }),
  workload: {
    clients: 2,
    commands: {
      answer: ({ app }: { app: { answer(): Promise<number> } }) => app.answer(),
      late: ({ app }: { app: { late(): Promise<number> } }) => app.late(),
      never: ({ app }: { app: { never(): Promise<number> } }) => app.never(),
    },
  },
  always: { calls: everyCallSettles() },
};

test("calls are answered, time out or are rejected, whatever becomes of the receiver", async () => {
  const results = await runSeeds(
    {
      ...asking,
      faults: {
        crash: 0.05,
        kill: 0.05,
        process: { crash: 0.02 },
        messages: { loss: 0.1, delay: { chance: 0.2, ms: [1, 100] } },
      },
    },
    30,
  );
  expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
});

test("a call that never settles is told, with its verb and its receiver", async () => {
  const error = await failing({
    seeds: 20,
    boot: () =>
      createSystem({ callTimeout: Infinity }).spawn(Answerer, undefined, { name: "deaf" }),
    // Nobody waits: else the client would be what is told first.
    workload: { steps: 3, commands: { answer: ({ app }) => void app.answer() } },
    faults: { messages: { to: "deaf", loss: 1 } },
    always: { calls: everyCallSettles() },
  });
  expect(error.invariant).toBe("calls");
  expect(error.message).toContain("3 of the calls never settled, the first is answer to deaf");
});

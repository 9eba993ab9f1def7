import { describe, expect, test } from "vitest";
import { actor, createSystem, refuse } from "troupe";
import { Chance } from "../../src/sim/chance.ts";
import { drawWorkload } from "../../src/sim/clients.ts";
import { again, once } from "./once.ts";

const none = (): undefined => undefined;

describe("what clients do", () => {
  test("is drawn for each of them, as many steps as they are to do", () => {
    const commands = drawWorkload(
      { clients: 3, steps: 4, commands: { a: none, b: none } },
      new Chance(1),
    );
    expect(commands).toHaveLength(12);
    for (const client of [1, 2, 3]) {
      expect(commands.filter((command) => command.client === client)).toHaveLength(4);
    }
    expect(new Set(commands.map(({ name }) => name))).toEqual(new Set(["a", "b"]));
  });

  test("has pauses within their range", () => {
    const pauses = drawWorkload(
      { steps: 500, pauseMs: [3, 5], commands: { a: none } },
      new Chance(1),
    );
    expect(new Set(pauses.map(({ pauseMs }) => pauseMs))).toEqual(new Set([3, 4, 5]));
  });

  test("goes by weight", () => {
    const drawn = drawWorkload(
      { steps: 1_000, commands: { often: { weight: 9, run: none }, seldom: none } },
      new Chance(1),
    );
    const often = drawn.filter(({ name }) => name === "often").length;
    expect(often).toBeGreaterThan(850);
    expect(often).toBeLessThan(950);
  });

  test("is one client that takes ten steps, where nothing else is said", () => {
    const commands = drawWorkload({ commands: { a: none } }, new Chance(1));
    expect(commands.map(({ client }) => client)).toEqual(Array.from({ length: 10 }, () => 1));
  });
});

/** Clients with these commands. */
const having = (names: string[]) => ({
  boot: () => createSystem(),
  workload: { commands: Object.fromEntries(names.map((name) => [name, none])) },
});

describe("a client", () => {
  test("waits for one command before the next, and for its pause", async () => {
    const log: string[] = [];
    await once({
      boot: () => createSystem(),
      workload: {
        steps: 3,
        pauseMs: [10, 10],
        commands: {
          go: async ({ sim }) => {
            log.push(`begins at ${sim.now()}`);
            await new Promise((resolve) => void setTimeout(resolve, 7));
            log.push(`ends at ${sim.now()}`);
          },
        },
      },
    });
    expect(log).toEqual([
      "begins at 10",
      "ends at 17",
      "begins at 27",
      "ends at 34",
      "begins at 44",
      "ends at 51",
    ]);
  });

  test("works beside the others", async () => {
    const atOnce: number[] = [];
    let working = 0;
    await once({
      boot: () => createSystem(),
      workload: {
        clients: 3,
        steps: 2,
        commands: {
          go: async () => {
            atOnce.push(++working);
            await new Promise((resolve) => void setTimeout(resolve, 50));
            working--;
          },
        },
      },
    });
    expect(Math.max(...atOnce)).toBe(3);
  });

  test("draws from a chance of the command's own: leaving out others changes nothing", async () => {
    const drawn: Record<string, number>[] = [];
    const scenario = {
      boot: () => void drawn.push({}),
      workload: {
        clients: 2,
        commands: {
          draw: ({ chance, client }: { chance: Chance; client: number }) => {
            drawn.at(-1)![`${client}: ${chance.int(0, 1e9)}`] = chance.int(0, 1e9);
          },
        },
      },
    };
    const { decisions } = await once(scenario);
    const workload = decisions.workload.filter((_, i) => i % 3 === 0);
    await again(scenario, { ...decisions, workload });
    const [all, some] = drawn;
    expect(Object.keys(some!)).toHaveLength(workload.length);
    expect(all).toMatchObject(some!);
  });

  test("whose command is refused goes on; that is counted", async () => {
    const Strict = actor({
      name: "strict",
      init: () => 0,
      call: {
        ask(): string {
          throw refuse(new Error("not today"));
        },
      },
    });
    const { commands, failure } = await once({
      boot: () => createSystem().spawn(Strict),
      workload: {
        steps: 6,
        commands: {
          ask: ({ app }) => app.ask(),
          throws: () => {
            throw new Error("at once");
          },
          fine: none,
        },
      },
    });
    expect(failure).toBeUndefined();
    expect(commands.rejected).toBeGreaterThan(0);
    expect(commands.done).toBeGreaterThan(0);
    expect(commands.done + commands.rejected).toBe(6);
  });

  test.each([
    ["a TypeError", () => (undefined as unknown as { go(): void }).go()],
    [
      "a ReferenceError",
      () => {
        throw new ReferenceError("x is not defined");
      },
    ],
    ["a failed assertion", () => expect(1).toBe(2)],
  ])("whose own code is wrong fails the run: %s", async (_what, wrong) => {
    const { failure } = await once({
      boot: () => createSystem(),
      workload: {
        steps: 3,
        commands: {
          go: async () => {
            await Promise.resolve();
            wrong();
          },
        },
      },
    });
    expect(failure).toMatchObject({ invariant: "no uncaught error" });
  });

  test("passes over commands that the scenario no longer has", async () => {
    const { decisions } = await once(having(["a", "b"]));
    const { commands, failure } = await again(having(["a"]), decisions);
    expect(failure).toBeUndefined();
    expect(commands.done).toBe(decisions.workload.filter(({ name }) => name === "a").length);
  });
});

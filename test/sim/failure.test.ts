import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actor, createSystem, implement, type RefOf } from "troupe";
import { simulate, SimulationError, type SimulateOptions } from "troupe/sim";
import { failing, once } from "./once.ts";

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "troupe-failure-"))));
afterAll(() => rmSync(directory, { recursive: true }));

/** Reads, waits, and writes what it has read: two at once lose money. */
const Purse = actor({
  name: "purse",
  init: () => ({ coins: 0 }),
  call: {
    read: (ctx) => ctx.state.coins,
    write: (ctx, coins: number) => void (ctx.state.coins = coins),
  },
});

function paying(options: Partial<SimulateOptions<RefOf<typeof Purse>>> = {}) {
  let paid = 0;
  return {
    name: "purse",
    seeds: 50,
    print: false,
    directory,
    boot: () => {
      paid = 0;
      return createSystem().spawn(Purse);
    },
    workload: {
      clients: 2,
      steps: 4,
      commands: {
        pay: async ({ app }) => {
          const coins = await app.read();
          await app.write(coins + 1);
          paid++;
        },
        look: ({ app }) => app.read(),
      },
    },
    finally: {
      nothingIsLost: ({ app, sim }) => {
        const { coins } = sim.state<{ coins: number }>(app)!;
        return coins === paid ? true : `${paid} were paid, and ${coins} are there`;
      },
    },
    ...options,
  } satisfies SimulateOptions<RefOf<typeof Purse>>;
}

describe("the error of a simulation", () => {
  test("tells seed, invariant, decisions, trace, and how to see it again", async () => {
    const error = await failing(paying());
    expect(error).toBeInstanceOf(SimulationError);
    expect(error).toMatchObject({
      name: "SimulationError",
      code: "TROUPE_SIMULATION",
      invariant: "nothingIsLost",
      seed: expect.any(Number),
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      file: join(directory, `purse-${error.seed}.sim.json`),
    });
    const { found, left } = error.decisions;
    expect(left).toBeLessThanOrEqual(found);
    expect(left).toBeGreaterThanOrEqual(2);
    expect(error.message).toContain(`purse, seed ${error.seed}: "nothingIsLost" does not hold: `);
    expect(error.message).toMatch(/\d were paid, and \d are there/);
    expect(error.message).toContain(`trace ${error.hash}`);
    expect(error.message).toContain(`made ${left} in `);
    expect(error.message).toContain(`replay(${JSON.stringify(error.file)}, scenario)`);
    expect(error.message).toContain(error.diagram);
    expect(error.diagram).toContain("purse#");
  });

  test("is about a run made small: two that pay at once", async () => {
    const error = await failing({ ...paying(), shrinkRuns: 2_000 });
    expect(error.message.match(/client \d: pay/g)).toHaveLength(2);
    expect(error.message).not.toMatch(/client \d: look/);
    expect(error.decisions.left).toBeLessThan(error.decisions.found);
  });

  test("is about the run as it was found where it is not to be made small", async () => {
    const error = await failing({ ...paying(), shrinkRuns: 0 });
    expect(error.decisions.left).toBe(error.decisions.found);
  });

  test("has what a check threw for its cause", async () => {
    const thrown = new RangeError("out of it");
    const error = await failing(
      paying({
        finally: {
          fine: () => {
            throw thrown;
          },
        },
      }),
    );
    expect(error.cause).toBe(thrown);
  });

  test("is the same for the same seed", async () => {
    const [first, second] = [await failing(paying()), await failing(paying())];
    expect(second.message.replaceAll(/in [\d.,]+ s/g, "")).toBe(
      first.message.replaceAll(/in [\d.,]+ s/g, ""),
    );
  });
});

describe("the decision file", () => {
  test("is written, one decision a line", async () => {
    const { file, seed, hash, decisions } = await failing(paying());
    const text = readFileSync(file!, "utf8");
    expect(JSON.parse(text)).toMatchObject({
      format: "troupe simulation 1",
      name: "purse",
      seed,
      invariant: "nothingIsLost",
      hash,
    });
    const lines = text.split("\n").filter((line) => /^ {6}\[/.test(line));
    expect(lines).toHaveLength(decisions.left);
  });

  test("goes into a directory that is made for it", async () => {
    const deep = join(directory, "a", "b");
    const { file } = await failing(paying({ directory: deep }));
    expect(existsSync(file!)).toBe(true);
    expect(file).toContain(deep);
  });

  test("is not written where nobody wants it", async () => {
    const error = await failing(paying({ directory: false }));
    expect(error.file).toBeUndefined();
    expect(error.message).not.toContain("replay(");
  });
});

test("what is going on is printed before a failure is made small", async () => {
  const lines: string[] = [];
  const options = paying({ print: (line) => void lines.push(line) });
  await expect(simulate(options)).rejects.toThrow(SimulationError);
  expect(lines.at(-1)).toMatch(/^sim purse: seed \d+ fails "nothingIsLost"; making it small/);
});

test("a run that lets no time pass is ended, and told", async () => {
  const Hasty = implement<{ go(): void }>()({
    name: "hasty",
    init: (ctx) => ctx.self.go(),
    cast: { go: (ctx) => ctx.self.go() },
  });
  const { failure } = await once({ boot: () => createSystem().spawn(Hasty) });
  expect(failure?.invariant).toBe("time passes");
  expect(failure?.message).toMatch(/somebody sends to himself without end/);
}, 30_000);

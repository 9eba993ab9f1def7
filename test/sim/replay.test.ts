import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actor, BadInputError, createSystem, type RefOf } from "troupe";
import { EscapedAwaitError, replay, type Scenario } from "troupe/sim";
import { setTimeout as sleep } from "node:timers/promises";
import { failing } from "./once.ts";

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "troupe-replay-"))));
afterAll(() => rmSync(directory, { recursive: true }));

const Counter = actor({
  name: "counter",
  init: () => ({ total: 0 }),
  call: {
    async add(ctx) {
      await ctx.sleep(1);
      return ++ctx.state.total;
    },
  },
});

const scenario = (most: number): Scenario<RefOf<typeof Counter>> => ({
  name: "counter",
  boot: () => createSystem().spawn(Counter, undefined, { restart: "permanent" }),
  workload: { clients: 3, steps: 5, commands: { add: ({ app }) => app.add() } },
  faults: { crash: 0.01, process: { crash: 0.02 } },
  always: {
    small: ({ app, sim }) => (sim.state<{ total: number }>(app)?.total ?? 0) <= most,
  },
});

/** A file of a run in which somebody counts too far. */
async function fail(most = 3): Promise<string> {
  const { file } = await failing({ ...scenario(most), seeds: 20, directory });
  return file!;
}

describe("a replay", () => {
  test("is the run on record, with its failure", async () => {
    const { failure, isSame } = await replay(await fail(), scenario(3)).finish();
    expect(failure).toMatchObject({ invariant: "small", message: "it is false" });
    expect(isSame).toBe(true);
  });

  test("is the run on record also where the process crashes in it", async () => {
    let crashed = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const error = await failing({
        ...scenario(2),
        seeds: [seed],
        directory,
        shrinkRuns: 0,
        faults: { process: { crash: 0.1 } },
      }).catch(() => undefined);
      if (error === undefined) continue;
      const run = replay(error.file!, { ...scenario(2), faults: { process: { crash: 0.1 } } });
      let lives = 1;
      for await (const { sim } of run) lives = sim.life;
      if (lives > 1) crashed++;
      const { isSame, failure } = await run.finish();
      expect({ isSame, failure: failure?.invariant }).toEqual({ isSame: true, failure: "small" });
    }
    expect(crashed).toBeGreaterThan(0);
  });

  test("stops behind each step, to look at state", async () => {
    const numbers: number[] = [];
    const times: number[] = [];
    const totals: (number | undefined)[] = [];
    for await (const step of replay(await fail(), scenario(3))) {
      numbers.push(step.number);
      times.push(step.atMs);
      if (step.app !== undefined) totals.push(step.sim.state<{ total: number }>(step.app)?.total);
    }
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(totals.at(-1) ?? totals.at(-2)).toBe(4);
  });

  test("tells what happened in each step", async () => {
    const kinds = new Set<string>();
    const verbs = new Set<string>();
    for await (const { happened } of replay(await fail(), scenario(3))) {
      for (const step of happened) {
        kinds.add(step.kind);
        if (step.kind === "message") verbs.add(step.verb);
      }
    }
    expect(kinds).toContain("message");
    expect(kinds).toContain("reply");
    expect([...verbs]).toContain("add");
  });

  test("can be left in the middle", async () => {
    for await (const { number } of replay(await fail(), scenario(3))) if (number === 3) break;
    expect(setTimeout.name).not.toBe("simulated");
    expect((await replay(await fail(), scenario(3)).finish()).isSame).toBe(true);
  });

  test("of code that has been mended finds no failure, and says that it is another run", async () => {
    const file = await fail();
    const mended = actor({
      name: "counter",
      init: () => ({ total: 0 }),
      call: {
        add: (ctx) =>
          Math.min(3, ++ctx.state.total, (ctx.state.total = Math.min(3, ctx.state.total))),
      },
    });
    const { failure, isSame } = await replay(file, {
      ...scenario(3),
      boot: () => createSystem().spawn(mended) as RefOf<typeof Counter>,
    }).finish();
    expect(failure).toBeUndefined();
    expect(isSame).toBe(false);
  });

  test("of code that has come to wait for the host says so: it is not mended", async () => {
    const file = await fail();
    const outcome = await replay(file, {
      ...scenario(3),
      workload: { clients: 3, steps: 5, commands: { add: () => sleep(1) } },
    })
      .finish()
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(EscapedAwaitError);
  });
});

describe("a file that is none is refused by name", () => {
  const wrong: Readonly<Record<string, [string, RegExp]>> = {
    "no JSON": ["{", /is no JSON/],
    "JSON of something else": ['{"a": 1}', /has the format undefined/],
    "an array": ["[]", /has the format undefined/],
    null: ["null", /has the format undefined/],
    "another format": [
      '{"format": "troupe simulation 0", "decisions": {}}',
      /has the format "troupe simulation 0"; this version reads "troupe simulation 1"/,
    ],
    "no decisions": ['{"format": "troupe simulation 1"}', /decisions/],
    "no lists": [
      '{"format": "troupe simulation 1", "seed": 1, "decisions": {"random": 1, "workload": [1], "faults": [], "turns": []}}',
      /decisions\.workload is no list of lists/,
    ],
  };

  test.each(Object.entries(wrong))("%s", (_what, [text, message]) => {
    const file = join(directory, "wrong.sim.json");
    writeFileSync(file, text);
    expect(() => replay(file, scenario(3))).toThrow(BadInputError);
    expect(() => replay(file, scenario(3))).toThrow(message);
    expect(() => replay(file, scenario(3))).toThrow(/wrong\.sim\.json/);
  });

  test("a file that is not there", () => {
    expect(() => replay(join(directory, "nowhere.json"), scenario(3))).toThrow(BadInputError);
    expect(() => replay(join(directory, "nowhere.json"), scenario(3))).toThrow(/nowhere\.json/);
  });
});

test("a scenario that makes no sense is refused", () => {
  const wrong: object = { boot: 1 };
  expect(() => replay("x", wrong as Scenario<unknown>)).toThrow(/^replay: boot is 1/);
});

import { describe, expect, test } from "vitest";
import type { Tries } from "../../../src/sim/shrink/attempts.ts";
import { countDecisions, type Command, type Decisions } from "../../../src/sim/decisions.ts";
import { shrink } from "../../../src/sim/shrink/shrink.ts";

const NOTHING: Decisions = { workload: [], faults: [], turns: [], random: 1 };

function faults(count: number): Decisions["faults"] {
  return Array.from({ length: count }, (_, nth) => ({
    kind: "loss",
    place: "bank",
    command: 0,
    nth,
    value: true,
  }));
}

function commands(count: number): Command[] {
  return Array.from({ length: count }, (_, seed) => ({
    client: seed % 3,
    pauseMs: 10 * (seed % 4),
    name: ["open", "write", "close"][seed % 3]!,
    seed,
  }));
}

/** So many turns of one actor that let others go first. */
function waits(count: number, others = 1): Decisions["turns"] {
  return Array.from({ length: count }, (_, at) => ({
    who: "store",
    command: 0,
    nth: at,
    waits: others,
  }));
}

/** Fails wherever `fails` says so, and uses all that it is given. */
function failsWhen(fails: (candidate: Decisions) => boolean): Tries {
  return (candidate) => (fails(candidate) ? candidate : undefined);
}

describe("what it finds", () => {
  test("two faults out of forty are found in a few dozen runs", async () => {
    const needs = failsWhen(({ faults: left }) =>
      [3, 17].every((needed) => left.some(({ nth }) => nth === needed)),
    );
    const { decisions, runs } = await shrink({ ...NOTHING, faults: faults(40) }, needs);
    expect(decisions.faults.map(({ nth }) => nth)).toEqual([3, 17]);
    expect(runs).toBeLessThan(30);
  });

  test("a failure that needs neither faults nor turns loses them all in one run", async () => {
    const all = { ...NOTHING, workload: commands(1), faults: faults(40), turns: waits(400) };
    const { decisions, runs } = await shrink(
      all,
      failsWhen(({ workload }) => workload.length > 0),
    );
    expect(countDecisions(decisions)).toBe(1);
    expect(runs).toBe(2);
  });

  test("three commands that must come in order are found among sixty", async () => {
    const inOrder = failsWhen(({ workload }) => {
      const names = workload.filter(({ seed }) => seed > 20).map(({ name }) => name);
      const opened = names.indexOf("open");
      const written = names.indexOf("write", opened + 1);
      return opened >= 0 && written > opened && names.includes("close", written + 1);
    });
    const { decisions, runs } = await shrink({ ...NOTHING, workload: commands(60) }, inOrder);
    expect(decisions.workload.map(({ name }) => name)).toEqual(["open", "write", "close"]);
    expect(runs).toBeLessThan(40);
  });

  test("a command that must come late is left alone to wait for as long", async () => {
    const late = failsWhen(({ workload }) => {
      const own = workload.filter(({ client }) => client === 2);
      const startMs = own.reduce((sum, { pauseMs }) => sum + pauseMs, 0);
      return own.at(-1)?.seed === 59 && startMs >= 150;
    });
    const { decisions } = await shrink({ ...NOTHING, workload: commands(60) }, late);
    expect(decisions.workload).toMatchObject([{ client: 2, seed: 59 }]);
  });

  test("a failure of the last command alone takes two runs without its turns", async () => {
    const last = failsWhen(({ workload }) => workload.at(-1)?.seed === 59);
    const all = { ...NOTHING, workload: commands(60), turns: waits(400) };
    const { decisions, runs } = await shrink(all, last);
    expect(decisions.workload).toEqual([
      { client: 2, pauseMs: 0, name: commands(60)[59]!.name, seed: 59 },
    ]);
    expect(runs).toBeLessThan(10);
  });

  test("a failure of one client loses the others at once", async () => {
    const sizes: number[] = [];
    const all = { ...NOTHING, workload: commands(60) };
    const needed = commands(60).filter(({ client }) => client === 1);
    const ofOne = failsWhen(({ workload }) => needed.every(({ seed }) => has(workload, seed)));
    await shrink(all, ofOne, { onProgress: (best) => sizes.push(best.workload.length) });
    expect(sizes[0]).toBe(20);
  });

  test("where nothing can go, all stays, and no candidate is run twice", async () => {
    const all = { ...NOTHING, workload: commands(7), faults: faults(5), turns: waits(9) };
    const seen: string[] = [];
    const { decisions, runs } = await shrink(all, (candidate) => {
      seen.push(JSON.stringify(candidate));
      return undefined;
    });
    expect(decisions).toEqual(all);
    expect(runs).toBe(seen.length);
    expect(new Set(seen).size).toBe(runs);
  });

  test("pauses go, but for the one that matters", async () => {
    const needs = failsWhen(({ workload }) => (workload[5]?.pauseMs ?? 0) > 0);
    const { decisions } = await shrink({ ...NOTHING, workload: commands(12) }, needs);
    expect(decisions.workload.map(({ pauseMs }) => pauseMs)).toEqual([0, 0, 0, 0, 0, 10]);
  });
});

function has(workload: readonly Command[], wanted: number): boolean {
  return workload.some(({ seed }) => seed === wanted);
}

describe("turns", () => {
  test("three turns of four hundred are found", async () => {
    const needs = failsWhen(({ turns }) =>
      [100, 202, 380].every((needed) => turns.some(({ nth }) => nth === needed)),
    );
    const { decisions, runs } = await shrink({ ...NOTHING, turns: waits(400) }, needs);
    expect(decisions.turns.map(({ nth }) => nth)).toEqual([100, 202, 380]);
    expect(runs).toBeLessThan(250);
  });

  test("a turn waits for no more others than it has to", async () => {
    const needs = failsWhen(({ turns }) => turns.some((turn) => turn.nth === 6 && turn.waits >= 5));
    const { decisions } = await shrink({ ...NOTHING, turns: waits(10, 30) }, needs);
    expect(decisions.turns).toEqual([{ who: "store", command: 0, nth: 6, waits: 5 }]);
  });
});

const usesTen: Tries = (candidate) =>
  candidate.faults.length === 0
    ? undefined
    : { ...candidate, faults: candidate.faults.slice(0, 10), turns: [] };

const usesMore: Tries = (candidate) => ({ ...candidate, turns: waits(300) });

const broken: Tries = () => {
  throw new Error("boot is broken");
};

describe("what it costs", () => {
  const all = { ...NOTHING, workload: commands(30), faults: faults(30), turns: waits(200) };
  const picky = failsWhen(({ faults: left, turns }) =>
    [7, 21].every(
      (needed) =>
        left.some(({ nth }) => nth === needed) && turns.some((turn) => turn.nth === needed),
    ),
  );

  const stepsOf = async (tries: Tries): Promise<[size: number, runs: number][]> => {
    const steps: [number, number][] = [];
    const onProgress = (best: Decisions, runs: number): void =>
      void steps.push([countDecisions(best), runs]);
    await shrink(all, tries, { onProgress });
    return steps;
  };

  test("no more is run than allowed, and the best so far is the answer", async () => {
    const { decisions, runs } = await shrink(all, picky, { runs: 25 });
    expect(runs).toBe(25);
    expect(countDecisions(decisions)).toBeLessThan(countDecisions(all));
    expect(await picky(decisions)).toBe(decisions);
  });

  test("with no runs nothing is run", async () => {
    expect(await shrink(all, picky, { runs: 0 })).toEqual({ decisions: all, runs: 0 });
  });

  test("it ends at the limit of time, by the clock that it was given", async () => {
    let nowMs = 1_000;
    const slow: Tries = (candidate) => {
      nowMs += 10;
      return picky(candidate);
    };
    const { runs } = await shrink(all, slow, { limitMs: 95, now: () => nowMs });
    expect(runs).toBe(10);
  });

  test("the same failure is shrunk in the same way, also when runs take their time", async () => {
    const steps = await stepsOf(picky);
    expect(steps.at(-1)?.[0]).toBe(4);
    expect(await stepsOf(picky)).toEqual(steps);
    expect(await stepsOf(async (candidate) => picky(candidate))).toEqual(steps);
  });

  test("what a run did not use is gone", async () => {
    const sizes: number[] = [];
    await shrink(all, usesTen, { onProgress: (best) => sizes.push(countDecisions(best)) });
    expect(sizes[0]).toBe(40);
  });

  test("a run that used more than it was told to does not make the list longer", async () => {
    const { decisions } = await shrink(all, usesMore);
    expect(countDecisions(decisions)).toBe(0);
  });

  test("what the run throws, shrinking rejects with", async () => {
    await expect(shrink(all, broken)).rejects.toThrow("boot is broken");
  });

  test("a budget that is no number, and a limit without a clock, are refused", async () => {
    await expect(shrink(all, picky, { runs: NaN })).rejects.toThrow(
      "shrink: runs is NaN; it must be a number, at least 0",
    );
    await expect(shrink(all, picky, { limitMs: 5 })).rejects.toThrow(
      "shrink: limitMs needs a clock to be measured by; pass it as now",
    );
  });
});

import { describe, expect, test } from "vitest";
import { Explorer, Replayer, type Choices, type FaultOccasion } from "../../src/sim/choices.ts";
import { InLine, Line } from "../../src/sim/line.ts";

class Item extends InLine {
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }
}

/** Lines up so many, ten times, and takes them as chosen. */
function takeAll(choices: Choices, count: number): string[] {
  const taken: string[] = [];
  const line = new Line<Item>();
  for (let round = 1; round <= 10; round++) {
    for (let i = 0; i < count; i++) {
      const item = new Item(`${i}`);
      item.nth = round;
      item.waits = choices.waits(item);
      line.push(item);
    }
    while (line.length > 0) taken.push(choices.turn(line).label);
  }
  return taken;
}
const inOrder = (count: number): string[] =>
  Array.from({ length: 10 * count }, (_, i) => `${i % count}`);

const occasion = (nth: number, kind = "crash"): FaultOccasion => ({
  kind,
  place: "bank",
  command: 0,
  nth,
});

/** An armed explorer whose seed does not leave this kind of fault out. */
function exploring(kind: string): Explorer {
  for (let seed = 1; ; seed++) {
    const [trial, explorer] = [new Explorer(seed, "walk"), new Explorer(seed, "walk")];
    trial.arm();
    explorer.arm();
    if (trial.faultAt(kind, "", 0, () => true) === true) return explorer;
  }
}

describe("an explorer", () => {
  test("that walks takes anyone of those in line", () => {
    const firsts = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) firsts.add(takeAll(new Explorer(seed, "walk"), 4)[0]!);
    expect(firsts).toEqual(new Set(["0", "1", "2", "3"]));
  });

  test("that is bounded keeps to the order of coming, but for eight turns at the most", () => {
    const counts = Array.from({ length: 200 }, (_, seed) => {
      const explorer = new Explorer(seed, "bounded");
      takeAll(explorer, 5);
      return explorer.record().turns.length;
    });
    expect(Math.max(...counts)).toBe(8);
    expect(counts).toContain(0);
  });

  test("has no choice where there is one in line", () => {
    const explorer = new Explorer(1, "walk");
    expect(takeAll(explorer, 1)).toEqual(inOrder(1));
    expect(explorer.record().turns).toEqual([]);
  });

  test("leaves a kind of fault out of about a quarter of the seeds, and keeps to that", () => {
    const hits = Array.from({ length: 400 }, (_, seed) => {
      const explorer = new Explorer(seed, "walk");
      explorer.arm();
      return [1, 2, 3].map((nth) => explorer.fault(occasion(nth), () => true) === true);
    });
    expect(hits.every(([one, two, three]) => one === two && two === three)).toBe(true);
    const without = hits.filter(([one]) => one === false).length;
    expect(without).toBeGreaterThan(60);
    expect(without).toBeLessThan(140);
  });

  test("lets nothing fail before it is armed, nor when it is calm", () => {
    const explorer = new Explorer(2, "walk");
    const asked = (): (true | undefined)[] =>
      ["a", "b", "c", "d"].map((kind) => explorer.faultAt(kind, "here", 0, () => true));
    expect(asked()).not.toContain(true);
    explorer.arm();
    expect(asked()).toContain(true);
    explorer.calm();
    expect(asked()).not.toContain(true);
  });

  test("counts occasions by kind, place and command", () => {
    const explorer = exploring("a");
    for (const [place, command] of [
      ["x", 0],
      ["x", 0],
      ["x", 7],
      ["y", 0],
    ] as const) {
      explorer.faultAt("a", place, command, () => true);
    }
    const { faults } = explorer.record();
    expect(faults.map(({ place, command, nth }) => [place, command, nth])).toEqual([
      ["x", 0, 1],
      ["x", 0, 2],
      ["x", 7, 1],
      ["y", 0, 1],
    ]);
  });
});

describe("a replayer", () => {
  test.each(["walk", "bounded"] as const)("does as an explorer did that was %s", (exploration) => {
    for (let seed = 1; seed <= 100; seed++) {
      const explorer = new Explorer(seed, exploration);
      const taken = takeAll(explorer, 5);
      const replayer = new Replayer(explorer.record());
      expect(takeAll(replayer, 5)).toEqual(taken);
      expect(replayer.record()).toEqual(explorer.record());
    }
  });

  test("of no decisions goes first come, first served, and nothing fails", () => {
    const replayer = new Replayer({ workload: [], faults: [], turns: [], random: 5 });
    replayer.arm();
    expect(takeAll(replayer, 4)).toEqual(inOrder(4));
    expect(replayer.fault(occasion(1), () => true)).toBeUndefined();
    expect(replayer.random).toBe(5);
  });

  test("has those faults happen that are on record, and no other", () => {
    const faults = [{ ...occasion(2), value: "before" }];
    const replayer = new Replayer({ workload: [], faults, turns: [], random: 0 });
    replayer.arm();
    const happened = [1, 2, 3].map((nth) => replayer.fault(occasion(nth), () => "after"));
    expect(happened).toEqual([undefined, "before", undefined]);
    expect(replayer.fault(occasion(2, "kill"), () => 1)).toBeUndefined();
    expect(replayer.record().faults).toEqual(faults);
  });

  test("keeps of its record what came up, and nothing else", () => {
    const turns = [{ who: "nobody", command: 0, nth: 1, waits: 3 }];
    const replayer = new Replayer({ workload: [], faults: [], turns, random: 0 });
    takeAll(replayer, 3);
    expect(replayer.record().turns).toEqual([]);
  });
});

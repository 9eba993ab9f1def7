import { describe, expect, test } from "vitest";
import type { Cell } from "../../src/kernel/cell.ts";
import type { Priority } from "../../src/kernel/options.ts";
import { running } from "../../src/kernel/running.ts";
import { Scheduler } from "../../src/kernel/scheduler.ts";
import { FakeHost } from "../support/fake-host.ts";

/** As much of a cell as a scheduler knows. */
interface Runner {
  readonly name: string;
  readonly options: { readonly priority: Priority };
  flags: number;
  nextInLine: Runner | null;
  /** Messages that it has still to handle. */
  work: number;
  readonly costMs: number;
}

/** Runners in a scheduler on a fake host, whose turns go into a log. */
class Track {
  readonly host = new FakeHost();
  readonly turns: string[] = [];
  readonly budgets: number[] = [];
  readonly scheduler = new Scheduler(this.host, (cell, budget) => this.#turn(cell, budget));

  add(name: string, work: number, priority: Priority = "normal", costMs = 0): Runner {
    const options = { priority };
    const runner: Runner = { name, options, flags: 0, nextInLine: null, work, costMs };
    this.enqueue(runner);
    return runner;
  }

  enqueue(runner: Runner): void {
    this.scheduler.enqueue(runner as unknown as Cell);
  }

  #turn(cell: Cell, budget: number): number {
    const runner = cell as unknown as Runner;
    this.turns.push(runner.name);
    this.budgets.push(budget);
    const handled = Math.min(budget, runner.work);
    runner.work -= handled;
    this.host.spend(handled * runner.costMs);
    if (runner.work > 0) this.enqueue(runner);
    return handled;
  }

  /** How many of the first turns each had. */
  share(turns: number): Record<string, number> {
    const shares: Record<string, number> = {};
    for (const name of this.turns.slice(0, turns)) shares[name] = (shares[name] ?? 0) + 1;
    return shares;
  }

  run(): void {
    this.host.runDeferred();
    while (this.host.runYielded());
  }
}

describe("turns", () => {
  test("go round among equals", () => {
    const track = new Track();
    for (const name of ["a", "b", "c"]) track.add(name, 64);
    track.run();
    expect(track.turns).toEqual(["a", "b", "c", "a", "b", "c"]);
    expect(track.scheduler.turns).toBe(6);
    expect(track.scheduler.busy).toBe(false);
  });

  test("start behind the code that runs now, with one job for all", () => {
    const track = new Track();
    for (let n = 0; n < 100; n++) track.add(`${n}`, 1);
    expect(track.turns).toEqual([]);
    expect(track.scheduler.busy).toBe(true);
    track.run();
    expect(track.turns).toHaveLength(100);
    expect(track.host.deferrals).toBe(1);
    track.add("later", 1);
    track.run();
    expect(track.host.deferrals).toBe(2);
  });

  test("have a budget: a flood is cut into turns of 32 messages", () => {
    const track = new Track();
    track.add("flood", 320);
    track.add("other", 1);
    track.run();
    expect(track.turns.slice(0, 3)).toEqual(["flood", "other", "flood"]);
    expect(Math.max(...track.budgets)).toBe(32);
  });
});

describe("priorities", () => {
  test("weigh turns 8 : 4 : 1 while all have work", () => {
    const track = new Track();
    for (const priority of ["low", "normal", "high"] as const) {
      for (const n of [1, 2]) track.add(`${priority} ${n}`, 100_000, priority);
    }
    track.run();
    expect(track.share(130)).toEqual({
      "high 1": 40,
      "high 2": 40,
      "normal 1": 20,
      "normal 2": 20,
      "low 1": 5,
      "low 2": 5,
    });
  });

  test("take nothing from anybody while the others have no work", () => {
    for (const priority of ["low", "normal", "high"] as const) {
      const track = new Track();
      track.add("only", 3_200, priority);
      track.run();
      expect(track.turns).toHaveLength(100);
    }
  });

  test("low gets its turns against a flood of high", () => {
    const track = new Track();
    track.add("high", 1_000_000, "high");
    track.add("low", 320, "low");
    track.run();
    // Ten turns, one in each round of nine.
    expect(track.turns.lastIndexOf("low")).toBe(89);
  });

  test("high goes before normal that came first", () => {
    const track = new Track();
    track.add("normal", 1);
    track.add("low", 1, "low");
    track.add("high", 1, "high");
    track.run();
    expect(track.turns).toEqual(["high", "normal", "low"]);
  });
});

describe("the host", () => {
  test("gets its chance after 2 ms, and work goes on behind it", () => {
    const track = new Track();
    track.add("steady", 10_000, "normal", 0.01);
    track.host.runDeferred();
    expect(track.host.yields).toBe(1);
    const before = track.turns.length;
    expect(before * 32 * 0.01).toBeLessThan(3);
    track.run();
    expect(track.turns.length).toBeGreaterThan(before);
    expect(track.scheduler.busy).toBe(false);
    // 100 ms of work, in slices of 2 ms and a little.
    expect(track.host.yields).toBeGreaterThan(30);
  });

  test("is not yielded to while there is time, and the clock is read once in 32 messages", () => {
    const track = new Track();
    track.add("quick", 32_000);
    const { readings } = track.host;
    track.run();
    expect(track.host.yields).toBe(0);
    expect(track.host.readings - readings).toBeLessThanOrEqual(1_001);
  });

  test("is served soon even when every message is slow: turns become short", () => {
    const track = new Track();
    track.add("slow", 200, "normal", 5);
    track.run();
    expect(track.budgets.at(-1)).toBe(1);
    expect(track.host.yields).toBeGreaterThan(100);
  });

  test("when messages are quick again, turns become long again", () => {
    const track = new Track();
    track.add("slow", 100, "normal", 5);
    track.run();
    track.add("quick", 3_200);
    track.run();
    expect(track.budgets.at(-1)).toBe(32);
  });

  test("is yielded to by many short jobs, too: the slice is not begun anew by each", () => {
    const track = new Track();
    for (let n = 0; n < 1_000; n++) {
      track.add(`${n}`, 1, "normal", 0.1);
      track.host.runDeferred();
      while (track.host.runYielded());
    }
    expect(track.host.yields).toBeGreaterThan(20);
  });
});

describe("who brings messages in from the host", () => {
  test("lets those go on who were left in line when the slice ended, before it brings more", () => {
    const track = new Track();
    track.add("a", 320, "normal", 0.1);
    track.host.runDeferred();
    const before = track.turns.length;
    track.scheduler.goOn();
    expect(track.turns.length).toBeGreaterThan(before);
  });

  test("has them go on once: the turn that the host gives afterwards is nobody's", () => {
    const track = new Track();
    track.add("a", 40, "normal", 0.1);
    track.host.runDeferred();
    track.scheduler.goOn();
    track.host.runDeferred();
    const all = track.turns.length;
    while (track.host.runYielded());
    expect(track.turns.length).toBe(all);
  });

  test("is told to let the host have its turn, when it has brought messages for 8 ms", () => {
    const track = new Track();
    expect(track.scheduler.goOn()).toBe(true);
    track.host.spend(8);
    track.add("a", 320, "normal", 0.1);
    track.host.runDeferred();
    const before = track.turns.length;
    expect(track.scheduler.goOn()).toBe(false);
    expect(track.turns.length).toBe(before);
    track.host.runYielded();
    expect(track.scheduler.goOn()).toBe(true);
  });

  test("begins a new slice, where nobody was left in line", () => {
    const track = new Track();
    track.host.spend(10);
    track.scheduler.goOn();
    track.add("a", 64, "normal", 0.01);
    track.host.runDeferred();
    expect(track.turns.length).toBe(2);
    expect(track.scheduler.busy).toBe(false);
  });
});

describe("promises", () => {
  test("get their chance every 0.05 ms, long before the host does", () => {
    const track = new Track();
    // 32 messages take 0.032 ms, and the clock is read after each 32.
    track.add("flood", 1_000, "normal", 0.001);
    track.run();
    expect(track.host.yields).toBe(0);
    // The job itself, and a breath after every second look.
    expect(track.host.deferrals).toBe(1 + Math.floor(1_000 / 64));
    expect(track.turns).toHaveLength(Math.ceil(1_000 / 32));
  });

  test("do not lengthen the slice: the host has its chance after 2 ms, breaths or not", () => {
    const track = new Track();
    track.add("flood", 10_000, "normal", 0.001);
    track.run();
    expect(track.host.yields).toBe(4);
  });

  test("are not waited for by a few quick messages", () => {
    const track = new Track();
    track.add("quick", 1_000);
    track.run();
    expect(track.host.deferrals).toBe(1);
  });
});

test("a mistake of the kernel's own in one turn does not end the turns of the others", () => {
  const host = new FakeHost();
  const turns: string[] = [];
  const scheduler = new Scheduler(host, (cell) => {
    const { name } = cell as unknown as { name: string };
    turns.push(name);
    running.cell = cell;
    if (name === "broken") throw new Error("a mistake");
    running.cell = null;
    return 1;
  });
  const enqueue = (name: string): void => {
    const runner = { name, options: { priority: "normal" }, flags: 0, nextInLine: null };
    scheduler.enqueue(runner as unknown as Cell);
  };
  for (const name of ["a", "broken", "b"]) enqueue(name);
  expect(() => host.runDeferred()).toThrow("a mistake");
  expect(running.cell).toBeNull();
  host.runDeferred();
  enqueue("c");
  host.runDeferred();
  expect(turns).toEqual(["a", "broken", "b", "c"]);
});

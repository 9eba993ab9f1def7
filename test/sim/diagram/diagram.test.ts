import { describe, expect, test } from "vitest";
import { Chance } from "../../../src/sim/chance.ts";
import { diagram, type Step } from "../../../src/sim/diagram/diagram.ts";
import { widthOf } from "../../../src/sim/diagram/glyphs.ts";
import {
  CROWD,
  GOSSIP,
  LONG,
  message,
  note,
  reply,
  TICKS,
  TRANSFER,
  world,
} from "./diagram-scenes.ts";

/** The lines below the labels, without the times. */
function lines(steps: readonly Step[], width = 100): string[] {
  return diagram(steps, { width }).split("\n").slice(1);
}

describe("scenes", () => {
  test("a transfer that an account's crash cuts in two", () => {
    expect(diagram(TRANSFER)).toMatchInlineSnapshot(`
      "            client 1                   bank            account a         account b  client 2
        1,203 ms      │─transfer("a", "b", 5)─►│ waits           │                 │          │
                      │                        │──take(5)───────►│ replied         │          │
      1,203.5 ms      │                        │──put({ amount: 5, from: "a" })───►│ failed   │
                      │                        │                 │                 ✗ crash injected
                      │                        │          failed: Error: disk full ✗          │
      1,213.5 ms      │                        │                 │                 ● started again (1)
                      │                        │◄────────────────┼──transfer("b", "a", 1000)──│
                      │                        │ refused: NoMoneyError             │          │
        1,240 ms      │◄╌╌ reply to transfer ╌╌│                 │                 │          │
                 ═══ invariant moneyIsConserved does not hold: 95 of 100 ═════════════════════════════════"
    `);
  });

  test("eight who tell each other", () => {
    expect(diagram(GOSSIP)).toMatchInlineSnapshot(`
      "          node-1    node-2    node-3    node-4    node-5    node-6    node-7    node-8
          0 ms     ● started │         │         │         │         │         │         │
                   │────────►│ gossip({ round: 1, seen: [0] })       │         │         │
                   │─────────┼────────►│ gossip({ round: 1, seen: [0] })       │         │
          5 ms     │         │────────►│ gossip({ round: 1, seen: [1] })       │         │
                   │         │─────────┼────────►│ gossip({ round: 1, seen: [1] })       │
         10 ms     │         │         │────────►│ gossip({ round: 1, seen: [2] })       │
                   │         │         │─────────┼────────►│ gossip({ round: 1, seen: [2] })
         15 ms     │         │         │         │────────►│ gossip({ round: 1, seen: [3] })
                   │         │         │         │─────────┼────────►│ gossip({ round: 1, seen: [3] })
         20 ms     │         │         │         │         │────────►│ gossip({ round: 1, seen: [4] })
                   │       gossip({ round: 1, seen: [4] }) │─────────┼────────►│         │
         25 ms     │         │       gossip({ round: 1, seen: [5] }) │────────►│         │
                   │         │       gossip({ round: 1, seen: [5] }) │─────────┼────────►│
         30 ms     │         │         │       gossip({ round: 1, seen: [6] }) │────────►│
                   │◄────────┼─────────┼──────gossip({ round: 1, seen: [6] })──│         │
         35 ms     │◄────────┼─────────┼─────────┼──────gossip({ round: 1, seen: [7] })──│
                   │         │◄────────┼─────────┼──────gossip({ round: 1, seen: [7] })──│
      5,040 ms ═══ clock jumps 5,000 ms ═════════════════════════════════════════════════════════════
                   │◄────────┼─────────┼─────────┼─────────┼─────────┼─────────┼─join()──│"
    `);
  });

  test("timers, a start from outside, and an end", () => {
    expect(diagram(TICKS)).toMatchInlineSnapshot(`
      "         clock       display
        0 ms  ○─►│ start(100)
                 │            ● started
      100 ms     │ ⟲ tick()   │
                 │──show(1)──►│
      200 ms     │ ⟲ tick()   │
                 │──show(2)──►│
      250 ms     │            │ ⟲ blink({ on: true })  failed: RangeError: no such row
                 │            ╳ ended: failed: RangeError: no such row
      300 ms     │ ⟲ tick()
                 │            ● never got show (ended)"
    `);
  });

  test("names and arguments too long for a line", () => {
    expect(diagram(LONG)).toMatchInlineSnapshot(`
      "               client 1                       shop/warehouse/shelf-000018
                         │      shop/warehouse/shelf-000017      │                journal
      12,345,678 ms      │──────────────────►│ reserveAllArticlesOfAnOrder({ id: "9b2e6c1e-5f0c-4c…  waits
                         │                   │──────────────────►│ lend(Map(1) { "apple" => 3 })
      12,345,679 ms     append(Uint8Array(512) [ 0, 0, 0, 0, 0…) │──────────────────►│
                     failed: DiskError: the disk is full, and nothing can be written │
                     to it until somebody makes room             │                   │
                     failed: Error: no room no room no room no room no room no room  ✗
                     no room no room no room no room no room no room no room no room │
                     no room no room no room no room no room no room no room no room │
                     no room no room no room no room no room no room no room no roo… │
      12,345,680 ms      │◄──────────────────小明さんへ 🎉("こんにちは世界", "été")──│"
    `);
  });

  test("more who take part than there are columns", () => {
    expect(diagram(CROWD, { width: 60 })).toMatchInlineSnapshot(`
      "         hub                      log
                │          worker 4      │     19 others
       0 ms     │◄────────────worker 0: report(0)──│
       1 ms     │◄────────────worker 1: report(1)──│
       2 ms     │◄────────────worker 2: report(2)──│
       3 ms     │◄────────────worker 3: report(3)──│
       4 ms     │◄──report(4)──│         │         │
       5 ms     │◄────────────worker 5: report(5)──│
       6 ms     │◄────────────worker 6: report(6)──│
       7 ms     │◄────────────worker 7: report(7)──│
       8 ms     │◄────────────worker 8: report(8)──│
       9 ms     │◄────────────worker 9: report(9)──│
      10 ms     │◄──────────worker 10: report(10)──│
      11 ms     │◄──────────worker 11: report(11)──│
      12 ms     │◄──────────worker 12: report(12)──│
      13 ms     │◄──────────worker 13: report(13)──│
      14 ms     │◄──────────worker 14: report(14)──│
      15 ms     │◄──────────worker 15: report(15)──│
      16 ms     │◄──────────worker 16: report(16)──│
      17 ms     │◄──────────worker 17: report(17)──│
      18 ms     │◄──────────worker 18: report(18)──│
      19 ms     │◄──────────worker 19: report(19)──│
      30 ms     │──worker 3.go()─────────┼────────►│
             worker 3: pass("… │◄────────┼─────────│
                │              │ ⟲ run() │         │
      31 ms     │          worker 7: ended: normal ╳
      40 ms     │──write(0)────┼────────►│         │
                │──write(1)────┼────────►│         │
                │──write(2)────┼────────►│         │"
    `);
  });
});

test("a time is written when it changes", () => {
  const times = lines([
    message(0, "a", "b", "x"),
    message(0, "a", "b", "x"),
    message(1.5, "a", "b", "x"),
    world(1_000_000, "end"),
  ]).map((line) => line.slice(0, "1,000,000 ms".length).trim());
  expect(times).toEqual(["0 ms", "", "1.5 ms", "1,000,000 ms"]);
});

test("the outcome of a call is never what is cut", () => {
  const text = diagram([message(0, "a", "b", "x", ["y".repeat(500)], "refused", "NoMoneyError")], {
    width: 40,
  });
  expect(text.replaceAll(/[\s│]+/g, " ")).toContain(" refused: NoMoneyError");
  expect(text).toContain("x(");
});

test("who has ended has no line until it is there again", () => {
  const [, ended, without, again] = lines([
    message(0, "a", "b", "x"),
    note(0, "b", "ended: normal"),
    message(0, "a", "a", "tick"),
    note(0, "b", "started"),
  ]);
  expect(ended).toContain("╳ ended: normal");
  expect(without?.match(/│/g)).toHaveLength(1);
  expect(again).toContain("● started");
});

test("a message to one who shares a column says to whom, and one from there from whom", () => {
  const text = diagram(CROWD, { width: 60 });
  expect(text).toContain("worker 9: report(9)");
  expect(text).toContain("others");
  expect(text).toContain("log");
});

test("the labels come again after forty steps", () => {
  const ticks = Array.from({ length: 90 }, (_, at) => message(at, "clock", "clock", "tick", [at]));
  const text = diagram(ticks).split("\n");
  expect(text.flatMap((line, at) => (line.includes("clock") ? [at] : []))).toEqual([0, 41]);
});

test("a long sentence about the world takes more lines, and loses no word", () => {
  const words = "invariant moneyIsConserved does not hold: there were 100 and now there are 95";
  const text = diagram([message(0, "a", "b", "x"), world(0, words)], { width: 40 });
  expect(text.split("\n").length).toBeGreaterThan(3);
  expect(text.replaceAll(/[\s═]+/g, " ")).toContain(words);
});

test("of no steps there is nothing to draw", () => {
  expect(diagram([])).toBe("");
});

test("a width that leaves no room is refused", () => {
  expect(() => diagram(TICKS, { width: 39 })).toThrow(
    "diagram: width is 39; it must be a number of columns, at least 40",
  );
  expect(() => diagram(TICKS, { width: NaN })).toThrow("width is NaN");
});

const NAMES = [
  "a",
  "bank",
  "account/0001",
  "小明",
  "a name that is longer than others, by far",
  "e\u0301",
  "line\nbreak",
  "",
];
const ODD_ARGUMENTS: readonly unknown[] = [
  "text",
  -0,
  10n ** 50n,
  Symbol("s"),
  [[[[1]]]],
  { a: { b: { c: 1 } } },
  "🎉".repeat(300),
  "\u001b[31mred\u202e",
  new Proxy({}, { ownKeys: () => [][1]! }),
  new Error("boom"),
];

function anyStep(chance: Chance, names: readonly string[], atMs: number): Step {
  const [a, b] = [chance.pick(names), chance.pick(names)];
  const text = "word ".repeat(chance.int(0, 30));
  switch (chance.int(0, 5)) {
    case 0:
      return reply(atMs, a, b, chance.pick(["get", "getEverythingThatThereIsInTheWholeStore"]));
    case 1:
      return note(atMs, a, chance.pick(["started", "ended: normal", `failed: ${text}`]));
    case 2:
      return world(atMs, text + "w".repeat(chance.int(0, 200)));
    default: {
      const args = Array.from({ length: chance.int(0, 4) }, () => chance.pick(ODD_ARGUMENTS));
      const from = chance.bool(0.1) ? null : a;
      const outcome = chance.pick([undefined, "replied", "refused", "waits"] as const);
      return message(atMs, from, b, "verb", args, outcome, chance.bool(0.3) ? text : undefined);
    }
  }
}

test("no line is wider than it may be, whatever the steps, and the same steps look the same", () => {
  for (let seed = 0; seed < 100; seed++) {
    const chance = new Chance(seed);
    const names = [...NAMES, ...Array.from({ length: 12 }, (_, at) => `worker ${at}`)];
    const some = chance.shuffle(names).slice(0, chance.int(1, names.length));
    const steps = Array.from({ length: chance.int(1, 30) }, (_, at) =>
      anyStep(chance, some, at * chance.pick([0, 1, 0.1, 1e9])),
    );
    const width = chance.int(40, 140);
    const text = diagram(steps, { width });
    const widest = Math.max(...text.split("\n").map(widthOf));
    expect(widest, `seed ${seed}`).toBeLessThanOrEqual(width);
    expect(diagram(steps, { width })).toBe(text);
  }
});

test("there is no end to a line that may be as wide as it wants", () => {
  const text = diagram(LONG, { width: Infinity });
  expect(text).toContain('"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"');
  expect(text).toContain("until somebody makes room");
});

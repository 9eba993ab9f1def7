import fc from "fast-check";
import { expect, test } from "vitest";
import { fromFile, toFile } from "../../src/sim/decision-file.ts";

const uint = fc.nat(2 ** 32 - 1);
const decisions = fc.record({
  random: uint,
  workload: fc.array(
    fc.record({ client: fc.nat(9), pauseMs: fc.nat(), name: fc.string(), seed: uint }),
  ),
  faults: fc.array(
    fc.record({
      kind: fc.string(),
      place: fc.string(),
      command: uint,
      nth: fc.nat(),
      value: fc.jsonValue({ noUnicodeString: false }),
    }),
  ),
  turns: fc.array(fc.record({ who: fc.string(), command: uint, nth: fc.nat(), waits: fc.nat() })),
});

test("what is written is what is read, whatever the names and values are", () => {
  fc.assert(
    fc.property(decisions, fc.string(), fc.integer(), (decided, invariant, seed) => {
      // As JSON has it: there is one zero.
      const given = JSON.parse(JSON.stringify(decided)) as typeof decided;
      const failure = { invariant, message: "no", error: undefined };
      const text = toFile({ name: "bank", seed, failure, hash: "00ff", decisions: given });
      expect(fromFile(text, "bank.sim.json")).toMatchObject({
        name: "bank",
        seed,
        invariant,
        hash: "00ff",
        decisions: given,
      });
    }),
  );
});

test("each decision has a line of its own, so that a diff shows what changed", () => {
  const command = { client: 1, pauseMs: 0, name: "pay", seed: 7 };
  const failure = { invariant: "fine", message: "no", error: undefined };
  const text = toFile({
    name: "bank",
    seed: 1,
    failure,
    hash: "00ff",
    decisions: {
      random: 3,
      workload: [command, { ...command, client: 2 }],
      faults: [],
      turns: [{ who: "bank", command: 7, nth: 1, waits: 2 }],
    },
  });
  expect(text).toBe(`{
  "format": "troupe simulation 1",
  "name": "bank",
  "seed": 1,
  "invariant": "fine",
  "hash": "00ff",
  "decisions": {
    "random": 3,
    "workload": [
      [1,0,"pay",7],
      [2,0,"pay",7]
    ],
    "faults": [],
    "turns": [
      ["bank",7,1,2]
    ]
  }
}
`);
});

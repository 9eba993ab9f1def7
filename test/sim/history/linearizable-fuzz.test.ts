import fc from "fast-check";
import { expect, test } from "vitest";
import type { Operation } from "../../../src/sim/history/history.ts";
import { checkLinearizable } from "../../../src/sim/history/linearizable.ts";
import { model, type AnyModel, type Invocation } from "../../../src/sim/history/model.ts";
import { counter, map, register } from "../../../src/sim/history/models.ts";

const x = register(0, "x");
const total = counter(0, "total");
const kv = map<string, number>([["a", 0]], "kv");
const bag = model({
  name: "bag",
  init: (): readonly number[] => [],
  writes: {
    put: (state, item: number) => ({
      state: [...state, item].toSorted((one, other) => one - other),
    }),
    /** Any of them: which one is for the answer to say. */
    take: (state) => [
      ...state.map((item, at) => ({ state: state.toSpliced(at, 1), output: item })),
      ...(state.length === 0 ? [{ state, output: -1 }] : []),
    ],
  },
});

const value = fc.integer({ min: 0, max: 2 });
const key = fc.constantFrom("a", "b");
const absentOr = fc.option(value, { nil: undefined });

/** A model, what can be asked of it, and what it may be made to answer. */
interface Kind {
  readonly of: AnyModel;
  readonly invocation: fc.Arbitrary<Invocation>;
  readonly output: fc.Arbitrary<unknown>;
}
const kinds: Readonly<Record<string, Kind>> = {
  register: {
    of: x,
    invocation: fc.oneof(
      fc.constant(x.read()),
      value.map(x.write),
      fc.tuple(value, value).map(([expected, next]) => x.compareAndSet(expected, next)),
    ),
    output: fc.oneof(value, fc.boolean()),
  },
  counter: {
    of: total,
    invocation: fc.oneof(fc.constant(total.get()), fc.integer({ min: 1, max: 2 }).map(total.add)),
    output: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(undefined)),
  },
  map: {
    of: kv,
    invocation: fc.oneof(
      key.map(kv.get),
      key.map(kv.has),
      key.map(kv.delete),
      fc.tuple(key, value).map(([at, next]) => kv.set(at, next)),
      fc.tuple(key, absentOr, value).map(([at, old, next]) => kv.compareAndSet(at, old, next)),
    ),
    output: fc.oneof(absentOr, fc.boolean()),
  },
  bag: {
    of: bag,
    invocation: fc.oneof(value.map(bag.put), fc.constant(bag.take())),
    output: fc.integer({ min: -1, max: 2 }),
  },
};

/** When something was called, took effect and returned; what it then was, or is made to be. */
interface Plan {
  readonly invocation: Invocation;
  readonly calledAt: number;
  readonly toEffect: number;
  readonly toReturn: number;
  readonly fate: "returned" | "lost" | "late";
  /** Which of the effects that the model allows. */
  readonly branch: number;
  readonly lie: { readonly output: unknown } | null;
}

const planOf = ({ invocation, output }: Kind, lies: boolean): fc.Arbitrary<Plan> =>
  fc.record({
    invocation,
    calledAt: fc.nat(40),
    toEffect: fc.nat(15),
    toReturn: fc.nat(15),
    fate: fc.constantFrom("returned", "returned", "returned", "lost", "late"),
    branch: fc.nat(5),
    lie: lies ? fc.option(fc.record({ output }), { freq: 2 }) : fc.constant(null),
  });

/** What clients see of a thing that does one operation after the other. */
function observe(plans: readonly Plan[]): Operation[] {
  const events = plans.flatMap(({ calledAt, toEffect, toReturn, fate }, number) => [
    { number, kind: "call", at: calledAt },
    ...(fate === "lost" ? [] : [{ number, kind: "effect", at: calledAt + toEffect }]),
    ...(fate === "returned"
      ? [{ number, kind: "return", at: calledAt + toEffect + toReturn }]
      : []),
  ]);
  // Stable: of one operation, call, effect and return stay in this order.
  events.sort((one, other) => one.at - other.at);
  const states = new Map<unknown, unknown>();
  const operations: Operation[] = [];
  const outputs: unknown[] = [];
  const numbers: number[] = [];
  for (const [order, { number, kind }] of events.entries()) {
    const { invocation, branch, lie } = plans[number]!;
    if (kind === "call") {
      numbers[number] = operations.length;
      operations.push({
        client: number,
        invocation,
        calledAt: order,
        returnedAt: Infinity,
        outcome: "unknown",
        output: undefined,
      });
    } else if (kind === "effect") {
      const { of, verb, args } = invocation;
      const part = of.keyed ? args[0] : undefined;
      const state = states.has(part) ? states.get(part) : of.init(part);
      const effects = of.effects(verb, state, args);
      const effect = effects[branch % effects.length]!;
      states.set(part, effect.state);
      outputs[number] = effect.output;
    } else {
      const output = lie === null ? outputs[number] : lie.output;
      const at = numbers[number]!;
      operations[at] = { ...operations[at]!, returnedAt: order, outcome: "returned", output };
    }
  }
  return operations;
}

/**
 * Tries all orders of all subsets, of all keys together, and remembers nothing.
 *
 * What returned by `due` has to have a place; what returned later may have one.
 */
function hasOrder(operations: readonly Operation[], due = Infinity): boolean {
  const tryFrom = (states: ReadonlyMap<unknown, unknown>, left: readonly Operation[]): boolean => {
    const firstDue = Math.min(
      ...left.map(({ returnedAt }) => (returnedAt <= due ? returnedAt : Infinity)),
    );
    if (firstDue === Infinity) return true;
    return left.some(({ invocation: { of, verb, args }, calledAt, outcome, output }, at) => {
      if (calledAt > firstDue) return false;
      const part = of.keyed ? args[0] : undefined;
      const state = states.has(part) ? states.get(part) : of.init(part);
      return of
        .effects(verb, state, args)
        .some(
          (effect) =>
            (outcome === "unknown" || !("output" in effect) || Object.is(effect.output, output)) &&
            tryFrom(new Map(states).set(part, effect.state), left.toSpliced(at, 1)),
        );
    });
  };
  return tryFrom(new Map(), operations);
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`${name}: what a thing that does one after the other answers is linearizable`, () => {
    fc.assert(
      fc.property(fc.array(planOf(kind, false), { maxLength: 25 }), (plans) => {
        expect(checkLinearizable(kind.of, observe(plans)).verdict).toBe("yes");
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: with answers changed, the verdict is that of trying all orders`, () => {
    const verdicts = { yes: 0, no: 0 };
    fc.assert(
      fc.property(fc.array(planOf(kind, true), { minLength: 2, maxLength: 6 }), (plans) => {
        const operations = observe(plans);
        const expected = hasOrder(operations) ? "yes" : "no";
        verdicts[expected]++;
        expect(checkLinearizable(kind.of, operations).verdict).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
    // Else this would compare nothing.
    expect(Math.min(verdicts.yes, verdicts.no)).toBeGreaterThan(50);
  });

  test(`${name}: a refusal names the first answer that fits no order, and those that would`, () => {
    fc.assert(
      fc.property(fc.array(planOf(kind, true), { minLength: 2, maxLength: 6 }), (plans) => {
        const operations = observe(plans);
        const result = checkLinearizable(kind.of, operations);
        if (result.verdict !== "no") return;
        const { impossible, possibleOutputs, explained } = result;
        const { args } = impossible.invocation;
        const sameKey = operations.filter(
          ({ invocation }) => kind.of !== kv || invocation.args[0] === args[0],
        );
        const by = impossible.returnedAt;
        expect(hasOrder(sameKey, by)).toBe(false);
        expect(hasOrder(sameKey, by - 1)).toBe(true);
        // In that order, all of what returned before has its place.
        expect(sameKey.filter((one) => one.returnedAt < by && !explained.includes(one))).toEqual(
          [],
        );
        for (const output of possibleOutputs) {
          const mended = { ...impossible, output };
          const rest = sameKey.filter((one) => one !== impossible);
          expect(hasOrder([...rest, mended], by)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { affectedSiblings, STRATEGIES } from "../../src/supervision/strategy.ts";

const family = fc
  .uniqueArray(fc.integer(), { minLength: 1, maxLength: 12 })
  .chain((children) => fc.tuple(fc.constant(children), fc.constantFrom(...children)));

test("oneForOne and dynamic concern the failed child alone", () => {
  expect(affectedSiblings("oneForOne", ["a", "b", "c"], "b")).toEqual([]);
  expect(affectedSiblings("dynamic", ["a", "b", "c"], "b")).toEqual([]);
});

test("oneForAll concerns all the others, in start order", () => {
  expect(affectedSiblings("oneForAll", ["a", "b", "c"], "b")).toEqual(["a", "c"]);
});

test("restForOne concerns those started after it, in start order", () => {
  expect(affectedSiblings("restForOne", ["a", "b", "c", "d"], "b")).toEqual(["c", "d"]);
  expect(affectedSiblings("restForOne", ["a", "b"], "b")).toEqual([]);
});

test("a child is never its own sibling, and start order is kept, whatever the strategy", () => {
  fc.assert(
    fc.property(family, fc.constantFrom(...STRATEGIES), ([children, failed], strategy) => {
      const affected = affectedSiblings(strategy, children, failed);
      expect(affected).not.toContain(failed);
      expect(children.filter((child) => affected.includes(child))).toEqual(affected);
    }),
  );
});

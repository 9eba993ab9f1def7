import { describe, expect, test } from "vitest";
import { ATTEMPTS, judge } from "../../bench/guard/verdict.ts";

/** Answers with these ratios, one after the other. */
function measuring(...ratios: number[]): () => Promise<number> {
  return async () => {
    const next = ratios.shift();
    if (next === undefined) throw new Error("measured once too often");
    return next;
  };
}

describe("the speed guard", () => {
  test("passes what is as fast as it was, after one look", async () => {
    expect(await judge(2, measuring(2))).toEqual({ passed: true, ratios: [2], limit: 2.6 });
  });

  test("passes what is slower by less than the margin", async () => {
    expect(await judge(2, measuring(2.6))).toMatchObject({ passed: true });
  });

  test("looks again at what was too slow, and forgives a slow machine", async () => {
    expect(await judge(2, measuring(3, 2.7, 2.1))).toMatchObject({
      passed: true,
      ratios: [3, 2.7, 2.1],
    });
  });

  test("fails what is too slow every time", async () => {
    const slow = Array.from({ length: ATTEMPTS }, () => 2.61);
    expect(await judge(2, measuring(...slow))).toMatchObject({ passed: false, ratios: slow });
  });

  test("fails what cannot be measured", async () => {
    await expect(judge(2, measuring())).rejects.toThrow("measured once too often");
  });
});

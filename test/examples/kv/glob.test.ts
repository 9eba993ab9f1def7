import { expect, test } from "vitest";
import { globMatches } from "../../../examples/kv/glob.ts";

test.each([
  ["h?llo", "hello", true],
  ["h*llo", "heeeello", true],
  ["h*llo", "hell", false],
  ["h[ae]llo", "hallo", true],
  ["h[^e]llo", "hello", false],
  ["h[a-b]llo", "hbllo", true],
  ["h[b-a]llo", "hallo", true],
  ["\\*", "*", true],
  ["\\*", "x", false],
  ["*", "", true],
  ["", "", true],
  ["", "a", false],
  ["[a", "a", true],
  ["a\\", "a\\", true],
])("%s on %s is %s", (pattern, key, matches) => {
  expect(globMatches(pattern, key)).toBe(matches);
});

test("many stars do not take exponential time", () => {
  expect(globMatches("*a".repeat(50) + "b", "a".repeat(5000))).toBe(false);
});

import { expect, test } from "vitest";
import { cut, cutMiddle, oneLine, widthOf } from "../../../src/sim/diagram/glyphs.ts";

test("wide characters take two columns, and accents none", () => {
  expect(["abc", "日本", "한", "e\u0301", "🎉", "│─►⟲…"].map(widthOf)).toEqual([3, 4, 2, 1, 2, 5]);
});

test("a text is cut between characters, to the room there is", () => {
  expect(cut("transfer", 8)).toBe("transfer");
  expect(cut("transfer", 5)).toBe("tran…");
  expect(cut("日本語", 4)).toBe("日…");
  expect(cut("🎉🎉", 3)).toBe("🎉…");
  expect(cut("x", 0)).toBe("");
  expect(cut("x".repeat(1e7), 3)).toBe("xx…");
});

test("of a label, both ends stay", () => {
  expect(cutMiddle("account-0017", 7)).toBe("acc…017");
  expect(cutMiddle("account-0017", 12)).toBe("account-0017");
});

test("a text of several lines becomes one", () => {
  expect(oneLine("Error: boom\n    at x\u001b[0m")).toBe("Error: boom at x[0m");
});

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./planted/bundle.ts";
import { huntFor, huntForNothing, MOST_SEEDS } from "./planted/hunt.ts";
import { plant, type Mistake } from "./planted/mistake.ts";
import { mistakes } from "./planted/mistakes.ts";
import type { Outcome } from "./planted/outcome.ts";
import { median, PAGE, shareLeft, writePage, type Find } from "./planted/page.ts";

/** Hunts wait for each other: two at a time. */
const TIMEOUT_MS = 120_000;

const hunts = new Map<Mistake, Promise<Outcome>>();

/** Each is hunted for once, whoever asks first. */
function huntOnce(mistake: Mistake): Promise<Outcome> {
  const known = hunts.get(mistake);
  if (known !== undefined) return known;
  const hunt = huntFor(mistake);
  hunts.set(mistake, hunt);
  return hunt;
}

async function find(mistake: Mistake): Promise<Find> {
  const outcome = await huntOnce(mistake);
  if (outcome.kind === "found") return { ...outcome, mistake };
  const what =
    outcome.kind === "held"
      ? `is not found by ${mistake.model} within ${outcome.seeds} seeds`
      : `broke the simulation: ${outcome.message}`;
  throw new Error(`"${mistake.name}" (${mistake.file}) ${what}`);
}

describe(`a simulation finds, within ${MOST_SEEDS} seeds, that`, () => {
  const all = mistakes.map((mistake) => [mistake.name, mistake] as const);
  test.concurrent.for(all)("%s", { timeout: TIMEOUT_MS }, async ([, mistake]) => {
    expect((await find(mistake)).seed).toBeLessThanOrEqual(MOST_SEEDS);
  });
});

describe("without a mistake, every run of the seeds that found one holds: of", () => {
  const models = [...new Set(mistakes.map(({ model }) => model))];
  test.concurrent.for(models)("%s", { timeout: TIMEOUT_MS }, async (model) => {
    const finds = await Promise.all(mistakes.filter((each) => each.model === model).map(find));
    const seeds = Math.max(...finds.map(({ seed }) => seed));
    expect(await huntForNothing(model, seeds)).toEqual({ kind: "held", seeds });
  });
});

test(
  "a failure made small has less than a tenth of its decisions, in the median",
  { timeout: TIMEOUT_MS },
  async () => {
    const finds = await Promise.all(mistakes.map(find));
    if (process.env["PLANTED_WRITE"] !== undefined) writePage(finds);
    expect(median(finds.map(shareLeft))).toBeLessThan(0.1);
  },
);

describe("the mistakes", () => {
  test("are patches that fit the sources, each in one place", () => {
    for (const mistake of mistakes) {
      const text = readFileSync(join(ROOT, mistake.file), "utf8");
      expect(plant(mistake, text)).not.toBe(text);
    }
  });

  test("are many, in many files, and no two alike", () => {
    const files = new Set(mistakes.map(({ file }) => file));
    expect(mistakes.length).toBeGreaterThanOrEqual(15);
    expect(files.size).toBeGreaterThanOrEqual(10);
    expect(new Set(mistakes.map(({ name }) => name)).size).toBe(mistakes.length);
  });

  test("stand on their page, all of them and no others", () => {
    const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && line.includes(" → "));
    const listed = rows.map((row) => row.split("|")[1]!.trim());
    expect(listed.toSorted()).toEqual(mistakes.map(({ name }) => name).toSorted());
  });
});

describe("a patch that has gone stale says so", () => {
  const mistake: Mistake = {
    name: "off by one",
    why: "",
    file: "src/a.ts",
    find: "if (count > max) {\n  return false;",
    replace: "",
    model: "none",
  };

  test("and which of its lines is still there", () => {
    const text = "function f() {\n  if (count > max) {\n    throw 1;\n  }\n}";
    expect(() => plant(mistake, text)).toThrow(
      '"off by one": src/a.ts has the text to replace 0 times, and it must be once; line 2 is still as it was: if (count > max) {',
    );
  });

  test("where it fits two places", () => {
    expect(() => plant({ ...mistake, find: "a" }, "a b a")).toThrow(
      "2 times, and it must be once; make the text to find longer",
    );
  });

  test("where nothing of it is left", () => {
    expect(() => plant(mistake, "nothing")).toThrow("no line of it is left; it began with: if");
  });
});

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceBetween } from "../../../bench/markdown.ts";
import { ROOT } from "./bundle.ts";
import type { Mistake } from "./mistake.ts";
import type { Found } from "./outcome.ts";

export const PAGE = join(ROOT, "docs/planted-mistakes.md");
const FORMATTER = join(ROOT, "node_modules/.bin/oxfmt");

/** A mistake and how it was found. */
export interface Find extends Found {
  readonly mistake: Mistake;
}

/** How much of a failing run's decisions is left of it, from 0 to 1. */
export function shareLeft({ decisions: { found, left } }: Found): number {
  return left / found;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Puts what was found into the page. */
export function writePage(finds: readonly Find[]): void {
  const figures = [summary(finds), table(finds)].join("\n\n");
  writeFileSync(PAGE, replaceBetween(readFileSync(PAGE, "utf8"), "figures", figures));
  // It knows how tables are aligned.
  execFileSync(FORMATTER, [PAGE]);
}

function summary(finds: readonly Find[]): string {
  const seeds = finds.map(({ seed }) => seed);
  return [
    `${finds.length} mistakes, each found within ${Math.max(...seeds)} seeds,`,
    `half of them within ${median(seeds)}.`,
    `The median of what is left of a run's decisions is ${percent(median(finds.map(shareLeft)))}.`,
  ].join(" ");
}

function table(finds: readonly Find[]): string {
  const rows = finds.map((find) => {
    const { mistake, seed, invariant, decisions } = find;
    const { found, left } = decisions;
    const file = `[${mistake.file.replace(/^src\//, "")}](../${mistake.file})`;
    return [
      mistake.name,
      file,
      `${mistake.model}: ${invariant}`,
      seed,
      `${found} → ${left}`,
      percent(shareLeft(find)),
    ];
  });
  return [
    ["Mistake", "File", "Found by", "Seeds", "Decisions", "Left"],
    ["---", "---", "---", "--:", "--:", "--:"],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

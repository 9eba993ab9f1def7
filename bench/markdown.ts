import type { ResultBeside, ResultRow } from "./results.ts";
import { short, unitOf } from "./table.ts";
import { isMoreBetter } from "./workload.ts";

/** The column of what is no peer: the least that does the same work, or whatever the row names. */
const LIMIT = "limit";

/** A table with a column for each of `peers` that took part in any of the rows. */
export function markdownTable(rows: readonly ResultRow[], peers: readonly string[]): string {
  const columns = [LIMIT, ...peers].filter((column) =>
    rows.some((row) => row.beside.some((each) => columnOf(each, peers) === column)),
  );
  const head = ["workload", "unit", "troupe", ...columns];
  const align = ["---", "---", ...["troupe", ...columns].map(() => "--:")];
  const body = rows.map((row) => [
    row.label,
    unitOf(row.unit),
    short(row.median),
    ...columns.map((column) => cell(row, column, peers)),
  ]);
  return [head, align, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function columnOf({ who }: ResultBeside, peers: readonly string[]): string {
  return peers.includes(who) ? who : LIMIT;
}

/** Their figure, and troupe's as a part of it; bold where theirs is the better one. */
function cell(row: ResultRow, column: string, peers: readonly string[]): string {
  const theirs = row.beside.find((each) => columnOf(each, peers) === column);
  if (theirs === undefined) return "";
  const figure = short(theirs.median);
  // JSON has no NaN: what was one when it was measured is null when it is read again.
  if (!Number.isFinite(theirs.ratio)) return figure;
  const text = `${figure} (${short(theirs.ratio)} ×)`;
  const ahead = isMoreBetter(row.unit) ? theirs.ratio < 1 : theirs.ratio > 1;
  return ahead && column !== LIMIT ? `**${text}**` : text;
}

/** Puts `content` between the markers of that name, and leaves all else as it is. */
export function replaceBetween(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error(`the place for ${name} is missing: write ${begin} and ${end} where it goes`);
  }
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chart, type Bar, type Bars } from "./chart.ts";
import { peers, type Contender } from "./contenders.ts";
import { markdownTable, replaceBetween } from "./markdown.ts";
import { ROOT } from "./paths.ts";
import type { ResultBeside, ResultRow, Results } from "./results.ts";

const TEXT = fileURLToPath(new URL("docs/benchmarks.md", ROOT));
const CHART = fileURLToPath(new URL("docs/benchmarks.svg", ROOT));
const FORMATTER = fileURLToPath(new URL("node_modules/.bin/oxfmt", ROOT));

/** What fewer take part in has a table of its own, and is not in the picture. */
const LEAST_PEERS = 4;

/** Puts table and chart into the documents. */
export function writeDocuments(results: Results): void {
  const names = peers.map(({ name }) => name);
  // Their rows have a server beside them, and not a library.
  const kv = results.rows.filter(({ workload }) => workload === "kv");
  const http = results.rows.filter(({ workload }) => workload === "http");
  // They have others beside them, with columns of their own.
  const threads = results.rows.filter(({ workload }) => /^thread-|-threads$/.test(workload));
  const many = results.rows.filter((row) => peersOf(row).length >= LEAST_PEERS);
  const few = results.rows.filter((row) => ![...many, ...kv, ...http, ...threads].includes(row));
  const figures = [
    measuredOn(results),
    markdownTable(many, names),
    markdownTable(few, names),
    markdownTable(threads, names),
    ...(http.length > 0 ? [markdownTable(http, ["node:http", "@hono/node-server"])] : []),
    ...(kv.length > 0 ? [markdownTable(kv, ["redis-server"])] : []),
  ];
  const text = replaceBetween(readFileSync(TEXT, "utf8"), "figures", figures.join("\n\n"));
  writeFileSync(TEXT, text);
  // It knows how tables are aligned.
  execFileSync(FORMATTER, [TEXT]);
  writeFileSync(CHART, drawing(results, many));
}

function measuredOn({ date, machine, versions }: Results): string {
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Measured on ${date}: ${[machine, ...others].join(", ")}.`;
}

function drawing(results: Results, rows: readonly ResultRow[]): string {
  return chart(rows.filter(({ unit }) => unit === "ns").map(barsOf), {
    title: "What an operation costs: troupe beside its peers",
    subtitle: `Medians of ${results.date}. Shorter is better. * does not queue: a call, and not a message.`,
    axis: "time for one operation, on a logarithmic axis: each line is ten times the one before",
  });
}

function barsOf(row: ResultRow): Bars {
  const ours: Bar = { who: "troupe", value: row.median, kind: "ours" };
  const theirs = row.beside
    .filter(({ median }) => median > 0)
    .map((each): Bar => ({
      who: each.note === undefined ? each.who : `${each.who} *`,
      value: each.median,
      kind: kindOf(peerOf(each)),
    }));
  return { label: row.label, bars: [ours, ...theirs] };
}

function kindOf(peer: Contender | undefined): Bar["kind"] {
  if (peer === undefined) return "limit";
  if (peer.note !== undefined) return "call";
  return peer.runs === "erlang" ? "other" : "peer";
}

function peerOf({ who }: ResultBeside): Contender | undefined {
  return peers.find(({ name }) => name === who);
}

function peersOf(row: ResultRow): readonly ResultBeside[] {
  return row.beside.filter((each) => peerOf(each) !== undefined);
}

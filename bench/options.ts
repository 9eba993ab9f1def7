import { parseArgs } from "node:util";
import type { WorkloadName } from "./workloads/all.ts";

/** What was asked for on the command line. */
export interface Options {
  readonly help: boolean;
  readonly peers: boolean;
  readonly smoke: boolean;
  readonly write: boolean;
  /** Where the figures go, with every repetition. */
  readonly json: string | undefined;
  /** Figures that were written before: render them, and measure nothing. */
  readonly from: string | undefined;
  readonly only: readonly WorkloadName[];
}

/** What was asked for is none of the choices, or does not fit together. The message is for people. */
export class UsageError extends Error {}

const FLAGS = {
  only: { type: "string" },
  peers: { type: "boolean" },
  json: { type: "string" },
  write: { type: "boolean" },
  from: { type: "string" },
  smoke: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

export const help = (workloads: readonly string[]): string => `npm run bench -- [options]

  --only <names>   some workloads, separated by commas
  --peers          other libraries, and Erlang where it is installed, in turns with troupe
  --json <file>    writes the figures, with every repetition
  --write          puts table and chart into docs/benchmarks.md and docs/benchmarks.svg
  --from <file>    takes the figures from what --json wrote, and measures nothing
  --smoke          everything small and once: shows that all results are right, not how fast
  --help, -h       this

workloads: ${workloads.join(", ")}`;

export function parseOptions(args: readonly string[], workloads: readonly WorkloadName[]): Options {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") throw unknownArgument(token.value);
    if (token.kind !== "option") continue;
    if (!(token.name in FLAGS)) throw unknownArgument(token.rawName);
    const takes = FLAGS[token.name as keyof typeof FLAGS].type;
    checkValue(token.rawName, takes, token.value);
  }
  const options = {
    help: values.help === true,
    peers: values.peers === true,
    smoke: values.smoke === true,
    write: values.write === true,
    json: text(values.json),
    from: text(values.from),
    only: chosen(text(values.only), workloads),
  };
  checkTogether(options, workloads);
  return options;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function unknownArgument(given: string): UsageError {
  const options = Object.keys(FLAGS).map((name) => `--${name}`);
  return new UsageError(`there is no ${given}; there are ${options.join(", ")}`);
}

function checkValue(name: string, takes: "string" | "boolean", value: string | undefined): void {
  if (takes === "string" && (value === undefined || value === "" || value.startsWith("--"))) {
    throw new UsageError(
      `${name} needs a value: ${name} ${name === "--only" ? "cast" : "file.json"}`,
    );
  }
  if (takes === "boolean" && value !== undefined) {
    throw new UsageError(`${name} takes no value, and got ${value}`);
  }
}

function chosen(
  only: string | undefined,
  workloads: readonly WorkloadName[],
): readonly WorkloadName[] {
  if (only === undefined) return workloads;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !workloads.some((known) => known === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `there is no workload ${unknown.join(", ")}; there are ${workloads.join(", ")}`,
    );
  }
  return workloads.filter((name) => names.includes(name));
}

function checkTogether(options: Options, workloads: readonly WorkloadName[]): void {
  const { write, from, peers, only, smoke } = options;
  if (from !== undefined && (!write || peers || smoke || only.length < workloads.length)) {
    throw new UsageError("--from measures nothing: it goes with --write only");
  }
  if (!write) return;
  if (smoke) throw new UsageError("--smoke has no figures to --write");
  if (from !== undefined) return;
  if (!peers || only.length < workloads.length) {
    throw new UsageError("--write is for the whole table: with --peers, and without --only");
  }
}

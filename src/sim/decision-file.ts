import { BadInputError } from "../index.ts";
import type { Command, Decisions, Fault, Wait } from "./decisions.ts";
import type { RunFailure } from "./run-result.ts";

/**
 * Says what the file is. The decisions name actors, places and how often; nothing in it depends on
 * how the code under simulation, or the simulator, draws chance.
 */
const FORMAT = "troupe simulation 1";

interface Failing {
  readonly name: string;
  readonly seed: number;
  readonly failure: RunFailure;
  readonly hash: string;
  readonly decisions: Decisions;
}

/** What is in a decision file. */
export interface DecisionFile {
  readonly format: string;
  readonly name: string;
  /** The seed that led here; the decisions say all, so it is for people. */
  readonly seed: number;
  readonly invariant: string;
  /** As it was when the file was written. */
  readonly hash: string;
  readonly decisions: Decisions;
}

/** One decision in a line, so that a diff shows what changed. */
export function toFile({ name, seed, failure, hash, decisions }: Failing): string {
  const { workload, faults, turns, random } = decisions;
  return `{
  "format": ${JSON.stringify(FORMAT)},
  "name": ${JSON.stringify(name)},
  "seed": ${seed},
  "invariant": ${JSON.stringify(failure.invariant)},
  "hash": ${JSON.stringify(hash)},
  "decisions": {
    "random": ${random},
    "workload": ${list(workload.map(({ client, pauseMs, name: command, seed: own }) => [client, pauseMs, command, own]))},
    "faults": ${list(faults.map(({ kind, place, command, nth, value }) => [kind, place, command, nth, value]))},
    "turns": ${list(turns.map(({ who, command, nth, waits }) => [who, command, nth, waits]))}
  }
}
`;
}

/** Reads a decision file; throws `BadInputError` that names the file where it is none. */
export function fromFile(text: string, path: string): DecisionFile {
  let parsed: Partial<Record<keyof DecisionFile, unknown>> | null;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (error) {
    throw new BadInputError(`replay: ${path} is no JSON`, { cause: error });
  }
  const { format, decisions } = parsed ?? {};
  if (format !== FORMAT) {
    throw new BadInputError(
      `replay: ${path} has the format ${JSON.stringify(format)}; this version reads ${JSON.stringify(FORMAT)}`,
    );
  }
  if (typeof decisions !== "object" || decisions === null) {
    throw new BadInputError(`replay: in ${path} there are no decisions`);
  }
  const { random, workload, faults, turns } = decisions as Record<keyof Decisions, unknown>;
  return {
    ...(parsed as DecisionFile),
    decisions: {
      random: Number(random),
      workload: rows(workload, path, "workload", (row): Command => {
        const [client, pauseMs, name, seed] = row as [number, number, string, number];
        return { client, pauseMs, name, seed };
      }),
      faults: rows(faults, path, "faults", (row): Fault => {
        const [kind, place, command, nth, value] = row as [string, string, number, number, unknown];
        return { kind, place, command, nth, value };
      }),
      turns: rows(turns, path, "turns", (row): Wait => {
        const [who, command, nth, waits] = row as [string, number, number, number];
        return { who, command, nth, waits };
      }),
    },
  };
}

function rows<T>(given: unknown, path: string, what: string, read: (row: unknown[]) => T): T[] {
  if (Array.isArray(given) && given.every((row) => Array.isArray(row))) {
    return given.map((row) => read(row as unknown[]));
  }
  throw new BadInputError(`replay: in ${path}, decisions.${what} is no list of lists`);
}

function list(items: readonly unknown[]): string {
  if (items.length === 0) return "[]";
  return `[\n${items.map((item) => `      ${JSON.stringify(item)}`).join(",\n")}\n    ]`;
}

import type { Store } from "./store.ts";

/** Runs on one shard, and answers with an encoded reply. `args[0]` is the command's name. */
export type Run = (store: Store, args: readonly string[], now: number) => string;

/** Where the keys are among the arguments; `last` counts from the end when negative. */
export interface KeyPositions {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

export interface ShardCommand {
  /** In lower case. */
  readonly name: string;
  /** Exact number of arguments, the name included; negative for at least so many. */
  readonly arity: number;
  /** Undefined when the command is about the whole keyspace. */
  readonly keys: KeyPositions | undefined;
  readonly write: boolean;
  readonly run: Run;
}

export const ONE_KEY: KeyPositions = { first: 1, last: 1, step: 1 };
export const ALL_KEYS: KeyPositions = { first: 1, last: -1, step: 1 };
/** Key, value, key, value, as in MSET. */
export const KEY_PAIRS: KeyPositions = { first: 1, last: -1, step: 2 };

export function read(
  name: string,
  arity: number,
  keys: KeyPositions | undefined,
  run: Run,
): ShardCommand {
  return { name, arity, keys, write: false, run };
}

export function write(
  name: string,
  arity: number,
  keys: KeyPositions | undefined,
  run: Run,
): ShardCommand {
  return { name, arity, keys, write: true, run };
}

export function arityFits(arity: number, length: number): boolean {
  return arity >= 0 ? length === arity : length >= -arity;
}

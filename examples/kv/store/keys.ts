import { integer, OK, simple } from "../resp.ts";
import { ALL_KEYS, ONE_KEY, read, write } from "./command.ts";
import { typeOf } from "./entry.ts";
import { SYNTAX } from "./errors.ts";
import type { Store } from "./store.ts";

export const keyCommands = [
  write("del", -2, ALL_KEYS, del),
  write("flushall", -1, undefined, flushall),
  read("exists", -2, ALL_KEYS, exists),
  read("type", 2, ONE_KEY, type),
  read("dbsize", 1, undefined, (store) => integer(store.size)),
];

function del(store: Store, args: readonly string[], now: number): string {
  let deleted = 0;
  for (let at = 1; at < args.length; at++) {
    const entry = store.get(args[at]!, now);
    if (entry === undefined) continue;
    store.delete(entry);
    deleted++;
  }
  return integer(deleted);
}

function exists(store: Store, args: readonly string[], now: number): string {
  let found = 0;
  for (let at = 1; at < args.length; at++) {
    if (store.get(args[at]!, now) !== undefined) found++;
  }
  return integer(found);
}

function type(store: Store, args: readonly string[], now: number): string {
  const value = store.get(args[1]!, now)?.value;
  return simple(value === undefined ? "none" : typeOf(value));
}

/** ASYNC and SYNC are the same here: the collector frees the memory when it likes. */
function flushall(store: Store, args: readonly string[]): string {
  if (args.length > 2 || (args.length === 2 && !/^a?sync$/i.test(args[1]!))) return SYNTAX;
  store.clear();
  return OK;
}

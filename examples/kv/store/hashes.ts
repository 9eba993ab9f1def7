import { array, bulk, bulkOrNull, EMPTY_ARRAY, integer, NULL_BULK } from "../resp.ts";
import { ONE_KEY, read, write } from "./command.ts";
import type { Hash } from "./entry.ts";
import { WRONG_TYPE, wrongArity } from "./errors.ts";
import type { Store } from "./store.ts";

export const hashCommands = [
  write("hset", -4, ONE_KEY, hset),
  write("hdel", -3, ONE_KEY, hdel),
  read("hget", 3, ONE_KEY, hget),
  read("hgetall", 2, ONE_KEY, hgetall),
  read("hlen", 2, ONE_KEY, hlen),
];

function hset(store: Store, args: readonly string[], now: number): string {
  if (args.length % 2 === 1) return wrongArity("hset");
  const found = store.get(args[1]!, now);
  const hash: unknown = found === undefined ? new Map<string, string>() : found.value;
  if (!isHash(hash)) return WRONG_TYPE;
  const before = hash.size;
  for (let at = 2; at < args.length; at += 2) hash.set(args[at]!, args[at + 1]!);
  if (found === undefined) store.set(args[1]!, hash);
  else store.update(found, hash);
  return integer(hash.size - before);
}

function hdel(store: Store, args: readonly string[], now: number): string {
  const entry = store.get(args[1]!, now);
  if (entry === undefined) return integer(0);
  const hash = entry.value;
  if (!isHash(hash)) return WRONG_TYPE;
  let deleted = 0;
  for (let at = 2; at < args.length; at++) if (hash.delete(args[at]!)) deleted++;
  if (hash.size === 0) store.delete(entry);
  else if (deleted > 0) store.update(entry, hash);
  return integer(deleted);
}

function hget(store: Store, args: readonly string[], now: number): string {
  const hash = store.get(args[1]!, now)?.value;
  if (hash === undefined) return NULL_BULK;
  return isHash(hash) ? bulkOrNull(hash.get(args[2]!)) : WRONG_TYPE;
}

function hgetall(store: Store, args: readonly string[], now: number): string {
  const hash = store.get(args[1]!, now)?.value;
  if (hash === undefined) return EMPTY_ARRAY;
  if (!isHash(hash)) return WRONG_TYPE;
  const replies: string[] = [];
  for (const [field, value] of hash) replies.push(bulk(field), bulk(value));
  return array(replies);
}

function hlen(store: Store, args: readonly string[], now: number): string {
  const hash = store.get(args[1]!, now)?.value;
  if (hash === undefined) return integer(0);
  return isHash(hash) ? integer(hash.size) : WRONG_TYPE;
}

function isHash(value: unknown): value is Hash {
  return value instanceof Map;
}

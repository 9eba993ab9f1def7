import { constants } from "node:buffer";
import { array, bulk, bulkOrNull, integer, NULL_BULK, OK } from "../resp.ts";
import { ALL_KEYS, KEY_PAIRS, ONE_KEY, read, write } from "./command.ts";
import { STRING_TOO_LONG, WRONG_TYPE, wrongArity } from "./errors.ts";
import { parseSetOptions } from "./set-options.ts";
import type { Store } from "./store.ts";

/** Room for the header that a reply puts before it. */
const LONGEST_STRING = constants.MAX_STRING_LENGTH - 64;

export const stringCommands = [
  write("set", -3, ONE_KEY, set),
  write("setnx", 3, ONE_KEY, setnx),
  write("mset", -3, KEY_PAIRS, mset),
  write("append", 3, ONE_KEY, append),
  write("getdel", 2, ONE_KEY, getdel),
  read("get", 2, ONE_KEY, get),
  read("mget", -2, ALL_KEYS, mget),
  read("strlen", 2, ONE_KEY, strlen),
];

function get(store: Store, args: readonly string[], now: number): string {
  const value = store.get(args[1]!, now)?.value;
  if (value === undefined) return NULL_BULK;
  return typeof value === "string" ? bulk(value) : WRONG_TYPE;
}

function set(store: Store, args: readonly string[], now: number): string {
  if (args.length === 3) {
    store.set(args[1]!, args[2]!);
    return OK;
  }
  const options = parseSetOptions(args, now);
  return typeof options === "string" ? options : setWith(store, args, now, options);
}

function setWith(
  store: Store,
  args: readonly string[],
  now: number,
  options: Exclude<ReturnType<typeof parseSetOptions>, string>,
): string {
  const found = store.get(args[1]!, now);
  const old = found?.value;
  if (options.returnOld && old !== undefined && typeof old !== "string") return WRONG_TYPE;
  const reply = options.returnOld ? bulkOrNull(old as string | undefined) : OK;
  if (found === undefined ? options.onlyExisting : options.onlyNew) {
    return options.returnOld ? reply : NULL_BULK;
  }
  if (found !== undefined && options.keepExpiry) {
    store.update(found, args[2]!);
    return reply;
  }
  const entry = store.set(args[1]!, args[2]!);
  if (options.expireAt !== undefined) store.expireAt(entry, options.expireAt);
  return reply;
}

function setnx(store: Store, args: readonly string[], now: number): string {
  if (store.get(args[1]!, now) !== undefined) return integer(0);
  store.set(args[1]!, args[2]!);
  return integer(1);
}

function mset(store: Store, args: readonly string[]): string {
  if (args.length % 2 === 0) return wrongArity("mset");
  for (let at = 1; at < args.length; at += 2) store.set(args[at]!, args[at + 1]!);
  return OK;
}

function mget(store: Store, args: readonly string[], now: number): string {
  const replies: string[] = [];
  for (let at = 1; at < args.length; at++) {
    const value = store.get(args[at]!, now)?.value;
    // A list or hash is null here and no error: one odd key must not spoil the others' answers.
    replies.push(typeof value === "string" ? bulk(value) : NULL_BULK);
  }
  return array(replies);
}

function getdel(store: Store, args: readonly string[], now: number): string {
  const entry = store.get(args[1]!, now);
  if (entry === undefined) return NULL_BULK;
  if (typeof entry.value !== "string") return WRONG_TYPE;
  const reply = bulk(entry.value);
  store.delete(entry);
  return reply;
}

function append(store: Store, args: readonly string[], now: number): string {
  const tail = args[2]!;
  const entry = store.get(args[1]!, now);
  if (entry === undefined) {
    store.set(args[1]!, tail);
    return integer(tail.length);
  }
  const head = entry.value;
  if (typeof head !== "string") return WRONG_TYPE;
  if (head.length + tail.length > LONGEST_STRING) return STRING_TOO_LONG;
  store.update(entry, join(head, tail));
  return integer(head.length + tail.length);
}

/**
 * Joins, and now and then makes V8 copy the pieces into one string.
 *
 * V8 joins by reference, 32 bytes a piece: ten million appends of one byte would hold 320 MB. Copying
 * each time the length has grown by an eighth keeps both the garbage and the copying in proportion.
 */
function join(head: string, tail: string): string {
  const whole = head + tail;
  const eighth = Math.max(29 - Math.clz32(whole.length), 0);
  // Reading one char is what makes V8 flatten.
  if (head.length >>> eighth !== whole.length >>> eighth) whole.charCodeAt(0);
  return whole;
}

function strlen(store: Store, args: readonly string[], now: number): string {
  const value = store.get(args[1]!, now)?.value;
  if (value === undefined) return integer(0);
  return typeof value === "string" ? integer(value.length) : WRONG_TYPE;
}

import { bulkArray, bulkOrNull, EMPTY_ARRAY, integer, NULL_ARRAY, NULL_BULK } from "../resp.ts";
import { ONE_KEY, read, type Run, write } from "./command.ts";
import { Deque } from "./deque.ts";
import type { Entry } from "./entry.ts";
import { NOT_AN_INTEGER, NOT_POSITIVE, WRONG_TYPE, wrongArity } from "./errors.ts";
import { parseInteger } from "./integers.ts";
import type { Store } from "./store.ts";

type End = "front" | "back";

export const listCommands = [
  write("lpush", -3, ONE_KEY, push("front")),
  write("rpush", -3, ONE_KEY, push("back")),
  write("lpop", -2, ONE_KEY, pop("lpop", "front")),
  write("rpop", -2, ONE_KEY, pop("rpop", "back")),
  read("llen", 2, ONE_KEY, llen),
  read("lrange", 4, ONE_KEY, lrange),
];

function push(end: End): Run {
  return (store, args, now) => {
    const found = store.get(args[1]!, now);
    const list = found === undefined ? new Deque() : found.value;
    if (!(list instanceof Deque)) return WRONG_TYPE;
    for (let at = 2; at < args.length; at++) {
      if (end === "front") list.pushFront(args[at]!);
      else list.pushBack(args[at]!);
    }
    if (found === undefined) store.set(args[1]!, list);
    else store.update(found, list);
    return integer(list.length);
  };
}

function pop(name: string, end: End): Run {
  return (store, args, now) => {
    if (args.length > 3) return wrongArity(name);
    const count = args.length === 3 ? parseInteger(args[2]!) : 1;
    if (count === undefined || count < 0) return NOT_POSITIVE;
    const entry = store.get(args[1]!, now);
    // Without a count the answer is one value or null, with one it is an array or a null array.
    if (entry === undefined) return args.length === 2 ? NULL_BULK : NULL_ARRAY;
    if (!(entry.value instanceof Deque)) return WRONG_TYPE;
    if (count === 0) return EMPTY_ARRAY;
    const values = take(store, entry, entry.value, end, Number(count));
    return args.length === 2 ? bulkOrNull(values[0]) : bulkArray(values);
  };
}

function take(store: Store, entry: Entry, list: Deque, end: End, count: number): string[] {
  const values: string[] = [];
  while (values.length < count && list.length > 0) {
    values.push((end === "front" ? list.popFront() : list.popBack())!);
  }
  if (list.length === 0) store.delete(entry);
  else store.update(entry, list);
  return values;
}

function llen(store: Store, args: readonly string[], now: number): string {
  const list = store.get(args[1]!, now)?.value;
  if (list === undefined) return integer(0);
  return list instanceof Deque ? integer(list.length) : WRONG_TYPE;
}

function lrange(store: Store, args: readonly string[], now: number): string {
  const start = parseInteger(args[2]!);
  const stop = parseInteger(args[3]!);
  if (start === undefined || stop === undefined) return NOT_AN_INTEGER;
  const list = store.get(args[1]!, now)?.value;
  if (list === undefined) return EMPTY_ARRAY;
  if (!(list instanceof Deque)) return WRONG_TYPE;
  // Negative positions count from the end, and `stop` is included.
  const from = Math.max(start < 0 ? list.length + Number(start) : Number(start), 0);
  const last = stop < 0 ? list.length + Number(stop) : Number(stop);
  return bulkArray(list.slice(from, Math.min(last + 1, list.length)));
}

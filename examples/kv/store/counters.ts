import { integer } from "../resp.ts";
import { ONE_KEY, write } from "./command.ts";
import { DECREMENT_OVERFLOW, NOT_AN_INTEGER, OVERFLOW, WRONG_TYPE } from "./errors.ts";
import { add, type Integer, parseInteger, SMALLEST } from "./integers.ts";
import type { Store } from "./store.ts";

export const counterCommands = [
  write("incr", 2, ONE_KEY, (store, args, now) => count(store, args[1]!, 1, now)),
  write("decr", 2, ONE_KEY, (store, args, now) => count(store, args[1]!, -1, now)),
  write("incrby", 3, ONE_KEY, incrby),
  write("decrby", 3, ONE_KEY, decrby),
];

function incrby(store: Store, args: readonly string[], now: number): string {
  const step = parseInteger(args[2]!);
  return step === undefined ? NOT_AN_INTEGER : count(store, args[1]!, step, now);
}

function decrby(store: Store, args: readonly string[], now: number): string {
  const step = parseInteger(args[2]!);
  if (step === undefined) return NOT_AN_INTEGER;
  // The one number whose opposite does not fit.
  return step === SMALLEST ? DECREMENT_OVERFLOW : count(store, args[1]!, -step, now);
}

function count(store: Store, key: string, step: Integer, now: number): string {
  const entry = store.get(key, now);
  if (entry === undefined) {
    store.set(key, String(step));
    return integer(step);
  }
  if (typeof entry.value !== "string") return WRONG_TYPE;
  const value = parseInteger(entry.value);
  if (value === undefined) return NOT_AN_INTEGER;
  const sum = add(value, step);
  if (sum === undefined) return OVERFLOW;
  store.update(entry, String(sum));
  return integer(sum);
}

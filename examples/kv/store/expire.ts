import { error, integer } from "../resp.ts";
import { ONE_KEY, read, type Run, write } from "./command.ts";
import { invalidExpireTime, NOT_AN_INTEGER, unsupportedOption } from "./errors.ts";
import { absoluteTime, type Unit } from "./expire-time.ts";
import { parseInteger } from "./integers.ts";

const NO_KEY = integer(-2);
const NO_EXPIRY = integer(-1);

export const expiryCommands = [
  write("expire", -3, ONE_KEY, expire("expire", 1000, "from now")),
  write("pexpire", -3, ONE_KEY, expire("pexpire", 1, "from now")),
  write("expireat", -3, ONE_KEY, expire("expireat", 1000, "absolute")),
  write("pexpireat", -3, ONE_KEY, expire("pexpireat", 1, "absolute")),
  write("persist", 2, ONE_KEY, (store, args, now) => {
    const entry = store.get(args[1]!, now);
    return integer(entry !== undefined && store.persist(entry) ? 1 : 0);
  }),
  // Redis rounds half a second up: SET EX 10 is to show 10, not 9.
  read(
    "ttl",
    2,
    ONE_KEY,
    timeLeft((ms) => Math.floor((ms + 500) / 1000)),
  ),
  read("pttl", 2, ONE_KEY, timeLeft(Math.trunc)),
];

function expire(name: string, unit: Unit, from: "from now" | "absolute"): Run {
  return (store, args, now) => {
    const condition = parseCondition(args);
    if (typeof condition === "string") return condition;
    const amount = parseInteger(args[2]!);
    if (amount === undefined) return NOT_AN_INTEGER;
    const time = absoluteTime(amount, unit, from === "absolute" ? 0 : now);
    if (time === undefined) return invalidExpireTime(name);

    const entry = store.get(args[1]!, now);
    if (entry === undefined || !condition(time, store.expiryOf(entry))) return integer(0);
    if (time <= now) store.delete(entry);
    else store.expireAt(entry, time);
    return integer(1);
  };
}

/** Whether the new expiry may replace the present one. */
type Condition = (time: number, present: number | undefined) => boolean;

/** Reads NX, XX, GT and LT behind the time, or returns the error reply for them. */
function parseCondition(args: readonly string[]): Condition | string {
  if (args.length === 3) return always;
  const given = new Set<string>();
  for (const option of args.slice(3)) {
    const name = option.toUpperCase();
    if (!/^(NX|XX|GT|LT)$/.test(name)) return unsupportedOption(option);
    given.add(name);
  }
  if (given.has("NX") && given.size > 1) {
    return error("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (given.has("GT") && given.has("LT")) {
    return error("ERR GT and LT options at the same time are not compatible");
  }
  return (time, present) =>
    !(given.has("NX") && present !== undefined) &&
    !(given.has("XX") && present === undefined) &&
    // A key that lives for ever outlives every time.
    !(given.has("GT") && time <= (present ?? Number.POSITIVE_INFINITY)) &&
    !(given.has("LT") && time >= (present ?? Number.POSITIVE_INFINITY));
}

const always: Condition = () => true;

function timeLeft(round: (ms: number) => number): Run {
  return (store, args, now) => {
    const entry = store.get(args[1]!, now);
    if (entry === undefined) return NO_KEY;
    const time = store.expiryOf(entry);
    return time === undefined ? NO_EXPIRY : integer(round(time - now));
  };
}

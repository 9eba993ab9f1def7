import { invalidExpireTime, NOT_AN_INTEGER, SYNTAX } from "./errors.ts";
import { absoluteTime, type Unit } from "./expire-time.ts";
import { parseInteger } from "./integers.ts";

export interface SetOptions {
  onlyNew: boolean;
  onlyExisting: boolean;
  returnOld: boolean;
  keepExpiry: boolean;
  /** Milliseconds since 1970. */
  expireAt: number | undefined;
}

const EXPIRIES: ReadonlyMap<string, { readonly unit: Unit; readonly absolute: boolean }> = new Map([
  ["EX", { unit: 1000, absolute: false }],
  ["PX", { unit: 1, absolute: false }],
  ["EXAT", { unit: 1000, absolute: true }],
  ["PXAT", { unit: 1, absolute: true }],
]);

/** Reads what follows `SET key value`, or returns the error reply for it. */
export function parseSetOptions(args: readonly string[], now: number): SetOptions | string {
  const options: SetOptions = {
    onlyNew: false,
    onlyExisting: false,
    returnOld: false,
    keepExpiry: false,
    expireAt: undefined,
  };
  let expiry: string | undefined;
  let amount = "";
  for (let at = 3; at < args.length; at++) {
    const option = args[at]!.toUpperCase();
    if (option === "NX" && !options.onlyExisting) options.onlyNew = true;
    else if (option === "XX" && !options.onlyNew) options.onlyExisting = true;
    else if (option === "GET") options.returnOld = true;
    else if (option === "KEEPTTL" && expiry === undefined) options.keepExpiry = true;
    else if (
      EXPIRIES.has(option) &&
      !options.keepExpiry &&
      // The same one twice is fine with Redis, and the later counts.
      (expiry ?? option) === option &&
      at + 1 < args.length
    ) {
      expiry = option;
      amount = args[++at]!;
    } else return SYNTAX;
  }
  if (expiry === undefined) return options;

  const time = parseExpiry(expiry, amount, now);
  if (typeof time === "string") return time;
  options.expireAt = time;
  return options;
}

function parseExpiry(option: string, text: string, now: number): number | string {
  const { unit, absolute } = EXPIRIES.get(option)!;
  const amount = parseInteger(text);
  if (amount === undefined) return NOT_AN_INTEGER;
  if (amount <= 0) return invalidExpireTime("set");
  return absoluteTime(amount, unit, absolute ? 0 : now) ?? invalidExpireTime("set");
}

/**
 * Decimal integers as Redis reads them, and the 64-bit range they live in.
 *
 * Nearly every number fits a JavaScript number exactly, so that is what comes back for them; only the
 * rest is a bigint.
 */
export type Integer = number | bigint;

export const LARGEST = 2n ** 63n - 1n;
export const SMALLEST = -(2n ** 63n);

/** Any number with this many digits is exact. */
const SAFE_DIGITS = 15;

/** Undefined for anything Redis would not print itself: "+1", "01", "-0", " 1", "", too large. */
export function parseInteger(text: string): Integer | undefined {
  if (text.length > SAFE_DIGITS) return parseLong(text);
  const negative = text.charCodeAt(0) === 45;
  const first = negative ? 1 : 0;
  if (text.length === first) return undefined;
  let value = 0;
  for (let at = first; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  // A leading zero is only right in "0" itself.
  if (text.charCodeAt(first) === 48 && text.length > 1) return undefined;
  return negative ? -value : value;
}

function parseLong(text: string): Integer | undefined {
  if (text.length > 20 || !/^-?[1-9]\d*$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= SMALLEST && value <= LARGEST ? narrow(value) : undefined;
}

/** The sum, undefined when it leaves 64 bits. */
export function add(a: Integer, b: Integer): Integer | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return sum >= SMALLEST && sum <= LARGEST ? narrow(sum) : undefined;
}

function narrow(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

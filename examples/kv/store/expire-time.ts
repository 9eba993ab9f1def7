import { LARGEST, SMALLEST, type Integer } from "./integers.ts";

/** Milliseconds in the unit a command counts in. */
export type Unit = 1 | 1000;

/** Up to this, seconds become milliseconds without a doubt about exactness. */
const SURELY_EXACT = 1e12;

/** `base + amount` in milliseconds since 1970; undefined where Redis's 64 bits would overflow. */
export function absoluteTime(amount: Integer, unit: Unit, base: number): number | undefined {
  if (typeof amount === "number" && Math.abs(amount) <= SURELY_EXACT) return base + amount * unit;
  const length = BigInt(amount) * BigInt(unit);
  // Replaying a log happens at minus infinity, but a log holds absolute times only.
  const time = length + BigInt(Number.isFinite(base) ? Math.trunc(base) : 0);
  return length < SMALLEST || length > LARGEST || time > LARGEST ? undefined : Number(time);
}

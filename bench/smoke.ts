import type { Size } from "./workload.ts";

const SMALL = 100;

/** In a smoke run everything is small: it shows that all results are right, not how fast. */
export function inSize(size: Size, smoke: boolean): Size {
  if (!smoke) return size;
  return Object.fromEntries(
    Object.entries(size).map(([what, count]) => [what, Math.min(count, SMALL)]),
  );
}

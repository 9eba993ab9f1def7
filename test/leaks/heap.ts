import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";

/** Multiplies how often everything is done; 1 is a million spawns and a million timeouts. */
const SCALE = Number(process.env["LEAK_SCALE"] ?? 1);

/** What is done at once, before everything is let go of again. */
const BATCH = 10_000;
/** What may be left, as a share of the heap before. */
const TOLERANCE = 1.05;

/** Does something `times` times, in batches, and expects the heap to be as it was after the first. */
export async function expectNoLeak(
  times: number,
  doBatch: (size: number) => Promise<void>,
): Promise<void> {
  const batches = Math.max(2, Math.round((times * SCALE) / BATCH));
  // The first makes what is made once: classes, compiled code, tables that have grown.
  await doBatch(BATCH);
  const before = await heapUsed();
  for (let batch = 0; batch < batches; batch++) await doBatch(BATCH);
  const after = await heapUsed();
  expect(after / before).toBeLessThan(TOLERANCE);
}

/** Bytes on the heap that somebody still holds. */
async function heapUsed(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error("leak tests need --expose-gc");
  // The second takes what finalisers and weak references have let go of.
  for (let round = 0; round < 2; round++) {
    globalThis.gc();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

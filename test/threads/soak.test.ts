import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Soak } from "./soak/soak.ts";

/** Threads that are killed; `npm run soak` kills 10,000. */
const KILLS = Number(process.env["KILLS"] ?? 200);
const SEED = Number(process.env["SEED"] ?? 1);

/** Mulberry32: small, and good enough to choose victims. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Memory {
  readonly heapMb: number;
  readonly rssMb: number;
}

async function memory(): Promise<Memory> {
  // The second takes what weak references and finalisers have let go of.
  for (let round = 0; round < 3; round++) {
    globalThis.gc!();
    await setImmediate();
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMb: heapUsed / 2 ** 20, rssMb: rss / 2 ** 20 };
}

/** What keeps this process alive, by kind. */
function handles(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => /port|worker|pipe/i.test(kind));
}

test(
  `${KILLS} random kills of threads under load leave nothing open, and nothing behind`,
  async () => {
    const before = handles();
    const began = performance.now();
    const soak = new Soak(seeded(SEED));
    await soak.run(Math.ceil(KILLS / 4));
    const early = await memory();
    await soak.run(Math.floor((KILLS * 3) / 4));
    const late = await memory();
    const { wronglyTold, threadsSeen, threadsHeld, ended, open, killed } = soak;
    await soak[Symbol.asyncDispose]();
    const tookS = (performance.now() - began) / 1_000;
    if (process.env["KILLS"] !== undefined) {
      const counts = Object.fromEntries(killed);
      const { settled } = open;
      console.info({ ended, settled, counts, early, late, threadsSeen, threadsHeld, tookS });
    }
    expect(wronglyTold).toEqual([]);
    expect(open.size).toBe(0);
    // Those that live, and those that the last stack or promise still holds.
    expect(threadsHeld).toBeLessThan(12);
    expect(handles()).toEqual(before);
    expect(late.heapMb).toBeLessThan(early.heapMb * 1.2 + 4);
  },
  Math.max(60_000, KILLS * 1_000),
);

import { started } from "troupe";
import { thread, type WatchdogOptions } from "troupe/threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Saboteur, Victim, type SaboteurRef } from "./actors.ts";
import { module, nextEvent, quietSystem, signsIn, twoThreads } from "./stage.ts";

/* A thread whose event loop stands still is found, the culprit named, and by policy ended. */
const REPORT: WatchdogOptions = { limitMs: 100, action: "report" };
const TERMINATE: WatchdogOptions = { limitMs: 100, action: "terminate" };

afterEach(() => vi.unstubAllGlobals());

function spinHere(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("who blocks a thread", () => {
  const culprits: readonly {
    readonly who: string;
    readonly by: RegExp | null;
    readonly suspect: RegExp | null;
    block(saboteur: SaboteurRef): void;
  }[] = [
    {
      who: "the actor whose turn it is",
      by: /^culprit$/,
      suspect: null,
      block: (saboteur) => saboteur.block(),
    },
    {
      who: "a child that it has there",
      by: /^child#\d+$/,
      suspect: null,
      block: (saboteur) => saboteur.blockInChild(),
    },
    {
      who: "code of no actor, with nobody to suspect",
      by: null,
      suspect: null,
      block: (saboteur) => saboteur.outsideOfActors(),
    },
  ];
  test.each(culprits)("is named: $who", async (culprit) => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1, watchdog: TERMINATE });
    const options = { on: pool, name: "culprit" };
    const saboteur = system.spawn(Saboteur, undefined, options);
    await saboteur.isThere();
    const blocked = nextEvent(system, "threadBlocked");
    const ended = nextEvent(system, "threadEnded");
    culprit.block(saboteur);
    const { by, suspect, blockedMs, action } = await blocked;
    expect(by === null ? null : culprit.by!.test(by)).toBe(culprit.by === null ? null : true);
    expect(suspect).toBe(culprit.suspect);
    expect(action).toBe("terminate");
    expect(blockedMs).toBeGreaterThanOrEqual(TERMINATE.limitMs);
    const { error, reason } = await ended;
    expect(reason).toEqual({ kind: "killed" });
    expect(error.message).toContain(by ?? "code of no actor");
  });

  test("is suspected where it runs behind an await", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1, watchdog: TERMINATE });
    const signs = signsIn(system);
    const saboteur = system.spawn(Saboteur, undefined, { on: pool, name: "culprit" });
    saboteur.blockLater(signs.signs);
    await signs.until("before it blocks");
    const blocked = nextEvent(system, "threadBlocked");
    signs.open();
    expect(await blocked).toMatchObject({ by: null, suspect: "culprit" });
  });
});

describe("a thread that is blocked", () => {
  test("is only reported, once each time, where that is the policy", async () => {
    await using system = quietSystem();
    const saboteur = system.spawn(Saboteur, undefined, {
      on: twoThreads({ size: 1, watchdog: REPORT }),
    });
    const before = await saboteur.isThere();
    let reports = 0;
    system.on(() => void reports++, "threadBlocked");
    for (const times of [1, 2]) {
      saboteur.blockFor(600);
      expect(await saboteur.isThere()).toBe(before);
      expect(reports).toBe(times);
    }
  });

  test("is found by default, and by default reported", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1 });
    expect(await system.spawn(Saboteur, undefined, { on: pool }).isThere()).toBeGreaterThan(0);
  });

  // A promise about time, on a machine that may be busy: how long a thread takes to start is its business.
  test("is replaced within the limit and 200 ms", { retry: 5 }, async () => {
    await using system = quietSystem();
    const limitMs = 600;
    const signs = signsIn(system);
    const pool = twoThreads({ size: 1, watchdog: { limitMs, action: "terminate" } });
    const saboteur = system.spawn(Saboteur, undefined, { on: pool });
    const victim = system.spawn(Victim, { signs: signs.signs }, { on: pool, restart: "permanent" });
    await started(victim);
    await saboteur.isThere();
    const fresh = nextEvent(system, "threadStarted");
    const blocked = nextEvent(system, "threadBlocked");
    const began = performance.now();
    saboteur.block();
    expect((await blocked).by).toMatch(/^saboteur#/);
    const { tookMs } = await fresh;
    const afterMs = performance.now() - began - tookMs;
    await signs.until("init", 2);
    expect(afterMs).toBeGreaterThanOrEqual(limitMs - 1);
    expect(afterMs).toBeLessThan(limitMs + 200);
  });

  test("is found where it is one of its own", async () => {
    await using system = quietSystem();
    const on = thread({ module, watchdog: TERMINATE });
    const saboteur = system.spawn(Saboteur, undefined, { on, restart: "permanent" });
    const before = await saboteur.isThere();
    const blocked = nextEvent(system, "threadBlocked");
    saboteur.block();
    expect((await blocked).by).toMatch(/^saboteur#/);
    expect(await saboteur.isThere()).not.toBe(before);
  });

  test("is found where the host shares no memory", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    await using system = quietSystem();
    const on = twoThreads({ size: 1, watchdog: TERMINATE });
    const saboteur = system.spawn(Saboteur, undefined, { on, restart: "permanent" });
    const before = await saboteur.isThere();
    const blocked = nextEvent(system, "threadBlocked");
    saboteur.block();
    expect(await blocked).toMatchObject({ by: null, suspect: null });
    expect(await saboteur.isThere()).not.toBe(before);
  });
});

describe("a thread that is not blocked", () => {
  test.each([
    ["shares memory", SharedArrayBuffer],
    ["is asked by messages", undefined],
  ])("is left alone while the one that watches it stands still: %s", async (_how, shared) => {
    vi.stubGlobal("SharedArrayBuffer", shared);
    await using system = quietSystem();
    const pool = twoThreads({ size: 1, watchdog: TERMINATE });
    const saboteur = system.spawn(Saboteur, undefined, { on: pool });
    const before = await saboteur.isThere();
    let reports = 0;
    system.on(() => void reports++, "threadBlocked");
    spinHere(5 * TERMINATE.limitMs);
    expect(await saboteur.isThere()).toBe(before);
    expect(reports).toBe(0);
  });
});

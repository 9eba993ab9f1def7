import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  exited,
  kill,
  restart,
  started,
  status,
  stop,
  supervisor,
  type SpawnOptions,
  type System,
} from "troupe";
import { thread, threads, transfer, type WatchdogOptions } from "troupe/threads";
import { describe, expect, test } from "vitest";
import { Saboteur, Victim, type VictimRef } from "./actors.ts";
import {
  module,
  nextEvent,
  quietSystem,
  rejection,
  signsIn,
  twoThreads,
  type SignsHere,
} from "./stage.ts";

/** Says when a thread is blocked. */
const REPORT: WatchdogOptions = { limitMs: 50, action: "report" };

async function victim(
  system: System,
  { signs }: SignsHere,
  options: SpawnOptions,
): Promise<VictimRef> {
  const ref = system.spawn(Victim, { signs }, options);
  await started(ref);
  return ref;
}

describe("a pool", () => {
  test("puts actors where the fewest are, and those of one key on one thread", async () => {
    await using system = quietSystem();
    const pool = twoThreads();
    const poolRef = system.spawn(pool);
    const spread = Array.from({ length: 4 }, () => system.spawn(Saboteur, undefined, { on: pool }));
    const places = await Promise.all(spread.map((ref) => ref.isThere()));
    expect(new Set(places).size).toBe(2);
    expect((await poolRef.which()).map(({ actors }) => actors)).toEqual([2, 2]);
    const keyed = Array.from({ length: 3 }, () =>
      system.spawn(Saboteur, undefined, { on: pool.by("user-17") }),
    );
    expect(new Set(await Promise.all(keyed.map((ref) => ref.isThere()))).size).toBe(1);
  });

  test("that is stopped ends what runs on it first, each as it would end", async () => {
    await using system = quietSystem();
    const pool = twoThreads();
    const poolRef = system.spawn(pool);
    const signs = signsIn(system);
    const ref = await victim(system, signs, { on: pool, restart: "permanent" });
    const held = await victim(system, signs, { on: pool });
    const answer = held.hold("last");
    await signs.until("last");
    const stopped = stop(poolRef);
    expect((await exited(ref)).kind).toBe("shutdown");
    expect(status(poolRef)).toBe("stopping");
    signs.open();
    // A handler that runs is waited for.
    expect(await answer).toBe("last");
    expect((await stopped).kind).toBe("normal");
    expect(signs.seen.filter((sign) => sign === "exits shutdown").length).toBe(2);
    const late = await rejection(started(system.spawn(Saboteur, undefined, { on: pool })));
    expect(late.message).toMatch(/has ended/);
  });

  test("that is stopped ends, also where its threads end under it", async () => {
    await using system = quietSystem();
    const pool = twoThreads();
    const poolRef = system.spawn(pool);
    const signs = signsIn(system);
    const on = { on: pool.by("one") };
    const saboteur = system.spawn(Saboteur, undefined, { ...on, restart: "temporary" });
    const ref = await victim(system, signs, { ...on, restart: "permanent", shutdown: "infinity" });
    const answer = rejection(ref.hold("last"));
    await signs.until("last");
    saboteur.blockFor(50);
    saboteur.exit(0);
    expect((await stop(poolRef)).kind).toBe("normal");
    expect((await answer).name).toBe("ActorStoppedError");
    expect([status(ref), status(saboteur)]).toEqual(["stopped", "stopped"]);
  });

  test("that begins anew has all that ran on it begin anew, on fresh threads", async () => {
    await using system = quietSystem();
    const pool = twoThreads();
    const poolRef = system.spawn(pool, undefined, { restart: "permanent" });
    const signs = signsIn(system);
    const ref = await victim(system, signs, { on: pool, restart: "permanent" });
    const before = await ref.where();
    const pending = rejection(ref.hold("pending"));
    await signs.until("pending");
    await restart(poolRef);
    expect((await pending).name).toBe("ActorStoppedError");
    expect(await ref.where()).not.toBe(before);
    expect((await poolRef.which()).map(({ actors }) => actors)).toContain(1);
  });

  test("that is killed has what runs on it killed, and begin anew if its supervisor says so", async () => {
    await using system = quietSystem();
    const pool = twoThreads();
    const signs = signsIn(system);
    const App = supervisor({ children: { pool: { actor: pool, restart: "permanent" } } });
    const app = system.spawn(App);
    // Those who come before it begin one of their own.
    await started(app);
    const permanent = await victim(system, signs, { on: pool, restart: "permanent" });
    const temporary = await victim(system, signs, { on: pool, restart: "temporary" });
    const before = await permanent.where();
    await kill(app.child("pool"));
    expect((await exited(temporary)).kind).toBe("killed");
    expect(await permanent.where()).not.toBe(before);
  });

  test("says which threads it has, when it is told to end one that it has not", async () => {
    await using system = quietSystem();
    const pool = twoThreads();
    const error = await rejection(system.spawn(pool).terminate(2));
    expect(error.message).toMatch(/there is no thread 2; it has 2, from 0/);
  });

  test("of no threads runs its actors where they are spawned", async () => {
    await using system = quietSystem();
    const pool = threads({ size: 0, module });
    const ref = system.spawn(Saboteur, undefined, { on: pool });
    expect(await ref.isThere()).toBe(0);
    expect(await system.spawn(pool).which()).toEqual([]);
  });

  test("runs once in a system", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1 });
    system.spawn(pool);
    const error = await rejection(started(system.spawn(pool)));
    expect(error.message).toMatch(/this pool runs already, as threads#\d+; spawn it before/);
  });
});

describe("a full way to a thread", () => {
  test("lets go of those who wait when the thread ends, and they reach the next", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1, window: 8 });
    const poolRef = system.spawn(pool);
    const signs = signsIn(system);
    const ref = await victim(system, signs, { on: pool, restart: "permanent" });
    const saboteur = system.spawn(Saboteur, undefined, { on: pool, restart: "temporary" });
    await saboteur.isThere();
    saboteur.block();
    const full = nextEvent(system, "overflow");
    expect(() => {
      for (let n = 0; n < 20; n++) ref.add(1);
    }).toThrow(/the way to threads#\d+\/0/);
    expect((await full).policy).toBe("reject");
    const calls = Promise.allSettled(Array.from({ length: 3 }, () => ref.value()));
    await poolRef.terminate(0);
    const settled = await calls;
    expect(settled.map((each) => each.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await ref.value()).toBe(0);
    expect((await poolRef.which())[0]).toMatchObject({ underWay: 0, replaced: 1 });
  });
});

describe("what is sent to a thread that has not begun yet", () => {
  test("is copied as it is sent, and what cannot go costs only itself", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1 });
    const signs = signsIn(system);
    const ref = system.spawn(Victim, { signs: signs.signs }, { on: pool });
    const list = [1];
    const bytes = new ArrayBuffer(8);
    const sums = [ref.sum(list), ref.sum(transfer(bytes))];
    // The turn of its sender has ended: it has gone.
    await setImmediate();
    list.push(2);
    const bad = rejection(ref.sum(new Proxy([1], {})));
    expect(await Promise.all(sums)).toEqual([1, 8]);
    expect((await bad).message).toMatch(/cannot|could not/);
    expect([bytes.byteLength, await ref.value()]).toEqual([0, 0]);
  });
});

describe("an actor whose thread is terminated", () => {
  test.each(["pool", "thread"])("begins anew when that is gone, on a %s", async (kind) => {
    await using system = quietSystem();
    const signs = signsIn(system);
    const worker = (options: ConstructorParameters<typeof Worker>[1]): Worker => {
      const made = new Worker(module, options);
      made.once("exit", () => signs.seen.push("gone"));
      return made;
    };
    const pool = threads({ size: 1, worker, watchdog: REPORT });
    const poolRef = system.spawn(pool);
    const on = kind === "pool" ? pool : thread({ worker, watchdog: REPORT });
    const ref = await victim(system, signs, { on, restart: "permanent" });
    const blocked = nextEvent(system, "threadBlocked");
    ref.spin();
    const pending = rejection(ref.value());
    await blocked;
    if (kind === "pool") await poolRef.terminate(0);
    else await kill(ref);
    expect((await pending).name).toBe("ActorStoppedError");
    expect(await ref.value()).toBe(0);
    expect(signs.seen).toEqual(["init", "gone", "init"]);
  });
});

describe("a kill", () => {
  test("of one that blocks its thread ends the thread, of its own or of a pool", async () => {
    const on = { module, watchdog: REPORT };
    for (const place of [thread(on), threads({ size: 1, ...on })]) {
      await using system = quietSystem();
      const ref = system.spawn(Saboteur, undefined, { on: place, restart: "permanent" });
      const before = await ref.isThere();
      const ended = nextEvent(system, "threadEnded");
      const blocked = nextEvent(system, "threadBlocked");
      ref.block();
      await blocked;
      await kill(ref);
      expect((await ended).error.message).toMatch(/was blocked by saboteur#\d+, and an actor/);
      expect(await ref.isThere()).not.toBe(before);
    }
  });

  test("of one whose neighbour holds the thread waits for that, and costs nobody anything", async () => {
    await using system = quietSystem();
    const pool = threads({ size: 1, module, watchdog: REPORT });
    const signs = signsIn(system);
    const other = await victim(system, signs, { on: pool });
    other.add(1);
    const ref = await victim(system, signs, { on: pool, restart: "temporary" });
    const saboteur = system.spawn(Saboteur, undefined, { on: pool });
    const before = await saboteur.isThere();
    const blocked = nextEvent(system, "threadBlocked");
    saboteur.blockFor(500);
    await blocked;
    await kill(ref);
    expect(status(ref)).toBe("stopped");
    expect([await saboteur.isThere(), await other.value()]).toEqual([before, 1]);
  });

  test("of one that does not leaves the thread to the others", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1 });
    const signs = signsIn(system);
    const other = await victim(system, signs, { on: pool });
    other.add(1);
    let ended = 0;
    system.on(() => void ended++, "threadEnded");
    for (let n = 0; n < 20; n++) {
      const ref = await victim(system, signs, { on: pool, restart: "temporary" });
      const answer = rejection(ref.hold(`held ${n}`));
      await signs.until(`held ${n}`);
      await kill(ref);
      expect((await answer).name).toBe("ActorStoppedError");
    }
    expect([await other.value(), ended]).toEqual([1, 0]);
  });

  test("of one whose thread has not begun yet ends it, and nobody else", async () => {
    await using system = quietSystem();
    const pool = twoThreads({ size: 1 });
    const other = system.spawn(Saboteur, undefined, { on: pool });
    const ref = system.spawn(Saboteur, undefined, { on: pool, restart: "temporary" });
    const own = system.spawn(Saboteur, undefined, {
      on: thread({ module }),
      restart: "temporary",
    });
    await Promise.all([kill(ref), kill(own)]);
    expect([status(ref), status(own)]).toEqual(["stopped", "stopped"]);
    expect(await other.isThere()).toBeGreaterThan(0);
  });
});

test("a thread of its own ends with its actor", async () => {
  await using system = quietSystem();
  const ref = system.spawn(Saboteur, undefined, { on: thread({ module }) });
  await ref.isThere();
  const ended = nextEvent(system, "threadEnded");
  await stop(ref);
  expect((await ended).error.message).toMatch(/has ended with its actor/);
});

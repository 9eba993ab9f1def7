import { describe, expect, test } from "vitest";
import { actor, kill, started, status, stop, type Backoff } from "troupe";
import { createTestSystem } from "troupe/testing";
import { take, Worker, worker } from "../support/worker.ts";

const permanent = { restart: "permanent" } as const;

describe("a back-off before the restart", () => {
  const inits: number[] = [];
  const Timed = actor({
    name: "timed",
    init: (ctx) => {
      inits.push(ctx.now());
      return {};
    },
    cast: {
      fail() {
        throw new Error("broken");
      },
    },
  });

  /** Lets the actor fail `count` times, as soon as it is up; answers the times of its starts. */
  async function startsOf(count: number, backoff: Backoff): Promise<number[]> {
    await using kit = createTestSystem();
    inits.length = 0;
    const parent = kit.system.spawn(
      actor({
        init: (ctx) => ({ child: ctx.spawn(Timed, undefined, { ...permanent, backoff }) }),
        supervision: { intensity: { max: 100, within: 1 } },
        call: { child: (ctx) => ctx.state.child },
      }),
    );
    const child = await parent.child();
    for (let i = 0; i < count; i++) child.fail();
    await kit.advance(60_000);
    return inits.slice();
  }

  test("fixed: the same each time", async () => {
    expect(await startsOf(3, { kind: "fixed", delay: 100 })).toEqual([0, 100, 200, 300]);
  });

  test("incremental: a step longer each time", async () => {
    const backoff = { kind: "incremental", step: 100, max: 250 } as const;
    expect(await startsOf(4, backoff)).toEqual([0, 100, 300, 550, 800]);
  });

  test("exponential: twice as long each time, up to max", async () => {
    const backoff = { kind: "exponential", min: 100, max: 500 } as const;
    expect(await startsOf(4, backoff)).toEqual([0, 100, 300, 700, 1_200]);
  });

  test("jitter comes from the world: the same seed waits the same, within the spread", async () => {
    const backoff = { kind: "exponential", min: 1_000, max: 60_000, jitter: 0.2 } as const;
    const one = await startsOf(2, backoff);
    const two = await startsOf(2, backoff);
    expect(one).toEqual(two);
    expect(one[1]).not.toBe(1_000);
    expect(one[1]).toBeGreaterThanOrEqual(800);
    expect(one[1]).toBeLessThanOrEqual(1_200);
  });

  test("starts anew after a quiet time, to the millisecond", async () => {
    await using kit = createTestSystem();
    inits.length = 0;
    const backoff = { kind: "exponential", min: 100, max: 800, resetAfter: 5_001 } as const;
    const ref = kit.system.spawn(Timed, undefined, { ...permanent, backoff });
    ref.fail();
    ref.fail();
    await kit.advance(300);
    expect(inits).toEqual([0, 100, 300]);
    // One short of the quiet time: the third failure in a row.
    await kit.advance(5_000);
    ref.fail();
    await kit.advance(400);
    expect(inits.at(-1)).toBe(5_700);
    await kit.advance(5_001);
    ref.fail();
    await kit.advance(100);
    expect(inits.at(-1)).toBe(5_700 + 5_001 + 100);
  });

  test("an init that fails waits longer each time", async () => {
    await using kit = createTestSystem();
    const at: number[] = [];
    const ref = kit.system.spawn(
      Worker,
      worker("a", [], {
        onInit: (run) => {
          at.push(kit.world.now());
          if (run > 1) throw new Error("no luck");
        },
      }),
      { ...permanent, backoff: { kind: "exponential", min: 2_000, max: 60_000 } },
    );
    ref.fail("broken");
    await kit.advance(30_000);
    expect(at).toEqual([0, 2_000, 6_000, 14_000, 30_000]);
  });

  test("messages wait for its end", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      backoff: { kind: "fixed", delay: 100 },
    });
    ref.fail("broken");
    const value = ref.value();
    await kit.advance(100);
    expect(await value).toBe(0);
  });

  test("a stop during it ends the actor at once, without a further init or exit", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), {
      ...permanent,
      backoff: { kind: "fixed", delay: 60_000 },
    });
    await started(ref);
    ref.fail("broken");
    await kit.run();
    take(journal);
    expect(await stop(ref, "enough")).toEqual({ kind: "shutdown", detail: "enough" });
    await kit.advance(120_000);
    expect(take(journal)).toEqual([]);
  });

  test("a kill during it finds nothing to kill: the actor comes back when it is over", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      backoff: { kind: "fixed", delay: 1_000 },
    });
    ref.fail("broken");
    await kit.run();
    await kill(ref);
    expect(status(ref)).toBe("restarting");
    await kit.advance(1_000);
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("two kills in a row are one", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    await started(ref);
    void kill(ref);
    void kill(ref);
    await kit.run();
    expect(status(ref)).toBe("running");
    expect(kit.eventsOf("restarting")).toHaveLength(1);
  });

  test("the parent's end during it ends the child too", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const options = { ...permanent, backoff: { kind: "fixed", delay: 60_000 } } as const;
    const Parent = actor({
      init: (ctx) => ({ child: ctx.spawn(Worker, worker("a", journal), options) }),
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent);
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    take(journal);
    const stopped = stop(parent);
    await kit.run();
    expect(await stopped).toEqual({ kind: "normal" });
    expect(status(child)).toBe("stopped");
    await kit.advance(120_000);
    expect(take(journal)).toEqual([]);
  });
});

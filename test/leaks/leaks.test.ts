import { afterAll, beforeAll, expect, test } from "vitest";
import {
  actor,
  createSystem,
  exited,
  group,
  kill,
  link,
  monitor,
  started,
  stop,
  topic,
  withOptions,
  type AnyRef,
  type System,
} from "troupe";
import { VirtualWorld } from "troupe/testing";
import { expectNoLeak } from "./heap.ts";

/** Not the test kit, which keeps every event. */
const world = new VirtualWorld();
let system: System;
beforeAll(() => {
  system = createSystem({ world, logger: false });
});
afterAll(async () => {
  await system.stop();
});

const news = topic<number>("news");
const LIMIT = { timeout: 60_000 };

const Worker = actor({
  name: "worker",
  init: () => ({ seen: 0 }),
  cast: {
    fail() {
      throw new Error("told to fail");
    },
    setTimers(ctx, count: number) {
      for (let n = 0; n < count; n++) ctx.timers.after(1_000 + n, () => {}).cancel();
      for (let n = 0; n < count; n++) ctx.timers.after(1_000 + n, () => {}, { key: "again" });
      ctx.timers.cancel("again");
    },
    joinAndLeave(ctx, count: number) {
      for (let n = 0; n < count; n++) {
        ctx.join(crowd(n));
        ctx.leave(crowd(n));
      }
    },
    watchAndCancel(ctx, targets: readonly AnyRef[]) {
      for (const target of targets) ctx.monitor(target, () => {}).cancel();
    },
    watch(ctx, target: AnyRef) {
      ctx.monitor(target, () => void ctx.state.seen++);
    },
    linkAndUnlink(ctx, targets: readonly AnyRef[]) {
      for (const target of targets) {
        ctx.link(target);
        ctx.unlink(target);
      }
    },
    subscribeAndEnd(ctx, count: number) {
      for (let n = 0; n < count; n++) ctx.subscribe(news, () => {})[Symbol.dispose]();
    },
    runTasks(ctx, count: number) {
      for (let n = 0; n < count; n++) ctx.task(Promise.resolve(n), () => void ctx.state.seen++);
    },
  },
  call: {
    value: (ctx) => ctx.state.seen,
    never: (ctx) => ctx.defer<number>(),
  },
  stream: {
    async *count() {
      for (let n = 0; ; n++) yield n;
    },
  },
});

const crowd = (n: number) => group(Worker, `crowd-${n % 10}`);

const spawnMany = (size: number) => Array.from({ length: size }, () => system.spawn(Worker));

/** An actor that lives through all batches, so that what it does not let go of stays. */
function longLived() {
  return system.spawn(Worker, undefined, { restart: "permanent" });
}

test("1,000,000 actors that are stopped leave nothing", LIMIT, async () => {
  await expectNoLeak(1_000_000, async (size) => {
    await Promise.all(spawnMany(size).map((ref) => stop(ref)));
  });
});

test("1,000,000 calls that time out leave nothing", LIMIT, async () => {
  const worker = longLived();
  const patient = withOptions(worker, { timeout: 10 });
  await expectNoLeak(1_000_000, async (size) => {
    const calls = Array.from({ length: size }, () => patient.never().catch(() => {}));
    await world.advance(20);
    await Promise.all(calls);
  });
});

test("calls whose caller aborts leave nothing, on the signal neither", LIMIT, async () => {
  const worker = longLived();
  const { signal } = new AbortController();
  const listening = withOptions(worker, { signal });
  await expectNoLeak(100_000, async (size) => {
    for (let n = 0; n < size; n++) await listening.value();
    const abort = new AbortController();
    const aborted = withOptions(worker, { signal: abort.signal, timeout: Infinity });
    const calls = Array.from({ length: size }, () => aborted.never().catch(() => {}));
    abort.abort();
    await Promise.all(calls);
  });
});

test(
  "actors that are named, joined, watched and linked leave nothing when they end",
  LIMIT,
  async () => {
    const watcher = longLived();
    await expectNoLeak(100_000, async (size) => {
      const refs = Array.from({ length: size }, (_, n) =>
        system.spawn(Worker, undefined, { name: `worker-${n}` }),
      );
      for (const ref of refs) {
        watcher.watch(ref);
        monitor(ref, () => {});
        link(ref, watcher);
        ref.joinAndLeave(1);
        ref.setTimers(1);
        ref.subscribeAndEnd(1);
      }
      await Promise.all(refs.map((ref) => started(ref)));
      await Promise.all(refs.map((ref) => stop(ref)));
      await world.settle();
    });
    expect(system.names()).toEqual([]);
  },
);

test("actors that fail and are killed leave nothing", LIMIT, async () => {
  await expectNoLeak(100_000, async (size) => {
    const refs = spawnMany(size);
    for (const [n, ref] of refs.entries()) {
      if (n % 2 === 0) ref.fail();
      else void kill(ref);
    }
    await Promise.all(refs.map((ref) => exited(ref)));
  });
});

test("100,000 restarts of one actor leave nothing", LIMIT, async () => {
  const worker = system.spawn(Worker, undefined, { restart: "permanent" });
  await expectNoLeak(100_000, async (size) => {
    for (let n = 0; n < size; n += 3) {
      worker.setTimers(2);
      worker.joinAndLeave(1);
      worker.fail();
      worker.fail();
      worker.fail();
      // The budget: three restarts in 5 s.
      await world.advance(5_001);
    }
  });
  expect(await worker.value()).toBe(0);
});

test("a cancelled timer is forgotten", LIMIT, async () => {
  const worker = longLived();
  await expectNoLeak(100_000, async (size) => {
    worker.setTimers(size);
    await worker.value();
  });
});

test("a cancelled monitor and a dissolved link are forgotten by both sides", LIMIT, async () => {
  const worker = longLived();
  const target = longLived();
  await expectNoLeak(100_000, async (size) => {
    const targets = Array.from({ length: size }, () => target);
    worker.watchAndCancel(targets);
    worker.linkAndUnlink(targets);
    await worker.value();
    for (let n = 0; n < size; n++) monitor(target, () => {}).cancel();
  });
});

test("a group that was left and a subscription that was ended are forgotten", LIMIT, async () => {
  const worker = longLived();
  await expectNoLeak(100_000, async (size) => {
    worker.joinAndLeave(size);
    worker.subscribeAndEnd(size);
    await worker.value();
  });
  expect(system.scopes()).toEqual([]);
  expect(system.publish(news, 1)).toBe(0);
});

test("a task that is done is forgotten", LIMIT, async () => {
  const worker = longLived();
  await expectNoLeak(100_000, async (size) => {
    worker.runTasks(size);
    await world.settle();
    await worker.value();
  });
});

test("a stream that its reader has left is forgotten", LIMIT, async () => {
  const worker = longLived();
  await expectNoLeak(20_000, async (size) => {
    for (let n = 0; n < size / 10; n++) {
      for await (const count of worker.count()) if (count === 2) break;
    }
  });
});

test("promises of an end that does not come, with time limits, leave nothing", LIMIT, async () => {
  const worker = longLived();
  await expectNoLeak(100_000, async (size) => {
    const waits = Array.from({ length: size }, () =>
      exited(worker, { timeout: 10 }).catch(() => {}),
    );
    await world.advance(20);
    await Promise.all(waits);
  });
});

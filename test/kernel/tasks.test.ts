import { describe, expect, test } from "vitest";
import {
  actor,
  ActorStoppedError,
  exited,
  isAlive,
  kill,
  restart,
  stop,
  type Context,
  type TaskOptions,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";

interface State {
  log: unknown[];
}
type Work = (signal: AbortSignal) => unknown;

const Tasked = actor({
  name: "tasked",
  init: (_ctx, props: State) => props,
  cast: {
    start(ctx: Context<State, State>, work: Work | Promise<unknown>, options?: TaskOptions) {
      ctx.task(work as Work, (result) => void ctx.state.log.push(result), options);
    },
    async hold(_ctx, until: Promise<unknown>) {
      await until;
    },
    note(ctx, what: string) {
      ctx.state.log.push(what);
    },
  },
});

function setUp(options: { restart?: "permanent" } = {}) {
  const kit = createTestSystem();
  const log: unknown[] = [];
  return { kit, log, tasked: kit.system.spawn(Tasked, { log }, options) };
}

test("the outcome of a task comes as a message, and may use the state", async () => {
  const { kit, log, tasked } = setUp();
  tasked.start(async () => "done");
  await kit.run();
  expect(log).toEqual(["done"]);
});

test("a task can be a promise that runs already, or plain work", async () => {
  const { kit, log, tasked } = setUp();
  tasked.start(Promise.resolve("promised"));
  tasked.start(() => "plain");
  await kit.run();
  expect(log).toEqual(expect.arrayContaining(["promised", "plain"]));
  expect(log).toHaveLength(2);
});

test("the actor handles other messages while a task runs", async () => {
  const { kit, log, tasked } = setUp();
  const work = gate<string>();
  tasked.start(() => work.passed);
  tasked.note("meanwhile");
  await kit.run();
  work.open("done");
  await kit.run();
  expect(log).toEqual(["meanwhile", "done"]);
});

test("the outcome waits for the handler that runs", async () => {
  const { kit, log, tasked } = setUp();
  const hold = gate();
  tasked.start(async () => "done");
  tasked.hold(hold.passed);
  await kit.run();
  expect(log).toEqual([]);
  hold.open();
  await kit.run();
  expect(log).toEqual(["done"]);
});

describe("a task that fails", () => {
  const error = new Error("no network");

  test.each<[string, Work]>([
    ["by rejecting", () => Promise.reject(error)],
    [
      "by throwing",
      () => {
        throw error;
      },
    ],
  ])("%s goes to supervision", async (_how, work) => {
    const { kit, log, tasked } = setUp();
    tasked.start(work);
    expect(await exited(tasked)).toEqual({ kind: "failed", error });
    expect(kit.eventsOf("failed")).toMatchObject([{ phase: "task", error }]);
    expect(log).toEqual([]);
  });

  test("waits for the running handler before it fails the actor", async () => {
    const { kit, tasked } = setUp();
    const hold = gate();
    tasked.start(() => Promise.reject(error));
    tasked.hold(hold.passed);
    await kit.run();
    expect(isAlive(tasked)).toBe(true);
    hold.open();
    await kit.run();
    expect(isAlive(tasked)).toBe(false);
  });

  test("is told as a message where that is asked for", async () => {
    const { kit, log, tasked } = setUp();
    tasked.start(() => Promise.reject(error), { onError: (caught) => void log.push(caught) });
    await kit.run();
    expect(log).toEqual([error]);
    expect(isAlive(tasked)).toBe(true);
  });
});

describe("at the end of the incarnation", () => {
  test.each([
    ["stop", (ref: Parameters<typeof stop>[0]) => stop(ref)],
    ["kill", (ref: Parameters<typeof kill>[0]) => kill(ref)],
    ["restart", (ref: Parameters<typeof restart>[0]) => restart(ref)],
  ])("(%s) a task is told by its signal, and its outcome is not seen", async (_how, end) => {
    const { kit, log, tasked } = setUp({ restart: "permanent" });
    const signals: AbortSignal[] = [];
    const work = gate<string>();
    tasked.start((signal) => {
      signals.push(signal);
      return work.passed;
    });
    await kit.run();
    expect(signals[0]!.aborted).toBe(false);
    await end(tasked);
    expect(signals[0]!.aborted).toBe(true);
    expect(signals[0]!.reason).toBeInstanceOf(ActorStoppedError);
    work.open("late");
    await kit.run();
    expect(log).toEqual([]);
  });

  test("a task that fails late is nobody's failure", async () => {
    const { kit, tasked } = setUp({ restart: "permanent" });
    const work = gate<string>();
    tasked.start(() => work.passed);
    await kit.run();
    await restart(tasked);
    work.fail(new Error("late"));
    await kit.run();
    expect(kit.eventsOf("failed")).toEqual([]);
  });

  test("an outcome that is queued already is not seen by the replacement", async () => {
    const { kit, log, tasked } = setUp({ restart: "permanent" });
    const hold = gate();
    tasked.start(async () => "old");
    tasked.hold(hold.passed);
    await kit.run();
    const again = restart(tasked);
    hold.open();
    await again;
    await kit.run();
    expect(log).toEqual([]);
  });
});

test("the signal of a task that is done does not abort later", async () => {
  const { kit, tasked } = setUp();
  const signals: AbortSignal[] = [];
  tasked.start(async (signal) => void signals.push(signal));
  await kit.run();
  await stop(tasked);
  expect(signals[0]!.aborted).toBe(false);
});

test("ctx.signal aborts at the end of the incarnation, with the reason why", async () => {
  const kit = createTestSystem();
  const signals: AbortSignal[] = [];
  const Holder = actor({
    init(ctx) {
      signals.push(ctx.signal);
      return {};
    },
  });
  const holder = kit.system.spawn(Holder, undefined, { restart: "permanent" });
  await kit.run();
  await restart(holder);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  await kill(holder);
  await kit.run();
  expect(signals[1]!.reason).toMatchObject({ code: "TROUPE_KILLED" });
  await stop(holder, "enough");
  expect(signals[2]!.reason).toMatchObject({
    code: "TROUPE_ACTOR_STOPPED",
    reason: { kind: "shutdown", detail: "enough" },
  });
});

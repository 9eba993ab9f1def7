import { describe, expect, test } from "vitest";
import { actor, createSystem, implement, started, TimeoutError, type RefOf } from "troupe";
import { pairOrder, simulate, type MessageFaults, type Sim } from "troupe/sim";
import { runSeeds, failing, faultsOf, quiet } from "./once.ts";

const Sink = actor({
  name: "sink",
  init: () => ({ got: [] as string[] }),
  cast: { note: (ctx, what: string) => void ctx.state.got.push(what) },
  call: {
    ask(ctx, what: string) {
      ctx.state.got.push(what);
      return what;
    },
    got: (ctx) => ctx.state.got,
  },
});

/** Sends what it is told to send, numbered from 1. */
const Source = actor({
  name: "source",
  init: (_ctx, sink: RefOf<typeof Sink>) => ({ sink, sent: 0 }),
  call: {
    send(ctx, count: number) {
      for (let i = 0; i < count; i++) ctx.state.sink.note(`${++ctx.state.sent}`);
    },
  },
});

interface App {
  readonly sink: RefOf<typeof Sink>;
  readonly sources: RefOf<typeof Source>[];
}

/** Two sources that each send `messages` to one sink, a few at a time. */
function sending(messages: MessageFaults | readonly MessageFaults[], count = 20) {
  const arrived: string[][] = [];
  return {
    arrived,
    scenario: {
      boot: () => {
        const system = createSystem();
        const sink = system.spawn(Sink);
        return { sink, sources: [1, 2].map(() => system.spawn(Source, sink)) };
      },
      workload: {
        clients: 2,
        steps: count / 2,
        pauseMs: [0, 3] as const,
        commands: {
          // A call, so that faults do not stop before all is sent.
          send: ({ app, client }: { app: App; client: number }) => app.sources[client - 1]!.send(2),
        },
      },
      faults: { messages },
      eventually: {
        // Whatever is late has come by then.
        itIsQuiet: ({ sim }: { sim: { now(): number } }) => sim.now() > 1_000,
      },
      finally: {
        look: ({ app, sim }: { app: App; sim: Sim }) => {
          arrived.push(sim.state<{ got: string[] }>(app.sink)!.got);
        },
      },
    },
  };
}

const asking = (timeout?: number) => ({
  boot: () => createSystem({ callTimeout: timeout ?? 1_000 }).spawn(Sink),
  workload: {
    steps: 5,
    commands: { ask: ({ app }: { app: RefOf<typeof Sink> }) => app.ask("?") },
  },
  faults: { messages: { from: "clients", to: Sink, loss: 0.3 } },
});

describe("loss", () => {
  test("of a cast: it never comes", async () => {
    const { scenario, arrived } = sending({ to: "sink", loss: 0.2 });
    const results = await runSeeds(scenario, 10);
    for (const [i, result] of results.entries()) {
      expect(arrived[i]!.length).toBe(40 - faultsOf(result, "message.lost"));
    }
    expect(arrived.some(({ length }) => length < 40)).toBe(true);
  });

  test("of a call or of its reply: the caller's time limit ends it", async () => {
    const results = await runSeeds(asking(), 20);
    const lost = (kind: string) => results.reduce((sum, each) => sum + faultsOf(each, kind), 0);
    expect(lost("message.lost")).toBeGreaterThan(0);
    expect(lost("message.reply lost")).toBeGreaterThan(0);
    for (const result of results) {
      const count = faultsOf(result, "message.lost") + faultsOf(result, "message.reply lost");
      expect(result.commands).toMatchObject({ done: 5 - count, rejected: count, cutOff: 0 });
      expect(result.simulatedMs).toBeGreaterThanOrEqual(count * 1_000);
    }
  });

  test("of a reply: the work was done all the same", async () => {
    const timedOut: number[] = [];
    await runSeeds(
      {
        ...asking(),
        workload: {
          steps: 5,
          commands: {
            ask: async ({ app }: { app: RefOf<typeof Sink> }) => {
              const error: unknown = await app.ask("?").catch((e: unknown) => e);
              if (error instanceof TimeoutError) timedOut.push((await app.got()).length);
            },
          },
        },
        faults: { messages: { to: "sink", loss: 0.5 } },
      },
      20,
    );
    expect(timedOut.length).toBeGreaterThan(0);
    expect(Math.max(...timedOut)).toBeGreaterThan(0);
  });
});

test("a duplicate comes twice, and nobody waits for the answer to the second", async () => {
  const { scenario, arrived } = sending({ to: "sink", duplicate: 0.2 });
  const results = await runSeeds(scenario, 10);
  for (const [i, result] of results.entries()) {
    expect(arrived[i]!.length).toBe(40 + faultsOf(result, "message.twice"));
  }
  expect(arrived.some(({ length }) => length > 40)).toBe(true);
});

describe("delay", () => {
  test.each([
    { ms: [1, 20] as const, why: "by any time" },
    { ms: [5, 5] as const, why: "by the same time, so that many are due at once" },
    { ms: [0, 2] as const, why: "by no time at all" },
  ])("keeps the order of each pair: $why", async ({ ms }) => {
    const { scenario, arrived } = sending({ to: "sink", delay: { chance: 0.5, ms } });
    const results = await runSeeds({ ...scenario, always: { order: pairOrder() } }, 30);
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
    expect(results.some((result) => faultsOf(result, "message.late") > 0)).toBe(true);
    expect(arrived.every(({ length }) => length === 40)).toBe(true);
  });

  test("keeps the order of each pair also where the faults stop in between", async () => {
    const Chatty = actor({
      name: "source",
      init: (ctx, sink: RefOf<typeof Sink>) => {
        let sent = 0;
        ctx.timers.every(10, () => sink.note(`${++sent}`));
      },
    });
    const results = await runSeeds(
      {
        boot: async () => {
          const system = createSystem();
          const sink = system.spawn(Sink);
          await started(system.spawn(Chatty, sink));
          return sink;
        },
        virtualTime: 200,
        faults: { messages: { to: "sink", delay: { chance: 0.5, ms: [50, 100] } } },
        always: { order: pairOrder() },
        eventually: { later: ({ sim }) => sim.now() > 500 },
      },
      20,
    );
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
    expect(results.some((result) => faultsOf(result, "message.late") > 0)).toBe(true);
  });

  test("holds back each message that it hits, and none comes early", async () => {
    const { scenario } = sending({ to: "sink", delay: { chance: 1, ms: [100, 100] } }, 2);
    const firstAt = new Map<number, number>();
    const results = await runSeeds(
      {
        ...scenario,
        workload: { ...scenario.workload, pauseMs: [0, 0] },
        always: {
          watch: ({ app, sim }) => {
            const got = sim.state<{ got: string[] }>(app.sink)?.got.length ?? 0;
            if (got > 0 && !firstAt.has(sim.seed)) firstAt.set(sim.seed, sim.now());
          },
        },
      },
      10,
    );
    const late = results.map((result) => faultsOf(result, "message.late"));
    expect(late).toContain(4);
    // In a quarter of the runs this kind of fault is left out.
    expect([...firstAt.values()]).toEqual(late.map((count) => (count === 0 ? 0 : 100)));
  });
});

test("reordering breaks the order of pairs, and pairOrder() says so", async () => {
  const { scenario } = sending({ to: "sink", reorder: { chance: 0.5, ms: [1, 20] } });
  const error = await failing({ ...scenario, seeds: 20, always: { order: pairOrder() } });
  expect(error.invariant).toBe("order");
  expect(error.message).toMatch(
    /sink#\d handled note, message \d+ from source#\d, after message \d+/,
  );
});

describe("a rule", () => {
  test("concerns only whom it names", async () => {
    const { scenario, arrived } = sending({ from: ["source#2"], to: Sink, loss: 1 });
    const results = await runSeeds(scenario, 10);
    const places = new Set(
      results.flatMap(({ decisions }) => decisions.faults.map((f) => f.place)),
    );
    expect([...places]).toEqual(["source#2 to sink#1"]);
    expect(new Set(arrived.map(({ length }) => length))).toEqual(new Set([20, 40]));
  });

  test("that is the first to fit is the one that counts", async () => {
    const { scenario } = sending([
      { from: "source#2", loss: 0 },
      { to: (label) => label.startsWith("sink"), loss: 1 },
    ]);
    const results = await runSeeds(scenario, 10);
    const places = new Set(
      results.flatMap(({ decisions }) => decisions.faults.map((f) => f.place)),
    );
    expect([...places]).toEqual(["source#3 to sink#1"]);
  });

  test("leaves alone what an actor sends to itself", async () => {
    const Own = implement<{ again(): void; left(): Promise<number> }>()({
      name: "own",
      init: () => ({ left: 5 }),
      cast: {
        again(ctx) {
          if (--ctx.state.left > 0) ctx.self.again();
        },
      },
      call: { left: (ctx) => ctx.state.left },
    });
    const results = await runSeeds(
      {
        boot: () => {
          const own = createSystem().spawn(Own);
          own.again();
          return own;
        },
        workload: { steps: 1, commands: { wait: () => undefined } },
        faults: { messages: { from: "own", loss: 1 } },
        eventually: { allCame: ({ app, sim }) => sim.state<{ left: number }>(app)?.left === 0 },
      },
      10,
    );
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
  });
});

test("a late cast that a full mailbox rejects is a dead letter, not an error of the run", async () => {
  const Slow = actor({
    name: "sink",
    mailbox: { capacity: 1, whenFull: "reject" },
    init: () => 0,
    cast: { note: async (ctx, _what: string) => ctx.sleep(100) },
  });
  const report = await simulate({
    ...quiet,
    seeds: 10,
    boot: () => createSystem().spawn(Slow),
    workload: {
      clients: 4,
      steps: 4,
      commands: { note: ({ app }) => app.note("x") },
    },
    faults: { messages: { to: "sink", delay: { chance: 1, ms: [1, 3] } } },
  });
  expect(report.faults["message.late"]).toBeGreaterThan(0);
});

import { expect, test } from "vitest";
import {
  actor,
  DeadlockError,
  implement,
  kill,
  loop,
  stop,
  withOptions,
  type ActorDef,
  type Ref,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

/** What a node is to do when it is asked: nothing more than a test hands it. */
type Deed = (self: Ref<Node>) => unknown;
interface Node {
  run(deed: Deed): Promise<unknown>;
  start(deed: Deed): void;
  ping(): Promise<string>;
}
const Node: ActorDef<Node> = implement<Node>()({
  name: "node",
  cast: { start: (ctx, deed) => void deed(ctx.self) },
  call: { run: (ctx, deed) => deed(ctx.self), ping: () => "pong" },
});
/** The same with handlers that are async functions. */
const AsyncNode: ActorDef<Node> = implement<Node>()({
  name: "node",
  cast: {
    async start(ctx, deed) {
      await Promise.resolve();
      await deed(ctx.self);
    },
  },
  call: {
    async run(ctx, deed) {
      await Promise.resolve();
      return await deed(ctx.self);
    },
    ping: () => "pong",
  },
});

const kinds = [
  ["from a handler", Node],
  ["behind an await", AsyncNode],
] as const;

test.each(kinds)("calling oneself %s rejects at once", async (_how, Kind) => {
  const { system } = createTestSystem();
  const node = system.spawn(Kind);
  const given = await node
    .run((self) => self.ping().catch((error: unknown) => error))
    .catch((error: unknown) => error);
  expect(given).toBeInstanceOf(DeadlockError);
  expect(given).toMatchObject({ circle: ["node#1", "node#1"] });
  expect((given as Error).message).toBe(
    "call node.ping to node#1: node#1 would wait for itself; call the function instead, or cast",
  );
});

test("calling oneself rejects at once outside of development too", async () => {
  const { system } = createTestSystem({ development: false });
  const node = system.spawn(Node);
  const given = await node.run((self) => self.ping().catch((error: unknown) => error));
  expect(given).toBeInstanceOf(DeadlockError);
});

test("calling oneself from init rejects at once", async () => {
  const { system } = createTestSystem();
  interface Early {
    found(): Promise<unknown>;
  }
  const Early: ActorDef<Early> = implement<Early>()({
    init: async (ctx) => ({ found: await ctx.self.found().catch((error: unknown) => error) }),
    call: { found: (ctx) => ctx.state.found },
  });
  expect(await system.spawn(Early).found()).toBeInstanceOf(DeadlockError);
});

test.each(kinds)("a circle of two, closed %s, rejects and is named", async (_how, Kind) => {
  const { system } = createTestSystem();
  const a = system.spawn(Kind, undefined, { name: "a" });
  const b = system.spawn(Kind, undefined, { name: "b" });
  const given = await a.run(() => b.run(() => a.ping().catch((error: unknown) => error)));
  expect(given).toBeInstanceOf(DeadlockError);
  expect(given).toMatchObject({ circle: ["b", "a", "b"] });
  expect((given as Error).message).toBe(
    "call node.ping to a closes a circle of waiting actors: b → a → b",
  );
});

test.each(kinds)("a circle of three, closed %s, rejects and is named", async (_how, Kind) => {
  const { system } = createTestSystem();
  const [a, b, c] = ["a", "b", "c"].map((name) => system.spawn(Kind, undefined, { name }));
  const given = await a!.run(() =>
    b!.run(() => c!.run(() => a!.ping().catch((error: unknown) => error))),
  );
  expect(given).toMatchObject({ circle: ["c", "a", "b", "c"] });
});

test("a circle through an init is named", async () => {
  const { system } = createTestSystem();
  const a = system.spawn(AsyncNode, undefined, { name: "a" });
  const Child = actor({
    init: async () => ({ error: await a.ping().catch((error: unknown) => error) }),
    call: { error: (ctx) => ctx.state.error },
  });
  const early = system.spawn(Child, undefined, { name: "early" });
  expect(await early.error()).toBe("pong");
  const late = await a.run(() => {
    const second = system.spawn(Child, undefined, { name: "second" });
    return second.error();
  });
  expect(late).toMatchObject({ circle: ["second", "a", "second"] });
});

test("a circle through a forwarded call is named", async () => {
  const { system } = createTestSystem();
  const a = system.spawn(AsyncNode, undefined, { name: "a" });
  const Door = actor({ call: { ping: (ctx) => ctx.forward(a).ping() } });
  const door = system.spawn(Door, undefined, { name: "door" });
  const given = await a.run(() => door.ping().catch((error: unknown) => error));
  expect(given).toMatchObject({ code: "TROUPE_DEADLOCK", circle: ["a", "a"] });
});

test("a circle in which a loop waits is named", async () => {
  const { system } = createTestSystem();
  const a = system.spawn(AsyncNode, undefined, { name: "a" });
  const found = gate<unknown>();
  const Asker = implement<{ ask(): Promise<unknown> }>().loop({ ask: "call" }, async (inbox) => {
    for await (const message of inbox) {
      const error = await a.ping().catch((caught: unknown) => caught);
      found.open(error);
      message.reply(error);
    }
  });
  const asker = system.spawn(Asker, undefined, { name: "asker" });
  await a.run(() => asker.ask());
  expect(await found.passed).toMatchObject({ circle: ["asker", "a", "asker"] });
});

test("outside of development a circle ends with the time limit", async () => {
  const kit = createTestSystem({ development: false });
  const a = kit.system.spawn(Node, undefined, { name: "a" });
  const b = kit.system.spawn(Node, undefined, { name: "b" });
  const { outcomes } = follow(a.run(() => b.run(() => a.ping())));
  await kit.advance(5_000);
  expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT" } }]);
});

test("calls that run in parallel to different actors close no circle", async () => {
  const { system } = createTestSystem();
  const [a, b, c] = ["a", "b", "c"].map((name) => system.spawn(AsyncNode, undefined, { name }));
  const given = await a!.run(() => Promise.all([b!.ping(), c!.ping(), b!.run(() => c!.ping())]));
  expect(given).toEqual(["pong", "pong", "pong"]);
});

test("two calls that wait for the same actor both count", async () => {
  const { system } = createTestSystem();
  const a = system.spawn(AsyncNode, undefined, { name: "a" });
  const b = system.spawn(AsyncNode, undefined, { name: "b" });
  const given = await a.run(async () => {
    const ping = b.ping();
    const back = b.run(() => a.ping().catch((error: unknown) => error));
    return [await ping, await back];
  });
  expect(given).toMatchObject(["pong", { code: "TROUPE_DEADLOCK" }]);
});

test("a task may call its own actor, and whoever waits for it", async () => {
  const kit = createTestSystem();
  const got: unknown[] = [];
  const Worker = actor({
    cast: {
      work(ctx, self: () => { value(): Promise<number> }) {
        ctx.task(
          async () => {
            await Promise.resolve();
            return await self().value();
          },
          (value) => void got.push(value),
        );
      },
    },
    call: { value: () => 7 },
  });
  const worker = kit.system.spawn(Worker);
  worker.work(() => worker);
  await kit.run();
  expect(got).toEqual([7]);
});

test("a source may call the actor that it feeds, also when that handles items asynchronously", async () => {
  const kit = createTestSystem();
  const got: number[] = [];
  const Fed = actor({
    init: () => ({ n: 0 }),
    cast: {
      feed(ctx, self: () => { next(): Promise<number> }) {
        async function* numbers(): AsyncGenerator<number> {
          for (let n = 0; n < 3; n = await self().next()) yield n;
        }
        ctx.source(numbers(), async (n) => {
          await Promise.resolve();
          got.push(n);
        });
      },
    },
    call: {
      next: (ctx) => {
        ctx.state.n++;
        return ctx.state.n;
      },
    },
  });
  const fed = kit.system.spawn(Fed);
  fed.feed(() => fed);
  await kit.run();
  expect(got).toEqual([0, 1, 2]);
  expect(kit.eventsOf("failed")).toEqual([]);
});

test("a call that a finished handler left open closes no circle with a later handler", async () => {
  const kit = createTestSystem();
  const a = kit.system.spawn(AsyncNode, undefined, { name: "a" });
  const b = kit.system.spawn(AsyncNode, undefined, { name: "b" });
  const go = gate();
  const hold = gate();
  const found: unknown[] = [];
  // Not awaited: the handler is done long before its call is.
  a.start(() => {
    void b.run(async () => {
      await go.passed;
      found.push(await a.ping().catch((error: unknown) => error));
    });
  });
  await kit.run();
  a.start(() => hold.passed);
  await kit.run();
  go.open();
  await kit.run();
  hold.open();
  await kit.run();
  expect(found).toEqual(["pong"]);
});

test("what a finished handler left running behind an await closes no circle either", async () => {
  const kit = createTestSystem();
  const a = kit.system.spawn(AsyncNode, undefined, { name: "a" });
  const b = kit.system.spawn(AsyncNode, undefined, { name: "b" });
  const go = gate();
  const hold = gate();
  const found: unknown[] = [];
  const collect = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => found.push(value),
      (error: unknown) => found.push(error),
    );
  a.start((self) => {
    const later = async (): Promise<void> => {
      await go.passed;
      void collect(self.ping());
      void collect(b.run(() => a.ping()));
    };
    void later();
  });
  await kit.run();
  a.start(() => hold.passed);
  await kit.run();
  go.open();
  await kit.run();
  hold.open();
  await kit.run();
  expect(found).toEqual(["pong", "pong"]);
});

test("a call that was passed on closes no circle with who passed it on", async () => {
  const kit = createTestSystem();
  const hold = gate<string>();
  const a = kit.system.spawn(AsyncNode, undefined, { name: "a" });
  const Slow = actor({ call: { get: () => hold.passed } });
  const slow = kit.system.spawn(Slow);
  const found: unknown[] = [];
  const Door = actor({
    cast: {
      async look() {
        found.push(await a.ping().catch((error: unknown) => error));
      },
    },
    call: { get: (ctx) => ctx.forward(slow).get() },
  });
  const door = kit.system.spawn(Door);
  const { outcomes } = follow(a.run(() => door.get()));
  await kit.run();
  door.look();
  await kit.run();
  hold.open("got");
  await kit.run();
  expect(outcomes).toEqual([{ value: "got" }]);
  expect(found).toEqual(["pong"]);
});

test("an actor that waits for one that keeps its reply is part of a circle", async () => {
  const kit = createTestSystem();
  const a = kit.system.spawn(AsyncNode, undefined, { name: "a" });
  const found: unknown[] = [];
  const Keeper = actor({
    cast: {
      async look() {
        found.push(await a.ping().catch((error: unknown) => error));
      },
    },
    call: { keep: (ctx) => ctx.defer<string>() },
  });
  const keeper = kit.system.spawn(Keeper, undefined, { name: "keeper" });
  follow(a.run(() => keeper.keep()));
  await kit.run();
  keeper.look();
  await kit.run();
  expect(found).toMatchObject([{ circle: ["keeper", "a", "keeper"] }]);
});

test("calls of an earlier turn that timed out close no circle", async () => {
  const kit = createTestSystem();
  const a = kit.system.spawn(AsyncNode, undefined, { name: "a" });
  const b = kit.system.spawn(AsyncNode, undefined, { name: "b" });
  const hold = gate();
  const first = follow(
    a.run(async () => {
      await withOptions(b, { timeout: 10 })
        .run(() => hold.passed)
        .catch(() => {});
      await hold.passed;
      return "done";
    }),
  );
  await kit.advance(10);
  const found: unknown[] = [];
  b.start(async () => found.push(await a.ping().catch((error: unknown) => error)));
  hold.open();
  await kit.run();
  expect(first.outcomes).toEqual([{ value: "done" }]);
  expect(found).toEqual(["pong"]);
});

test("a loop of one type of message may be told by itself, for a cast waits for nothing", async () => {
  const kit = createTestSystem();
  const got: number[] = [];
  const Countdown = loop<number>(async (inbox, ctx) => {
    for await (const n of inbox) {
      got.push(n);
      if (n > 0) ctx.self.send(n - 1);
    }
  });
  kit.system.spawn(Countdown).send(2);
  await kit.run();
  expect(got).toEqual([2, 1, 0]);
});

test("a listener that calls is not the actor that happens to run, and closes no circle", async () => {
  await using kit = createTestSystem();
  const a = kit.system.spawn(Node);
  const gone = kit.system.spawn(Node);
  const watched = kit.system.spawn(
    actor({
      init: (ctx) =>
        ctx.signal.addEventListener("abort", () => void answers.push(follow(a.ping()))),
    }),
  );
  const answers: ReturnType<typeof follow>[] = [];
  kit.system.on(() => void answers.push(follow(a.ping())), "deadLetter");
  await stop(gone);
  a.start(() => gone.start(() => {}));
  a.start(() => void kill(watched));
  await kit.run();
  expect(answers.map(({ outcomes }) => outcomes)).toEqual([
    [{ value: "pong" }],
    [{ value: "pong" }],
  ]);
});

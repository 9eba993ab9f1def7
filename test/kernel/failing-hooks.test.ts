import { describe, expect, test } from "vitest";
import { actor, exited, isAlive, kill, monitor, started, status, stop, type AnyRef } from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { HOOKS } from "../support/hooks.ts";
import { outcome } from "../support/outcome.ts";

const Neighbour = actor({ name: "neighbour", call: { ping: () => "pong" } });

/** Values that are awkward to show or to hold; all may be thrown. */
const THROWN: readonly [what: string, value: unknown][] = [
  ["an error", new Error("boom")],
  ["a string", "boom"],
  ["undefined", undefined],
  ["a symbol", Symbol("boom")],
  ["an object without a prototype", Object.create(null)],
  [
    "an error that cannot be shown",
    Object.defineProperty(new Error("x"), "message", {
      get() {
        throw new Error("no message");
      },
    }),
  ],
  [
    "an object that refers to itself",
    (() => {
      const self: Record<string, unknown> = {};
      self["self"] = self;
      return self;
    })(),
  ],
];

async function expectContained(kit: TestKit, neighbour: { ping(): Promise<string> }) {
  expect(await neighbour.ping()).toBe("pong");
  const later = kit.system.spawn(Neighbour);
  expect(await later.ping()).toBe("pong");
}

describe("a throw in a hook fails the actor, and nobody else", () => {
  for (const hook of HOOKS) {
    for (const [how, fail] of [
      ["throw", (error: unknown) => Promise.reject(error)],
      [
        "rejection",
        async (error: unknown) => {
          await Promise.resolve();
          throw error;
        },
      ],
    ] as const) {
      test(`${hook.hook}: a ${how}`, async () => {
        const kit = createTestSystem();
        const neighbour = kit.system.spawn(Neighbour);
        const error = new Error("boom");
        const ref = await hook.enter(kit, () => {
          if (how === "throw") throw error;
          return fail(error);
        });
        await kit.run();
        expect(await exited(ref)).toEqual({ kind: "failed", error });
        expect(kit.eventsOf("failed")).toMatchObject([{ error, decision: "stop" }]);
        await expectContained(kit, neighbour);
      });
    }

    test(`${hook.hook}: a hang leaves the actor waiting, and a kill ends it`, async () => {
      const kit = createTestSystem();
      const neighbour = kit.system.spawn(Neighbour);
      const ref = await hook.enter(kit, () => new Promise<void>(() => {}));
      await kit.advance(60_000);
      expect(status(ref)).toBe("running");
      const stopped = stop(ref);
      await kit.run();
      expect(await outcome(stopped)).toBe("pending");
      await kill(ref);
      await kit.run();
      expect(isAlive(ref)).toBe(false);
      await expectContained(kit, neighbour);
    });
  }
});

describe("whatever is thrown", () => {
  for (const [what, value] of THROWN) {
    test(`${what}, by a call handler: caller, links and monitors hear of it`, async () => {
      const kit = createTestSystem();
      const neighbour = kit.system.spawn(Neighbour);
      const Bomb = actor({
        call: {
          ask(): string {
            throw value;
          },
          wait: () => "",
        },
      });
      const bomb = kit.system.spawn(Bomb);
      const reasons: string[] = [];
      monitor(bomb, ({ reason }) => reasons.push(reason.kind));
      const asked = bomb.ask();
      const waiting = bomb.wait();
      await expect(asked).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
      await expect(waiting).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
      const reason = await exited(bomb);
      expect(reason.kind === "failed" && Object.is(reason.error, value)).toBe(true);
      await kit.run();
      expect(reasons).toHaveLength(1);
      await expectContained(kit, neighbour);
    });

    test(`${what}, by init: the spawner hears of it`, async () => {
      const kit = createTestSystem();
      const neighbour = kit.system.spawn(Neighbour);
      const Bomb = actor({
        init() {
          throw value;
        },
      });
      const bomb = kit.system.spawn(Bomb);
      await expect(started(bomb)).rejects.toMatchObject({ code: "TROUPE_START", why: "failed" });
      await expectContained(kit, neighbour);
    });
  }
});

/* oxlint-disable unicorn/no-thenable -- what careless authors write is what is tested here */

/** A promise whose `then` is given; what is derived from it is a plain one. */
class Own extends Promise<string> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of(then: (done: (value: string) => void) => void): Own {
    const own = new Own(() => {});
    return Object.assign(own, { then });
  }
}

describe("a handler that returns a thenable of its own", () => {
  const thenables: readonly [what: string, make: () => PromiseLike<string>, ends: boolean][] = [
    [
      "that settles at once",
      () => ({ then: (done) => (done as (v: string) => never)("now") }),
      false,
    ],
    [
      "whose then throws",
      () => ({
        then() {
          throw new Error("then threw");
        },
      }),
      true,
    ],
    [
      "whose then cannot be read",
      () =>
        Object.defineProperty({}, "then", {
          get() {
            throw new Error("no then");
          },
        }) as PromiseLike<string>,
      true,
    ],
    [
      "that settles twice",
      () => ({
        then(done, failed) {
          (done as (v: string) => void)("first");
          (failed as (e: unknown) => void)(new Error("second"));
          return undefined as never;
        },
      }),
      false,
    ],
    [
      "that extends Promise, settles at once, and again",
      () =>
        Own.of((done) => {
          done("now");
          done("again");
        }),
      false,
    ],
    [
      "that extends Promise, and whose then throws",
      () =>
        Own.of(() => {
          throw new Error("then threw");
        }),
      true,
    ],
  ];
  for (const [what, make, ends] of thenables) {
    for (const verb of ["ask", "init", "exit"] as const) {
      test(`${what}, in ${verb}: is waited for as a promise is, and contained`, async () => {
        const kit = createTestSystem();
        const neighbour = kit.system.spawn(Neighbour);
        const Odd = actor({
          init: () => (verb === "init" ? (make() as Promise<string>) : "state"),
          call: { ask: () => (verb === "ask" ? make() : "answer") },
          exit: () => (verb === "exit" ? (make() as Promise<unknown> as Promise<void>) : undefined),
        });
        const ref = kit.system.spawn(Odd);
        const asked = ref.ask();
        await kit.run();
        expect(await outcome(asked)).toBe(
          !ends || verb === "exit"
            ? "resolved"
            : verb === "ask"
              ? "TROUPE_ACTOR_FAILED"
              : "TROUPE_ACTOR_STOPPED",
        );
        await stop(ref);
        expect(kit.eventsOf("hookFailed")).toHaveLength(ends && verb === "exit" ? 1 : 0);
        await expectContained(kit, neighbour);
      });
    }
  }
});

test("a promise of a kind of its own that is settled by other code: the next message waits for that code", async () => {
  const kit = createTestSystem();
  const log: string[] = [];
  let settle!: (value: string) => void;
  const Odd = actor({
    cast: {
      begin: () => Own.of((done) => (settle = done)),
      next: () => void log.push("next"),
    },
  });
  const ref = kit.system.spawn(Odd);
  ref.begin();
  ref.next();
  await kit.run();
  settle("now");
  log.push("settled");
  await kit.run();
  expect(log).toEqual(["settled", "next"]);
});

/* oxlint-enable unicorn/no-thenable */

describe("the exit hook", () => {
  test("runs at every end but a kill, with the reason and the state", async () => {
    const seen: unknown[] = [];
    const error = new Error("boom");
    const Subject = actor({
      init: () => "state",
      cast: {
        fail() {
          throw error;
        },
      },
      exit: (ctx, reason) => void seen.push([ctx.state, reason]),
    });
    const kit = createTestSystem();
    const spawn = () => kit.system.spawn(Subject);
    await stop(spawn());
    await stop(spawn(), "why");
    spawn().fail();
    await kill(spawn());
    await kit.run();
    await kit.system.stop();
    expect(seen).toEqual([
      ["state", { kind: "normal" }],
      ["state", { kind: "shutdown", detail: "why" }],
      ["state", { kind: "failed", error }],
    ]);
  });

  test("that throws or rejects changes nothing about the end, and is told as an event", async () => {
    for (const exit of [
      () => {
        throw new Error("in exit");
      },
      () => Promise.reject(new Error("in exit")),
    ]) {
      const kit = createTestSystem();
      const ref = kit.system.spawn(actor({ exit }));
      expect(await stop(ref, "why")).toEqual({ kind: "shutdown", detail: "why" });
      expect(kit.eventsOf("hookFailed")).toMatchObject([{ hook: "exit" }]);
    }
  });

  test("can still give replies, send messages and read the clock", async () => {
    const kit = createTestSystem();
    const heard: string[] = [];
    const Other = actor({ cast: { hear: (_ctx, what: string) => void heard.push(what) } });
    const other = kit.system.spawn(Other);
    const Polite = actor({
      init: () => ({ bye: (): void => {} }),
      call: {
        keep(ctx) {
          const reply = ctx.defer<string>();
          ctx.state.bye = () => reply.resolve("bye");
          return reply;
        },
      },
      exit(ctx) {
        ctx.state?.bye();
        other.hear(`at ${ctx.now()}`);
      },
    });
    const polite = kit.system.spawn(Polite);
    const asked = polite.keep();
    await kit.run();
    await stop(polite);
    expect(await asked).toBe("bye");
    await kit.run();
    expect(heard).toEqual(["at 0"]);
  });

  test("runs at the end of every incarnation that fails, before the next begins", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    let inits = 0;
    const Fragile = actor({
      init() {
        log.push(`init ${++inits}`);
        return inits;
      },
      cast: {
        fail() {
          throw new Error("boom");
        },
      },
      exit: (ctx) => void log.push(`exit ${String(ctx.state)}`),
    });
    const ref = kit.system.spawn(Fragile, undefined, { restart: "permanent" });
    ref.fail();
    await kit.run();
    expect(log).toEqual(["init 1", "exit 1", "init 2"]);
  });

  test("that hangs is ended by a kill, which is what everybody hears", async () => {
    const kit = createTestSystem();
    const ref = kit.system.spawn(actor({ exit: () => new Promise<void>(() => {}) }));
    await kit.run();
    const stopped = stop(ref, "why");
    await kit.advance(60_000);
    expect(await outcome(stopped)).toBe("pending");
    await kill(ref);
    expect(await stopped).toEqual({ kind: "killed" });
  });
});

test("a listener of a monitor from outside that throws is told as an event", async () => {
  const kit = createTestSystem();
  const refs: AnyRef[] = [kit.system.spawn(Neighbour), kit.system.spawn(Neighbour)];
  monitor(refs[0]!, () => {
    throw new Error("in listener");
  });
  monitor(refs[1]!, () => Promise.reject(new Error("in listener")));
  await kit.run();
  for (const ref of refs) await stop(ref);
  await kit.run();
  expect(kit.eventsOf("hookFailed")).toHaveLength(2);
});

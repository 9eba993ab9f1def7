import { describe, expect, test } from "vitest";
import { actor, kill, loop, status, type FailureInfo } from "troupe";
import { createTestSystem } from "troupe/testing";
import { Worker, worker } from "../support/worker.ts";

const permanent = { restart: "permanent" } as const;

const resume = () => "resume" as const;

describe("onFailure decides by the error", () => {
  test("restart with other props: init of the new incarnation gets them, also later ones", async () => {
    await using kit = createTestSystem();
    const seen: number[] = [];
    const Sized = actor({
      init: (ctx, props: { size: number }) => {
        seen.push(props.size, ctx.props.size);
      },
      cast: {
        fail() {
          throw new Error("too big");
        },
      },
    });
    let asked = 0;
    const ref = kit.system.spawn(
      Sized,
      { size: 8 },
      { onFailure: () => (asked++ === 0 ? { restart: true, props: { size: 4 } } : "restart") },
    );
    ref.fail();
    ref.fail();
    await kit.run();
    expect(seen).toEqual([8, 8, 4, 4, 4, 4]);
    expect(status(ref)).toBe("running");
  });

  test("stop ends a permanent actor for good, with the failure as its reason", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      ...permanent,
      onFailure: () => "stop",
    });
    await expect(ref.failCall("broken")).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("resume keeps the state and takes the next message; the caller still hears", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(Worker, worker("a", journal), { onFailure: () => "resume" });
    ref.add(3);
    ref.fail("broken");
    await expect(ref.failCall("again")).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
    ref.failAfter(Promise.resolve(), "behind an await");
    ref.add(4);
    expect(await ref.value()).toBe(7);
    expect(journal).toEqual(["a init", "a up"]);
    expect(kit.eventsOf("failed").map(({ decision }) => decision)).toEqual([
      "resume",
      "resume",
      "resume",
    ]);
  });

  test("resume is a stop where nothing is left to resume: a kill, a loop, an init", async () => {
    await using kit = createTestSystem();
    const killed = kit.system.spawn(Worker, worker("a", []), { onFailure: resume });
    void kill(killed);
    const Broken = loop<string>(async (inbox) => {
      await inbox.receive();
      throw new Error("broken");
    });
    const looped = kit.system.spawn(Broken, undefined, { onFailure: resume });
    looped.send("go");
    const stubborn = kit.system.spawn(
      Worker,
      worker("c", [], {
        onInit: (run) => {
          if (run > 1) throw new Error("no luck");
        },
      }),
      { onFailure: (_error, { phase }) => (phase === "init" ? "resume" : "restart") },
    );
    stubborn.fail("broken");
    await kit.run();
    expect([killed, looped, stubborn].map((ref) => status(ref))).toEqual([
      "stopped",
      "stopped",
      "stopped",
    ]);
  });

  test("what it does not decide is left to the restart type", async () => {
    await using kit = createTestSystem();
    const options = { onFailure: () => undefined };
    const back = kit.system.spawn(Worker, worker("a", []), { ...options, restart: "transient" });
    const gone = kit.system.spawn(Worker, worker("b", []), { ...options, restart: "temporary" });
    back.fail("broken");
    gone.fail("broken");
    await kit.run();
    expect([status(back), status(gone)]).toEqual(["running", "stopped"]);
  });

  test("restart brings a temporary actor back", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      restart: "temporary",
      onFailure: () => "restart",
    });
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("running");
  });

  test("is told who failed, in what, how often, and the state that was left", async () => {
    await using kit = createTestSystem();
    const infos: FailureInfo[] = [];
    const errors: string[] = [];
    const ref = kit.system.spawn(
      Worker,
      worker("a", [], {
        onInit: (run) => {
          if (run === 2) throw new Error("no luck");
        },
      }),
      {
        name: "the-one",
        onFailure: (error, info) => {
          errors.push((error as Error).message);
          infos.push(info);
          return "restart";
        },
      },
    );
    ref.add(7);
    ref.fail("broken");
    await kit.run();
    expect(errors).toEqual(["broken", "no luck"]);
    expect(infos).toEqual([
      { child: "the-one", phase: "message", restarting: false, restarts: 0, state: { n: 7 } },
      { child: "the-one", phase: "init", restarting: true, restarts: 1, state: undefined },
    ]);
  });

  test("a replacement that cannot start has its own decision", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const ref = kit.system.spawn(
      Worker,
      worker("a", journal, {
        onInit: (run) => {
          if (run > 1) throw new Error("no luck");
        },
      }),
      { onFailure: (_error, { restarting }) => (restarting ? "stop" : "restart") },
    );
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(journal.filter((line) => line === "a init")).toHaveLength(2);
  });

  test("a throw in it is an escalation, and is reported", async () => {
    await using kit = createTestSystem();
    const Parent = actor({
      name: "parent",
      init: (ctx) => ({
        child: ctx.spawn(Worker, worker("a", []), {
          onFailure: () => {
            throw new Error("undecided");
          },
        }),
      }),
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent);
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    expect([status(child), status(parent)]).toEqual(["stopped", "stopped"]);
    expect(kit.eventsOf("hookFailed")).toMatchObject([{ hook: "onFailure" }]);
  });

  test("escalate: the parent fails with the same error, and its own keeper decides", async () => {
    await using kit = createTestSystem();
    const decided: unknown[] = [];
    const journal: string[] = [];
    const Parent = actor({
      name: "parent",
      init: (ctx) => {
        journal.push("parent init");
        return {
          child: ctx.spawn(Worker, worker("a", journal), { onFailure: () => "escalate" }),
        };
      },
      call: { child: (ctx) => ctx.state.child },
    });
    const parent = kit.system.spawn(Parent, undefined, {
      onFailure: (error, { phase }) => {
        decided.push(phase, (error as Error).message);
        return "restart";
      },
    });
    const child = await parent.child();
    child.fail("broken");
    await kit.run();
    expect(decided).toEqual(["children", "broken"]);
    expect(status(parent)).toBe("running");
    expect(journal).toEqual([
      "parent init",
      "a init",
      "a up",
      "a down: failed",
      "parent init",
      "a init",
      "a up",
    ]);
  });

  test("escalate at the top of the tree ends the actor alone", async () => {
    await using kit = createTestSystem();
    const other = kit.system.spawn(Worker, worker("other", []));
    const ref = kit.system.spawn(Worker, worker("a", []), { onFailure: () => "escalate" });
    ref.fail("broken");
    await kit.run();
    expect([status(ref), status(other)]).toEqual(["stopped", "running"]);
  });

  test.each([
    { what: "an unknown word", decide: () => "retry" },
    { what: "a number", decide: () => 7 },
    { what: "an empty object", decide: () => ({}) },
    { what: "a promise", decide: () => Promise.resolve("restart") },
    { what: "a promise that rejects", decide: () => Promise.reject(new Error("async")) },
  ])("$what is no decision: an escalation, and is reported", async ({ decide }) => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), {
      onFailure: decide as () => never,
    });
    ref.fail("broken");
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(kit.eventsOf("hookFailed")).toMatchObject([{ hook: "onFailure" }]);
  });
});

import { describe, expect, test } from "vitest";
import { actor, kill, loop, started, status, stop, type Ref, type Restart } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";

const permanent = { restart: "permanent" } as const;

/** Every way in which an actor can end, and whether it counts as its failure. */
const ways: readonly {
  readonly way: string;
  readonly failed: boolean;
  /** An order is obeyed whatever the restart type. */
  readonly order?: boolean;
  readonly end: (ref: Ref<Ending>) => void;
}[] = [
  { way: "a throw in a handler", failed: true, end: (ref) => ref.end("throw") },
  { way: "a rejection in a handler", failed: true, end: (ref) => ref.end("reject") },
  { way: "a throw in a call", failed: true, end: (ref) => void ref.endCall().catch(() => {}) },
  { way: "a throw in a lifecycle hook", failed: true, end: (ref) => ref.end("lifecycle") },
  { way: "a throw in a timer", failed: true, end: (ref) => ref.end("timer") },
  { way: "a failing task", failed: true, end: (ref) => ref.end("task") },
  { way: "a failing source", failed: true, end: (ref) => ref.end("source") },
  { way: "kill", failed: true, end: (ref) => void kill(ref) },
  { way: "a linked actor that failed", failed: true, end: (ref) => ref.end("link-fail") },
  { way: "a linked actor that was killed", failed: true, end: (ref) => ref.end("link-kill") },
  { way: "a link to nobody", failed: true, end: (ref) => ref.end("link-noproc") },
  { way: "ctx.stop with a failure", failed: true, end: (ref) => ref.end("stop-failed") },
  { way: "ctx.stop()", failed: false, end: (ref) => ref.end("stop") },
  { way: "ctx.stop with a text", failed: false, end: (ref) => ref.end("stop-text") },
  { way: "a linked actor that was shut down", failed: false, end: (ref) => ref.end("link-stop") },
  { way: "stop(ref)", failed: false, order: true, end: (ref) => void stop(ref) },
  {
    way: "stop(ref) with a failure",
    failed: true,
    order: true,
    end: (ref) => void stop(ref, { kind: "failed", error: new Error("by order") }),
  },
];

interface Ending {
  end(how: string): void;
  endCall(): Promise<void>;
}

const Ender = actor({
  name: "ender",
  init: (_ctx, _props: { inits: string[] }) => {
    _props.inits.push("init");
    return {};
  },
  onDown() {
    throw new Error("in a hook");
  },
  cast: {
    end(ctx, how: string): void | Promise<void> {
      const friend = () => ctx.spawn(Worker, worker("friend", []), { restart: "temporary" });
      switch (how) {
        case "throw":
          throw new Error("thrown");
        case "reject":
          return Promise.reject(new Error("rejected"));
        case "lifecycle": {
          const ref = friend();
          ctx.monitor(ref);
          void stop(ref);
          return undefined;
        }
        case "timer":
          ctx.timers.after(0, () => {
            throw new Error("in a timer");
          });
          return undefined;
        case "task":
          ctx.task(() => Promise.reject(new Error("in a task")));
          return undefined;
        case "source":
          ctx.source(failing(), () => {});
          return undefined;
        case "link-fail":
        case "link-kill":
        case "link-stop": {
          const ref = friend();
          ctx.link(ref);
          if (how === "link-fail") ref.fail("friend");
          else if (how === "link-kill") void kill(ref);
          else void stop(ref, "enough");
          return undefined;
        }
        case "link-noproc": {
          const ref = friend();
          ctx.timers.after(0, () => ctx.link(ref));
          void kill(ref);
          return undefined;
        }
        case "stop-failed":
          ctx.stop({ kind: "failed", error: new Error("given") });
          return undefined;
        case "stop-text":
          ctx.stop("enough");
          return undefined;
        default:
          ctx.stop();
          return undefined;
      }
    },
  },
  call: {
    endCall() {
      throw new Error("in a call");
    },
  },
});

async function* failing(): AsyncGenerator<number> {
  yield 1;
  throw new Error("in a source");
}

const RESTARTS: readonly Restart[] = ["permanent", "transient", "temporary"];

describe("what comes back", () => {
  const rows = ways.flatMap((row) =>
    RESTARTS.map((type) => ({
      ...row,
      type,
      back:
        row.order !== true && (type === "permanent" || (type === "transient" && row.failed))
          ? "comes back"
          : "stays ended",
    })),
  );

  test.each(rows)("$way: a $type actor $back", async ({ end, type, back }) => {
    await using kit = createTestSystem();
    const inits: string[] = [];
    const ref = kit.system.spawn(Ender, { inits }, { restart: type });
    await started(ref);
    end(ref);
    await kit.advance(10);
    expect(status(ref)).toBe(back === "comes back" ? "running" : "stopped");
    expect(inits).toHaveLength(back === "comes back" ? 2 : 1);
  });

  test.each(RESTARTS)("a first init that fails: a %s actor never comes back", async (type) => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const props = worker("a", journal, {
      onInit: () => {
        throw new Error("no luck");
      },
    });
    const ref = kit.system.spawn(Worker, props, { restart: type });
    await expect(started(ref)).rejects.toMatchObject({ code: "TROUPE_START", why: "failed" });
    await kit.advance(100);
    expect(journal).toEqual(["a init", "a down: failed"]);
  });

  test.each([
    { type: "permanent", runs: 2 },
    { type: "transient", runs: 1 },
    { type: "temporary", runs: 1 },
  ] as const)("a $type loop that returns has run $runs times", async ({ type, runs }) => {
    await using kit = createTestSystem();
    let count = 0;
    const Once = loop<string>(async (inbox) => {
      count++;
      if (count === 1) await inbox.receive();
      else await new Promise(() => {});
    });
    const ref = kit.system.spawn(Once, undefined, { restart: type });
    await started(ref);
    ref.send("that is all");
    await kit.run();
    expect(count).toBe(runs);
    expect(status(ref)).toBe(runs === 2 ? "running" : "stopped");
    if (runs === 2) void kill(ref);
    await kit.run();
  });

  test.each([
    { type: "permanent", runs: 2 },
    { type: "transient", runs: 2 },
    { type: "temporary", runs: 1 },
  ] as const)("a $type loop that throws has run $runs times", async ({ type, runs }) => {
    await using kit = createTestSystem();
    let count = 0;
    const Once = loop<string>(async (inbox) => {
      count++;
      await inbox.receive();
      throw new Error("broken");
    });
    const ref = kit.system.spawn(Once, undefined, { restart: type });
    await started(ref);
    ref.send("go");
    await kit.run();
    expect(count).toBe(runs);
  });
});

describe("an order to end holds", () => {
  test("when the running handler then throws", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    const until = gate();
    ref.failAfter(until.passed, "broken");
    await kit.run();
    const stopped = stop(ref);
    until.open();
    await kit.run();
    expect(status(ref)).toBe("stopped");
    expect(await stopped).toMatchObject({ kind: "failed" });
  });

  test("when the actor hangs and is killed after it was asked to stop", async () => {
    await using kit = createTestSystem();
    const ref = kit.system.spawn(Worker, worker("a", []), permanent);
    ref.work();
    await kit.run();
    void stop(ref);
    await kit.run();
    await kill(ref);
    await kit.run();
    expect(status(ref)).toBe("stopped");
  });

  test("when it comes while the failed incarnation is on its way out", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const leaving = gate();
    const props = worker("a", journal, { onExit: () => leaving.passed });
    const ref = kit.system.spawn(Worker, props, permanent);
    ref.fail("broken");
    await kit.run();
    const stopped = stop(ref);
    leaving.open();
    expect(await stopped).toMatchObject({ kind: "failed" });
    expect(take(journal)).toEqual(["a init", "a up", "a down: failed"]);
  });
});

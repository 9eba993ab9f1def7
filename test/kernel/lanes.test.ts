import { describe, expect, test } from "vitest";
import {
  actor,
  drain,
  exited,
  group,
  kill,
  monitor,
  stop,
  type InitContext,
  type Ref,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { gate } from "../support/gate.ts";

interface Busy {
  hold(): void;
  note(what: string): void;
}

/** An actor that is busy behind a door, with something waiting in every lane. */
async function busy(kit: TestKit, setUp: (ctx: InitContext) => void = () => {}) {
  const door = gate();
  const log: string[] = [];
  const other = kit.system.spawn(actor({ name: "other" }));
  const Subject = actor({
    init(ctx) {
      ctx.monitor(other, () => void log.push("down"));
      setUp(ctx);
    },
    cast: {
      async hold() {
        await door.passed;
        log.push("held");
      },
      note: (_ctx, what: string) => void log.push(what),
    },
    exit: (_ctx, { kind }) => void log.push(`exit ${kind}`),
  });
  const ref: Ref<Busy> = kit.system.spawn(Subject);
  ref.hold();
  await kit.run();
  ref.note("message");
  await stop(other);
  await kit.run();
  return { door, log, ref };
}

describe("kill > stop > lifecycle events > messages", () => {
  test("a lifecycle event is handled before messages that came first", async () => {
    const kit = createTestSystem();
    const { door, log } = await busy(kit);
    door.open();
    await kit.run();
    expect(log).toEqual(["held", "down", "message"]);
  });

  test("a stop is acted on before lifecycle events and messages, though it came last", async () => {
    const kit = createTestSystem();
    const { door, log, ref } = await busy(kit);
    const stopped = stop(ref);
    door.open();
    await stopped;
    expect(log).toEqual(["held", "exit normal"]);
  });

  test("a kill goes before a stop that waits, and interrupts the handler", async () => {
    const kit = createTestSystem();
    const { door, log, ref } = await busy(kit);
    void stop(ref, "too slow");
    await kill(ref);
    door.open();
    await kit.run();
    expect(await exited(ref)).toEqual({ kind: "killed" });
    expect(log).toEqual(["held"]);
  });

  test("a drain is behind everything that waits", async () => {
    const kit = createTestSystem();
    const { door, log, ref } = await busy(kit);
    const drained = drain(ref);
    door.open();
    await drained;
    expect(log).toEqual(["held", "down", "message", "exit normal"]);
  });

  test("all kinds of lifecycle events go before messages, in the order in which they came", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = gate();
    const Member = actor({ name: "member" });
    const crew = group(Member, "lanes");
    const other = kit.system.spawn(Member);
    const Subject = actor({
      init(ctx) {
        ctx.watchGroup(crew);
        ctx.link(other);
      },
      cast: {
        async hold(ctx) {
          ctx.spawn(Member);
          await door.passed;
        },
        note: () => void log.push("message"),
      },
      onChild: (_ctx, { kind }) => void log.push(`child ${kind}`),
      onGroup: (_ctx, { kind }) => void log.push(`group ${kind}`),
      onExit: () => void log.push("link"),
    });
    const ref = kit.system.spawn(Subject);
    ref.hold();
    ref.note();
    await kit.run();
    kit.system.spawn(actor({ init: (ctx) => ctx.join(crew) }));
    await kit.run();
    await stop(other);
    await kit.run();
    expect(log).toEqual([]);
    door.open();
    await kit.run();
    expect(log).toEqual(["child started", "group joined", "link", "message"]);
  });

  test("what the dead sent before it died is handled before its `down`; others' messages after", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = gate();
    const Subject = actor({
      cast: {
        async hold() {
          await door.passed;
        },
        note: (_ctx, what: string) => void log.push(what),
      },
    });
    const subject = kit.system.spawn(Subject);
    const Sender = actor({
      cast: {
        async say(_ctx, what: string) {
          subject.note(`${what}, at once`);
          await Promise.resolve();
          subject.note(`${what}, behind an await`);
        },
      },
    });
    const [dying, other] = [kit.system.spawn(Sender), kit.system.spawn(Sender)];
    const Watcher = actor({
      init: (ctx) => void ctx.monitor(dying, () => subject.note("down")),
    });
    kit.system.spawn(Watcher);
    subject.hold();
    other.say("other");
    dying.say("dying");
    await kit.run();
    await kill(dying);
    await kit.run();
    door.open();
    await kit.run();
    expect(log.at(-1)).toBe("down");
    expect(log.filter((line) => line.startsWith("dying"))).toEqual([
      "dying, at once",
      "dying, behind an await",
    ]);
  });

  test("an actor that watches hears first what the dead sent it, then `down`", async () => {
    for (const behindAwait of [false, true]) {
      const kit = createTestSystem();
      const log: string[] = [];
      const door = gate();
      const Speaker = actor({
        cast: {
          async say(_ctx, to: Ref<Busy>, what: string) {
            if (behindAwait) await Promise.resolve();
            to.note(what);
          },
        },
      });
      const dying = kit.system.spawn(Speaker);
      const other = kit.system.spawn(Speaker);
      const Subject = actor({
        init: (ctx) => void ctx.monitor(dying, () => void log.push("down")),
        cast: {
          async hold() {
            await door.passed;
          },
          note: (_ctx, what: string) => void log.push(what),
        },
      });
      const subject = kit.system.spawn(Subject);
      subject.hold();
      other.say(subject, "other's");
      dying.say(subject, "last words 1");
      dying.say(subject, "last words 2");
      await kit.run();
      await stop(dying);
      door.open();
      await kit.run();
      expect(log).toEqual(["last words 1", "last words 2", "down", "other's"]);
    }
  });
});

test("a kill of an actor in line for its turn is acted on before that turn", async () => {
  const kit = createTestSystem();
  const log: string[] = [];
  const ref = kit.system.spawn(actor({ cast: { note: () => void log.push("note") } }));
  await kit.run();
  monitor(ref, ({ reason }) => log.push(reason.kind));
  ref.note();
  await kill(ref);
  await kit.run();
  expect(log).toEqual(["killed"]);
});

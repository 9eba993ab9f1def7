import { describe, expect, test } from "vitest";
import {
  actor,
  exited,
  group,
  kill,
  monitor,
  nameOf,
  port,
  restart,
  started,
  stop,
  topic,
  type AnyRef,
  type InitContext,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";

const Store = actor({
  name: "store",
  call: { get: () => "value" },
  cast: {
    failNow() {
      throw new Error("boom");
    },
  },
});
const Other = actor({ name: "other" });

describe("a name", () => {
  test("leads to its actor, by definition and name or by definition alone", async () => {
    const { system } = createTestSystem();
    const main = system.spawn(Store, undefined, { name: "main" });
    const plain = system.spawn(Store, undefined, { name: "store" });
    expect(system.whereIs(Store, "main")).toBe(main);
    expect(system.whereIs(Store)).toBe(plain);
    expect(await system.whereIs(Store, "main")?.get()).toBe("value");
    expect(system.names()).toEqual(["main", "store"]);
    expect([nameOf(main), nameOf(system.spawn(Store))]).toEqual(["main", "store#3"]);
  });

  test("leads to nothing where it is free, or belongs to another kind", () => {
    const { system } = createTestSystem();
    system.spawn(Store, undefined, { name: "main" });
    expect(system.whereIs(Store, "backup")).toBeUndefined();
    expect(system.whereIs(Other, "main")).toBeUndefined();
  });

  test("belongs to its system alone", () => {
    const [one, two] = [createTestSystem(), createTestSystem()];
    one.system.spawn(Store, undefined, { name: "main" });
    expect(two.system.whereIs(Store, "main")).toBeUndefined();
    two.system.spawn(Store, undefined, { name: "main" });
    expect(two.system.names()).toEqual(["main"]);
  });

  test("is registered before init", async () => {
    const kit = createTestSystem();
    const found: unknown[] = [];
    const Self = actor({
      name: "self",
      init(ctx) {
        found.push(ctx.name, kit.system.names());
        return {};
      },
    });
    await started(kit.system.spawn(Self, undefined, { name: "me" }));
    expect(found).toEqual(["me", ["me"]]);
  });

  test("that is taken makes a start fail, and the bearer keeps it", async () => {
    const kit = createTestSystem();
    const first = kit.system.spawn(Store, undefined, { name: "main" });
    const second = kit.system.spawn(Store, undefined, { name: "main" });
    await expect(started(second)).rejects.toMatchObject({ why: "name-taken" });
    expect(kit.system.whereIs(Store, "main")).toBe(first);
    expect(kit.eventsOf("spawned").map(({ actor: name }) => name)).toEqual(["main"]);
    // Whoever counts by name must not take the bearer for dead.
    expect(kit.eventsOf("ended")).toEqual([]);
  });

  test("is kept over restarts", async () => {
    const kit = createTestSystem();
    const main = kit.system.spawn(Store, undefined, { name: "main", restart: "permanent" });
    main.failNow();
    await kit.run();
    await restart(main);
    await kill(main);
    await kit.run();
    expect(kit.system.whereIs(Store, "main")).toBe(main);
  });

  test("is free before anyone hears of the death", async () => {
    const kit = createTestSystem();
    const successors: AnyRef[] = [];
    const again = (): void => {
      successors.push(kit.system.spawn(Store, undefined, { name: "main" }));
    };
    const main = kit.system.spawn(Store, undefined, { name: "main" });
    await started(main);
    monitor(main, again);
    const Parent = actor({
      init(ctx) {
        ctx.spawn(Store, undefined, { name: "child", restart: "temporary" });
        return {};
      },
      onChild(_ctx, event) {
        if (event.kind === "ended") {
          successors.push(kit.system.spawn(Store, undefined, { name: event.name }));
        }
      },
    });
    kit.system.spawn(Parent);
    await kit.run();
    void stop(main);
    void stop(kit.system.whereIs(Store, "child")!);
    await kit.run();
    await Promise.all(successors.map((ref) => started(ref)));
    expect(successors.map((ref) => nameOf(ref)).toSorted()).toEqual(["child", "main"]);
  });
});

describe("a group", () => {
  const workers = group(Store, "workers");

  function member(join: (ctx: InitContext) => void) {
    return actor({
      name: "worker",
      init(ctx) {
        join(ctx);
        return { log: [] as string[] };
      },
      cast: {
        leave: (ctx) => ctx.leave(workers),
        join: (ctx) => ctx.join(workers),
        failNow() {
          throw new Error("boom");
        },
      },
      exit(ctx) {
        if (ctx.props === undefined) ctx.join(workers);
      },
    });
  }
  const Worker = member((ctx) => ctx.join(workers));

  async function crew(size: number) {
    const kit = createTestSystem();
    const refs = Array.from({ length: size }, () =>
      kit.system.spawn(Worker, undefined, { restart: "permanent" }),
    );
    await kit.run();
    return { kit, refs, group: kit.system.group(workers) };
  }

  test("is sent to as a whole, or to one by turns, by chance or by key", async () => {
    const { refs, group: all } = await crew(3);
    expect(all.members()).toEqual(refs);
    expect(all.all((ref) => nameOf(ref))).toEqual(["worker#1", "worker#2", "worker#3"]);
    expect([1, 2, 3, 4].map(() => all.one())).toEqual([...refs, refs[0]]);
    const chosen = new Set(Array.from({ length: 100 }, () => all.random()));
    expect(chosen.size).toBe(3);
    const byKey = (): unknown[] => ["a", "b", "c", "d"].map((key) => all.by(key));
    expect(byKey()).toEqual(byKey());
  });

  test("keeps its turns over all who ask for the group", async () => {
    const { kit, refs } = await crew(2);
    const one = () => kit.system.group(workers).one();
    expect([one(), one(), one()]).toEqual([...refs, refs[0]]);
  });

  test("moves only the keys of a member that left", async () => {
    const { refs, group: all } = await crew(4);
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
    const before = keys.map((key) => all.by(key));
    expect(new Set(before).size).toBe(4);
    await stop(refs[1]!);
    const moved = keys.filter((key, i) => all.by(key) !== before[i]);
    expect(moved).toEqual(keys.filter((_key, i) => before[i] === (refs[1] as unknown)));
  });

  test("that is empty sends to nobody", () => {
    const { system } = createTestSystem();
    const none = system.group(workers);
    expect([none.size, none.one(), none.random(), none.by("k"), none.all(nameOf)]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      [],
    ]);
  });

  test("loses its members when they die, before anyone hears of it", async () => {
    const { refs, kit, group: all } = await crew(2);
    const sizes: number[] = [];
    monitor(refs[0]!, () => sizes.push(all.size));
    await stop(refs[0]!);
    await kit.run();
    expect(sizes).toEqual([1]);
  });

  test("is not joined by the dead, from their exit hook", async () => {
    const { refs, kit, group: all } = await crew(1);
    await stop(refs[0]!);
    expect(all.size).toBe(0);
    expect(kit.eventsOf("hookFailed")).toMatchObject([{ error: { code: "TROUPE_ACTOR_STOPPED" } }]);
  });

  test("keeps its members over restarts, and they have to leave once all the same", async () => {
    const { refs, kit, group: all } = await crew(1);
    refs[0]!.failNow();
    await kit.run();
    await restart(refs[0]!);
    expect(all.members()).toEqual(refs);
    refs[0]!.join();
    refs[0]!.leave();
    await kit.run();
    expect(all.size).toBe(1);
    refs[0]!.leave();
    await kit.run();
    expect(all.size).toBe(0);
  });

  test("can be waited for until all who are in it have ended", async () => {
    const { refs, group: all } = await crew(2);
    let over = false;
    const waiting = all.exited().then(() => (over = true));
    await stop(refs[0]!);
    expect(over).toBe(false);
    await stop(refs[1]!);
    await waiting;
    expect(over).toBe(true);
  });

  test("is listed with its scope as long as it has members", async () => {
    const { refs, kit } = await crew(1);
    expect([kit.system.scopes(), kit.system.groups()]).toEqual([["default"], ["workers"]]);
    await stop(refs[0]!);
    expect([kit.system.scopes(), kit.system.groups()]).toEqual([[], []]);
  });

  test("is watched from a snapshot on, with no gap and no double", async () => {
    const { refs, kit } = await crew(1);
    const log: string[] = [];
    const Watcher = actor({
      init(ctx) {
        const now = ctx.watchGroup(workers, ({ kind, ref }) => {
          log.push(`${kind} ${nameOf(ref)}`);
        });
        log.push(...now.map((ref) => `was ${nameOf(ref)}`));
        return {};
      },
    });
    const watcher = kit.system.spawn(Watcher);
    await kit.run();
    kit.system.spawn(Worker);
    await kit.run();
    await stop(refs[0]!);
    await kit.run();
    expect(log).toEqual(["was worker#1", "joined worker#3", "left worker#1"]);
    await stop(watcher);
    kit.system.spawn(Worker);
    await kit.run();
    expect(log).toHaveLength(3);
  });
});

describe("a topic", () => {
  const news = topic<string>("news");
  const Reader = actor({
    name: "reader",
    init(ctx, props: { log: string[]; when?: (event: string) => boolean }) {
      const { log, when } = props;
      ctx.subscribe(news, (event) => void log.push(event), when === undefined ? {} : { when });
      return props;
    },
    cast: {
      async hold(_ctx, until: Promise<unknown>) {
        await until;
      },
    },
  });

  test("tells its subscribers, whoever publishes; nobody is fine as well", async () => {
    const kit = createTestSystem();
    expect(kit.system.publish(news, "to nobody")).toBe(0);
    const log: string[] = [];
    kit.system.spawn(Reader, { log });
    const Writer = actor({ cast: { write: (ctx, text: string) => void ctx.publish(news, text) } });
    await kit.run();
    expect(kit.system.publish(news, "a")).toBe(1);
    kit.system.spawn(Writer).write("b");
    await kit.run();
    expect(log).toEqual(["a", "b"]);
  });

  test("skips what a subscriber does not want, before it is in its mailbox", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    kit.system.spawn(Reader, { log, when: (event) => event.length > 1 });
    await kit.run();
    expect([kit.system.publish(news, "a"), kit.system.publish(news, "long")]).toEqual([0, 1]);
    await kit.run();
    expect(log).toEqual(["long"]);
  });

  test("leaves a slow subscriber to its own mailbox policy, and the publisher alone", async () => {
    const kit = createTestSystem();
    const hold = gate();
    const log: string[] = [];
    const slow = kit.system.spawn(
      Reader,
      { log },
      { mailbox: { capacity: 2, whenFull: "reject" } },
    );
    slow.hold(hold.passed);
    await kit.run();
    for (const text of ["a", "b", "c"]) kit.system.publish(news, text);
    expect(kit.eventsOf("deadLetter")).toMatchObject([{ actor: "reader#1", why: "mailbox full" }]);
    hold.open();
    await kit.run();
    expect(log).toEqual(["a", "b"]);
  });

  test("ends with its subscriber, and with a hand that disposes of it", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const reader = kit.system.spawn(Reader, { log });
    await kit.run();
    await stop(reader);
    expect(kit.system.publish(news, "a")).toBe(0);
    const Once = actor({
      init(ctx) {
        const subscription = ctx.subscribe(news, (event) => {
          log.push(event);
          subscription[Symbol.dispose]();
        });
        return {};
      },
    });
    kit.system.spawn(Once);
    await kit.run();
    for (const text of ["b", "c"]) kit.system.publish(news, text);
    await kit.run();
    expect(log).toEqual(["b"]);
  });

  test("what an actor published before it died arrives before its down", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const hold = gate();
    const Writer = actor({
      name: "writer",
      cast: {
        last(ctx) {
          ctx.publish(news, "last words");
          ctx.stop();
        },
      },
    });
    const writer = kit.system.spawn(Writer);
    const Watcher = actor({
      init(ctx) {
        ctx.monitor(writer, () => void log.push("down"));
        ctx.subscribe(news, (text) => void log.push(text));
        return {};
      },
      cast: {
        async hold(_ctx, until: Promise<unknown>) {
          await until;
        },
      },
    });
    kit.system.spawn(Watcher).hold(hold.passed);
    await kit.run();
    writer.last();
    await exited(writer);
    hold.open();
    await kit.run();
    expect(log).toEqual(["last words", "down"]);
  });
});

test("a port takes what bounds can be, and nothing else", () => {
  expect(() => port({ capacity: 0 })).toThrow(
    "port: capacity is 0; it must be a number of events, at least 1",
  );
});

describe("a converter of a subscriber", () => {
  const Prices = topic<{ readonly of: string; readonly cents: number }>("prices");
  const Ticker = actor({
    name: "ticker",
    init(ctx, props: { heard: string[]; strict?: boolean }) {
      const note = (line: string): void => void props.heard.push(line);
      ctx.subscribe(Prices, note, {
        convert: ({ of, cents }) => {
          if (props.strict === true && cents < 0) throw new RangeError("negative");
          return of === "tea" ? `tea ${cents}` : undefined;
        },
      });
    },
  });

  test("makes of an event what is heard, and skips with undefined", async () => {
    const { system, run } = inRun();
    const heard: string[] = [];
    await started(system.spawn(Ticker, { heard }));
    expect(system.publish(Prices, { of: "tea", cents: 3 })).toBe(1);
    expect(system.publish(Prices, { of: "coffee", cents: 9 })).toBe(0);
    await run();
    expect(heard).toEqual(["tea 3"]);
  });

  test("that throws fails its actor, and not the publisher", async () => {
    const { system } = inRun();
    const ticker = system.spawn(Ticker, { heard: [], strict: true });
    await started(ticker);
    expect(system.publish(Prices, { of: "tea", cents: -1 })).toBe(0);
    expect(await exited(ticker)).toMatchObject({
      kind: "failed",
      error: new RangeError("negative"),
    });
  });
});

test("an actor sends to its group by the same ref as the system does", async () => {
  const { system } = inRun();
  const Stores = group(Store, "stores");
  const Member = actor({ init: (ctx) => ctx.join(group(Store, "stores")) });
  const Asker = actor({ call: { size: (ctx) => ctx.group(Stores).size } });
  await started(system.spawn(Member));
  expect(await system.spawn(Asker).size()).toBe(1);
  expect(system.group(Stores).size).toBe(1);
});

test("ctx.date is the wall clock of the world", async () => {
  const kit = createTestSystem();
  const Clock = actor({ call: { date: (ctx) => ctx.date() } });
  const clock = kit.system.spawn(Clock);
  const before = await clock.date();
  await kit.advance(1_500);
  expect((await clock.date()) - before).toBe(1_500);
});

test("a port that was closed ends whoever begins to read it", async () => {
  const closed = port<number>();
  closed.close();
  const read: number[] = [];
  for await (const n of closed) read.push(n);
  expect(read).toEqual([]);
  expect(closed.readers).toBe(0);
});

function inRun() {
  const kit = createTestSystem();
  return { system: kit.system, run: () => kit.run() };
}

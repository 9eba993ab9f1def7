import {
  exited,
  isAlive,
  kill,
  link,
  monitor,
  restart,
  started,
  stop,
  unlink,
  type Down,
  type RefOf,
  type SpawnOptions,
  type System,
} from "troupe";
import { describe, expect, test } from "vitest";
import { Trapper, Watcher } from "./actors-links.ts";
import { journal, onOne, onTwo, own, stageSystem } from "./stage.ts";

/*
 * Links and monitors: 3.11 to 3.13 of docs/semantics.md, between all pairs of places. In the middle
 * of a pair of threads is the one that started both, and passes on.
 */
interface Pair {
  readonly pair: string;
  readonly one: SpawnOptions;
  readonly two: SpawnOptions;
}
const PAIRS: readonly Pair[] = [
  { pair: "both where they are spawned", one: {}, two: {} },
  { pair: "one here, two on a thread", one: {}, two: onOne },
  { pair: "one on a thread, two here", one: onOne, two: {} },
  { pair: "both on one thread", one: onOne, two: onOne },
  { pair: "on two threads", one: onOne, two: onTwo },
  { pair: "each on its own thread", one: { on: own }, two: { on: own } },
];

function couple(system: System, { one, two }: Pair, more: SpawnOptions = {}) {
  const book = journal(system);
  const props = (id: string) => ({ id, journal: book.journal });
  return {
    ...book,
    props,
    a: system.spawn(Watcher, props("a"), { ...one, ...more }),
    b: system.spawn(Watcher, props("b"), { ...two, ...more }),
  };
}

async function allThere(...refs: RefOf<typeof Watcher>[]): Promise<void> {
  await Promise.all(refs.map((ref) => ref.there()));
}

describe.each(PAIRS)("a link, $pair,", (pair) => {
  const stage = stageSystem();

  test("takes the other down when one fails, by the same reason", async () => {
    const { a, b, settled } = couple(stage.system, pair);
    await a.link(b);
    await allThere(b);
    b.fail("torn");
    expect(await exited(a)).toMatchObject({ kind: "failed", error: { message: "torn" } });
    expect((await settled()).filter((line) => String(line).includes("ends"))).toEqual([
      "b ends, failed: RangeError: torn",
      "a ends, failed: RangeError: torn",
    ]);
  });

  test("takes the one that made it down, too", async () => {
    const { a, b } = couple(stage.system, pair);
    await a.link(b);
    await allThere(b);
    a.fail("torn");
    expect(await exited(b)).toMatchObject({ kind: "failed", error: { name: "RangeError" } });
  });

  test("takes the other down by a kill and by a shutdown, and not by a normal end", async () => {
    const { system } = stage;
    const killed = couple(system, pair);
    link(killed.a, killed.b);
    await allThere(killed.a, killed.b);
    await kill(killed.a);
    expect((await exited(killed.b)).kind).toBe("killed");
    const shut = couple(system, pair);
    link(shut.a, shut.b);
    await allThere(shut.a, shut.b);
    await stop(shut.b, "maintenance");
    expect(await exited(shut.a)).toEqual({ kind: "shutdown", detail: "maintenance" });
    const calm = couple(system, pair);
    link(calm.a, calm.b);
    await allThere(calm.a, calm.b);
    await stop(calm.a);
    expect([await calm.b.there(), isAlive(calm.b)]).toEqual([true, true]);
  });

  test("is dissolved by an unlink, from either side", async () => {
    const { a, b } = couple(stage.system, pair);
    await a.link(b);
    await allThere(b);
    await b.unlink(a);
    await allThere(a);
    b.fail("alone");
    await exited(b);
    expect(await a.there()).toBe(true);
    const second = couple(stage.system, pair);
    link(second.a, second.b);
    unlink(second.b, second.a);
    await allThere(second.a, second.b);
    second.a.fail("alone");
    await exited(second.a);
    expect(await second.b.there()).toBe(true);
  });

  test("is an event for one with an onExit hook, which goes on", async () => {
    const { system } = stage;
    const { b, props, until } = couple(system, pair);
    const trapper = system.spawn(Trapper, props("t"), pair.one);
    await trapper.link(b);
    await allThere(b);
    b.fail("heard");
    await until("t: exit, failed: RangeError: heard");
    expect(await trapper.there()).toBe(true);
    const { b: calm } = couple(system, pair);
    await trapper.link(calm);
    await allThere(calm);
    await stop(calm);
    await until("t: exit, normal");
  });

  test("to one that is dead is a failure, or an event, by noproc", async () => {
    const { system } = stage;
    const { a, b, props, until } = couple(system, pair);
    await stop(b);
    await a.link(b).catch(() => {});
    expect((await exited(a)).kind).toBe("failed");
    const trapper = system.spawn(Trapper, props("t"), pair.one);
    await trapper.link(b);
    await until("t: exit, noproc");
  });

  test("is for one incarnation: both come back, and their fates are their own again", async () => {
    const { a, b, until, settled } = couple(stage.system, pair, { restart: "permanent" });
    await a.link(b);
    await allThere(b);
    b.fail("once");
    await until(6);
    await allThere(a, b);
    b.fail("twice");
    await until(8);
    await allThere(a, b);
    expect((await settled()).filter((line) => line === "a up")).toHaveLength(2);
    expect((await settled()).filter((line) => line === "b up")).toHaveLength(3);
  });

  test("fires at a restart by hand, as a shutdown", async () => {
    const { a, b } = couple(stage.system, pair);
    await a.link(b);
    await allThere(b);
    await restart(b);
    expect(await exited(a)).toMatchObject({ kind: "shutdown" });
  });

  test("fires after the last messages of the one that ended", async () => {
    const { system } = stage;
    const { b, props, until, lines } = couple(system, pair);
    const trapper = system.spawn(Trapper, props("t"), pair.one);
    await trapper.link(b);
    b.sayAndFail(trapper, 20);
    await until("t: exit, failed: RangeError: after that");
    const heard = lines.filter((line) => String(line).startsWith("t"));
    expect(heard).toEqual([
      ...Array.from({ length: 20 }, (_, n) => `t hears ${n + 1}`),
      "t: exit, failed: RangeError: after that",
    ]);
  });
});

describe.each(PAIRS)("a monitor, $pair,", (pair) => {
  const stage = stageSystem();

  test("gives exactly one down, with the reason, when the actor is gone for good", async () => {
    const { a, b, settled, until } = couple(stage.system, pair, { restart: "permanent" });
    await a.watch(b);
    b.fail("comes back");
    await b.there();
    await stop(b, "for good");
    await until("a: down, shutdown: for good");
    await a.there();
    expect((await settled()).filter((line) => String(line).includes(": down"))).toHaveLength(1);
  });

  test("tells of a failure and of a kill", async () => {
    const { a, b, until } = couple(stage.system, pair);
    await a.watch(b);
    b.fail("torn");
    expect(await until("a: down, failed: RangeError: torn")).not.toContain("a: down, noproc");
    const { a: c, b: d, until: then } = couple(stage.system, pair);
    await c.watch(d);
    await kill(d);
    await then("a: down, killed");
  });

  test("tells noproc of one that has ended already", async () => {
    const { a, b, until } = couple(stage.system, pair);
    await stop(b);
    await a.watch(b);
    expect(await until("a: down, noproc")).not.toContain("a: down, normal");
  });

  test("is not heard when it was cancelled", async () => {
    const { a, b, settled } = couple(stage.system, pair);
    await a.watch(b);
    await a.unwatch(b);
    await stop(b);
    await a.there();
    expect(await settled()).not.toContain("a: down, normal");
  });

  test("is one-way, and ends with the incarnation that watches", async () => {
    const { a, b, settled, until } = couple(stage.system, pair, { restart: "permanent" });
    await a.watch(b);
    await restart(a);
    await allThere(a, b);
    await stop(b);
    await until("b ends, normal");
    await a.there();
    expect((await settled()).filter((line) => String(line).includes(": down"))).toEqual([]);
  });

  test("tells after the last message of the one that ended", async () => {
    const { a, b, until, lines } = couple(stage.system, pair);
    await a.watch(b);
    b.sayAndFail(a, 50);
    await until("a: down, failed: RangeError: after that");
    const heard = lines.filter((line) => /^a(:| hears)/.test(String(line)));
    expect(heard).toEqual([
      ...Array.from({ length: 50 }, (_, n) => `a hears ${n + 1}`),
      "a: down, failed: RangeError: after that",
    ]);
  });

  test("knows whom it watches: a ref is the same wherever it came from", async () => {
    const { a, b } = couple(stage.system, pair);
    await a.watch(b);
    expect([await a.isSame(b), await a.isSame(a)]).toEqual([true, false]);
    await stop(b);
    expect(await a.isSame(b)).toBe(true);
  });

  test("of somebody outside of actors hears as well", async () => {
    const { a } = couple(stage.system, pair);
    await started(a);
    const downs: Down[] = [];
    const first = new Promise<void>((done) => {
      monitor(a, (down) => {
        downs.push(down);
        done();
      });
    });
    a.end("over");
    await first;
    expect(downs).toMatchObject([{ ref: a, reason: { kind: "shutdown", detail: "over" } }]);
    const again = await new Promise<Down>((done) => void monitor(a, done));
    expect(again.reason.kind).toBe("noproc");
  });
});

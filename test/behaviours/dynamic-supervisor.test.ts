import { describe, expect, test } from "vitest";
import {
  actor,
  dynamicSupervisor,
  exited,
  kill,
  started,
  status,
  stop,
  type SpawnOptions,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { gate } from "../support/gate.ts";
import { take, Worker, worker } from "../support/worker.ts";

function pool(kit: TestKit, child: SpawnOptions = {}, rest: object = {}) {
  const Pool = dynamicSupervisor({ name: "pool", actor: Worker, child, ...rest });
  return kit.system.spawn(Pool);
}

describe("start", () => {
  test("resolves with the ref of a child that has started", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const crew = pool(kit);
    const ref = await crew.start(worker("a", journal));
    expect(journal).toEqual(["a init", "a up"]);
    ref.add(3);
    expect(await ref.value()).toBe(3);
  });

  test("asks for no props where the definition has none", async () => {
    await using kit = createTestSystem();
    const Plain = actor({ name: "plain", init: () => 7, call: { seven: (ctx) => ctx.state } });
    const crew = kit.system.spawn(dynamicSupervisor({ actor: Plain }));
    expect(await (await crew.start()).seven()).toBe(7);
  });

  test("rejects with the StartError of one that cannot start; the supervisor goes on", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit);
    const bad = worker("a", [], { onInit: () => Promise.reject(new Error("no luck")) });
    await expect(crew.start(bad)).rejects.toMatchObject({
      code: "TROUPE_START",
      cause: { message: "no luck" },
    });
    expect(await crew.count()).toBe(0);
    expect(status(crew)).toBe("running");
  });

  test("of a slow child does not keep the supervisor from starting others", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit);
    const slow = gate();
    const first = crew.start(worker("slow", [], { onInit: () => slow.passed }));
    const second = await crew.start(worker("quick", []));
    slow.open();
    expect(await crew.which()).toEqual([await first, second]);
  });

  test("rejects with the end of the supervisor when that ends first", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit);
    const starting = crew.start(worker("a", [], { onInit: () => new Promise(() => {}) }));
    starting.catch(() => {});
    await kit.run();
    void stop(crew);
    await kit.run();
    await expect(starting).rejects.toBeDefined();
    expect(status(crew)).toBe("stopped");
  });
});

describe("maxChildren", () => {
  test("one more is refused with a StartError that says how many there may be", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, {}, { maxChildren: 2 });
    const one = await crew.start(worker("a", []));
    await crew.start(worker("b", []));
    await expect(crew.start(worker("c", []))).rejects.toMatchObject({
      code: "TROUPE_START",
      why: "too-many-children",
      message: expect.stringContaining("2 children") as string,
    });
    expect(await crew.count()).toBe(2);
    await crew.terminate(one);
    await crew.start(worker("d", []));
    expect(await crew.count()).toBe(2);
  });

  test("a child in back-off counts", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, { backoff: { kind: "fixed", delay: 1_000 } }, { maxChildren: 1 });
    const ref = await crew.start(worker("a", []));
    ref.fail("broken");
    await kit.run();
    await expect(crew.start(worker("b", []))).rejects.toMatchObject({ why: "too-many-children" });
  });

  test("children that could not start do not count", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, {}, { maxChildren: 1 });
    const bad = worker("a", [], { onInit: () => Promise.reject(new Error("no luck")) });
    await expect(crew.start(bad)).rejects.toMatchObject({ why: "failed" });
    await expect(crew.start(bad)).rejects.toMatchObject({ why: "failed" });
    await crew.start(worker("b", []));
  });
});

describe("children", () => {
  test("are transient, and oneForOne: a failure brings back that one alone", async () => {
    await using kit = createTestSystem();
    const journal: string[] = [];
    const crew = pool(kit);
    const [a, b] = [await crew.start(worker("a", journal)), await crew.start(worker("b", journal))];
    take(journal);
    a.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["a down: failed", "a init", "a up"]);
    b.end();
    await kit.run();
    expect(await crew.which()).toEqual([a]);
  });

  test("come back with the props that they were started with", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit);
    const journal: string[] = [];
    const refs = await Promise.all(["a", "b", "c"].map((id) => crew.start(worker(id, journal))));
    take(journal);
    refs[1]!.fail("broken");
    await kit.run();
    expect(take(journal)).toEqual(["b down: failed", "b init", "b up"]);
  });

  test("temporary ones are forgotten when they end", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, { restart: "temporary" });
    const ref = await crew.start(worker("a", []));
    ref.fail("broken");
    await kit.run();
    expect(await crew.count()).toBe(0);
  });

  test("share one restart budget; when it is spent, all end and the supervisor with them", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, {}, { intensity: { max: 1, within: 5_000 } });
    const [a, b] = [await crew.start(worker("a", [])), await crew.start(worker("b", []))];
    a.fail("broken");
    b.fail("broken");
    await kit.run();
    expect([status(a), status(b), status(crew)]).toEqual(["stopped", "stopped", "stopped"]);
    expect(await exited(crew)).toMatchObject({
      kind: "shutdown",
      detail: { code: "TROUPE_RESTART_INTENSITY" },
    });
  });

  test("are not there after the supervisor's own restart", async () => {
    await using kit = createTestSystem();
    const Pool = dynamicSupervisor({ actor: Worker });
    const crew = kit.system.spawn(Pool, undefined, { restart: "permanent" });
    await crew.start(worker("a", []));
    void kill(crew);
    await kit.run();
    expect(await crew.count()).toBe(0);
  });
});

describe("terminate", () => {
  test("ends one child, whatever its restart type", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, { restart: "permanent" });
    const ref = await crew.start(worker("a", []));
    await crew.terminate(ref);
    expect(status(ref)).toBe("stopped");
    expect(await crew.count()).toBe(0);
    await crew.terminate(ref);
  });

  test("kills one that hangs, after its shutdown time, while the supervisor answers", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, { shutdown: 200 });
    const ref = await crew.start(worker("a", []));
    ref.work();
    await kit.run();
    const ended = crew.terminate(ref);
    await kit.advance(199);
    expect(await crew.count()).toBe(1);
    await kit.advance(1);
    await ended;
    expect(await exited(ref)).toEqual({ kind: "killed" });
  });

  test("ends the restart loop of a child", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit, { backoff: { kind: "fixed", delay: 1_000 } });
    const ref = await crew.start(worker("a", []));
    ref.fail("broken");
    await kit.run();
    await crew.terminate(ref);
    expect(await crew.count()).toBe(0);
  });

  test("refuses an actor that is no child of its", async () => {
    await using kit = createTestSystem();
    const crew = pool(kit);
    const stranger = kit.system.spawn(Worker, worker("stranger", []));
    await expect(crew.terminate(stranger)).rejects.toMatchObject({ code: "TROUPE_BAD_INPUT" });
    expect([status(stranger), status(crew)]).toEqual(["running", "running"]);
  });
});

test("at its end all children are stopped at once, in one shutdown time", async () => {
  await using kit = createTestSystem();
  const crew = pool(kit, { shutdown: 1_000 });
  const refs = await Promise.all([1, 2, 3].map((n) => crew.start(worker(`w${n}`, []))));
  for (const ref of refs) ref.work();
  await kit.run();
  void stop(crew);
  await kit.advance(999);
  expect(refs.map((ref) => status(ref))).toEqual(["running", "running", "running"]);
  await kit.advance(1);
  expect(refs.map((ref) => status(ref))).toEqual(["stopped", "stopped", "stopped"]);
  expect(await exited(crew)).toEqual({ kind: "normal" });
});

test.each<[spec: object, named: RegExp]>([
  [{ maxChildren: -1 }, /maxChildren is -1/],
  [{ child: { shutdown: "never" } }, /shutdown is "never"/],
  [{ intensity: { max: -1, within: 1 } }, /intensity.max is -1/],
  [{ actor: {} }, /no definition/],
])("%o is refused with the definition", (spec, named) => {
  expect(() => dynamicSupervisor({ actor: Worker, ...spec })).toThrow(named);
});

test("messages to a child that was just started wait for its init", async () => {
  await using kit = createTestSystem();
  const crew = pool(kit);
  const ref = await crew.start(worker("a", []));
  await started(ref);
  expect(await ref.value()).toBe(0);
});

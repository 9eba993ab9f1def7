import {
  BadInputError,
  drain,
  dynamicSupervisor,
  exited,
  partitioned,
  started,
  stop,
  WrongStateError,
  type AnyRef,
  type RefOf,
} from "troupe";
import { describe, expect, test } from "vitest";
import {
  Counting,
  Dynamic,
  Echoing,
  Loop,
  Parts,
  Tree,
  Valve,
  Words,
} from "./actors-behaviours.ts";
import { ELSEWHERE, EVERYWHERE, journal, rejection, stageSystem } from "./stage.ts";

/* All the ways to write an actor, and the ready-made ones. */

describe.each(EVERYWHERE)("an actor $where", ({ here }) => {
  const stage = stageSystem();

  test("can be a loop: it ends when it returns, and fails when it throws", async () => {
    const { system } = stage;
    const { journal: book, until, settled } = journal(system);
    const words = system.spawn(Loop, { journal: book }, here);
    for (const word of ["a", "b", "c", "enough", "d"]) words.send(word);
    expect((await exited(words)).kind).toBe("normal");
    expect(await settled()).toEqual(["a 1", "b 2", "c 3"]);
    const again = system.spawn(Loop, { journal: book }, { ...here, restart: "transient" });
    for (const word of ["x", "fail", "y"]) again.send(word);
    await until("y 1");
    expect((await settled()).slice(3)).toEqual(["x 1", "y 1"]);
    await stop(again);
  });

  test("can be a loop that is drained", async () => {
    const { system } = stage;
    const { journal: book, settled } = journal(system);
    const words = system.spawn(Loop, { journal: book }, here);
    words.send("a");
    words.send("b");
    expect((await drain(words)).kind).toBe("normal");
    expect(await settled()).toEqual(["a 1", "b 2"]);
  });

  test("can be one with a contract", async () => {
    const counting = stage.system.spawn(Counting, undefined, here);
    for (let n = 1; n <= 10; n++) counting.add(n);
    expect(await counting.value()).toBe(55);
  });

  test("can be a state machine: postpones, refuses, has timeouts, and tells of its changes", async () => {
    const { system } = stage;
    const changes: string[] = [];
    const stopListening = system.on((event) => {
      if (event.type === "transition") changes.push(`${event.to} by ${event.by}`);
    }, "transition");
    const valve = system.spawn(Valve, { ms: 5 }, here);
    const error = await rejection(valve.shut());
    expect(error).toBeInstanceOf(WrongStateError);
    expect(error).toMatchObject({ event: "shut", state: "closed" });
    const opened = valve.opened();
    valve.open();
    expect(await opened).toBe("flowing, the 1. time");
    while (changes.length < 3) await rejection(valve.shut()).catch(() => "it was too slow");
    expect(changes[0]).toBe("closed by init");
    expect(changes[1]).toBe("flowing by open");
    expect(changes[2]).toMatch(/^closed by (?:after|shut)$/);
    const again = valve.opened();
    valve.open();
    expect(await again).toBe("flowing, the 2. time");
    stopListening();
    await stop(valve);
  });
});

describe.each(ELSEWHERE)("an actor $where", ({ here }) => {
  const stage = stageSystem();

  test("can be an agent, but its messages are functions, and refused", async () => {
    const words = stage.system.spawn(Words, undefined, here);
    await started(words);
    expect(() => words.cast((map) => map.set("a", 1))).toThrow(BadInputError);
    expect(() => words.cast((map) => map.set("a", 1))).toThrow(/cast: argument 1 is a function/);
    const error = await rejection(words.call((map) => map.size));
    expect(error).toBeInstanceOf(BadInputError);
    expect(error.message).toMatch(/call: argument 1 is a function.*code stays where it is/);
    await words.flush();
  });

  test("can be a supervisor, with its children there", async () => {
    const tree = stage.system.spawn(Tree, undefined, here);
    const which = await tree.which();
    expect(which.map(({ id, status }) => `${id} ${status}`)).toEqual([
      "left running",
      "right running",
    ]);
    const [left, right] = which.map(({ ref }) => ref as RefOf<typeof Echoing>);
    expect([await left!.echo("x"), await right!.echo("y")]).toEqual(["left: x", "right: y"]);
    left!.fail();
    expect(await left!.echo("again")).toBe("left: again");
    expect((await tree.which())[0]!.ref).toBe(left);
    await tree.terminate("right");
    expect((await exited(right!)).kind).toBe("shutdown");
    expect(await tree.count()).toEqual({ specs: 2, active: 1 });
    await tree.restart("right");
    const renewed = (await tree.which())[1]!.ref as RefOf<typeof Echoing>;
    expect(await renewed.echo("z")).toBe("right: z");
    await stop(tree);
    expect((await exited(left!)).kind).toBe("shutdown");
  });

  test("can be a supervisor whose child is asked for at once: that is refused with a hint", () => {
    const tree = stage.system.spawn(Tree, undefined, here);
    expect(() => tree.child("left")).toThrow(/which\(\)/);
  });

  test("can be a dynamicSupervisor, with its children there", async () => {
    const dynamic = stage.system.spawn(Dynamic, undefined, here);
    const one = await dynamic.start({ prefix: "1: " });
    const two = await dynamic.start({ prefix: "2: " });
    expect([await one.echo("x"), await two.echo("y")]).toEqual(["1: x", "2: y"]);
    expect(await rejection(dynamic.start({ prefix: "3: " }))).toMatchObject({
      name: "StartError",
      why: "too-many-children",
    });
    expect(await dynamic.which()).toEqual([one, two]);
    await dynamic.terminate(one);
    expect([await dynamic.count(), (await exited(one)).kind]).toEqual([1, "shutdown"]);
    await stop(dynamic);
  });

  test("can be a partitioned supervisor", async () => {
    const parts = stage.system.spawn(Parts, undefined, here);
    await started(parts);
    expect(() => parts.of("key")).toThrow(Error);
    await stop(parts);
  });
});

describe.each(EVERYWHERE)("children $where", ({ here }) => {
  const stage = stageSystem();

  test("of a dynamicSupervisor come and go", async () => {
    const Many = dynamicSupervisor({ actor: Echoing, child: { ...here, restart: "permanent" } });
    const many = stage.system.spawn(Many);
    const refs = await Promise.all(["a", "b", "c"].map((prefix) => many.start({ prefix })));
    expect(await Promise.all(refs.map((ref) => ref.echo("!")))).toEqual(["a!", "b!", "c!"]);
    refs[0]!.fail();
    expect(await refs[0]!.echo("?")).toBe("a?");
    await many.terminate(refs[1]!);
    expect(await many.which()).toEqual([refs[0], refs[2]]);
    await stop(many);
  });

  test("of a partitioned supervisor each have their keys", async () => {
    const Keyed = partitioned({ actor: Counting, partitions: 2, child: here });
    const keyed = stage.system.spawn(Keyed);
    for (let n = 0; n < 20; n++) keyed.of(`key ${n}`).add(1);
    const values = await Promise.all(keyed.partitions().map((ref) => ref.value()));
    expect(values.reduce((a, b) => a + b, 0)).toBe(20);
    expect(keyed.of("same") as AnyRef).toBe(keyed.of("same"));
    await stop(keyed);
  });
});

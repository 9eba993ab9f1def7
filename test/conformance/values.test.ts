import {
  ActorFailedError,
  address,
  BadInputError,
  monitor,
  narrow,
  recipient,
  sameActor,
  started,
  stop,
  withOptions,
  type AnyRef,
  type SpawnOptions,
  type System,
} from "troupe";
import { transfer } from "troupe/threads";
import { describe, expect, test } from "vitest";
import { Clerk } from "./actors-calls.ts";
import { OutOfStock } from "./actors-subject.ts";
import { Checked, Foreign, Point, Store } from "./actors-values.ts";
import {
  door,
  ELSEWHERE,
  EVERYWHERE,
  eventOf,
  journal,
  onOne,
  onTwo,
  own,
  rejection,
  stageSystem,
} from "./stage.ts";

function clerk(system: System, options: SpawnOptions) {
  const held = door(system);
  const props = { id: "c", journal: journal(system).journal, door: held.ref };
  return { held, c: system.spawn(Clerk, props, options) };
}

function toText(n: number): [string] {
  return [String(n)];
}

describe.each(EVERYWHERE)("refs that are sent to an actor $where", ({ here }) => {
  const stage = stageSystem();
  const PLACES = [{}, onOne, onTwo, { on: own }];

  test("come back as the very refs that went", async () => {
    const { system } = stage;
    const store = system.spawn(Store, {}, here);
    const refs: AnyRef[] = [store, ...PLACES.map((place) => clerk(system, place).c)];
    for (const ref of refs) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await store.echo(ref)).toBe(ref);
    }
    expect(await store.echo(refs)).toEqual(refs);
    expect(await store.self()).toBe(store);
    expect(await store.isSelf(store)).toBe(true);
    expect(await store.isSelf(refs[1]!)).toBe(false);
  });

  test("are equal there, however often and by whomever they were sent", async () => {
    const { system } = stage;
    const store = system.spawn(Store, {}, here);
    const others = PLACES.map((place) => system.spawn(Store, {}, place));
    const { c } = clerk(system, onTwo);
    for (const other of others) {
      other.sendTo(store, c);
      // oxlint-disable-next-line no-await-in-loop -- it answers when it has sent
      await other.kept();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect([await store.isKept(c), await store.areSame(c, c)]).toEqual([true, true]);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await store.areSame(c, other)).toBe(false);
    }
    expect(await store.address(c)).toEqual(address(c));
    expect(await store.address(store)).toEqual(address(store));
  });

  test("stay equal when their actor has ended, and are sent as those of the dead", async () => {
    const { system } = stage;
    const store = system.spawn(Store, {}, here);
    const { c: before } = clerk(system, onOne);
    const { c: never } = clerk(system, onTwo);
    store.keep(before);
    await stop(before);
    await stop(never);
    expect(await store.isKept(before)).toBe(true);
    expect(await store.echo(before)).toBe(before);
    expect(await store.echo([never, never])).toEqual([never, never]);
    expect(await store.areSame(never, never)).toBe(true);
    const error = await rejection(store.askAll(new Map([[never, "x"]])));
    expect((error.cause as Error).name).toBe("ActorStoppedError");
    const down = await new Promise<string>(
      (done) => void monitor(never, ({ reason }) => done(reason.kind)),
    );
    expect(down).toBe("noproc");
  });

  test("go in arrays, objects, Maps, as keys, in Sets, in circles, and in props", async () => {
    const { system } = stage;
    const { c } = clerk(system, onOne);
    const { c: d } = clerk(system, {});
    const store = system.spawn(Store, { friend: c, list: [d] }, here);
    expect(await store.props()).toEqual({ friend: c, list: [d] });
    const asked = new Map([
      [c, "one"],
      [d, "two"],
    ]);
    expect(await store.askAll(asked)).toEqual(["one", "two"]);
    expect(await store.echo(new Set([c, d]))).toEqual(new Set([c, d]));
    const circle: Record<string, unknown> = { c, list: [d] };
    circle["self"] = circle;
    const back = (await store.echo(circle)) as typeof circle;
    expect(back["self"]).toBe(back);
    expect([back["c"], back["list"]]).toEqual([c, [d]]);
    const holder = await store.round({ refs: new Map([["first", c as AnyRef]]) });
    expect([...holder.refs.values()].map((ref) => ref === c)).toEqual([true, true]);
  });

  test("go in errors, and errors in messages", async () => {
    const { system } = stage;
    const { c } = clerk(system, onTwo);
    const store = system.spawn(Store, {}, here);
    const sent = Object.assign(new RangeError("with a ref", { cause: new OutOfStock(2) }), { c });
    const back = (await store.echo(sent)) as typeof sent;
    expect(back).toBeInstanceOf(RangeError);
    expect([back.message, back.c === c]).toEqual(["with a ref", true]);
    expect(back.cause).toBeInstanceOf(OutOfStock);
    expect((back.cause as OutOfStock).left).toBe(2);
    const many = new AggregateError([sent, new TypeError("b")], "two");
    const both = (await store.echo(many)) as AggregateError;
    expect(both).toBeInstanceOf(AggregateError);
    expect(both.errors).toMatchObject([{ message: "with a ref" }, { name: "TypeError" }]);
    expect(await store.looksAtErrors(new BadInputError("ours", { cause: "why" }))).toEqual([
      true,
      "BadInputError",
      "ours",
      "why",
    ]);
  });

  test("that are views arrive as views: narrow, recipient, with options", async () => {
    const { system } = stage;
    const { c, held } = clerk(system, onTwo);
    const store = system.spawn(Store, {}, here);
    expect(await store.verbsOf(c)).toEqual(["echo", "note", "slow"]);
    expect(await store.verbsOf(narrow(c, "echo"))).toEqual(["echo"]);
    expect(await store.sendThrough(recipient(c, "echo"), "through")).toBe("through");
    expect(await store.askThrough(withOptions(c, { timeout: 5 }))).toBe("TimeoutError");
    expect(sameActor((await store.echo(narrow(c, "echo"))) as AnyRef, c)).toBe(true);
    held.open();
    const itself = (await store.recipient()) as { send(what: string): Promise<string> };
    expect(await itself.send("back")).toBe("back");
  });
});

describe.each(ELSEWHERE)("values that are sent to an actor $where", ({ here }) => {
  const stage = stageSystem();

  test("arrive as they were, whatever structured clone can copy", async () => {
    const store = stage.system.spawn(Store, {}, here);
    const values: unknown[] = [
      undefined,
      null,
      true,
      0,
      -0,
      NaN,
      Infinity,
      10n,
      "",
      "text",
      new Date(0),
      /x/gi,
      [],
      {},
      [1, [2, [3]]],
      { a: { b: { c: 1 } } },
      new Map([[{}, new Set([1])]]),
      new Uint8Array([1, 2]),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(2)),
      Object.create(null) as object,
      { toString: 1, __proto__: null },
      [undefined, null],
    ];
    expect(await store.echo(values)).toEqual(values);
    for (const value of values.slice(0, 12)) {
      // oxlint-disable-next-line no-await-in-loop -- each for itself
      expect(await store.echo(value)).toEqual(value);
    }
    let deep: unknown = "bottom";
    for (let n = 0; n < 500; n++) deep = { deep };
    expect(await store.echo(deep)).toEqual(deep);
  });

  test("are copies, made when the sender's turn ends", async () => {
    const store = stage.system.spawn(Store, {}, here);
    const list = [1];
    store.keep(list);
    list.push(2);
    expect(await store.kept()).toEqual([1, 2]);
    list.push(3);
    expect(await store.kept()).toEqual([1, 2]);
  });

  test("of classes arrive with their fields, and not as such", async () => {
    const store = stage.system.spawn(Store, {}, here);
    expect(await store.look(new Point(3))).toEqual({ type: "Object", keys: ["x"] });
    expect(await store.echo(new Point(3))).toEqual({ x: 3 });
  });

  test("that cannot go are refused at once, by a call and by a cast, naming where they stand", async () => {
    const store = stage.system.spawn(Store, {}, here);
    const odd = { list: [1, { why: () => 1 }] };
    await started(store);
    expect(() => store.keep(odd)).toThrow(BadInputError);
    expect(() => store.keep(odd)).toThrow(/keep: argument 1\.list\[1\]\.why is a function/);
    const error = await rejection(store.echo(odd));
    expect(error).toBeInstanceOf(BadInputError);
    expect(error.message).toMatch(/echo: argument 1\.list\[1\]\.why is a function/);
    expect(await rejection(store.echo(Symbol("x")))).toBeInstanceOf(BadInputError);
    expect(await rejection(store.echo(new WeakMap()))).toBeInstanceOf(BadInputError);
    expect(await rejection(store.echo(new Map([["k", Promise.resolve()]])))).toBeInstanceOf(
      BadInputError,
    );
    const { c } = clerk(stage.system, {});
    expect(await rejection(store.echo(recipient(c, "echo", toText)))).toBeInstanceOf(BadInputError);
    expect(await store.echo("still there")).toBe("still there");
  });

  test("that cannot go are refused as props, where the actor is spawned", () => {
    const { system } = stage;
    expect(() => system.spawn(Store, { fn: () => 1 }, here)).toThrow(BadInputError);
    expect(() => system.spawn(Store, { fn: () => 1 }, here)).toThrow(/props\.fn is a function/);
  });

  test("that cannot come back reject the call, and leave the actor alone", async () => {
    const store = stage.system.spawn(Store, {}, here);
    const error = await rejection(store.function());
    expect(error).toBeInstanceOf(BadInputError);
    expect(error.message).toMatch(/deep\[1\]\.why is a function/);
    expect(await store.echo(1)).toBe(1);
  });

  test("that errors carry and cannot go are described, and the error is heard", async () => {
    const store = stage.system.spawn(Store, {}, { ...here, restart: "permanent" });
    const error = await rejection(store.failsWithFunction());
    expect(error).toBeInstanceOf(ActorFailedError);
    expect(error.cause).toMatchObject({ message: "odd", deep: { ok: true } });
    expect(typeof (error.cause as { fn?: unknown }).fn).toBe("string");
  });

  test("that are errors of classes nobody registered keep name, message and stack", async () => {
    const store = stage.system.spawn(Store, {}, { ...here, restart: "permanent" });
    const sent = new Foreign("from afar");
    const error = await rejection(store.fails(sent));
    expect(error.cause).toMatchObject({ name: "Foreign", message: "from afar" });
    expect((error.cause as Error).stack).toBe(sent.stack);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("that are marked are moved there, and back", async () => {
    const store = stage.system.spawn(Store, {}, here);
    const numbers = new Float64Array([1, 2, 3]);
    const doubled = store.double(transfer(numbers));
    const result = await doubled;
    expect([numbers.byteLength, [...result]]).toEqual([0, [2, 4, 6]]);
    const part = { pixels: transfer(new Uint8Array(4)), name: "tile" };
    store.keep(part);
    expect(await store.kept()).toEqual({ pixels: new Uint8Array(4), name: "tile" });
    expect(part.pixels.byteLength).toBe(0);
    const copied = new Uint8Array(4);
    await store.echo(copied);
    expect(copied.byteLength).toBe(4);
  });

  test("are checked where they arrive, by the definition's schemas", async () => {
    const { system } = stage;
    const checked = system.spawn(Checked, undefined, here);
    expect(await checked.take("  bolt ", 2)).toBe("2 of bolt");
    const error = await rejection(checked.take("bolt", -1));
    expect(error).toBeInstanceOf(BadInputError);
    expect(error.message).toBe("checked.take refused: argument 2: expected a positive number");
    const letter = eventOf(system, "deadLetter", ({ verb }) => verb === "put");
    checked.put("nut", 0);
    checked.put("nut", 1);
    expect(await letter).toMatchObject({ verb: "put" });
    expect(await checked.any(() => 1).catch(() => "refused")).toBe("refused");
    expect(await checked.any(null)).toEqual(["nut: 1"]);
  });

  test("are not checked on the way back, nor where nothing goes across", async () => {
    const near = stage.system.spawn(Checked);
    expect(await near.take(" bolt ", -1)).toBe("-1 of  bolt ");
  });
});

describe("values that stay on their thread", () => {
  const stage = stageSystem();

  test("go by reference between actors of one thread, as they do here", async () => {
    const { system } = stage;
    const one = system.spawn(Store, {}, onOne);
    const two = system.spawn(Store, {}, onOne);
    one.sendTo(two, { a: 1 });
    await one.kept();
    expect(await two.kept()).toEqual({ a: 1 });
    const buffer = new Uint8Array(8);
    const near = system.spawn(Store, {});
    near.keep(transfer(buffer));
    expect(await near.isKept(buffer)).toBe(true);
    expect(buffer.byteLength).toBe(8);
  });
});

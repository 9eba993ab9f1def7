import { describe, expect, test } from "vitest";
import {
  actor,
  BadInputError,
  restart,
  started,
  status,
  supervisor,
  supervisorOf,
  type ChildEntry,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { Worker, worker } from "../support/worker.ts";
import { entry } from "../support/entry.ts";

type Entry = ChildEntry<unknown, never>;

describe("specifications that cannot work are refused when they are made", () => {
  test("an id that looks like an integer, for JavaScript would sort it", () => {
    expect(() => supervisor({ children: { 1: entry("a", []) } })).toThrow(/start it with a letter/);
  });

  test("an empty id", () => {
    expect(() => supervisor({ children: { "": entry("a", []) } })).toThrow(BadInputError);
  });

  test("what is no definition", () => {
    const children = { a: { actor: {} } } as unknown as { a: Entry };
    expect(() => supervisor({ children })).toThrow(/child "a": actor is no definition/);
  });

  test("an id that was used already, in the builder", () => {
    const builder = supervisorOf().child("a", entry("a", []));
    expect(() => builder.child("a" as never, entry("a", []))).toThrow(/child "a" already/);
  });

  test("a bad entry, in the builder", () => {
    const bad = { ...entry("a", []), shutdown: -1 };
    expect(() => supervisorOf().child("a", bad)).toThrow(/shutdown is -1/);
  });

  test("a bad strategy", () => {
    expect(() => supervisor({ strategy: "twoForOne" as "oneForOne", children: {} })).toThrow(
      /strategy is "twoForOne"/,
    );
  });
});

describe("supervisorOf", () => {
  const Client = actor({
    name: "client",
    init: (_ctx, props: { server: { value(): Promise<number> } }) => props,
    call: { ask: (ctx) => ctx.state.server.value() },
  });

  test("a child may be given the refs of those before it, also before they have started", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf({ strategy: "restForOne" })
      .child("server", entry("server", []))
      .child("client", ({ server }) => ({ actor: Client, props: { server } }))
      .build();
    const app = kit.system.spawn(App);
    app.child("server").add(5);
    expect(await app.child("client").ask()).toBe(5);
  });

  test("after the supervisor's restart the refs are those of the new siblings", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf()
      .child("server", entry("server", []))
      .child("client", ({ server }) => ({ actor: Client, props: { server } }))
      .build();
    const app = kit.system.spawn(App);
    await started(app);
    await restart(app);
    app.child("server").add(7);
    expect(await app.child("client").ask()).toBe(7);
  });

  test("two supervisors of one definition have children of their own", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf()
      .child("server", entry("server", []))
      .child("client", ({ server }) => ({ actor: Client, props: { server } }))
      .build();
    const [one, two] = [kit.system.spawn(App), kit.system.spawn(App)];
    one.child("server").add(1);
    two.child("server").add(2);
    expect([await one.child("client").ask(), await two.child("client").ask()]).toEqual([1, 2]);
  });

  test("what making an entry throws is a failed start", async () => {
    await using kit = createTestSystem();
    const App = supervisorOf()
      .child("a", entry("a", []))
      .child("b", (): ReturnType<typeof entry> => {
        throw new Error("no entry");
      })
      .build();
    const app = kit.system.spawn(App);
    await expect(started(app)).rejects.toMatchObject({ cause: { message: "no entry" } });
    await kit.run();
    expect(kit.system.stats().alive).toBe(0);
  });
});

test("autoShutdown: the end of a significant child ends the supervisor, terminate does not", async () => {
  await using kit = createTestSystem();
  const App = supervisor({
    autoShutdown: "any",
    children: {
      a: { actor: Worker, props: worker("a", []), restart: "transient", significant: true },
      b: { actor: Worker, props: worker("b", []), restart: "transient", significant: true },
    },
  });
  const app = kit.system.spawn(App);
  await started(app);
  await app.terminate("a");
  expect(status(app)).toBe("running");
  app.child("b").end();
  await kit.run();
  expect(status(app)).toBe("stopped");
});

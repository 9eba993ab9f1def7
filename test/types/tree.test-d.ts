import { describe, expectTypeOf, test } from "vitest";
import {
  actor,
  agent,
  createSystem,
  dynamicSupervisor,
  supervisor,
  supervisorOf,
  type AnyRef,
  type Ref,
  type SystemEvent,
} from "troupe";

const system = createSystem();

const Db = actor({
  init: (_ctx, props: { url: string }) => props,
  call: { query: (_ctx, sql: string) => [sql] },
});
const Cache = actor({
  init: () => new Map<string, string>(),
  call: { get: (ctx, key: string) => ctx.state.get(key) },
});

describe("supervisor", () => {
  const App = supervisor({
    strategy: "restForOne",
    intensity: { max: 3, within: 5_000 },
    children: {
      db: { actor: Db, props: { url: "local" }, restart: "permanent", shutdown: 5_000 },
      cache: { actor: Cache, backoff: { kind: "fixed", delay: 10 } },
    },
  });

  test("a child's ref is typed by its entry", () => {
    const app = system.spawn(App);
    expectTypeOf(app.child("cache").get("k")).resolves.toEqualTypeOf<string | undefined>();
    expectTypeOf(app.child("db").query("sql")).resolves.toEqualTypeOf<string[]>();
    // @ts-expect-error -- there is no such child
    app.child("web");
    // @ts-expect-error -- a cache has no query
    void app.child("cache").query;
  });

  test("children that are started later are typed by their definition", () => {
    const app = system.spawn(App);
    expectTypeOf(app.start("more", { actor: Cache })).resolves.toHaveProperty("get");
    void app.start("db2", { actor: Db, props: { url: "" } });
    // @ts-expect-error -- props are missing
    void app.start("db2", { actor: Db });
    expectTypeOf(app.restart("db")).resolves.toEqualTypeOf<AnyRef>();
  });

  test("props are asked for where the definition has some, and only there", () => {
    // @ts-expect-error -- props are missing
    supervisor({ children: { db: { actor: Db } } });
    // @ts-expect-error -- of another type
    supervisor({ children: { db: { actor: Db, props: { url: 1 } } } });
    // @ts-expect-error -- it has none
    supervisor({ children: { cache: { actor: Cache, props: { url: "" } } } });
  });

  test("what is misspelt does not compile", () => {
    // @ts-expect-error -- there is no such strategy
    supervisor({ strategy: "oneForNone", children: {} });
    // @ts-expect-error -- there is no such restart
    supervisor({ children: { cache: { actor: Cache, restart: "sometimes" } } });
    // @ts-expect-error -- it is intensity
    supervisor({ intensety: { max: 1, within: 1 }, children: {} });
  });
});

describe("supervisorOf", () => {
  const Api = actor({
    init: (_ctx, props: { cache: Ref<{ get(key: string): Promise<string | undefined> }> }) => props,
    call: { get: (ctx, key: string) => ctx.state.cache.get(key) },
  });

  test("an entry may use the refs of earlier children, typed", () => {
    const App = supervisorOf({ strategy: "restForOne" })
      .child("cache", { actor: Cache })
      .child("api", ({ cache }) => ({ actor: Api, props: { cache } }))
      .build();
    const app = system.spawn(App);
    expectTypeOf(app.child("api").get("k")).resolves.toEqualTypeOf<string | undefined>();
    // @ts-expect-error -- there is no such child
    app.child("db");
  });

  test("an id is used once, and a later child is not there yet", () => {
    const one = supervisorOf().child("cache", { actor: Cache });
    // @ts-expect-error -- it is there already
    one.child("cache", { actor: Cache });
    // @ts-expect-error -- there is no db before this
    one.child("api", ({ db }) => ({ actor: Api, props: { cache: db } }));
    // @ts-expect-error -- props are missing
    one.child("api", { actor: Api });
  });
});

test("a dynamic supervisor's children are started with their props", () => {
  const pool = system.spawn(dynamicSupervisor({ actor: Db, maxChildren: 3 }));
  expectTypeOf(pool.start({ url: "" })).resolves.toHaveProperty("query");
  // @ts-expect-error -- props are missing
  void pool.start();
  const plain = system.spawn(dynamicSupervisor({ actor: Cache }));
  void plain.start();
  // @ts-expect-error -- it has none
  void plain.start({ url: "" });
});

test("an agent's functions get its state, and answer with what they return", () => {
  const map = system.spawn(agent(() => new Map<string, number>()));
  expectTypeOf(map.call((m) => m.get("k"))).resolves.toEqualTypeOf<number | undefined>();
  expectTypeOf(map.call(async (m) => m.size)).resolves.toEqualTypeOf<number>();
  expectTypeOf(map.cast((m) => void m.set("k", 1))).toEqualTypeOf<void>();
  expectTypeOf(map.update((m) => new Map(m))).toEqualTypeOf<void>();
  // @ts-expect-error -- it holds numbers
  map.cast((m) => void m.set("k", "v"));
  const late = system.spawn(agent(async () => ({ n: 1 })));
  expectTypeOf(late.call((s) => s.n)).resolves.toEqualTypeOf<number>();
});

test("who listens for some events is told what these have", () => {
  system.on(
    (event) => {
      expectTypeOf(event.type).toEqualTypeOf<"failed" | "restarting">();
      expectTypeOf(event.actor).toEqualTypeOf<string>();
    },
    "failed",
    "restarting",
  );
  system.on((event) => expectTypeOf(event).toEqualTypeOf<SystemEvent>());
  // @ts-expect-error -- there is no such event
  system.on(() => {}, "fails");
});

import { actor, createSystem, supervisorOf, type Ref } from "troupe";

interface Queries {
  query(sql: string): Promise<string>;
}

const Db = actor({
  name: "db",
  init: (ctx) => console.log(`${ctx.name} starts`),
  cast: {
    crash() {
      throw new Error("connection lost");
    },
  },
  call: { query: (_ctx, sql: string) => `rows of ${sql}` },
  exit: (ctx, reason) => console.log(`${ctx.name} ends: ${reason.kind}`),
});

/** Needs the database, and holds what it has read: with a new connection that is worth nothing. */
const Cache = actor({
  name: "cache",
  init: (ctx, props: { db: Ref<Queries> }) => {
    console.log(`${ctx.name} starts empty`);
    return { db: props.db, read: new Map<string, string>() };
  },
  call: {
    async get(ctx, key: string) {
      const { db, read } = ctx.state;
      const rows = read.get(key) ?? (await db.query(key));
      read.set(key, rows);
      return rows;
    },
    size: (ctx) => ctx.state.read.size,
  },
  exit: (ctx, reason) => console.log(`${ctx.name} ends: ${reason.kind}`),
});

const Log = actor({
  name: "log",
  init: (ctx) => console.log(`${ctx.name} starts`),
  exit: (ctx, reason) => console.log(`${ctx.name} ends: ${reason.kind}`),
});

/** Each stands on those before it: when one fails, it begins anew with all that came after it. */
const App = supervisorOf({ name: "app", strategy: "restForOne" })
  .child("log", { actor: Log, name: "log" })
  .child("db", { actor: Db, name: "db" })
  // An entry can be made from the refs of earlier children; they stay good over restarts.
  .child("cache", ({ db }) => ({ actor: Cache, props: { db }, name: "cache" }))
  .build();

await using system = createSystem({ logger: false });
const app = system.spawn(App);
const cache = app.child("cache");

console.log(await cache.get("users"));
console.log(`the cache holds ${await cache.size()}`);

console.log("\nthe db fails:");
app.child("db").crash();
console.log(`the cache holds ${await cache.size()}`);
console.log(await cache.get("users"));

console.log("\nthe end:");

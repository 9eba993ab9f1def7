import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { describe, expect, test } from "vitest";
import { stop, withOptions, type RefOf } from "troupe";
import { httpServer, streamBody } from "troupe/http";
import { actorErrors, actors } from "troupe/http/hono";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { follow } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter } from "./stage.ts";

const line = (n: number): string => `${n}\n`;

function makeApp(counter: RefOf<typeof Counter>, logged: unknown[] = []) {
  const app = new Hono().use(actors({ counter }));
  app.onError(
    actorErrors(
      (error) => (error instanceof RangeError ? 422 : undefined),
      (error, request) => void logged.push(request, error),
    ),
  );
  app.get("/add", async (c) => c.json({ count: await c.var.actors.counter.add() }));
  app.get("/slow", async (c) => c.text(await c.var.actors.counter.slow()));
  app.get("/remaining", async (c) => c.json(await c.var.actors.counter.remaining()));
  app.get("/refuses", async (c) => c.json(await c.var.actors.counter.refuseIt()));
  app.get("/fails", async (c) => c.json(await c.var.actors.counter.fail()));
  app.get("/late", async (c) =>
    c.text(await withOptions(c.var.actors.counter, { timeout: 5 }).slow()),
  );
  app.get("/teapot", () => {
    throw new HTTPException(418, { message: "short and stout" });
  });
  app.get("/numbers", (c) => c.body(streamBody(c.var.actors.counter.numbers(3), line)));
  app.get("/who", (c) => c.text(c.var.scope.incoming?.socket.remoteAddress ?? "nobody"));
  return app;
}

async function setUp(kit: TestKit) {
  const counter = kit.system.spawn(Counter, undefined, { restart: "permanent" });
  const logged: unknown[] = [];
  const app = makeApp(counter, logged);
  const server = kit.system.spawn(httpServer({ deadlineMs: 2_000, fetch: app.fetch }), {
    port: 0,
  });
  const { port } = await server.address();
  return { counter, server, port, logged };
}

describe("an app in a server of ours", () => {
  test("asks actors, under the request's time, and streams what they stream", async () => {
    await using kit = createTestSystem();
    const { port } = await setUp(kit);
    expect(await ask(port, "/add")).toMatchObject({ status: 200, body: '{"count":1}' });
    expect(await ask(port, "/remaining")).toMatchObject({ body: "2000" });
    expect(await ask(port, "/numbers")).toMatchObject({ body: "1\n2\n3\n" });
    expect(await ask(port, "/who")).toMatchObject({ body: "127.0.0.1" });
    expect(await ask(port, "/nowhere")).toMatchObject({ status: 404 });
  });

  test("answers with the statuses of a server, where the app has no better ones", async () => {
    await using kit = createTestSystem();
    const { port, server, logged } = await setUp(kit);
    expect(await ask(port, "/refuses")).toMatchObject({ status: 422 });
    expect(await ask(port, "/teapot")).toMatchObject({ status: 418, body: "short and stout" });
    expect(logged).toEqual([]);
    const failed = await ask(port, "/fails");
    expect(failed).toMatchObject({ status: 500, body: "Internal Server Error\n" });
    expect(logged).toMatchObject(["GET /fails", { code: "TROUPE_ACTOR_FAILED" }]);
    const late = ask(port, "/late");
    await eventually(async () => (await server.stats()).underWay === 1);
    await kit.advance(5);
    expect(await late).toMatchObject({ status: 504 });
  });

  test("has its calls ended when the time is up, and when the client leaves, which is no failure", async () => {
    await using kit = createTestSystem();
    const { port, counter, server, logged } = await setUp(kit);
    const slow = ask(port, "/slow");
    await eventually(async () => (await counter.waiting()) === 1);
    await kit.advance(2_000);
    expect(await slow).toMatchObject({ status: 504 });
    expect(await counter.log()).toEqual(["the caller left"]);
    const client = await Client.open(port);
    client.send(raw("GET /slow"));
    await eventually(async () => (await counter.waiting()) === 2);
    client.socket.destroy();
    await eventually(async () => (await counter.log()).length === 2);
    expect(await server.stats()).toMatchObject({ timedOut: 1, abandoned: 1 });
    // Clients cannot fill the log, nor can the end of the server.
    const last = await Client.open(port);
    last.send(raw("GET /slow"));
    await eventually(async () => (await counter.waiting()) === 3);
    const stopped = stop(server);
    await kit.advance(5_000);
    await stopped;
    await last.closed;
    expect(logged).toEqual([]);
  });
});

describe("an app without a server", () => {
  test("has a scope for each request, in the actors' own time", async () => {
    await using kit = createTestSystem();
    const counter = kit.system.spawn(Counter);
    const app = makeApp(counter);
    const answer = await app.request("/remaining");
    expect([answer.status, await answer.json()]).toEqual([200, 30_000]);
    expect(await (await app.request("/who")).text()).toBe("nobody");
    const { outcomes } = follow(Promise.resolve(app.request("/slow")));
    await kit.advance(30_000);
    expect(outcomes).toMatchObject([{ value: { status: 504 } }]);
    expect(await (await app.request("/numbers")).text()).toBe("1\n2\n3\n");
  });

  test("ends its calls with the signal of its request", async () => {
    await using kit = createTestSystem();
    const counter = kit.system.spawn(Counter);
    const logged: unknown[] = [];
    const app = makeApp(counter, logged);
    const left = new AbortController();
    const { outcomes } = follow(Promise.resolve(app.request("/slow", { signal: left.signal })));
    await kit.run();
    left.abort();
    await kit.run();
    expect(await counter.log()).toEqual(["the caller left"]);
    expect(outcomes).toMatchObject([{ value: { status: 500 } }]);
    expect(logged).toEqual([]);
  });

  test("finds the scope of a server among bindings of its own", async () => {
    await using kit = createTestSystem();
    const app = makeApp(kit.system.spawn(Counter));
    const Api = httpServer({
      deadlineMs: 77,
      fetch: (request, scope) => app.fetch(request, { color: "red", scope }),
    });
    const { port } = await kit.system.spawn(Api, { port: 0 }).address();
    expect(await ask(port, "/remaining")).toMatchObject({ body: "77" });
  });

  test("may have another limit, and actors that are gone are 503", async () => {
    await using kit = createTestSystem();
    const counter = kit.system.spawn(Counter);
    const app = new Hono().use(actors({ counter }, { deadlineMs: 70 }));
    app.get("/", async (c) => c.json(await c.var.actors.counter.remaining()));
    app.onError(actorErrors());
    expect(await (await app.request("/")).json()).toBe(70);
    await stop(counter);
    const gone = await app.request("/");
    expect([gone.status, gone.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

test("what is no ref is refused when the app is put together", () => {
  expect(() => actors({ counter: {} as never })).toThrow("is no ref");
  expect(() => actors(undefined as never)).toThrow("give it refs by name");
  expect(() => actors({}, { deadlineMs: -1 })).toThrow("deadlineMs");
});

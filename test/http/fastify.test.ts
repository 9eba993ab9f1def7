import fastify from "fastify";
import { expect, test } from "vitest";
import { kill, started, stop, withOptions, type RefOf } from "troupe";
import { sendStream } from "troupe/http";
import { actors, fastifyServer } from "troupe/http/fastify";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { follow } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter } from "./stage.ts";

function makeApp(counter: RefOf<typeof Counter>, closed: string[] = [], logged: string[] = []) {
  const stream = { write: (line: string) => void logged.push(line) };
  const app = fastify({ logger: { level: "error", stream } });
  app.register(actors, { onError: (error) => (error instanceof RangeError ? 422 : undefined) });
  app.addHook("onClose", async () => void closed.push("closed"));
  app.get("/add", async ({ scope }) => ({ count: await scope.ref(counter).add() }));
  app.get("/slow", ({ scope }) => scope.ref(counter).slow());
  app.get("/remaining", async ({ scope }) => ({ ms: await scope.ref(counter).remaining() }));
  app.get("/refuses", ({ scope }) => scope.ref(counter).refuseIt());
  app.get("/late", ({ scope }) => withOptions(scope.ref(counter), { timeout: 5 }).slow());
  app.get("/bug", async () => {
    throw Object.assign(new Error("teapot"), { statusCode: 418 });
  });
  app.get("/numbers", async ({ scope }, reply) => {
    reply.hijack();
    await sendStream(reply.raw, scope.ref(counter).numbers(3), (n) => `${n}\n`);
  });
  app.register(async (part) => {
    part.get("/part", async ({ scope }) => ({ count: await scope.ref(counter).add() }));
  });
  app.post("/echo", async ({ body }) => body);
  return app;
}

async function setUp(kit: TestKit) {
  const counter = kit.system.spawn(Counter);
  const closed: string[] = [];
  const logged: string[] = [];
  const Api = fastifyServer({ deadlineMs: 2_000, app: () => makeApp(counter, closed, logged) });
  const server = kit.system.spawn(Api, { port: 0 }, { restart: "permanent" });
  const { port } = await server.address();
  return { counter, server, port, closed, logged };
}

test("an app asks actors under the request's time, in all its parts", async () => {
  await using kit = createTestSystem();
  const { port, server } = await setUp(kit);
  expect(await ask(port, "/add")).toMatchObject({ status: 200, body: '{"count":1}' });
  expect(await ask(port, "/part")).toMatchObject({ status: 200, body: '{"count":2}' });
  expect(await ask(port, "/remaining")).toMatchObject({ body: '{"ms":2000}' });
  expect(await ask(port, "/numbers")).toMatchObject({ body: "1\n2\n3\n" });
  expect(await ask(port, "/nowhere")).toMatchObject({ status: 404 });
  const headers = { "content-type": "application/json" };
  const question = { method: "POST", body: '{"a":1}', headers };
  expect(await ask(port, "/echo", question)).toMatchObject({ body: '{"a":1}' });
  expect(await server.stats()).toMatchObject({ answered: 6, failed: 0 });
  await stop(server);
});

test("errors of actors have their statuses, and all others are Fastify's", async () => {
  await using kit = createTestSystem();
  const { port, server } = await setUp(kit);
  expect(await ask(port, "/refuses")).toMatchObject({ status: 422 });
  expect(await ask(port, "/bug")).toMatchObject({ status: 418 });
  const late = ask(port, "/late");
  await eventually(async () => (await server.stats()).underWay === 1);
  await kit.advance(5);
  expect(await late).toMatchObject({ status: 504, body: "Gateway Timeout\n" });
  await stop(server);
});

test("calls end when the time is up, and when the client leaves, which is no failure", async () => {
  await using kit = createTestSystem();
  const { port, counter, server, logged } = await setUp(kit);
  const slow = ask(port, "/slow");
  await eventually(async () => (await counter.waiting()) === 1);
  await kit.advance(2_000);
  expect(await slow).toMatchObject({ status: 504 });
  const client = await Client.open(port);
  client.send(raw("GET /slow"));
  await eventually(async () => (await counter.waiting()) === 2);
  client.socket.destroy();
  await eventually(async () => (await counter.log()).length === 2);
  await eventually(async () => (await server.stats()).abandoned === 1);
  expect(await server.stats()).toMatchObject({ timedOut: 1, abandoned: 1, underWay: 0 });
  await stop(server);
  expect(logged).toEqual([]);
});

test("the app is closed when its last request is done, and a restarted server has another", async () => {
  await using kit = createTestSystem();
  const { port, counter, server, closed } = await setUp(kit);
  await kill(server);
  await eventually(() => closed.length === 1);
  expect(await server.address()).toMatchObject({ port });
  const slow = ask(port, "/slow");
  await eventually(async () => (await counter.waiting()) === 1);
  const { outcomes } = follow(stop(server));
  await kit.advance(1_000);
  expect(closed).toHaveLength(1);
  counter.go();
  expect(await slow).toMatchObject({ status: 200 });
  await eventually(() => outcomes.length > 0);
  expect(closed).toHaveLength(2);
});

test("an app that does not get ready is a failed start", async () => {
  await using kit = createTestSystem();
  const Api = fastifyServer({
    app: () => {
      const app = fastify();
      app.register(async () => {
        throw new Error("no database");
      });
      return app;
    },
  });
  await expect(started(kit.system.spawn(Api, { port: 0 }))).rejects.toMatchObject({
    cause: { message: "no database" },
  });
});

test("an app without a server has a scope for each request, too", async () => {
  await using kit = createTestSystem();
  const app = makeApp(kit.system.spawn(Counter));
  expect((await app.inject("/add")).json()).toEqual({ count: 1 });
  const { ms } = (await app.inject("/remaining")).json() as { ms: number };
  expect(ms).toBeGreaterThan(29_000);
  await app.close();
});

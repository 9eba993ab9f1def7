import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { actor, kill, started, stop, type RefOf } from "troupe";
import { httpServer } from "troupe/http";
import { fastifyServer } from "troupe/http/fastify";
import { createTestSystem } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { ask, raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

const ok = (_request: unknown, response: { end(text: string): void }): void => response.end("ok");

test("port 0 is resolved, and the address can be asked for", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { listener: (_request, response) => response.end() });
  expect(port).toBeGreaterThan(0);
  const url = `http://127.0.0.1:${port}`;
  expect(await server.address()).toEqual({ url, address: "127.0.0.1", port });
});

test("a handler is Node's, and asks actors through its scope", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { server, port } = await serve(kit, {
    listener: async (_request, response, scope) => {
      response.setHeader("x-test", "yes");
      response.end(`${await scope.ref(counter).add()}`);
    },
  });
  expect(await ask(port)).toMatchObject({ status: 200, body: "1", headers: { "x-test": "yes" } });
  expect(await ask(port)).toMatchObject({ status: 200, body: "2" });
  expect(await server.stats()).toMatchObject({ underWay: 0, answered: 2, failed: 0 });
});

test("requests over one connection are answered one after the other", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    listener: (request, response) => response.end(`you asked ${request.url};`),
  });
  await using client = await Client.open(port);
  client.send(raw("GET /a") + raw("GET /b"));
  await client.expect("you asked /b;");
  expect(client.received).toMatch(/\/a;.*\/b;/s);
  expect(await server.stats()).toMatchObject({ connections: 1, answered: 2 });
});

test("what init returns is the state of every request, and gets the props", async () => {
  await using kit = createTestSystem();
  const Api = httpServer({
    init: (_ctx, { counter }: { counter: RefOf<typeof Counter> }) => ({ counter }),
    listener: async (_request, response, scope) =>
      response.end(`${await scope.state.counter.add()}`),
  });
  const counter = kit.system.spawn(Counter);
  const { port } = await kit.system.spawn(Api, { port: 0, counter }).address();
  expect(await ask(port)).toMatchObject({ body: "1" });
});

test("a port that is taken is a StartError whose cause is EADDRINUSE, and the log tells no other story", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, { listener: () => {} });
  const second = kit.system.spawn(httpServer({ listener: () => {} }), { port });
  await expect(started(second)).rejects.toMatchObject({
    code: "TROUPE_START",
    why: "failed",
    cause: { code: "EADDRINUSE" },
  });
  expect(kit.log.map(({ message }) => message)).not.toContain("could not accept a connection");
});

test("an init that fails is a failed start, and nothing listens", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, { listener: () => {} });
  await kit.stop();
  await using again = createTestSystem();
  const spec = {
    init: () => Promise.reject(new Error("no database")),
    listener: () => {},
  };
  await expect(started(again.system.spawn(httpServer(spec), { port }))).rejects.toMatchObject({
    cause: { message: "no database" },
  });
  await expect(Client.open(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("what init has opened is closed where it cannot listen", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, { listener: ok });
  const closed: string[] = [];
  const Api = httpServer({
    init: () => "database",
    exit: (state, { kind }) => void closed.push(`${state}, ${kind}`),
    listener: ok,
  });
  await expect(started(kit.system.spawn(Api, { port }))).rejects.toMatchObject({ why: "failed" });
  expect(closed).toEqual(["database, failed"]);
});

test("a server that is stopped while it starts leaves no socket behind", async () => {
  await using kit = createTestSystem();
  // A name has to be looked up, which takes until after the stop.
  const props = { port: 0, host: "localhost" };
  const server = kit.system.spawn(httpServer({ listener: () => {} }), props);
  await kit.run();
  expect((await stop(server)).kind).toBe("normal");
  // Longer than the look-up takes; a server that went on to listen would be there to stay.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(process.getActiveResourcesInfo()).not.toContain("TCPServerWrap");
});

test("it listens at a Unix socket, too", async () => {
  const dir = mkdtempSync(join(tmpdir(), "troupe-http-"));
  try {
    await using kit = createTestSystem();
    const path = join(dir, "api.sock");
    const Api = httpServer({ listener: (_request, response) => response.end("by path") });
    const server = kit.system.spawn(Api, { path, mode: 0o600 });
    expect(await server.address()).toEqual({ url: `unix:${path}`, address: path, port: 0 });
    expect(await ask(0, "/", { socketPath: path })).toMatchObject({ body: "by path" });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = kit.system.spawn(Api, { path });
    await expect(started(second)).rejects.toMatchObject({ cause: { code: "EADDRINUSE" } });
    await stop(server);
    expect(existsSync(path)).toBe(false);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("a restarted server listens again where it did, with a new state", async () => {
  await using kit = createTestSystem();
  let lives = 0;
  const { server, port } = await serve(
    kit,
    {
      init: () => ++lives,
      listener: (_request, response, scope) => response.end(`life ${scope.state}`),
    },
    { restart: "permanent" },
  );
  expect(await ask(port)).toMatchObject({ body: "life 1" });
  await kill(server);
  expect(await server.address()).toMatchObject({ port });
  expect(await ask(port)).toMatchObject({ body: "life 2" });
  await stop(server);
});

test("a server's own actors fail and restart beside it, and a failure too many restarts it all", async () => {
  await using kit = createTestSystem();
  const Api = httpServer({
    init: (ctx) => ctx.spawn(Counter),
    listener: async (_request, response, scope) => {
      const { state: counter } = scope;
      response.end(`${await scope.ref(counter).add()}`);
    },
  });
  const Root = actor({
    name: "root",
    init: (ctx) => ctx.spawn(Api, { port: 0 }, { restart: "permanent" }),
    call: { api: (ctx) => ctx.state },
  });
  const root = kit.system.spawn(Root);
  const api = await root.api();
  const { port } = await api.address();
  expect(await ask(port)).toMatchObject({ body: "1" });
  expect(await ask(port)).toMatchObject({ body: "2" });
  await kill(api);
  expect(await api.address()).toMatchObject({ port });
  expect(await ask(port)).toMatchObject({ body: "1" });
});

describe("what comes and is no request of ours", () => {
  test("HEAD has the head alone", async () => {
    await using kit = createTestSystem();
    const { port } = await serve(kit, { listener: ok });
    expect(await ask(port, "/", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  });

  test("nonsense is answered with 400, counted, and closed", async () => {
    await using kit = createTestSystem();
    const { server, port } = await serve(kit, { listener: ok });
    await using client = await Client.open(port);
    client.send("what is this?\r\n\r\n");
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1.1 400 Bad Request/);
    expect(await server.stats()).toMatchObject({ malformed: 1, answered: 0 });
  });

  test("two lengths, or a length beside chunks, are refused", async () => {
    await using kit = createTestSystem();
    const { server, port } = await serve(kit, { listener: ok });
    for (const headers of [
      ["Content-Length: 3", "Content-Length: 4"],
      ["Content-Length: 3", "Transfer-Encoding: chunked"],
    ]) {
      await using client = await Client.open(port);
      client.send(raw("POST /", ...headers));
      await client.closed;
      expect(client.received).toMatch(/^HTTP\/1.1 400 /);
    }
    expect(await server.stats()).toMatchObject({ malformed: 2 });
  });

  test("a head that is too long is answered with 431", async () => {
    await using kit = createTestSystem();
    const { port } = await serve(kit, { listener: ok, limits: { headBytes: 1_000 } });
    await using client = await Client.open(port);
    client.send(raw("GET /", `X-Long: ${"x".repeat(2_000)}`));
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1.1 431 /);
  });

  test("a head that does not come is answered with 408", async () => {
    await using kit = createTestSystem();
    const { server, port } = await serve(kit, { listener: ok, limits: { headMs: 40 } });
    await using client = await Client.open(port);
    client.send("GET / HTTP/1.1\r\n");
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
    expect(await server.stats()).toMatchObject({ malformed: 1 });
  });

  test.each([
    { headMs: 50 },
    { headMs: 0.5, requestMs: 10_001 },
    { keepAliveMs: 99.5, headBytes: 1_000.5 },
    { headMs: 1e300, requestMs: Number.MAX_VALUE, keepAliveMs: 1e12, headBytes: Infinity },
    { headMs: Infinity, requestMs: 41 },
  ])("times and sizes need not be such as the host likes: %o", async (limits) => {
    await using kit = createTestSystem();
    const { port } = await serve(kit, { listener: ok, limits: { headMs: 1_000, ...limits } });
    await using client = await Client.open(port);
    expect(client.socket.readyState).toBe("open");
  });

  test("an expectation that nobody knows is answered with 417", async () => {
    await using kit = createTestSystem();
    const { port } = await serve(kit, { listener: ok });
    expect(await ask(port, "/", { headers: { expect: "wonders" } })).toMatchObject({ status: 417 });
  });

  test("connections over the limit are closed and counted", async () => {
    await using kit = createTestSystem();
    const { server, port } = await serve(kit, { listener: ok, limits: { connections: 1 } });
    await using first = await Client.open(port);
    first.send(raw("GET /"));
    await first.expect("ok");
    await using second = await Client.open(port);
    await second.closed;
    expect(second.received).toBe("");
    await eventually(async () => (await server.stats()).dropped === 1);
    expect(await server.stats()).toMatchObject({ connections: 1, dropped: 1 });
  });
});

describe("a spec that cannot work is refused when it is given:", () => {
  test("no handler, or two", () => {
    const none: object = {};
    const both: object = { listener: ok, fetch: () => new Response() };
    for (const spec of [none, both]) {
      expect(() => httpServer(spec as never)).toThrow("give it one handler");
    }
  });

  test("limits and times that are none", () => {
    expect(() => httpServer({ listener: ok, limits: { requests: 0 } })).toThrow(
      "limits.requests is 0",
    );
    const typo: object = { request: 5 };
    expect(() => httpServer({ listener: ok, limits: typo })).toThrow('no limit "request"');
    expect(() => httpServer({ listener: ok, deadlineMs: -1 })).toThrow("deadlineMs");
    expect(() => httpServer({ listener: ok, shutdownMs: Number.NaN })).toThrow("shutdownMs");
  });

  test.each([
    ["a misspelled option", { deadline: 5 }, 'there is no option "deadline"'],
    ["an init that is none", { init: 5 }, "init is 5; it must be a function"],
    ["an exit that is none", { exit: 1 }, "exit is 1; it must be a function"],
    ["a status for onError", { onError: 500 }, "onError is 500; it must be a function"],
    ["limits that are none", { limits: null }, "limits is null; it must be an object"],
    ["a certificate that is missing", { tls: {} }, "tls has no certificate"],
    ["a certificate without its key", { tls: { cert: "x" } }, "tls has no certificate"],
    ["a wish for TLS", { tls: true }, "tls has no certificate"],
  ])("%s", (_what, option, message) => {
    const spec: object = { listener: ok, ...option };
    expect(() => httpServer(spec as never)).toThrow(message);
  });

  test("none at all", () => {
    expect(() => httpServer(null as never)).toThrow("the spec is null; it must be an object");
    expect(() => fastifyServer({} as never)).toThrow("fastifyServer: app is undefined");
  });

  test.each([
    [{}, "listen at a port"],
    [undefined, "listen at a port"],
    [{ port: 0, path: "/tmp/x" }, "listen at a port"],
    [{ port: -1 }, "httpServer: port is -1; it must be a whole number"],
    [{ port: "http" }, "httpServer: port is http"],
    [{ path: "" }, "httpServer.path is ;"],
  ])("no place to listen: %o", async (props: unknown, message) => {
    await using kit = createTestSystem();
    const Api = httpServer({ listener: ok });
    await expect(started(kit.system.spawn(Api, props as never))).rejects.toMatchObject({
      cause: { code: "TROUPE_BAD_INPUT", message: expect.stringContaining(message) as string },
    });
  });
});

import { describe, expect, test } from "vitest";
import { createTestSystem } from "troupe/testing";
import type { FetchHandler } from "troupe/http";
import { Client, eventually } from "../net/client.ts";
import { gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

test("a handler is given a web Request, and its Response is sent as it is", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { port } = await serve(kit, {
    fetch: async (request, scope) => {
      const { pathname, searchParams } = new URL(request.url);
      const count = await scope.ref(counter).add();
      return Response.json(
        {
          method: request.method,
          pathname,
          q: searchParams.get("q"),
          sent: await request.text(),
          count,
        },
        {
          status: 201,
          headers: [
            ["x-one", "1"],
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        },
      );
    },
  });
  const answer = await ask(port, "/x?q=5", { method: "POST", body: "hello" });
  expect(answer).toMatchObject({
    status: 201,
    headers: { "x-one": "1", "set-cookie": ["a=1", "b=2"], "content-type": "application/json" },
  });
  expect(JSON.parse(answer.body)).toEqual({
    method: "POST",
    pathname: "/x",
    q: "5",
    sent: "hello",
    count: 1,
  });
});

test("responses without a body, and HEAD, have none", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, {
    fetch: ({ method }) =>
      method === "HEAD" ? new Response("not sent") : new Response(null, { status: 204 }),
  });
  expect(await ask(port, "/", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  expect(await ask(port)).toMatchObject({ status: 204, body: "" });
});

test("its process keeps the globals that it had", async () => {
  await using kit = createTestSystem();
  const before = [globalThis.Request, globalThis.Response];
  await serve(kit, { fetch: () => new Response() });
  expect([globalThis.Request, globalThis.Response]).toEqual(before);
});

async function failing(fetch: FetchHandler) {
  const kit = createTestSystem();
  const { server, port } = await serve(kit, { deadlineMs: 1_000, fetch });
  return { kit, server, port };
}

describe("what goes wrong", () => {
  test("a handler that throws, at once or later, is answered with 500, and logged", async () => {
    const handlers: FetchHandler[] = [
      () => {
        throw new Error("secret");
      },
      () => Promise.reject(new Error("secret")),
    ];
    for (const handler of handlers) {
      const { kit, server, port } = await failing(handler);
      expect(await ask(port)).toMatchObject({ status: 500, body: "Internal Server Error\n" });
      expect(await server.stats()).toMatchObject({ failed: 1, answered: 1 });
      expect(kit.log).toHaveLength(1);
      await kit.stop();
    }
  });

  test("what is no Response is a failure", async () => {
    const { kit, port } = await failing((() => "text") as never);
    expect(await ask(port)).toMatchObject({ status: 500 });
    await kit.stop();
  });

  test("when the time is up the client gets 504, and a late Response is dropped", async () => {
    const late = gate();
    let cancelled = false;
    const { kit, server, port } = await failing(async () => {
      await late.passed;
      return new Response(new ReadableStream({ cancel: () => void (cancelled = true) }));
    });
    const answer = ask(port);
    await eventually(async () => (await server.stats()).underWay === 1);
    await kit.advance(1_000);
    expect(await answer).toMatchObject({ status: 504 });
    late.open();
    await eventually(() => cancelled);
    expect(await server.stats()).toMatchObject({ timedOut: 1, failed: 0 });
    await kit.stop();
  });

  test("the Request's own signal aborts with the client, too", async () => {
    const signals: AbortSignal[] = [];
    const { kit, server, port } = await failing(async (request, scope) => {
      signals.push(request.signal, scope.signal);
      await new Promise((resolve) => scope.signal.addEventListener("abort", resolve));
      throw scope.signal.reason;
    });
    const client = await Client.open(port);
    client.send(raw("GET /"));
    await eventually(() => signals.length === 2);
    client.socket.destroy();
    await eventually(() => signals.every(({ aborted }) => aborted));
    expect(await server.stats()).toMatchObject({ abandoned: 1, failed: 0 });
    await kit.stop();
  });

  test("a host that is none is the client's mistake", async () => {
    const { kit, port } = await failing(() => new Response());
    await using client = await Client.open(port);
    client.send("GET / HTTP/1.1\r\nHost: what is this\r\n\r\n");
    await client.expect("\r\n\r\n");
    expect(client.received).toMatch(/^HTTP\/1.1 400 Bad Request/);
    await kit.stop();
  });
});

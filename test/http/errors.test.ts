import { EventEmitter, once } from "node:events";
import type { ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { stop, withOptions } from "troupe";
import type { ErrorMapping } from "troupe/http";
import { createTestSystem } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

async function setUp(onError?: ErrorMapping) {
  const kit = createTestSystem();
  const counter = kit.system.spawn(Counter, undefined, { restart: "permanent" });
  const full = kit.system.spawn(Counter, undefined, { mailbox: { capacity: 1 } });
  const gone = kit.system.spawn(Counter);
  await stop(gone);
  const stage = await serve(kit, {
    ...(onError === undefined ? {} : { onError }),
    listener: async ({ url }, response, scope) => {
      const asked = scope.ref(counter);
      switch (url) {
        case "/bug":
          throw new TypeError("secret: x is not a function");
        case "/fails":
          return response.end(`${await asked.fail()}`);
        case "/refuses":
          return response.end(`${await asked.refuseIt()}`);
        case "/late":
          return response.end(await withOptions(asked, { timeout: 5 }).slow());
        case "/gone":
          return response.end(`${await scope.ref(gone).add()}`);
        case "/full":
          full.note("first");
          return response.end(`${await scope.ref(full).add()}`);
        case "/begun":
          response.write("the beginning");
          throw new Error("secret: in the middle");
        case "/after":
          response.end("whole");
          throw new Error("secret: afterwards");
        default:
          return response.end("ok");
      }
    },
  });
  return { kit, ...stage };
}

describe("what a handler throws is answered by what it is:", () => {
  test.each([
    ["/bug", 500, "Internal Server Error\n", "error"],
    ["/fails", 500, "Internal Server Error\n", undefined],
    ["/refuses", 500, "Internal Server Error\n", "error"],
    ["/gone", 503, "Service Unavailable\n", "warn"],
    ["/full", 503, "Service Unavailable\n", undefined],
  ])("%s with %i, and nothing of the error is told", async (path, status, body, level) => {
    const { kit, server, port } = await setUp();
    expect(await ask(port, path)).toMatchObject({ status, body });
    expect(await server.stats()).toMatchObject({ failed: 1, answered: 1, underWay: 0 });
    const ours = kit.log.filter(({ message }) => message.startsWith("GET "));
    expect(ours.map((line) => line.level)).toEqual(level === undefined ? [] : [level]);
    await kit.stop();
  });

  test("a call that had less time than the request with 504", async () => {
    const { kit, server, port } = await setUp();
    const answer = ask(port, "/late");
    await eventually(async () => (await server.stats()).underWay === 1);
    await kit.advance(5);
    expect(await answer).toMatchObject({ status: 504 });
    expect(await server.stats()).toMatchObject({ failed: 1, timedOut: 0 });
    expect(kit.log).toMatchObject([
      { level: "warn", message: "GET /late failed, answered with 504" },
    ]);
    await kit.stop();
  });
});

test("an actor's failure is logged once, as its own", async () => {
  const { kit, port } = await setUp();
  await ask(port, "/fails");
  expect(kit.log.map(({ message }) => message)).toEqual(["failed in fail; restart"]);
  await kit.stop();
});

test("what is overloaded or away says when to come again", async () => {
  const { kit, port } = await setUp();
  expect((await ask(port, "/gone")).headers).toMatchObject({ "retry-after": "1" });
  await kit.stop();
});

test("refusals have the status that onError gives them, and are no failures", async () => {
  const { kit, server, port } = await setUp((error) =>
    error instanceof RangeError ? 422 : undefined,
  );
  expect(await ask(port, "/refuses")).toMatchObject({
    status: 422,
    body: "Unprocessable Entity\n",
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
  expect(await ask(port, "/bug")).toMatchObject({ status: 500 });
  expect(await server.stats()).toMatchObject({ answered: 2, failed: 1 });
  expect(kit.log).toHaveLength(1);
  await kit.stop();
});

test("onError may give headers and a body, too", async () => {
  const { kit, port } = await setUp(() => ({
    status: 409,
    headers: { "content-type": "application/json" },
    body: '{"why":"taken"}',
  }));
  expect(await ask(port, "/refuses")).toMatchObject({
    status: 409,
    body: '{"why":"taken"}',
    headers: { "content-type": "application/json", "content-length": "15" },
  });
  await kit.stop();
});

test.each([204, 304])("%i from onError has no body, and no length of one", async (status) => {
  const { kit, port } = await setUp(() => ({ status, body: "lost" }));
  const { headers, ...answer } = await ask(port, "/refuses");
  expect(answer).toEqual({ status, body: "" });
  expect(headers).not.toHaveProperty("content-length");
  expect(headers).not.toHaveProperty("transfer-encoding");
  await kit.stop();
});

test("onError is asked once for each error", async () => {
  const asked: unknown[] = [];
  const { kit, port } = await setUp((error) => void asked.push(error));
  await ask(port, "/bug");
  expect(asked).toMatchObject([{ name: "TypeError" }]);
  await kit.stop();
});

test("an onError that throws is logged, and the default answers", async () => {
  const { kit, port } = await setUp(() => {
    throw new Error("secret: mapping");
  });
  expect(await ask(port, "/gone")).toMatchObject({ status: 503, body: "Service Unavailable\n" });
  expect(kit.log.map(({ message }) => message)).toContain("GET /gone: onError threw");
  await kit.stop();
});

test.each([
  ["a status that is none", { status: 1_000 }],
  ["a status that is no answer yet", { status: 102 }],
  ["a header that is none", { status: 400, headers: { "x-bad": "a\r\nb" } }],
])("%s from onError breaks the connection off, and is logged", async (_what, answer) => {
  const { kit, port } = await setUp(() => answer);
  await using client = await Client.open(port);
  client.send(raw("GET /gone"));
  await client.closed;
  expect(client.received).toBe("");
  expect(kit.log.at(-1)).toMatchObject({
    level: "error",
    message: "GET /gone: what onError gave cannot be sent",
  });
  await kit.stop();
});

test("an answer that has begun is cut off, and logged", async () => {
  const { kit, server, port } = await setUp();
  await using client = await Client.open(port);
  client.send(raw("GET /begun"));
  await client.closed;
  expect(client.received).not.toContain("secret");
  expect(client.received).not.toMatch(/0\r\n\r\n$/);
  expect(await server.stats()).toMatchObject({ failed: 1, answered: 0, abandoned: 0 });
  expect(kit.log.map(({ message }) => message)).toEqual([
    "GET /begun failed, with its answer begun",
  ]);
  await kit.stop();
});

test("what fails after its answer was given is logged, and the answer arrives", async () => {
  const { kit, server, port } = await setUp();
  expect(await ask(port, "/after")).toMatchObject({ status: 200, body: "whole" });
  expect(await server.stats()).toMatchObject({ failed: 1, answered: 1 });
  await kit.stop();
});

test.each<[string, (response: ServerResponse) => void]>([
  ["writes after its end", (response) => void response.end("whole").write("more")],
  ["ends twice", (response) => void response.end("whole").end("again")],
  [
    "does so again and again",
    (response) => {
      response.end("whole");
      for (let i = 0; i < 10; i++) response.write("more");
    },
  ],
])("a handler that %s costs no more than a line in the log", async (_what, answer) => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { listener: (_request, response) => answer(response) });
  expect(await ask(port)).toMatchObject({ status: 200, body: "whole" });
  expect(await ask(port)).toMatchObject({ status: 200, body: "whole" });
  expect(await server.stats()).toMatchObject({ answered: 2, failed: 2, underWay: 0 });
  const line = { level: "error", message: "GET / failed, with its answer begun" };
  expect(kit.log).toMatchObject([line, line]);
});

test("a handler that writes after what was answered in its place is not heard", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    listener: (_request, response) => {
      queueMicrotask(() => {
        response.write("more");
        response.end("again");
      });
      throw new TypeError("a bug");
    },
  });
  expect(await ask(port)).toMatchObject({ status: 500, body: "Internal Server Error\n" });
  expect(await server.stats()).toMatchObject({ answered: 1, failed: 1 });
  expect(kit.log).toHaveLength(1);
});

/** A client leaves, and its handler goes on with `after`. */
async function abandon(after: (signal: AbortSignal, response: ServerResponse) => unknown) {
  const kit = createTestSystem();
  const thrown = gate();
  const { server, port } = await serve(kit, {
    listener: async (_request, response, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      try {
        await after(signal, response);
      } finally {
        thrown.open();
      }
    },
  });
  const client = await Client.open(port);
  client.send(raw("GET /"));
  await eventually(async () => (await server.stats()).underWay === 1);
  client.socket.destroy();
  await thrown.passed;
  await eventually(async () => (await server.stats()).abandoned === 1);
  const { failed } = await server.stats();
  await kit.stop();
  return { failed, log: kit.log };
}

describe("of what a handler throws when nobody waits for its answer any more,", () => {
  test("a mistake of its own is counted and logged", async () => {
    const { failed, log } = await abandon(() => {
      throw new TypeError("a bug");
    });
    expect(failed).toBe(1);
    expect(log).toMatchObject([
      { level: "error", message: "GET / failed, when nobody waited for its answer any more" },
    ]);
  });

  test.each<[string, (signal: AbortSignal, response: ServerResponse) => unknown]>([
    ["the reason", (signal) => signal.throwIfAborted()],
    [
      "what it is the cause of",
      (signal) => {
        throw new Error("no page", { cause: new Error("no rows", { cause: signal.reason }) });
      },
    ],
    ["what waits with its signal", (signal) => once(new EventEmitter(), "never", { signal })],
    ["a stream that was closed", (_, response) => finished(response)],
  ])("%s is neither", async (_what, after) => {
    expect(await abandon(after)).toEqual({ failed: 0, log: [] });
  });
});

test("headers that the handler had set are not those of the error", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, {
    listener: (_request, response) => {
      response.setHeader("content-encoding", "gzip");
      response.setHeader("etag", "x");
      throw new Error("no");
    },
  });
  const { status, headers } = await ask(port);
  expect(status).toBe(500);
  expect(headers).not.toHaveProperty("etag");
  expect(headers).not.toHaveProperty("content-encoding");
});

test("requests over the limit are answered with 503, and their handlers not run", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { server, port } = await serve(kit, {
    limits: { requests: 2 },
    listener: async (_request, response, scope) => response.end(await scope.ref(counter).slow()),
  });
  const first = [ask(port), ask(port)];
  await eventually(async () => (await counter.waiting()) === 2);
  const third = await ask(port);
  expect(third).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  expect(await server.stats()).toMatchObject({ underWay: 2, refused: 1 });
  counter.go();
  for (const answer of first) expect((await answer).status).toBe(200);
  expect(await server.stats()).toMatchObject({ underWay: 0, refused: 1, failed: 0, abandoned: 0 });
});

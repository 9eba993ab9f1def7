import { expect, test } from "vitest";
import { isAlive, withOptions } from "troupe";
import type { RequestScope } from "troupe/http";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { follow, gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

/** A server whose handler waits for an actor that does not answer, and what became of that call. */
async function slowStage(kit: TestKit, deadlineMs?: number) {
  const counter = kit.system.spawn(Counter);
  const calls: Promise<string>[] = [];
  const stage = await serve(kit, {
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    listener: async (_request, response, scope) => {
      const call = scope.ref(counter).slow();
      calls.push(call);
      response.end(await call);
    },
  });
  const isWaiting = async (): Promise<boolean> => (await counter.waiting()) > 0;
  return { ...stage, counter, calls, isWaiting };
}

test("when the time is up, calls reject with a TimeoutError, and the client gets 504", async () => {
  await using kit = createTestSystem();
  const { server, port, counter, calls, isWaiting } = await slowStage(kit, 2_000);
  const answer = ask(port, "/slow");
  await eventually(isWaiting);
  await kit.advance(1_999);
  expect((await server.stats()).underWay).toBe(1);
  await kit.advance(1);
  await expect(calls[0]).rejects.toMatchObject({
    code: "TROUPE_TIMEOUT",
    message: "GET /slow timed out after 2000 ms",
  });
  expect(await answer).toMatchObject({ status: 504, body: "Gateway Timeout\n" });
  // The handler of the call heard of it too.
  expect(await counter.log()).toEqual(["the caller left"]);
  expect(await server.stats()).toMatchObject({ underWay: 0, timedOut: 1, failed: 0, answered: 1 });
  expect(kit.log).toMatchObject([{ level: "warn", message: "GET /slow: its time was up" }]);
});

test("without a word it is 30 s, and what is left reaches the actor in place of the system's limit", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { port } = await serve(kit, {
    listener: async (_request, response, scope) => {
      const quick = withOptions(counter, { timeout: 100 });
      response.end(
        `${await scope.ref(counter).remaining()} ${await scope.ref(quick).remaining()} ${scope.remainingMs}`,
      );
    },
  });
  expect(await ask(port)).toMatchObject({ body: "30000 100 30000" });
});

test("time that has passed is not there for the next call", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { port } = await serve(kit, {
    deadlineMs: 1_000,
    listener: async (_request, response, scope) => {
      const bounded = scope.ref(counter);
      await bounded.slow();
      response.end(`${await bounded.remaining()}`);
    },
  });
  const answer = ask(port);
  await eventually(async () => (await counter.waiting()) > 0);
  await kit.advance(400);
  counter.go();
  expect(await answer).toMatchObject({ status: 200, body: "600" });
});

test("each request has its own limit where it is a function, and a handler may set another", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { port } = await serve(kit, {
    deadlineMs: ({ url }) => (url === "/quick" ? 50 : 500),
    listener: async ({ url }, response, scope) => {
      if (url === "/endless") scope.limit(Infinity);
      if (url === "/longer") scope.limit(9_000);
      response.end(`${await scope.ref(counter).remaining()} ${scope.remainingMs}`);
    },
  });
  const bodies = await Promise.all(
    ["/quick", "/other", "/endless", "/longer"].map(async (path) => (await ask(port, path)).body),
  );
  expect(bodies).toEqual(["50 50", "500 500", "Infinity Infinity", "9000 9000"]);
});

test("a limit that is none, by function or by handler, is the handler's failure and nobody else's", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    deadlineMs: ({ url }) => {
      if (url === "/throws") throw new Error("no limit today");
      return url === "/nan" ? Number.NaN : 1_000;
    },
    listener: (_request, response, scope) => {
      scope.limit(-1);
      response.end();
    },
  });
  for (const path of ["/throws", "/nan", "/negative"]) {
    expect(await ask(port, path)).toMatchObject({ status: 500 });
  }
  expect(await server.stats()).toMatchObject({ failed: 3, underWay: 0 });
});

test("the handler hears of the time first, and may still answer by itself", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { server, port } = await serve(kit, {
    deadlineMs: 100,
    listener: async (_request, response, scope) => {
      response.end(
        await scope
          .ref(counter)
          .slow()
          .catch(() => "what we had before"),
      );
    },
  });
  const answer = ask(port);
  await eventually(async () => (await counter.waiting()) > 0);
  await kit.advance(100);
  expect(await answer).toMatchObject({ status: 200, body: "what we had before" });
  expect(await server.stats()).toMatchObject({ timedOut: 1, failed: 0 });
});

test("such an answer has a little time to go, and then is cut off as well", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    deadlineMs: 100,
    listener: (_request, response, scope) => {
      scope.signal.addEventListener("abort", () => response.end(Buffer.alloc(32 << 20)));
    },
  });
  await using client = await Client.open(port);
  client.socket.pause();
  client.send(raw("GET /"));
  await eventually(async () => (await server.stats()).underWay === 1);
  await kit.advance(100);
  await kit.advance(4_999);
  expect((await server.stats()).underWay).toBe(1);
  await kit.advance(1);
  await eventually(async () => (await server.stats()).underWay === 0);
  expect(await server.stats()).toMatchObject({ timedOut: 1, answered: 0 });
});

test("a limit that is set when the answer has gone is for nobody", async () => {
  await using kit = createTestSystem();
  const scopes: RequestScope[] = [];
  const { server, port } = await serve(kit, {
    listener: (_request, response, scope) => {
      scopes.push(scope);
      response.end("done");
    },
  });
  await ask(port);
  scopes[0]!.limit(10);
  await kit.advance(100);
  expect(scopes[0]!.signal.aborted).toBe(false);
  expect(await server.stats()).toMatchObject({ answered: 1, timedOut: 0 });
});

test("a handler that goes on after its time was up is heard by nobody, and harms nobody", async () => {
  await using kit = createTestSystem();
  const late: unknown[] = [];
  const mayGoOn = gate();
  const { port } = await serve(kit, {
    deadlineMs: 100,
    listener: async (_request, response) => {
      await mayGoOn.passed;
      response.write("too late");
      response.end("and more");
      late.push("done");
      response.setHeader("x", "y");
    },
  });
  const { outcomes } = follow(ask(port));
  await eventually(async () => {
    await kit.advance(100);
    return outcomes.length > 0;
  });
  expect(outcomes).toMatchObject([{ value: { status: 504 } }]);
  mayGoOn.open();
  await kit.run();
  expect(late).toEqual(["done"]);
});

test("an answer that has begun is cut off when the time is up", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    deadlineMs: 100,
    listener: (_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("the beginning");
    },
  });
  await using client = await Client.open(port);
  client.send(raw("GET /"));
  await client.expect("the beginning");
  await kit.advance(100);
  await client.closed;
  expect(await server.stats()).toMatchObject({
    timedOut: 1,
    answered: 0,
    abandoned: 0,
    underWay: 0,
  });
});

test("a client that does not take its answer holds it for the time of the request at most", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    deadlineMs: 100,
    listener: (_request, response) => response.end(Buffer.alloc(32 << 20)),
  });
  await using client = await Client.open(port);
  client.socket.pause();
  client.send(raw("GET /"));
  await eventually(async () => (await server.stats()).underWay === 1);
  await kit.advance(100);
  await eventually(async () => (await server.stats()).underWay === 0);
  expect(await server.stats()).toMatchObject({ timedOut: 1, answered: 0 });
});

test("a client that leaves before all of its answer was taken has abandoned it", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    listener: (_request, response) => response.end(Buffer.alloc(32 << 20)),
  });
  const client = await Client.open(port);
  client.socket.pause();
  client.send(raw("GET /"));
  await eventually(async () => (await server.stats()).underWay === 1);
  client.socket.resetAndDestroy();
  await eventually(async () => (await server.stats()).underWay === 0);
  expect(await server.stats()).toMatchObject({ abandoned: 1, answered: 0 });
});

test("when the client leaves, calls reject, the actor hears of it, and the signal aborts", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const scopes: RequestScope[] = [];
  const { server, port } = await serve(kit, {
    listener: async (_request, response, scope) => {
      scopes.push(scope);
      response.end(await scope.ref(counter).slow());
    },
  });
  const client = await Client.open(port);
  client.send(raw("GET /slow"));
  await eventually(async () => (await counter.waiting()) > 0);
  const { signal } = scopes[0]!;
  expect(signal.aborted).toBe(false);
  client.socket.destroy();
  await eventually(() => signal.aborted);
  await eventually(async () => (await counter.log()).length > 0);
  expect(await counter.log()).toEqual(["the caller left"]);
  expect(signal.reason).toMatchObject({
    name: "AbortError",
    message: "GET /slow: the client left before it had its answer",
  });
  expect(scopes[0]!.remainingMs).toBe(0);
  expect(await server.stats()).toMatchObject({ abandoned: 1, failed: 0, underWay: 0 });
  expect(kit.log).toEqual([]);
  expect(isAlive(counter)).toBe(true);
});

test("a signal that is asked for late has aborted already", async () => {
  await using kit = createTestSystem();
  const { port, counter, isWaiting } = await slowStage(kit);
  let late: RequestScope | undefined;
  const other = await serve(kit, {
    listener: async (_request, _response, scope) => {
      late = scope;
      await scope.ref(counter).slow();
    },
  });
  expect(other.port).not.toBe(port);
  const client = await Client.open(other.port);
  client.send(raw("GET /"));
  await eventually(isWaiting);
  client.socket.destroy();
  await eventually(() => late?.remainingMs === 0);
  expect(late?.signal.aborted).toBe(true);
  const { outcomes } = follow(late!.ref(counter).add());
  await kit.run();
  expect(outcomes).toMatchObject([{ error: { name: "AbortError" } }]);
});

test("requests that wait behind another on their connection end with it, too", async () => {
  await using kit = createTestSystem();
  const { server, port, counter, isWaiting } = await slowStage(kit);
  const client = await Client.open(port);
  client.send(raw("GET /a") + raw("GET /b") + raw("GET /c"));
  await eventually(isWaiting);
  await eventually(async () => (await server.stats()).underWay === 3);
  client.socket.destroy();
  await eventually(async () => (await server.stats()).underWay === 0);
  expect(await server.stats()).toMatchObject({ abandoned: 3 });
  await eventually(async () => (await counter.log()).length === 3);
});

test("what a handler leaves behind goes on when the answer has been sent", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const left: Promise<string>[] = [];
  const { port } = await serve(kit, {
    deadlineMs: 1_000,
    listener: (_request, response, scope) => {
      left.push(scope.ref(counter).slow());
      response.end("accepted");
    },
  });
  expect(await ask(port)).toMatchObject({ body: "accepted" });
  await kit.advance(500);
  counter.go();
  expect(await left[0]).toBe("slow but sure");
});

import { expect, test } from "vitest";
import { actor, isAlive, kill, stop, type Ref } from "troupe";
import { httpServer } from "troupe/http";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { follow, gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

/** A request is under way, and waits for the counter. */
async function underWay(kit: TestKit, shutdownMs?: number) {
  const counter = kit.system.spawn(Counter);
  const failures: unknown[] = [];
  const { server, port } = await serve(kit, {
    ...(shutdownMs === undefined ? {} : { shutdownMs }),
    listener: async ({ url }, response, scope) => {
      if (url === "/quick") return response.end("quick");
      try {
        return response.end(await scope.ref(counter).slow());
      } catch (error) {
        failures.push(error);
        throw error;
      }
    },
  });
  const client = await Client.open(port);
  client.send(raw("GET /slow"));
  await eventually(async () => (await counter.waiting()) > 0);
  return { server, port, counter, client, failures };
}

async function isRefused(port: number): Promise<boolean> {
  try {
    (await Client.open(port)).socket.destroy();
    return false;
  } catch {
    return true;
  }
}

test("what is under way is finished, told that the connection closes, and nothing more is accepted", async () => {
  await using kit = createTestSystem();
  const { server, port, counter, client } = await underWay(kit);
  const { outcomes } = follow(stop(server));
  await eventually(() => isRefused(port));
  await kit.advance(4_000);
  expect(outcomes).toEqual([]);
  counter.go();
  expect(await client.closed).toBe("end");
  expect(client.received).toMatch(/^HTTP\/1.1 200 OK\r\n.*Connection: close\r\n.*slow but sure/s);
  await eventually(() => outcomes.length > 0);
  expect(outcomes).toMatchObject([{ value: { kind: "normal" } }]);
  expect(kit.log).toEqual([]);
});

test("connections that wait for another request are closed at once", async () => {
  await using kit = createTestSystem();
  const { server, port, counter, client } = await underWay(kit);
  await using idle = await Client.open(port);
  idle.send(raw("GET /quick"));
  await idle.expect("quick");
  const { outcomes } = follow(stop(server));
  expect(await idle.closed).toBe("end");
  expect(outcomes).toEqual([]);
  counter.go();
  await client.expect("slow but sure");
  await eventually(() => outcomes.length > 0);
});

test("an answer whose head has gone without a word of that ends its connection as well", async () => {
  await using kit = createTestSystem();
  const mayFinish = gate();
  const { server, port } = await serve(kit, {
    listener: (_request, response) => {
      response.writeHead(200, { "content-length": 9 });
      response.write("first");
      void mayFinish.passed.then(() => response.end("last"));
    },
  });
  await using client = await Client.open(port);
  client.send(raw("GET /"));
  await client.expect("first");
  const { outcomes } = follow(stop(server));
  await eventually(() => isRefused(port));
  mayFinish.open();
  expect(await client.closed).toBe("end");
  expect(client.received).toMatch(/firstlast$/);
  await eventually(() => outcomes.length > 0);
});

test("a request that does not end in the shutdown time is cut, its calls reject, and that is told", async () => {
  await using kit = createTestSystem();
  const { server, client, failures } = await underWay(kit, 2_000);
  const { outcomes } = follow(stop(server));
  await kit.advance(1_999);
  expect(outcomes).toEqual([]);
  await kit.advance(1);
  await client.closed;
  expect(client.received).toBe("");
  await eventually(() => outcomes.length > 0);
  expect(outcomes).toMatchObject([{ value: { kind: "normal" } }]);
  expect(failures).toMatchObject([{ code: "TROUPE_ACTOR_STOPPED" }]);
  expect(kit.log).toMatchObject([
    { level: "warn", message: "did not end within 2000 ms, and was killed" },
  ]);
});

test("a connection in the middle of its head does not hold up the end", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { listener: (_request, response) => response.end() });
  await using half = await Client.open(port);
  half.send("GET / HTTP/1.1\r\nHost: ");
  await using silent = await Client.open(port);
  await eventually(async () => (await server.stats()).connections === 2);
  expect((await stop(server)).kind).toBe("normal");
  await half.closed;
  await silent.closed;
});

test("a kill cuts everything at once, and leaves no socket behind", async () => {
  await using kit = createTestSystem();
  const { server, port, client, failures } = await underWay(kit);
  await kill(server);
  await client.closed;
  expect(client.received).toBe("");
  await eventually(() => isRefused(port));
  await eventually(() => failures.length > 0);
  expect(failures).toMatchObject([{ code: "TROUPE_ACTOR_STOPPED" }]);
});

test("a kill during an orderly end waits no longer than that would have", async () => {
  await using kit = createTestSystem();
  const { server, client } = await underWay(kit, 2_000);
  const { outcomes } = follow(stop(server));
  await kit.run();
  const killed = kill(server);
  await kit.advance(2_000);
  await killed;
  await client.closed;
  expect(outcomes).toMatchObject([{ value: { kind: "killed" } }]);
});

test("a server's own actors are there until the last request is done", async () => {
  await using kit = createTestSystem();
  const owned: Ref<object>[] = [];
  const Api = httpServer({
    init: (ctx) => {
      const counter = ctx.spawn(Counter);
      owned.push(counter);
      return counter;
    },
    listener: async (_request, response, scope) => {
      const counter = scope.ref(scope.state);
      await counter.slow();
      response.end(`${await counter.add()}`);
    },
    exit: (counter, { kind }) => {
      kit.log.push({ level: "info", message: `${kind}, alive: ${isAlive(counter)}`, fields: {} });
    },
  });
  const server = kit.system.spawn(Api, { port: 0 });
  const { port } = await server.address();
  const answer = ask(port);
  await eventually(async () => (await server.stats()).underWay === 1);
  const counter = owned[0] as Ref<{ go(): void; waiting(): Promise<number> }>;
  await eventually(async () => (await counter.waiting()) > 0);
  const { outcomes } = follow(stop(server));
  await eventually(() => isRefused(port));
  counter.go();
  expect(await answer).toMatchObject({ body: "1" });
  await eventually(() => outcomes.length > 0);
  expect(kit.log).toMatchObject([{ message: "normal, alive: false" }]);
});

test("a server ends in the order of its supervisor's children, before those that it asks", async () => {
  await using kit = createTestSystem();
  const Root = actor({
    init: (ctx) => {
      const counter = ctx.spawn(Counter);
      const Api = httpServer({
        listener: async (_request, response, scope) =>
          response.end(`${await scope.ref(counter).slow()}, ${await scope.ref(counter).add()}`),
      });
      return { api: ctx.spawn(Api, { port: 0 }), counter };
    },
    call: { refs: (ctx) => ctx.state },
  });
  const root = kit.system.spawn(Root);
  const { api, counter } = await root.refs();
  const { port } = await api.address();
  const answer = ask(port);
  await eventually(async () => (await counter.waiting()) > 0);
  const { outcomes } = follow(stop(root));
  await eventually(() => isRefused(port));
  counter.go();
  expect(await answer).toMatchObject({ body: "slow but sure, 1" });
  await eventually(() => outcomes.length > 0);
});

test("an exit that does not end is waited for as long as requests are, and told", async () => {
  await using kit = createTestSystem();
  const begun = gate();
  const { server } = await serve(kit, {
    shutdownMs: 2_000,
    listener: (_request, response) => response.end(),
    exit: () => {
      begun.open();
      return new Promise(() => {});
    },
  });
  const { outcomes } = follow(stop(server));
  await begun.passed;
  await kit.advance(1_999);
  expect(outcomes).toEqual([]);
  await kit.advance(1);
  expect(outcomes).toMatchObject([{ value: { kind: "normal" } }]);
  expect(kit.log).toMatchObject([
    { level: "warn", message: "exit took more than 2000 ms; the server ends without it" },
  ]);
});

test("an exit that fails is told as what it is", async () => {
  await using kit = createTestSystem();
  const { server } = await serve(kit, {
    listener: (_request, response) => response.end(),
    exit: () => Promise.reject(new Error("no")),
  });
  await stop(server);
  expect(JSON.stringify(kit.log)).not.toContain("exit took more");
  expect(kit.log.length).toBeGreaterThan(0);
});

test("what init has opened is closed where the server is stopped before it listens", async () => {
  await using kit = createTestSystem();
  const opened = gate();
  const closed = gate<string>();
  const Api = httpServer({
    init: () => opened.passed,
    listener: () => {},
    exit: (_state, { kind }) => closed.open(kind),
  });
  const server = kit.system.spawn(Api, { port: 0 });
  const stopped = stop(server);
  opened.open();
  expect(await closed.passed).toBe("failed");
  await stopped;
});

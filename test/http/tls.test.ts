import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { expect, test } from "vitest";
import { kill, started, stop } from "troupe";
import { httpServer } from "troupe/http";
import { createTestSystem } from "troupe/testing";
import { certificate } from "../net/certificate.ts";
import { Client, eventually } from "../net/client.ts";
import { raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

const identity = certificate("localhost");

test("with a certificate it speaks HTTPS, and a client that does not is malformed", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { server, port } = await serve(kit, {
    tls: identity,
    listener: async (_request, response, scope) =>
      response.end(`${await scope.ref(counter).add()}`),
  });
  expect((await server.address()).url).toBe(`https://127.0.0.1:${port}`);
  const asking = request({ host: "127.0.0.1", port, ca: identity.cert, agent: false }).end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of answer.setEncoding("utf8")) body += chunk as string;
  expect([answer.statusCode, body]).toEqual([200, "1"]);
  await using plain = await Client.open(port);
  plain.send(raw("GET /"));
  await plain.closed;
  await eventually(async () => (await server.stats()).malformed === 1);
  expect(await server.stats()).toMatchObject({ answered: 1 });
});

test("a certificate that is none is a failed start", async () => {
  await using kit = createTestSystem();
  const Api = httpServer({ tls: { key: "no", cert: "no" }, listener: () => {} });
  await expect(started(kit.system.spawn(Api, { port: 0 }))).rejects.toMatchObject({
    why: "failed",
  });
});

test.each([
  ["an orderly end", stop],
  ["a kill", kill],
])("%s waits for no peer that is silent in its handshake, and closes it", async (_what, end) => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    tls: identity,
    shutdownMs: Infinity,
    listener: (_request, response) => response.end("ok"),
  });
  using agent = closing(new Agent({ keepAlive: true, ca: identity.cert }));
  const asking = request({ host: "127.0.0.1", port, agent: agent.agent }).end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  await once(answer.resume(), "end");
  const silent = await Client.open(port);
  const half = await Client.open(port);
  half.send("\x16\x03\x01\x02\x00\x01");
  await eventually(async () => (await server.stats()).connections === 3);
  const spoken = once(asking.socket!, "close");
  await end(server);
  await Promise.all([silent.closed, half.closed, spoken]);
  expect(half.received).toBe("");
});

test("a handshake has the time of a head", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, {
    tls: identity,
    limits: { headMs: 40 },
    listener: (_request, response) => response.end("ok"),
  });
  await using silent = await Client.open(port);
  await silent.closed;
  await eventually(async () => (await server.stats()).connections === 0);
  expect(await server.stats()).toMatchObject({ malformed: 1 });
});

function closing(agent: Agent): { readonly agent: Agent } & Disposable {
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}

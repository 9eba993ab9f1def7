import { expect, test } from "vitest";
import { actor } from "troupe";
import type { IncomingMessage } from "node:http";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { serve } from "./stage.ts";

/** Reads all of a body, and tells its length. */
async function echoLength(kit: TestKit, bodyBytes?: number) {
  const outcomes: string[] = [];
  const stage = await serve(kit, {
    ...(bodyBytes === undefined ? {} : { limits: { bodyBytes } }),
    listener: async (request, response) => {
      let bytes = 0;
      try {
        for await (const chunk of request) bytes += (chunk as Buffer).length;
        outcomes.push(`${bytes} bytes`);
      } catch (error) {
        outcomes.push((error as NodeJS.ErrnoException).code ?? String(error));
        throw error;
      }
      response.end(`${bytes}`);
    },
  });
  return { ...stage, outcomes };
}

const CHUNKED = { "transfer-encoding": "chunked" };

test("a body up to the limit comes, with a length or in chunks", async () => {
  await using kit = createTestSystem();
  const { port } = await echoLength(kit, 1_000);
  const body = "x".repeat(1_000);
  expect(await ask(port, "/", { method: "POST", body })).toMatchObject({ body: "1000" });
  expect(await ask(port, "/", { method: "POST", body, headers: CHUNKED })).toMatchObject({
    body: "1000",
  });
});

test("a body that says it is longer is answered with 413 before it comes", async () => {
  await using kit = createTestSystem();
  const { server, port, outcomes } = await echoLength(kit, 1_000);
  await using client = await Client.open(port);
  client.send(raw("POST /", "Content-Length: 1001"));
  await client.closed;
  expect(client.received).toMatch(/^HTTP\/1.1 413 Payload Too Large\r\n.*connection: close/is);
  expect(outcomes).toEqual([]);
  expect(await server.stats()).toMatchObject({ refused: 1, failed: 0, underWay: 0 });
});

test("one that waits for leave to send it is told so instead of that", async () => {
  await using kit = createTestSystem();
  const { port } = await echoLength(kit, 1_000);
  await using client = await Client.open(port);
  client.send(raw("POST /", "Content-Length: 5000", "Expect: 100-continue"));
  await client.closed;
  expect(client.received).toMatch(/^HTTP\/1.1 413 /);
  await using small = await Client.open(port);
  small.send(raw("POST /", "Content-Length: 5", "Expect: 100-continue"));
  await small.expect("100 Continue");
  small.send("12345");
  await small.expect("HTTP/1.1 200 OK");
});

test("a body that turns out to be longer is answered with 413, and its reader sees it broken off", async () => {
  await using kit = createTestSystem();
  const { server, port, outcomes } = await echoLength(kit, 1_000);
  await using client = await Client.open(port);
  client.send(raw("POST /", "Transfer-Encoding: chunked"));
  for (let i = 0; i < 3; i++) client.send(`190\r\n${"x".repeat(400)}\r\n`);
  await client.closed;
  expect(client.received).toMatch(/^HTTP\/1.1 413 /);
  await eventually(() => outcomes.length > 0);
  expect(outcomes).toEqual(["Error: POST / refused: its body has more than 1000 bytes"]);
  expect(await server.stats()).toMatchObject({ refused: 1, failed: 0, underWay: 0, answered: 1 });
});

test("the limit is 1 MiB when nothing is said, and can be lifted", async () => {
  await using kit = createTestSystem();
  const body = "x".repeat((1 << 20) + 1);
  const { port } = await echoLength(kit);
  await using client = await Client.open(port);
  client.send(raw("POST /", `Content-Length: ${body.length}`));
  await client.closed;
  expect(client.received).toMatch(/^HTTP\/1.1 413 /);
  const free = await echoLength(kit, Infinity);
  const question = { method: "POST", body, headers: CHUNKED };
  expect(await ask(free.port, "/", question)).toMatchObject({ body: `${body.length}` });
});

/** Sums an upload up, chunk by chunk, each in a turn of its own. */
const Upload = actor({
  name: "upload",
  init: () => ({ bytes: 0, held: null as Promise<unknown> | null }),
  cast: {
    hold(ctx, until: Promise<unknown>) {
      ctx.state.held = until;
    },
  },
  call: {
    take(ctx, request: IncomingMessage) {
      const reply = ctx.defer<number>();
      ctx.source<Buffer>(
        request,
        async (chunk) => {
          await ctx.state.held;
          ctx.state.bytes += chunk.length;
        },
        { onEnd: () => reply.resolve(ctx.state.bytes), onError: (error) => reply.reject(error) },
      );
      return reply;
    },
  },
});

test("a request body is a source, and an actor that is busy holds its client up", async () => {
  await using kit = createTestSystem();
  const upload = kit.system.spawn(Upload);
  const { port } = await serve(kit, {
    limits: { bodyBytes: Infinity },
    listener: async (request, response, scope) =>
      response.end(`${await scope.ref(upload).take(request)}`),
  });
  const held = gate();
  upload.hold(held.passed);
  await using client = await Client.open(port);
  const megabytes = 24;
  client.send(raw("POST /", `Content-Length: ${megabytes << 20}`));
  const chunk = "x".repeat(1 << 20);
  for (let i = 0; i < megabytes; i++) client.send(chunk);
  await eventually(() => client.socket.bytesWritten > 1 << 20);
  await new Promise((resolve) => setTimeout(resolve, 50));
  // The most of it is still here, as the actor has taken one chunk.
  expect(client.socket.writableLength).toBeGreaterThan(8 << 20);
  held.open();
  await client.expect(`${megabytes << 20}`);
  expect(client.received).toMatch(/^HTTP\/1.1 200 OK/);
});

test("a client that leaves in the middle of its body is an error of the source", async () => {
  await using kit = createTestSystem();
  const upload = kit.system.spawn(Upload);
  const errors: unknown[] = [];
  const { server, port } = await serve(kit, {
    listener: (request) => upload.take(request).catch((error: unknown) => errors.push(error)),
  });
  const client = await Client.open(port);
  client.send(`${raw("POST /", "Content-Length: 100")}the beginning`);
  await eventually(async () => (await server.stats()).underWay === 1);
  client.socket.destroy();
  await eventually(() => errors.length > 0);
  expect(errors).toMatchObject([{ code: "ECONNRESET" }]);
  expect(await server.stats()).toMatchObject({ abandoned: 1 });
});

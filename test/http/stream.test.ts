import { once } from "node:events";
import { expect, test } from "vitest";
import { actor } from "troupe";
import { sendStream, streamBody } from "troupe/http";
import { createTestSystem } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { Counter, serve } from "./stage.ts";

const line = (n: number): string => `${n}\n`;

/** Yields pieces of 64 KiB for ever, and says how many. */
const Source = actor({
  name: "source",
  init: () => ({ made: 0, left: 0 }),
  call: { progress: (ctx) => ({ ...ctx.state }) },
  stream: {
    async *pieces(ctx) {
      const { state } = ctx;
      try {
        for (;;) {
          state.made++;
          yield Buffer.alloc(64 << 10);
        }
      } finally {
        state.left++;
      }
    },
    async *quiet(ctx, until: Promise<unknown>) {
      try {
        await until;
        yield "too late";
      } finally {
        ctx.state.left++;
      }
    },
  },
});

test("what an actor streams is the answer, and ends it", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { port } = await serve(kit, {
    listener: (_request, response, scope) =>
      sendStream(response, scope.ref(counter).numbers(3), line),
  });
  expect(await ask(port)).toMatchObject({ status: 200, body: "1\n2\n3\n" });
  expect(await counter.log()).toEqual(["left"]);
});

test("it is the body of a Response as well", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { port } = await serve(kit, {
    fetch: (_request, scope) => new Response(streamBody(scope.ref(counter).numbers(3), line)),
  });
  expect(await ask(port)).toMatchObject({ status: 200, body: "1\n2\n3\n" });
});

test.each(["listener", "fetch"] as const)(
  "a client that does not read holds up the actor's generator, and no more (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const source = kit.system.spawn(Source);
    const { server, port } = await serve(
      kit,
      face === "listener"
        ? {
            listener: (_request, response, scope) =>
              sendStream(response, scope.ref(source).pieces()),
          }
        : { fetch: (_request, scope) => new Response(streamBody(scope.ref(source).pieces())) },
    );
    const client = await Client.open(port);
    client.socket.pause();
    client.send(raw("GET /"));
    let before = -1;
    await eventually(async () => {
      const { made } = await source.progress();
      await new Promise((resolve) => setTimeout(resolve, 30));
      const isStill = made > 0 && made === before;
      before = made;
      return isStill;
    });
    // As much as sockets of both sides hold: some MiB of what would be without end.
    expect(before).toBeLessThan(400);
    client.socket.destroy();
    await eventually(async () => (await source.progress()).left === 1);
    await eventually(async () => (await server.stats()).underWay === 0);
    expect(await server.stats()).toMatchObject({ abandoned: 1, failed: 0 });
  },
);

test.each([
  ["HEAD", 200, "listener"],
  ["HEAD", 200, "fetch"],
  ["GET", 204, "listener"],
  ["GET", 304, "listener"],
] as const)("an answer without a body takes nothing of a stream: %s, %i (%s)", async (...how) => {
  const [method, status, face] = how;
  await using kit = createTestSystem();
  const source = kit.system.spawn(Source);
  const { server, port } = await serve(
    kit,
    face === "listener"
      ? {
          listener: (_request, response) => {
            response.statusCode = status;
            return sendStream(response, source.pieces());
          },
        }
      : { fetch: () => new Response(streamBody(source.pieces())) },
  );
  expect(await ask(port, "/", { method })).toMatchObject({ status, body: "" });
  await eventually(async () => (await server.stats()).answered === 1);
  const { made, left } = await source.progress();
  expect(made).toBeLessThanOrEqual(1);
  expect(left).toBe(made);
});

test.each(["listener", "fetch"] as const)(
  "a quiet stream sends its head at once, and is left when its client is gone (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const source = kit.system.spawn(Source);
    const woken = gate();
    const { server, port } = await serve(
      kit,
      face === "listener"
        ? {
            listener: (_request, response, scope) =>
              sendStream(response, scope.ref(source).quiet(woken.passed)),
          }
        : {
            fetch: (_request, scope) =>
              new Response(streamBody(scope.ref(source).quiet(woken.passed))),
          },
    );
    const client = await Client.open(port);
    client.send(raw("GET /"));
    await client.expect("HTTP/1.1 200 OK");
    client.socket.destroy();
    await eventually(async () => (await server.stats()).underWay === 0);
    // The generator awaits: its `finally` comes when it is woken.
    woken.open();
    await eventually(async () => (await source.progress()).left === 1);
    expect(await server.stats()).toMatchObject({ abandoned: 1, failed: 0 });
  },
);

test.each(["listener", "fetch"] as const)(
  "a stream that fails breaks its answer off, tells nothing, and is logged once (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const counter = kit.system.spawn(Counter);
    const { server, port } = await serve(
      kit,
      face === "listener"
        ? {
            listener: (_request, response, scope) =>
              sendStream(response, scope.ref(counter).breaks()),
          }
        : { fetch: (_request, scope) => new Response(streamBody(scope.ref(counter).breaks())) },
    );
    await using client = await Client.open(port);
    client.send(raw("GET /"));
    await client.closed;
    expect(client.received).not.toContain("secret");
    expect(client.received).not.toMatch(/0\r\n\r\n$/);
    expect(await server.stats()).toMatchObject({ failed: 1, answered: 0 });
    expect(kit.log.map(({ message }) => message)).toEqual(["GET / failed, with its answer begun"]);
  },
);

test("an encoder that throws leaves the stream, and breaks the answer off", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const { server, port } = await serve(kit, {
    listener: (_request, response, scope) =>
      sendStream(response, scope.ref(counter).numbers(3), (n) => {
        if (n === 2) throw new Error("not two");
        return line(n);
      }),
  });
  await using client = await Client.open(port);
  client.send(raw("GET /"));
  await client.closed;
  await eventually(async () => (await counter.log()).length > 0);
  expect(await server.stats()).toMatchObject({ failed: 1 });
});

test("when the time is up, a stream is left and its answer broken off", async () => {
  await using kit = createTestSystem();
  const source = kit.system.spawn(Source);
  const { server, port } = await serve(kit, {
    deadlineMs: 100,
    listener: (_request, response, scope) => sendStream(response, scope.ref(source).pieces()),
  });
  const client = await Client.open(port);
  client.socket.pause();
  client.send(raw("GET /"));
  await eventually(async () => (await source.progress()).made > 2);
  await kit.advance(100);
  await eventually(async () => (await source.progress()).left === 1);
  await eventually(async () => (await server.stats()).underWay === 0);
  expect(await server.stats()).toMatchObject({ timedOut: 1, abandoned: 0, failed: 0 });
  client.socket.destroy();
});

test("a client that is gone before the stream begins opens none", async () => {
  await using kit = createTestSystem();
  const source = kit.system.spawn(Source);
  const mayBegin = gate();
  const { server, port } = await serve(kit, {
    listener: async (_request, response, scope) => {
      await mayBegin.passed;
      await sendStream(response, scope.ref(source).pieces());
    },
  });
  const client = await Client.open(port);
  client.send(raw("GET /"));
  await eventually(async () => (await server.stats()).underWay === 1);
  client.socket.destroy();
  await once(client.socket, "close");
  await eventually(async () => (await server.stats()).underWay === 0);
  mayBegin.open();
  await kit.run();
  expect(await source.progress()).toEqual({ made: 0, left: 0 });
});

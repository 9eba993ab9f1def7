import { expect, test } from "vitest";
import { actor, port as portOf, stop } from "troupe";
import { eventResponse, sendEvents, type EventsOptions } from "troupe/http";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "../net/client.ts";
import { follow, gate } from "../support/gate.ts";
import { ask, raw } from "./ask.ts";
import { serve } from "./stage.ts";

const News = actor({
  name: "news",
  init: () => ({ items: portOf<{ n: number; text: string }>() }),
  cast: {
    tell(ctx, n: number, text: string) {
      ctx.state.items.emit({ n, text });
    },
    close(ctx) {
      ctx.state.items.close();
    },
  },
  call: { readers: (ctx) => ctx.state.items.readers },
  stream: { items: (ctx) => ctx.state.items },
});

type Item = { readonly n: number; readonly text: string };

async function setUp(
  kit: TestKit,
  face: "listener" | "fetch",
  options?: EventsOptions<Item>,
  deadlineMs = 1_000,
) {
  const news = kit.system.spawn(News);
  const { server, port } = await serve(
    kit,
    face === "listener"
      ? {
          deadlineMs,
          listener: (_request, _response, scope) =>
            sendEvents(scope, scope.ref(news).items(), options),
        }
      : {
          deadlineMs,
          fetch: (_request, scope) => eventResponse(scope, scope.ref(news).items(), options),
        },
  );
  const client = await Client.open(port);
  client.send(raw("GET /events"));
  await client.expect("\r\n\r\n");
  await eventually(async () => (await news.readers()) === 1);
  return { news, server, client };
}

test.each(["listener", "fetch"] as const)("items are events, as JSON (%s)", async (face) => {
  await using kit = createTestSystem();
  const { news, client } = await setUp(kit, face);
  expect(client.received).toMatch(/content-type: text\/event-stream; charset=utf-8/i);
  expect(client.received).toMatch(/cache-control: no-cache/i);
  news.tell(1, "one");
  await client.expect('data: {"n":1,"text":"one"}\n\n');
  news.close();
  await client.expect("0\r\n\r\n");
});

test("an event has what the standard knows, each line of its data its own", async () => {
  await using kit = createTestSystem();
  const { news, client } = await setUp(kit, "listener", {
    toEvent: ({ n, text }) => ({ id: `${n}`, event: "news", retry: 500, data: text }),
  });
  news.tell(7, "two\nlines");
  await client.expect("lines\n\n");
  expect(client.received).toContain("event: news\nid: 7\nretry: 500\ndata: two\ndata: lines\n\n");
});

test("what would be a field of its own by a line break is none", async () => {
  await using kit = createTestSystem();
  const { news, client } = await setUp(kit, "listener", {
    toEvent: ({ text }) => ({ id: text, event: text, data: text }),
  });
  news.tell(7, "a\r\ndata: b\nc");
  await client.expect("c\n\n");
  const frame = "event: a data: b c\nid: a data: b c\ndata: a\ndata: data: b\ndata: c\n\n";
  expect(client.received).toContain(frame);
});

test("it lasts longer than the request's time, and says so while nothing happens", async () => {
  await using kit = createTestSystem();
  const { news, server, client } = await setUp(kit, "listener", { heartbeatMs: 10_000 }, 1_000);
  await kit.advance(9_999);
  expect(client.received).not.toContain(":\n\n");
  await kit.advance(1);
  await client.expect(":\n\n");
  await kit.advance(20_000);
  news.tell(1, "still here");
  await client.expect("still here");
  expect(client.received.split(":\n\n")).toHaveLength(4);
  expect(await server.stats()).toMatchObject({ underWay: 1, timedOut: 0 });
});

test.each(["listener", "fetch"] as const)(
  "a client that leaves is no reader of the actor's any more (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const { news, server, client } = await setUp(kit, face);
    client.socket.destroy();
    await eventually(async () => (await news.readers()) === 0);
    await eventually(async () => (await server.stats()).underWay === 0);
    expect(await server.stats()).toMatchObject({ abandoned: 1, failed: 0 });
    // No heartbeat is left behind.
    await kit.advance(100_000);
    expect(kit.log).toEqual([]);
  },
);

test.each(["listener", "fetch"] as const)(
  "when the server begins to end, event streams end, and keep nobody waiting (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const { news, server, client } = await setUp(kit, face);
    news.tell(1, "one");
    await client.expect('"one"');
    expect((await stop(server)).kind).toBe("normal");
    expect(await client.closed).toBe("end");
    expect(client.received).toMatch(/"one".*\r\n0\r\n\r\n$/s);
    expect(await news.readers()).toBe(0);
    expect(kit.log).toEqual([]);
  },
);

test("one that is asked for while the server ends, ends with its head", async () => {
  await using kit = createTestSystem();
  const news = kit.system.spawn(News);
  const held = gate();
  const { server, port } = await serve(kit, {
    listener: async (_request, _response, scope) => {
      await held.passed;
      await sendEvents(scope, scope.ref(news).items());
    },
  });
  const client = await Client.open(port);
  client.send(raw("GET /"));
  await eventually(async () => (await server.stats()).underWay === 1);
  const { outcomes } = follow(stop(server));
  await kit.run();
  held.open();
  await client.closed;
  expect(client.received).toMatch(/text\/event-stream.*\r\n\r\n0\r\n\r\n$/s);
  await eventually(() => outcomes.length > 0);
  expect(await news.readers()).toBe(0);
});

const noEvent: EventsOptions<Item> = {
  toEvent: () => {
    throw new TypeError("no event");
  },
};

test.each(["listener", "fetch"] as const)(
  "an item that makes no event breaks the response off, and the stream is left (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const news = kit.system.spawn(News);
    const { server, port } = await serve(
      kit,
      face === "listener"
        ? {
            // By an ordinary ref, whose streams do not end with the request.
            listener: (_request, _response, scope) => sendEvents(scope, news.items(), noEvent),
          }
        : { fetch: (_request, scope) => eventResponse(scope, news.items(), noEvent) },
    );
    const client = await Client.open(port);
    client.send(raw("GET /"));
    await eventually(async () => (await news.readers()) === 1);
    news.tell(1, "one");
    await client.closed;
    await eventually(async () => (await news.readers()) === 0);
    await eventually(async () => (await server.stats()).underWay === 0);
    expect(await server.stats()).toMatchObject({ failed: 1, answered: 0 });
  },
);

test.each(["listener", "fetch"] as const)(
  "HEAD has the head alone, and nobody reads on for it (%s)",
  async (face) => {
    await using kit = createTestSystem();
    const news = kit.system.spawn(News);
    const { server, port } = await serve(
      kit,
      face === "listener"
        ? { listener: (_request, _response, scope) => sendEvents(scope, news.items()) }
        : { fetch: (_request, scope) => eventResponse(scope, news.items()) },
    );
    const { status, headers, body } = await ask(port, "/", { method: "HEAD" });
    expect([status, body]).toEqual([200, ""]);
    expect(headers["content-type"]).toMatch("text/event-stream");
    await eventually(async () => (await server.stats()).answered === 1);
    expect(await news.readers()).toBe(0);
  },
);

test("options that cannot work are refused", async () => {
  await using kit = createTestSystem();
  const news = kit.system.spawn(News);
  const { port } = await serve(kit, {
    listener: (_request, _response, scope) =>
      sendEvents(scope, scope.ref(news).items(), { heartbeatMs: -1 }),
  });
  await using client = await Client.open(port);
  client.send(raw("GET /"));
  await client.expect("\r\n\r\n");
  expect(client.received).toMatch(/^HTTP\/1.1 500 /);
});

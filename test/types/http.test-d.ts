import { Hono } from "hono";
import { describe, expectTypeOf, test } from "vitest";
import { actor, createSystem, type ActorDef, type RefOf } from "troupe";
import {
  httpServer,
  requestScope,
  sendStream,
  streamBody,
  type HttpListenOptions,
  type HttpServer,
  type RequestScope,
} from "troupe/http";
import { fastifyServer } from "troupe/http/fastify";
import { actors } from "troupe/http/hono";

const Counter = actor({
  name: "counter",
  init: () => ({ count: 0 }),
  call: { add: (ctx, by: number) => (ctx.state.count += by) },
  stream: {
    async *numbers() {
      yield 1;
    },
  },
});
type CounterRef = RefOf<typeof Counter>;
const system = createSystem();
const counter = system.spawn(Counter);

describe("a server", () => {
  test("without an init has no state, and is spawned with where it listens", () => {
    const Api = httpServer({
      listener: (_request, response, scope) => {
        expectTypeOf(scope).toEqualTypeOf<RequestScope<undefined>>();
        response.end();
      },
    });
    expectTypeOf(Api).toExtend<ActorDef<HttpServer, HttpListenOptions>>();
    system.spawn(Api, { port: 0 });
    system.spawn(Api, { path: "/tmp/api", mode: 0o660 });
    // @ts-expect-error -- where does it listen?
    system.spawn(Api);
    // @ts-expect-error -- where does it listen?
    system.spawn(Api, {});
    // @ts-expect-error -- one of both
    system.spawn(Api, { port: 0, path: "/tmp/api" });
  });

  test("has the state that init returns or promises, and the props that it names", () => {
    const Api = httpServer({
      init: async (_ctx, { stock }: { stock: CounterRef }) => ({ stock, name: "shop" }),
      fetch: async (_request, scope) => {
        expectTypeOf(scope.state).toEqualTypeOf<{ stock: CounterRef; name: string }>();
        expectTypeOf(await scope.ref(scope.state.stock).add(1)).toEqualTypeOf<number>();
        return new Response();
      },
    });
    system.spawn(Api, { port: 0, stock: counter });
    // @ts-expect-error -- the stock is missing
    system.spawn(Api, { port: 0 });
  });

  test("has one handler", () => {
    // @ts-expect-error -- none
    httpServer({});
    // @ts-expect-error -- two
    httpServer({ listener: () => {}, fetch: () => new Response() });
    // @ts-expect-error -- what is fetched is a Response
    httpServer({ fetch: () => "text" });
  });

  test("takes a Hono app's fetch as it is, and is spawned like any other for Fastify", () => {
    const app = new Hono().use(actors({ counter }));
    app.get("/", async (c) => {
      expectTypeOf(c.var.actors).toEqualTypeOf<{ readonly counter: CounterRef }>();
      return c.json(await c.var.actors.counter.add(1));
    });
    system.spawn(httpServer({ fetch: app.fetch }), { port: 0 });
    const Api = fastifyServer({
      app: (_ctx, { stock }: { stock: CounterRef }) => ({
        ready: () => stock.add(1),
        routing: () => {},
        close: async () => {},
      }),
    });
    system.spawn(Api, { port: 0, stock: counter });
  });
});

async function* texts() {
  yield "text";
}

describe("streams", () => {
  const scope = requestScope(system);
  const outgoing = scope.outgoing!;

  test("of text and bytes need no encoder, all others do", () => {
    streamBody(texts());
    expectTypeOf(streamBody(scope.ref(counter).numbers(), String)).toEqualTypeOf<
      ReadableStream<Uint8Array>
    >();
    // @ts-expect-error -- how is a number sent?
    streamBody(scope.ref(counter).numbers());
    // @ts-expect-error -- how is a number sent?
    void sendStream(outgoing, scope.ref(counter).numbers());
  });
});

test("a scope has the state that it was given, and can be disposed of", () => {
  expectTypeOf(requestScope(system, { state: 7 })).toEqualTypeOf<
    RequestScope<number> & Disposable
  >();
});

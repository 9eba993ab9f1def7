import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { actor, createSystem, stop, type Ref } from "troupe";
import { httpServer, type HttpServer } from "troupe/http";

/*
 * Each server counts requests, and answers with the count, which is always as long. What is behind
 * ours is an actor that counts, called once for each request.
 */

/** A server that listens. */
interface Listening {
  readonly port: number;
  readonly close: () => Promise<unknown>;
}

const HEADERS = { "content-type": "text/plain", "content-length": "10" };

/** Ten digits, for every client to know how long an answer is. */
const bodyOf = (count: number): string => String(count).padStart(10, "0");

function answer(response: ServerResponse, count: number): void {
  response.writeHead(200, HEADERS);
  response.end(bodyOf(count));
}

async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    // Of a server that listens at a port.
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function bare(): Promise<Listening> {
  let count = 0;
  return listen((_request, response) => answer(response, ++count));
}

/** What Hono uses on Node, without Hono. */
async function adapter(): Promise<Listening> {
  // By a name that the compiler does not follow: its types want those of browsers.
  const name: string = "@hono/node-server";
  const { getRequestListener } = (await import(name)) as {
    readonly getRequestListener: (fetch: () => Response, options: object) => RequestListener;
  };
  let count = 0;
  const fetch = (): Response => new Response(bodyOf(++count), { headers: HEADERS });
  // As ours has it, which leaves the process its globals.
  return listen(getRequestListener(fetch, { overrideGlobalObjects: false }));
}

const Counter = actor({
  name: "counter",
  init: () => ({ count: 0 }),
  call: { add: (ctx) => ++ctx.state.count },
});

async function listening(server: Ref<HttpServer>): Promise<Listening> {
  const { port } = await server.address();
  return { port, close: () => stop(server) };
}

function troupe(): Promise<Listening> {
  const system = createSystem();
  const counter = system.spawn(Counter);
  const Api = httpServer({
    listener: async (_request, response, scope) => {
      answer(response, await scope.ref(counter).add());
    },
  });
  return listening(system.spawn(Api, { port: 0 }));
}

function troupeFetch(): Promise<Listening> {
  const system = createSystem();
  const counter = system.spawn(Counter);
  const Api = httpServer({
    fetch: async (_request, scope) =>
      new Response(bodyOf(await scope.ref(counter).add()), { headers: HEADERS }),
  });
  return listening(system.spawn(Api, { port: 0 }));
}

export const servers = {
  "node:http": bare,
  "@hono/node-server": adapter,
  troupe,
  "troupe, fetch": troupeFetch,
};

export type ServerName = keyof typeof servers;

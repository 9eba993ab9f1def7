import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { actor, createSystem } from "troupe";
import { httpServer } from "troupe/http";

/*
 * One server in a process of its own, so that its core is what is measured. Each counts requests,
 * and answers with the count, always as long.
 */

function answer(response: ServerResponse, count: number): void {
  const body = String(count).padStart(10, "0");
  response.writeHead(200, { "content-type": "text/plain", "content-length": 10 });
  response.end(body);
}

async function bare(): Promise<number> {
  let count = 0;
  const server = createServer((_request, response) => answer(response, ++count));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // Of a server that listens at a port.
  return (server.address() as AddressInfo).port;
}

const Counter = actor({
  name: "counter",
  init: () => ({ count: 0 }),
  call: { add: (ctx) => ++ctx.state.count },
});

async function troupe(): Promise<number> {
  const system = createSystem();
  const counter = system.spawn(Counter);
  const Api = httpServer({
    listener: async (_request, response, scope) => {
      answer(response, await scope.ref(counter).add());
    },
  });
  const { port } = await system.spawn(Api, { port: 0 }).address();
  return port;
}

async function troupeFetch(): Promise<number> {
  const system = createSystem();
  const counter = system.spawn(Counter);
  const Api = httpServer({
    fetch: async (_request, scope) => {
      const body = String(await scope.ref(counter).add()).padStart(10, "0");
      return new Response(body, {
        headers: { "content-type": "text/plain", "content-length": "10" },
      });
    },
  });
  const { port } = await system.spawn(Api, { port: 0 }).address();
  return port;
}

const servers = { bare, troupe, fetch: troupeFetch };
export type ServerName = keyof typeof servers;

const name = (Object.keys(servers) as ServerName[]).find((each) => each === process.argv[2]);
if (name === undefined) throw new Error(`${process.argv[2]} is no server`);
process.on("disconnect", () => process.exit());
process.send?.(await servers[name]());

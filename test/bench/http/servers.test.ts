import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { askFor } from "../../../bench/http/client.ts";
import { servers, type ServerName } from "../../../bench/http/servers.ts";

const names = Object.keys(servers) as ServerName[];

test.each(names)("%s counts each request once, and answers with the count", async (name) => {
  const { port, close } = await servers[name]();
  const { answers, tookMs } = await askFor(port, 3, 50);
  const response = await fetch(`http://127.0.0.1:${port}/count`);
  const count = Number(await response.text());
  expect(answers).toBeGreaterThan(0);
  expect(tookMs).toBeGreaterThanOrEqual(49);
  // One that was asked for its length, this one, and up to three whose answers nobody waited for.
  expect(count).toBeGreaterThanOrEqual(answers + 2);
  expect(count).toBeLessThanOrEqual(answers + 5);
  await close();
});

test("a server that answers anything else is no contender", async () => {
  const server = createServer((_request, response) => response.writeHead(500).end("no"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await expect(askFor(port, 1, 10)).rejects.toThrow("it answered HTTP/1.1 500");
  server.close();
  server.closeAllConnections();
});

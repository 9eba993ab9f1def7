import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { actor } from "troupe";
import type { Connection } from "troupe/net";
import { createTestSystem } from "troupe/testing";
import { resolveLimits } from "../../src/net/limits.ts";
import { Reception } from "../../src/net/reception.ts";

test("a connection that the host cannot accept is counted and logged, and the server goes on", async () => {
  await using kit = createTestSystem();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address: host, port } = server.address() as AddressInfo;
  const address = { address: host, port };
  const Idle = actor({ init: (_ctx, connection: Connection) => connection });
  const Desk = actor({
    init: (ctx) =>
      new Reception(
        ctx,
        { server, address },
        { connection: Idle, limits: resolveLimits("limits") },
      ),
    call: { stats: (ctx) => ctx.state.stats() },
  });
  const desk = kit.system.spawn(Desk);
  await desk.stats();
  // As Node does it when the process has no file descriptor left.
  server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE" }));
  expect((await desk.stats()).acceptErrors).toBe(1);
  expect(kit.log).toMatchObject([{ level: "warn", message: "could not accept a connection" }]);
  server.close();
});

import { expect, test } from "vitest";
import { actor, exited, kill, nameOf, started, stop, type Ref } from "troupe";
import { tcpServer, type Connection, type TcpServer, type TcpServerSpec } from "troupe/net";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Client, eventually } from "./client.ts";

/** Sends back what it gets; `boom` fails it, `bye` ends it. */
const Echo = actor({
  name: "echo",
  init(ctx, connection: Connection) {
    ctx.source(connection, (chunk) => {
      const text = chunk.toString("latin1");
      if (text.includes("boom")) throw new Error("boom");
      connection.write(text, "latin1");
      if (text.includes("bye")) ctx.stop();
    });
    return connection;
  },
});

async function serve(
  kit: TestKit,
  spec: Partial<TcpServerSpec> = {},
): Promise<{ server: Ref<TcpServer>; port: number }> {
  const server = kit.system.spawn(tcpServer({ connection: Echo, ...spec }), { port: 0 });
  const { port } = await server.address();
  return { server, port };
}

test("port 0 is resolved, and the address can be asked for", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit);
  expect(port).toBeGreaterThan(0);
  expect(await server.address()).toEqual({ address: "127.0.0.1", port });
});

test("each connection has an actor of its own, and they do not mix", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit);
  await using a = await Client.open(port);
  await using b = await Client.open(port);
  a.send("from a");
  b.send("from b");
  await a.expect("from a");
  await b.expect("from b");
  expect([a.received, b.received]).toEqual(["from a", "from b"]);
  expect(await server.stats()).toMatchObject({ open: 2, accepted: 2 });
  const spawned = kit.eventsOf("spawned").filter(({ parent }) => parent === nameOf(server));
  expect(spawned).toHaveLength(2);
});

test("a port that is taken is a StartError whose cause is EADDRINUSE", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit);
  const second = kit.system.spawn(tcpServer({ connection: Echo }), { port });
  await expect(started(second)).rejects.toMatchObject({
    code: "TROUPE_START",
    why: "failed",
    cause: { code: "EADDRINUSE" },
  });
});

test("a connection's failure is its own: the peer sees a reset, the others nothing", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit);
  await using bad = await Client.open(port);
  await using good = await Client.open(port);
  bad.send("boom");
  expect(await bad.closed).toBe("ECONNRESET");
  good.send("still here");
  await good.expect("still here");
  expect(await server.stats()).toMatchObject({ open: 1, accepted: 2 });
});

test("a connection's actor that ends normally sends what it has written first", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit);
  await using client = await Client.open(port);
  client.send(`${"x".repeat(100_000)}bye`);
  expect(await client.closed).toBe("end");
  expect(client.received.endsWith("bye")).toBe(true);
});

test("a killed connection's actor resets its peer", async () => {
  await using kit = createTestSystem();
  let self: Parameters<typeof kill>[0] | undefined;
  const Silent = actor({
    init: (ctx, _connection: Connection) => {
      self = ctx.self;
    },
  });
  const { port } = await serve(kit, { connection: Silent });
  await using client = await Client.open(port);
  await eventually(() => self !== undefined);
  await kill(self!);
  expect(await client.closed).toBe("ECONNRESET");
});

test("the peer's end drains the actor and closes the connection", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit);
  await using client = await Client.open(port, { allowHalfOpen: true });
  client.socket.end("last words");
  expect(await client.closed).toBe("end");
  expect(client.received).toBe("last words");
  await eventually(async () => (await server.stats()).open === 0);
  expect(kit.eventsOf("ended").map(({ reason }) => reason)).toEqual([{ kind: "normal" }]);
});

test("half-open: the actor hears of the peer's end and may still answer", async () => {
  await using kit = createTestSystem();
  const Late = actor({
    init(ctx, connection: Connection) {
      let got = "";
      ctx.source(connection, (chunk) => void (got += chunk.toString()), {
        onEnd: () =>
          void ctx.timers.after(1_000, () => {
            connection.write(`you said ${got}`);
            ctx.stop();
          }),
      });
    },
  });
  const { port } = await serve(kit, { connection: Late, halfOpen: true });
  await using client = await Client.open(port, { allowHalfOpen: true });
  client.socket.end("hello");
  // When the end has come is the host's affair.
  await eventually(async () => {
    await kit.advance(500);
    return client.received !== "";
  });
  expect(await client.closed).toBe("end");
  expect(client.received).toBe("you said hello");
});

test("a reset by the peer is an end, and no failure of the actor", async () => {
  await using kit = createTestSystem();
  const errors: (string | undefined)[] = [];
  const Watchful = actor({
    init: (ctx, connection: Connection) => {
      ctx.source(connection, () => {});
      return connection;
    },
    exit: (ctx, { kind }) => void errors.push(kind, ctx.state?.error?.message),
  });
  const { server, port } = await serve(kit, { connection: Watchful });
  await using client = await Client.open(port);
  await eventually(async () => (await server.stats()).open === 1);
  client.socket.resetAndDestroy();
  await eventually(async () => (await server.stats()).open === 0);
  await eventually(() => errors.length > 0);
  expect(errors).toEqual(["normal", "read ECONNRESET"]);
  expect(kit.eventsOf("failed")).toEqual([]);
});

test("a connection whose actor does not read ends when the peer is gone", async () => {
  await using kit = createTestSystem();
  const Deaf = actor({ init: (_ctx, connection: Connection) => connection });
  const { server, port } = await serve(kit, { connection: Deaf });
  const client = await Client.open(port);
  await eventually(async () => (await server.stats()).open === 1);
  client.socket.resetAndDestroy();
  await eventually(() => kit.eventsOf("ended").length === 1);
  expect((await server.stats()).open).toBe(0);
});

test("more connections than may be are told so, counted and closed", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { limits: { connections: 1 }, refusal: "full\n" });
  await using first = await Client.open(port);
  first.send("a");
  await first.expect("a");
  await using second = await Client.open(port);
  expect(await second.closed).toBe("end");
  expect(second.received).toBe("full\n");
  expect(await server.stats()).toMatchObject({ open: 1, accepted: 1, refused: 1 });
  first.socket.end();
  await first.closed;
  await eventually(async () => (await server.stats()).open === 0);
  await using third = await Client.open(port);
  third.send("room again");
  await third.expect("room again");
});

test("a connection on which no byte moves is closed; one that talks is not", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { limits: { idleMs: 1_000 } });
  await using quiet = await Client.open(port);
  await using lively = await Client.open(port);
  await eventually(async () => (await server.stats()).open === 2);
  for (let i = 0; i < 5; i++) {
    await kit.advance(250);
    lively.send(`${i}`);
    await lively.expect(`${i}`);
  }
  expect(await quiet.closed).toBe("end");
  expect(await server.stats()).toMatchObject({ open: 1, idle: 1 });
  lively.send("x");
  await lively.expect("x");
});

test("stopping the server: nothing more is accepted, and connections finish in their time", async () => {
  await using kit = createTestSystem();
  const farewells: string[] = [];
  const Polite = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, (chunk) => void connection.write(chunk));
      return connection;
    },
    exit(ctx, reason) {
      farewells.push(reason.kind);
      ctx.state?.write("goodbye");
    },
  });
  const { server, port } = await serve(kit, { connection: Polite });
  await using client = await Client.open(port);
  client.send("hi");
  await client.expect("hi");
  const reason = await stop(server);
  expect(reason).toEqual({ kind: "normal" });
  expect(await client.closed).toBe("end");
  expect(client.received).toBe("higoodbye");
  expect(farewells).toEqual(["shutdown"]);
  await expect(Client.open(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a connection that does not finish in its shutdown time is reset", async () => {
  await using kit = createTestSystem();
  let busy = false;
  const Stubborn = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, () => {
        busy = true;
        return new Promise<void>(() => {});
      });
    },
  });
  const { server, port } = await serve(kit, { connection: Stubborn, child: { shutdown: 2_000 } });
  await using client = await Client.open(port);
  client.send("work");
  await eventually(() => busy);
  const stopped = stop(server);
  await kit.advance(2_000);
  await stopped;
  expect(await client.closed).toBe("ECONNRESET");
});

test("a peer that does not take the last bytes holds the end up for closeMs at most", async () => {
  await using kit = createTestSystem();
  const Talker = actor({
    init: (_ctx, connection: Connection) => void connection.write(Buffer.alloc(32 << 20)),
  });
  const { server, port } = await serve(kit, { connection: Talker, limits: { closeMs: 50 } });
  await using client = await Client.open(port);
  client.socket.pause();
  await eventually(async () => (await server.stats()).open === 1);
  await stop(server);
  client.socket.resume();
  expect(await client.closed).not.toBe("");
});

test("a killed server leaves no socket behind, and a permanent one listens again where it did", async () => {
  await using kit = createTestSystem();
  const options = { restart: "permanent" } as const;
  const server = kit.system.spawn(tcpServer({ connection: Echo }), { port: 0 }, options);
  const { port } = await server.address();
  await using client = await Client.open(port);
  client.send("a");
  await client.expect("a");
  await kill(server);
  expect(await client.closed).toBe("end");
  expect(await server.address()).toEqual({ address: "127.0.0.1", port });
  await using again = await Client.open(port);
  again.send("b");
  await again.expect("b");
  await stop(server);
});

test("a server that is stopped while it binds leaves no socket behind", async () => {
  await using kit = createTestSystem();
  // A name has to be looked up, which takes until after the stop.
  const props = { port: 0, host: "localhost" };
  const server = kit.system.spawn(tcpServer({ connection: Echo }), props);
  await kit.run();
  expect((await stop(server)).kind).toBe("normal");
  await exited(server);
  // Longer than the look-up takes; a server that went on to listen would be there to stay.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(process.getActiveResourcesInfo()).not.toContain("TCPServerWrap");
});

test("what can never be spawned or sent is refused when it is given", () => {
  const none: object = { connection: undefined };
  expect(() => tcpServer(none as TcpServerSpec)).toThrow("is no definition");
  const child = { mailbox: { capacity: -1 } };
  expect(() => tcpServer({ connection: Echo, child })).toThrow("tcpServer: child.mailbox");
  const refusal = 5 as unknown as string;
  expect(() => tcpServer({ connection: Echo, refusal })).toThrow("refusal is number");
});

test("a connection whose actor cannot be spawned is the server's failure, and not the host's", async () => {
  await using kit = createTestSystem();
  const child = { shutdown: 1 };
  const server = kit.system.spawn(tcpServer({ connection: Echo, child }), { port: 0 });
  const { port } = await server.address();
  // It was well when it was looked at.
  child.shutdown = -1;
  const opened = Client.open(port).catch(() => null);
  expect((await exited(server)).kind).toBe("failed");
  // It may be over before it has begun.
  const client = await opened;
  await client?.closed;
  await eventually(() => !process.getActiveResourcesInfo().includes("TCPServerWrap"));
});

test("what is no text and no bytes fails the actor that writes it, and mutes no other", async () => {
  await using kit = createTestSystem();
  const Careless = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, (chunk) => {
        const text = chunk.toString();
        connection.write(text === "bad" ? (5 as unknown as string) : text);
      });
    },
  });
  const { port } = await serve(kit, { connection: Careless });
  await using bad = await Client.open(port);
  await using good = await Client.open(port);
  bad.send("bad");
  good.send("good");
  await good.expect("good");
  expect(await bad.closed).toBe("ECONNRESET");
  expect(kit.eventsOf("failed")).toMatchObject([
    { error: { message: "connection: number cannot be written, only text and bytes" } },
  ]);
});

test("limits that are none are refused when they are given", () => {
  expect(() => tcpServer({ connection: Echo, limits: { idleMs: -1 } })).toThrow("limits.idleMs");
  const typo: object = { conections: 5 };
  expect(() => tcpServer({ connection: Echo, limits: typo })).toThrow('no limit "conections"');
});

import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { actor, exited, kill, stop, type AnyRef, type Ref } from "troupe";
import {
  connect,
  tcpServer,
  type Connection,
  type TcpServer,
  type TcpServerSpec,
} from "troupe/net";
import { lines } from "troupe/fs";
import { createTestSystem, type TestKit } from "troupe/testing";
import { outspoken } from "../../src/net/dial.ts";
import { Client, eventually } from "./client.ts";

async function serve(
  kit: TestKit,
  init: TcpServerSpec["connection"],
  limits: TcpServerSpec["limits"] = {},
): Promise<{ server: Ref<TcpServer>; port: number }> {
  const server = kit.system.spawn(tcpServer({ connection: init, limits }), { port: 0 });
  const { port } = await server.address();
  return { server, port };
}

test("a chunk comes when the one before has been handled, and all of them in order", async () => {
  await using kit = createTestSystem();
  let inside = 0;
  let most = 0;
  const Slow = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, async (chunk) => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        connection.write(chunk);
        inside--;
      });
    },
  });
  const { port } = await serve(kit, Slow);
  await using client = await Client.open(port);
  const text = Array.from({ length: 50_000 }, (_, i) => i).join(" ");
  client.send(text);
  client.socket.end();
  await client.closed;
  expect(client.received).toBe(text);
  expect(most).toBe(1);
});

test("a line is read by hand, and those that came with it go to the source behind it", async () => {
  await using kit = createTestSystem();
  const Greeted = actor({
    async init(ctx, connection: Connection) {
      const text = lines(connection);
      for await (const name of text) {
        connection.write(`hello ${name}\n`);
        break;
      }
      ctx.source(text, (line) => void connection.write(`${line}!\n`));
    },
  });
  const { port } = await serve(kit, Greeted);
  await using client = await Client.open(port);
  client.send("ann\none\ntw");
  await eventually(() => client.received === "hello ann\none!\n");
  client.send("o\nthree\n");
  client.socket.end();
  await client.closed;
  expect(client.received).toBe("hello ann\none!\ntwo!\nthree!\n");
});

test.each(["a\nb\nrest", "rest"])(
  "a last line that the peer's end cuts short is a line: %j",
  async (text) => {
    await using kit = createTestSystem();
    const heard: string[] = [];
    let isOver = false;
    const Lines = actor({
      init(ctx, connection: Connection) {
        ctx.source(lines(connection), (line) => void heard.push(line));
      },
      exit: () => void (isOver = true),
    });
    const { port } = await serve(kit, Lines);
    await using client = await Client.open(port);
    client.socket.end(text);
    await client.closed;
    await eventually(() => isOver);
    expect(heard).toEqual(text.split("\n"));
  },
);

test("while the actor is busy, reading pauses and the peer is held up", async () => {
  await using kit = createTestSystem();
  let goOn: (() => void) | undefined;
  let taken = 0;
  let unread = 0;
  const Busy = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, async (chunk) => {
        taken += chunk.length;
        if (taken === chunk.length) await new Promise<void>((resolve) => (goOn = resolve));
        unread = Math.max(unread, connection.unreadBytes);
      });
    },
  });
  const { port } = await serve(kit, Busy, { readBytes: 100_000 });
  await using client = await Client.open(port);
  const size = 64 << 20;
  client.socket.write(Buffer.alloc(size));
  await eventually(() => taken > 0);
  // As long as bytes move, reading has not stopped.
  for (let before = -1; before !== client.socket.bytesWritten - client.socket.writableLength;) {
    before = client.socket.bytesWritten - client.socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(client.socket.writableLength).toBeGreaterThan(0);
  goOn?.();
  await eventually(() => taken === size);
  // The limit, and at most one chunk more.
  expect(unread).toBeLessThan(100_000 + 65_537);
});

test("what is written in one turn goes out as one piece", async () => {
  await using kit = createTestSystem();
  const Chatty = actor({
    init(_ctx, connection: Connection) {
      connection.write("a\xe9", "latin1");
      connection.write("b", "latin1");
      connection.write(Buffer.from("c"));
      connection.write("dé");
      connection.write("e", "latin1");
    },
  });
  const { port } = await serve(kit, Chatty);
  await using client = await Client.open(port);
  const [first] = (await once(client.socket, "data")) as [string];
  expect(first).toBe("a\xe9bcd\xc3\xa9e");
});

test("write says when to wait, and drained when to go on", async () => {
  await using kit = createTestSystem();
  let waits = 0;
  let most = 0;
  const Pump = actor({
    async init(ctx, connection: Connection) {
      ctx.task(async () => {
        for (let i = 0; i < 2_000; i++) {
          if (connection.write("x".repeat(10_000), "latin1")) continue;
          waits++;
          most = Math.max(most, connection.unsentBytes);
          await connection.drained();
        }
        connection.end();
      });
    },
  });
  const { port } = await serve(kit, Pump);
  await using client = await Client.open(port);
  await once(client.socket, "end");
  expect(client.received.length).toBe(20_000_000);
  expect(waits).toBeGreaterThan(0);
  expect(most).toBeLessThan(64 * 1024 + 10_001);
});

test("a peer that does not read is cut off, counted and logged", async () => {
  await using kit = createTestSystem();
  let ended: AnyRef | undefined;
  let written = 0;
  const Flood = actor({
    init(ctx, connection: Connection) {
      ended = ctx.self;
      ctx.timers.every(1, () => {
        if (connection.isOpen) written += 1 << 20;
        connection.write(Buffer.alloc(1 << 20));
      });
    },
  });
  const { server, port } = await serve(kit, Flood, { unsentBytes: 4 << 20 });
  await using client = await Client.open(port);
  client.socket.pause();
  await eventually(async () => {
    await kit.advance(1);
    return (await server.stats()).cutOff === 1;
  });
  expect((await exited(ended!)).kind).toBe("normal");
  expect(kit.log.map(({ message }) => message)).toContain("cut off a peer that does not read");
  client.socket.resume();
  await client.closed;
  // What waited is gone with the connection, and the write that was one too many.
  expect(client.received.length).toBeLessThanOrEqual(written - (5 << 20));
});

test("one write is taken whatever its size", async () => {
  await using kit = createTestSystem();
  const Large = actor({
    init(ctx, connection: Connection) {
      connection.write(Buffer.alloc(8 << 20));
      ctx.stop();
    },
  });
  const { server, port } = await serve(kit, Large, { unsentBytes: 1 << 20 });
  await using client = await Client.open(port);
  expect(await client.closed).toBe("end");
  expect(client.received.length).toBe(8 << 20);
  expect((await server.stats()).cutOff).toBe(0);
});

test("drained resolves when the peer is gone, and what is written then is dropped", async () => {
  await using kit = createTestSystem();
  const seen: unknown[] = [];
  const Writer = actor({
    async init(_ctx, connection: Connection) {
      connection.write(Buffer.alloc(32 << 20));
      await connection.drained();
      seen.push(connection.isOpen, connection.write("more"));
    },
  });
  const { server, port } = await serve(kit, Writer);
  const client = await Client.open(port);
  client.socket.pause();
  await eventually(async () => (await server.stats()).open === 1);
  client.socket.resetAndDestroy();
  await eventually(() => seen.length > 0);
  expect(seen).toEqual([false, false]);
});

test("a source that is left can be taken up again; two at once cannot be", async () => {
  await using kit = createTestSystem();
  const Twice = actor({
    init(ctx, connection: Connection) {
      const first = ctx.source(connection, (chunk) => {
        connection.write(`1:${chunk.toString()}`);
        expect(() => ctx.source(connection, () => {})).toThrow("being read already");
        first[Symbol.dispose]();
        ctx.source(connection, (next) => void connection.write(`2:${next.toString()}`));
      });
    },
  });
  const { port } = await serve(kit, Twice);
  await using client = await Client.open(port);
  client.send("a");
  await client.expect("1:a");
  client.send("b");
  await client.expect("2:b");
  expect(client.received).toBe("1:a2:b");
});

/** A peer that listens, and keeps what it gets. */
async function listenPlainly(): Promise<{ port: number; peer: Promise<Socket>; close(): void }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const peer = once(server, "connection").then(([socket]) => socket as Socket);
  return { port: (server.address() as AddressInfo).port, peer, close: () => server.close() };
}

/** Opens a connection, says hello and gives back what it hears. */
const Caller = actor({
  init: async (ctx, port: number) => {
    const connection = await connect(ctx, { port });
    ctx.source(connection, (chunk) => void connection.write(chunk));
    connection.write("hello");
    return connection;
  },
});

test("connect: a client's connection is a source and a sink, and ends with its actor", async () => {
  await using kit = createTestSystem();
  const plain = await listenPlainly();
  const caller = kit.system.spawn(Caller, plain.port);
  const peer = await plain.peer;
  peer.setEncoding("latin1");
  expect(await once(peer, "data")).toEqual(["hello"]);
  peer.write("echo");
  expect(await once(peer, "data")).toEqual(["echo"]);
  await stop(caller);
  await once(peer, "end");
  peer.end();
  plain.close();
});

test("connect: a killed actor's peer sees a reset", async () => {
  await using kit = createTestSystem();
  const plain = await listenPlainly();
  const caller = kit.system.spawn(Caller, plain.port);
  const peer = await plain.peer;
  const failed = once(peer, "error");
  await once(peer, "data");
  await kill(caller);
  expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  plain.close();
});

test("connect: where nobody listens it rejects with the host's error", async () => {
  await using kit = createTestSystem();
  const plain = await listenPlainly();
  plain.close();
  const caller = kit.system.spawn(Caller, plain.port);
  const reason = await exited(caller);
  expect(reason).toMatchObject({ kind: "failed", error: { code: "ECONNREFUSED" } });
});

test.for([0, 1, 2, 3, 4, 5, 6])(
  "connect: an actor that ends %i microtasks after the socket is ready leaves none open",
  async (ticks) => {
    const plain = await listenPlainly();
    const abort = new AbortController();
    // What is ready is seen as soon as by whoever waits for it.
    const ready = new Promise<void>((resolve) => void plain.peer.then(() => resolve()));
    const opening = connect({ signal: abort.signal }, { port: plain.port });
    void opening.catch(() => {});
    await ready;
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    abort.abort(new Error("over"));
    const connection = await opening.catch(() => null);
    expect(connection?.isOpen ?? false).toBe(false);
    const peer = await plain.peer;
    peer
      .on("error", () => {})
      .resume()
      .end();
    await eventually(() => peer.destroyed);
    plain.close();
  },
);

test("connect: an actor may have many connections, and Node complains of nothing", async () => {
  await using kit = createTestSystem();
  const warnings: string[] = [];
  const heard = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", heard);
  const server = createServer((socket) => socket.on("error", () => {}).resume()).listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const Many = actor({
    init: (ctx) => Promise.all(Array.from({ length: 20 }, () => connect(ctx, { port }))),
    call: { count: (ctx) => ctx.state.length },
  });
  const many = kit.system.spawn(Many);
  expect(await many.count()).toBe(20);
  await stop(many);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", heard);
  expect(warnings).toEqual([]);
  server.close();
});

test("connect: a name with several addresses, none of which answers, is told by all of them", async () => {
  const parts = ["connect ECONNREFUSED ::1:9", "connect ECONNREFUSED 127.0.0.1:9"];
  const error = outspoken(
    Object.assign(new AggregateError(parts.map((part) => new Error(part))), {
      code: "ECONNREFUSED",
    }),
  );
  expect(error).toMatchObject({ message: parts.join("; "), code: "ECONNREFUSED" });
});

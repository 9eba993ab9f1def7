import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { actor, exited, kill, started, stop, type Ref } from "troupe";
import { udp, type Endpoint, type UdpOptions, type UdpSocket } from "troupe/net";
import { createTestSystem } from "troupe/testing";
import { eventually } from "./client.ts";

const HOST = "127.0.0.1";

/** Sends back what it gets. */
const Echo = actor({
  name: "echo",
  init: async (ctx, options: UdpOptions) => {
    const socket = await udp(ctx, options);
    ctx.source(socket, ({ data, from }) => void socket.send(data, from));
    return socket;
  },
  call: {
    local: (ctx) => ctx.state.local,
    stats: (ctx) => ctx.state.stats(),
  },
});

/** A peer with a plain socket. */
async function plain(port = 0): Promise<Socket & AsyncDisposable> {
  const socket = createSocket("udp4");
  socket.bind(port, HOST);
  await once(socket, "listening");
  return Object.assign(socket, {
    async [Symbol.asyncDispose]() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  });
}

/** An actor that has a socket and does nothing with it; what a test wants is done from outside. */
const Holder = actor({
  name: "holder",
  init: (ctx, { options, onOpen }: { options: UdpOptions; onOpen: (socket: UdpSocket) => void }) =>
    udp(ctx, options).then((socket) => {
      onOpen(socket);
      return socket;
    }),
});

async function hold(
  kit: ReturnType<typeof createTestSystem>,
  options: UdpOptions = {},
): Promise<{ socket: UdpSocket; holder: Ref<unknown> }> {
  let socket: UdpSocket | undefined;
  const holder = kit.system.spawn(Holder, { options, onOpen: (given) => (socket = given) });
  await started(holder);
  return { socket: socket!, holder };
}

async function take(socket: UdpSocket, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const { data } of socket) {
    taken.push(data.toString());
    if (taken.length === count) break;
  }
  return taken;
}

test("datagrams come with whom they are from, and are answered", async () => {
  await using kit = createTestSystem();
  const echo = kit.system.spawn(Echo, {});
  const { address, port } = await echo.local();
  expect(address).toBe(HOST);
  await using peer = await plain();
  for (const text of ["one", "", "three"]) {
    peer.send(text, port, HOST);
    const [data, from] = (await once(peer, "message")) as [Buffer, Endpoint];
    expect(data.toString()).toBe(text);
    expect(from.port).toBe(port);
  }
  expect(await echo.stats()).toEqual({ received: 3, dropped: 0, sent: 3, failed: 0, refused: 0 });
});

test("IPv6 is as good", async ({ skip }) => {
  const has = Object.values(networkInterfaces()).some((each) =>
    each?.some((a) => a.address === "::1"),
  );
  if (!has) skip();
  await using kit = createTestSystem();
  const { socket: a } = await hold(kit, { host: "::1" });
  const { socket: b } = await hold(kit, { host: "::1" });
  a.send("hi", b.local);
  const { value: datagram } = await b[Symbol.asyncIterator]().next();
  expect(datagram).toMatchObject({ from: { address: "::1", port: a.local.port } });
});

test("a datagram is handled when the one before has been, and they do not run together", async () => {
  await using kit = createTestSystem();
  const seen: string[] = [];
  let inside = 0;
  let most = 0;
  let local: Endpoint | undefined;
  const Slow = actor({
    init: async (ctx) => {
      const socket = await udp(ctx);
      ({ local } = socket);
      ctx.source(socket, async ({ data }) => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(data.toString());
        inside--;
      });
    },
  });
  await started(kit.system.spawn(Slow));
  await using peer = await plain();
  for (let i = 0; i < 50; i++) peer.send(`${i}`, local!.port, HOST);
  await eventually(() => seen.length === 50);
  expect(most).toBe(1);
});

test.for([
  ["dropNewest", ["0", "1", "2"]],
  ["dropOldest", ["7", "8", "9"]],
] as const)("without room, %s, and it is counted and logged once", async ([whenFull, kept]) => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit, { limits: { readDatagrams: 3 }, whenFull });
  await using peer = await plain();
  for (let i = 0; i < 10; i++) peer.send(`${i}`, socket.local.port, HOST);
  await eventually(() => socket.stats().received === 10);
  expect(socket.stats().dropped).toBe(7);
  expect(socket.unread).toBe(3);
  expect(await take(socket, 3)).toEqual(kept);
  expect(kit.log).toMatchObject([
    { level: "warn", message: "drops datagrams, which come faster than they are handled" },
  ]);
});

test("bytes are limited as well, and one that is larger than all the room costs no other", async () => {
  await using kit = createTestSystem();
  const limits = { readBytes: 100 };
  const { socket } = await hold(kit, { limits, whenFull: "dropOldest" });
  await using peer = await plain();
  const sizes = [60, 30, 101, 50];
  for (const size of sizes) peer.send("x".repeat(size), socket.local.port, HOST);
  await eventually(() => socket.stats().received === 4);
  expect((await take(socket, 2)).map(({ length }) => length)).toEqual([30, 50]);
  expect(socket.stats().dropped).toBe(2);
});

test("many more than may wait go through when they are read meanwhile", async () => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit, { limits: { readDatagrams: 100 } });
  await using peer = await plain();
  const read = take(socket, 2_000);
  for (let i = 0; i < 2_000; i++) {
    peer.send(`${i}`, socket.local.port, HOST);
    if (i % 50 === 49) await eventually(() => socket.stats().received === i + 1);
  }
  expect(await read).toEqual(Array.from({ length: 2_000 }, (_, i) => `${i}`));
});

test("send says when to wait, and drained when to go on; too much is refused and counted", async () => {
  await using kit = createTestSystem();
  const limits = { writeBytes: 3_000, unsentBytes: 5_000 };
  const { socket } = await hold(kit, { limits });
  await using peer = await plain();
  const to = { address: HOST, port: peer.address().port };
  const answers = Array.from({ length: 8 }, () => socket.send(Buffer.alloc(1_000), to));
  expect(answers).toEqual([true, true, false, false, false, false, false, false]);
  expect(socket.stats().refused).toBe(2);
  expect(socket.unsentBytes).toBe(6_000);
  await socket.drained();
  expect(socket.unsentBytes).toBe(0);
  expect(socket.stats()).toMatchObject({ sent: 6, refused: 2 });
  expect(socket.send("again", to)).toBe(true);
});

test("what the host does not take is counted, and the socket goes on", async () => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit);
  await using peer = await plain();
  const to = { address: HOST, port: peer.address().port };
  socket.send(Buffer.alloc(70_000), to);
  await socket.drained();
  expect(socket.stats()).toMatchObject({ sent: 0, failed: 1 });
  expect(socket.error).toMatchObject({ code: "EMSGSIZE" });
  socket.send("fits", to);
  const [data] = (await once(peer, "message")) as [Buffer];
  expect(data.toString()).toBe("fits");
});

test("a connected socket sends to its peer, hears nobody else, and is told that nobody is there", async () => {
  await using kit = createTestSystem();
  const peer = await plain();
  await using other = await plain();
  const { port } = peer.address();
  const { socket } = await hold(kit, { connect: { port } });
  expect(socket.remote).toEqual({ address: HOST, port });
  socket.send("hello");
  const [data] = (await once(peer, "message")) as [Buffer];
  expect(data.toString()).toBe("hello");
  other.send("intruder", socket.local.port, HOST);
  peer.send("friend", socket.local.port, HOST);
  expect(await take(socket, 1)).toEqual(["friend"]);
  await peer[Symbol.asyncDispose]();
  await eventually(() => {
    socket.send("anybody?");
    return socket.error !== undefined;
  });
  expect(socket.error).toMatchObject({ code: "ECONNREFUSED" });
  expect(socket.isOpen).toBe(true);
});

test("a group is heard by all who joined it", async ({ skip }) => {
  await using kit = createTestSystem();
  const multicast = { groups: ["239.255.17.4"], interface: HOST, loopback: true, ttl: 0 };
  const first = { host: "0.0.0.0", reuseAddress: true, multicast };
  const opened = await hold(kit, first).catch(() => null);
  if (opened === null) return skip("this host has no multicast on its loopback interface");
  const { socket: a } = opened;
  const { socket: b } = await hold(kit, { ...first, port: a.local.port });
  const to = { address: "239.255.17.4", port: a.local.port };
  const heard = Promise.all([take(a, 1), take(b, 1)]);
  a.send("all of you", to);
  expect(await heard).toEqual([["all of you"], ["all of you"]]);
});

test("broadcasting has to be asked for", async () => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit, { host: "0.0.0.0" });
  socket.send("x", { address: "255.255.255.255", port: 9 });
  await socket.drained();
  expect(socket.error).toMatchObject({ code: "EACCES" });
  const { socket: loud } = await hold(kit, { host: "0.0.0.0", broadcast: true, ttl: 1 });
  loud.send("x", { address: "127.255.255.255", port: 9 });
  await loud.drained();
  expect(loud.stats()).toMatchObject({ sent: 1, failed: 0 });
});

test("it ends with its actor: what was sent is sent, and the port is free", async () => {
  await using kit = createTestSystem();
  await using peer = await plain();
  const to = { address: HOST, port: peer.address().port };
  const Farewell = actor({
    init: (ctx) => udp(ctx),
    call: { port: (ctx) => ctx.state.local.port },
    cast: {
      leave(ctx) {
        for (let i = 0; i < 3; i++) ctx.state.send(`goodbye ${i}`, to);
        ctx.stop();
      },
    },
  });
  const farewell = kit.system.spawn(Farewell);
  const port = await farewell.port();
  const heard: string[] = [];
  peer.on("message", (data) => heard.push(data.toString()));
  farewell.leave();
  await exited(farewell);
  await eventually(() => heard.length === 3);
  expect(heard).toEqual(["goodbye 0", "goodbye 1", "goodbye 2"]);
  await eventually(async () => {
    const again = await plain(port).catch(() => null);
    await again?.[Symbol.asyncDispose]();
    return again !== null;
  });
});

test("a killed actor's socket is gone at once, and its successor may have the port", async () => {
  await using kit = createTestSystem();
  const { port } = await (async () => {
    await using free = await plain();
    return free.address();
  })();
  const echo = kit.system.spawn(Echo, { port }, { restart: "permanent" });
  await echo.local();
  for (let i = 0; i < 3; i++) {
    await kill(echo);
    await using peer = await plain();
    expect((await echo.local()).port).toBe(port);
    peer.send("there?", port, HOST);
    await once(peer, "message");
  }
  await stop(echo);
});

test("an actor that is stopped or killed while it binds leaves no socket behind", async () => {
  await using kit = createTestSystem();
  for (const end of [stop, kill]) {
    for (let turns = 0; turns < 6; turns++) {
      const echo = kit.system.spawn(Echo, {});
      await kit.run();
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      await end(echo);
      await exited(echo);
    }
  }
  await eventually(() => !process.getActiveResourcesInfo().includes("UDPWrap"));
  expect(kit.eventsOf("ended")).toHaveLength(12);
});

test("reading ends when the socket is closed, and what is sent then is refused", async () => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit);
  const reading = take(socket, 1);
  socket.close();
  expect(await reading).toEqual([]);
  expect(socket.isOpen).toBe(false);
  expect(socket.send("x", { address: HOST, port: 9 })).toBe(false);
  expect(socket.stats().refused).toBe(1);
  await socket.drained();
});

test("a port that is taken, and a host that is none, are the host's errors", async () => {
  await using kit = createTestSystem();
  await using peer = await plain();
  const taken = kit.system.spawn(Echo, { port: peer.address().port });
  await expect(started(taken)).rejects.toMatchObject({ cause: { code: "EADDRINUSE" } });
  const nowhere = kit.system.spawn(Echo, { host: "192.0.2.1" });
  await expect(started(nowhere)).rejects.toMatchObject({ cause: { code: "EADDRNOTAVAIL" } });
});

test("what Node would not take is refused, and nothing is waited for because of it", async () => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit);
  const odd: object = { port: 9 };
  expect(() => socket.send("x", odd as Endpoint)).toThrow("the address is undefined");
  expect(() => socket.send("x", { address: "", port: 9 })).toThrow("it must be text");
  expect(() => socket.send(5 as unknown as string, { address: HOST, port: 9 })).toThrow(
    "number is neither",
  );
  expect(socket.unsentBytes).toBe(0);
  await socket.drained();
});

test.for([0, 1, 2, 3, 4, 5, 6, 8, 10])(
  "an actor that ends %i microtasks after its socket is ready leaves none behind",
  async (ticks) => {
    const abort = new AbortController();
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const opening = udp({ signal: abort.signal, log });
    void opening.catch(() => {});
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    abort.abort(new Error("over"));
    await opening.then(
      (socket) => expect(socket.isOpen).toBe(false),
      () => {},
    );
    await eventually(() => !process.getActiveResourcesInfo().includes("UDPWrap"));
  },
);

test("what cannot work is refused: two readers, a wrong port, nowhere to send, a limit that is none", async () => {
  await using kit = createTestSystem();
  const { socket } = await hold(kit);
  void socket[Symbol.asyncIterator]();
  expect(() => socket[Symbol.asyncIterator]()).toThrow("being read already");
  expect(() => socket.send("x", { address: HOST, port: 0 })).toThrow("the port is 0");
  expect(() => socket.send("x")).toThrow("say where to send to");
  const { socket: connected } = await hold(kit, { connect: { port: socket.local.port } });
  expect(() => connected.send("x", socket.local)).toThrow("can send to nobody else");
  const wrong: UdpOptions[] = [
    { limits: { readBytes: 0 } },
    { limits: { ...({ datagrams: 1 } as object) } },
    { ...({ whenFull: "wait" } as object) },
  ];
  const messages: unknown[] = [];
  for (const options of wrong) {
    const reason = await exited(kit.system.spawn(Echo, options));
    messages.push(reason.kind === "failed" ? (reason.error as Error).message : reason);
  }
  expect(messages).toEqual([
    "udp: limits.readBytes is 0; it must be a number more than 0",
    expect.stringContaining('there is no limit "datagrams"'),
    'udp: whenFull is wait; it can be "dropNewest" or "dropOldest"',
  ]);
});

import { expect, test } from "vitest";
import { actor, exited, kill, stop, withOptions, type Ref } from "troupe";
import { tcpClient, type Connection } from "troupe/net";
import { createTestSystem } from "troupe/testing";
import { eventually } from "./client.ts";
import { FIXED, open, reaches, Session, type Protocol } from "./line-client.ts";
import { Peer } from "./peer.ts";

test("waits grow from min to max while nobody listens, and the log is told once", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const backoff = { kind: "exponential", min: 100, max: 1_000 } as const;
  const client = open(kit, peer, { backoff });
  const waits: (number | undefined)[] = [];
  for (let failures = 1; failures <= 6; failures++) {
    await eventually(async () => (await client.clientStatus()).failures === failures);
    const { retryInMs } = await client.clientStatus();
    waits.push(retryInMs);
    await kit.advance(retryInMs! - 1);
    expect((await client.clientStatus()).state).toBe("waiting");
    await kit.advance(1);
  }
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(kit.log).toHaveLength(1);
});

test("waits are spread, so that many do not come back together", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const clients = Array.from({ length: 20 }, () => open(kit, peer));
  const waits = new Set<number | undefined>();
  for (const client of clients) {
    await reaches(client, "waiting");
    waits.add((await client.clientStatus()).retryInMs);
  }
  expect(waits.size).toBeGreaterThan(15);
});

test("a connection that does not last makes the next wait longer; one that lasts, as the first", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const backoff = { kind: "exponential", min: 100, max: 1_000, resetAfter: 5_000 } as const;
  const client = open(kit, peer, { backoff });
  const waits: (number | undefined)[] = [];
  for (const lasts of [0, 4_999, 5_000]) {
    await reaches(client, "connected");
    await kit.advance(lasts);
    peer.hangUp();
    await reaches(client, "waiting");
    const { retryInMs } = await client.clientStatus();
    waits.push(retryInMs);
    await kit.advance(retryInMs!);
  }
  expect(waits).toEqual([100, 200, 100]);
});

test.for(["end", "reset"] as const)(
  "a peer that is gone, by an %s, is dialled again",
  async (how) => {
    await using peer = await Peer.up();
    await using kit = createTestSystem();
    const client = open(kit, peer);
    expect(await client.ask("a")).toBe("re: a");
    peer.hangUp(how);
    await reaches(client, "waiting");
    const { error } = await client.clientStatus();
    expect(error?.message).toMatch(how === "end" ? "the connection has ended" : "ECONNRESET");
    await kit.advance(1_000);
    expect(await client.ask("b")).toBe("re: b");
    expect((await client.clientStatus()).connects).toBe(2);
    expect(kit.eventsOf("failed")).toEqual([]);
  },
);

test("a session that fails costs its connection: the peer sees a reset, the caller the failure", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  await client.ask("a");
  await expect(client.boom()).rejects.toMatchObject({ code: "TROUPE_ACTOR_FAILED" });
  await reaches(client, "waiting");
  expect((await client.clientStatus()).error?.message).toBe("boom");
  await eventually(() => peer.sockets.size === 0);
  await kit.advance(1_000);
  expect(await client.ask("b")).toBe("re: b");
});

test("a session that does not come to life is a failed attempt", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  let tries = 0;
  const Picky = actor({
    init(ctx, connection: Connection) {
      if (++tries < 3) throw new Error("wrong password");
      ctx.source(connection, () => {});
      return connection;
    },
    call: { tries: () => tries },
  });
  const client = kit.system.spawn(tcpClient({ session: Picky, backoff: FIXED }), {
    port: peer.port,
  });
  for (const failures of [1, 2]) {
    await eventually(async () => (await client.clientStatus()).failures === failures);
    expect((await client.clientStatus()).error?.message).toContain("wrong password");
    await kit.advance(1_000);
  }
  expect(await client.tries()).toBe(3);
  expect((await client.clientStatus()).connects).toBe(1);
});

test("a peer that hangs up while the session starts does not hold the client up", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const Slow = actor({ init: (_ctx, _connection: Connection) => new Promise<void>(() => {}) });
  const client = kit.system.spawn(tcpClient({ session: Slow }), { port: peer.port });
  await eventually(() => peer.sockets.size === 1);
  peer.hangUp("reset");
  await reaches(client, "waiting");
  expect((await client.clientStatus()).error).toMatchObject({ code: "ECONNRESET" });
});

test("a session that never ends holds the next connection up for closeMs at most", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const Stuck = actor({
    init: (_ctx, connection: Connection) => connection,
    call: { wait: () => new Promise<void>(() => {}) },
  });
  const options = { port: peer.port, limits: { closeMs: 3_000 } };
  const client = kit.system.spawn(tcpClient({ session: Stuck, backoff: FIXED }), options);
  const waiting = withOptions(client, { timeout: Infinity })
    .wait()
    .catch((error: unknown) => error);
  await reaches(client, "connected");
  peer.hangUp("reset");
  await eventually(() => peer.sockets.size === 0);
  await kit.advance(2_999);
  expect((await client.clientStatus()).state).toBe("connected");
  await eventually(async () => {
    await kit.advance(1_000);
    return (await client.clientStatus()).state === "waiting";
  });
  expect(await waiting).toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
});

test("a session that never ends does not hold a reconnect up for more than its shutdown", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const Stuck = actor({
    init: (_ctx, connection: Connection) => connection,
    cast: { wait: () => new Promise<void>(() => {}) },
  });
  const spec = { session: Stuck, child: { shutdown: 2_000 } };
  const client = kit.system.spawn(tcpClient(spec), { port: peer.port });
  await reaches(client, "connected");
  client.wait();
  client.reconnect();
  await client.clientStatus();
  await kit.advance(2_000);
  await eventually(async () => (await client.clientStatus()).connects === 2);
  expect((await client.clientStatus()).failures).toBe(0);
});

test("a peer that hangs up at once is no connection, also for a session that does not read", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  peer.onConnection = (socket) => socket.resetAndDestroy();
  const Deaf = actor({ init: (_ctx, connection: Connection) => connection });
  const definition = tcpClient({ session: Deaf, backoff: { kind: "none" } });
  const client = kit.system.spawn(definition, { port: peer.port });
  await eventually(async () => {
    await kit.advance(1);
    return peer.count >= 20;
  });
  peer.onConnection = () => {};
  await eventually(async () => {
    await kit.advance(1);
    return (await client.clientStatus()).state === "connected" && peer.sockets.size === 1;
  });
  expect((await client.clientStatus()).error).toBeUndefined();
});

test("after so many attempts it fails, with why", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer, { attempts: 3, backoff: FIXED });
  const waiting = client.ask("never").catch((error: unknown) => error);
  for (const failures of [1, 2]) {
    await eventually(async () => (await client.clientStatus()).failures === failures);
    await kit.advance(1_000);
  }
  expect(await exited(client)).toMatchObject({
    kind: "failed",
    error: {
      code: "TROUPE_NOT_CONNECTED",
      message: /gave up after 3 attempts: .*ECONNREFUSED/,
      cause: { code: "ECONNREFUSED" },
    },
  });
  expect(await waiting).toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
});

test("reconnect dials at once: from waiting, and from a connection, whose session says goodbye", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer, { backoff: { kind: "fixed", delay: 1e9 } });
  await reaches(client, "waiting");
  await peer.up();
  client.reconnect();
  await reaches(client, "connected");
  client.reconnect();
  expect(await client.ask("by the new one")).toBe("re: by the new one");
  expect(await client.clientStatus()).toMatchObject({ connects: 2, failures: 0, error: undefined });
  await eventually(() => peer.sockets.size === 1);
  expect(new Set(peer.lines)).toEqual(new Set(["bye", "by the new one"]));
});

test("reconnect gives up a dial that hangs", async () => {
  await using peer = await Peer.up();
  peer.answers = false;
  await using kit = createTestSystem();
  const definition = tcpClient({ session: Session });
  // Nobody answers the handshake: it would take connectMs.
  const client = kit.system.spawn(definition, { port: peer.port, tls: true, connectMs: Infinity });
  await eventually(() => peer.sockets.size === 1);
  const [first] = peer.sockets;
  client.reconnect();
  await eventually(() => peer.count === 2 && first!.destroyed);
  expect(await client.clientStatus()).toMatchObject({ state: "connecting", failures: 0 });
  await stop(client);
  await eventually(() => peer.sockets.size === 0);
});

test("a peer that is not well, or does not say, is left for a new connection", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const health = {
    everyMs: 10_000,
    timeoutMs: 2_000,
    check: (session: Ref<Protocol>) => session.ask("ping"),
  };
  const client = open(kit, peer, { health, backoff: FIXED });
  await reaches(client, "connected");
  for (let i = 1; i <= 3; i++) {
    await kit.advance(10_000);
    await eventually(() => peer.lines.length === i);
  }
  peer.answers = false;
  await kit.advance(10_000);
  await kit.advance(2_000);
  await reaches(client, "waiting");
  expect((await client.clientStatus()).error).toMatchObject({ code: "TROUPE_TIMEOUT" });
  await eventually(() => peer.sockets.size === 0);
  peer.answers = true;
  await kit.advance(1_000);
  await reaches(client, "connected");
});

test("a client that is killed or stopped while it dials leaves no socket behind", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  for (const end of [kill, stop]) {
    for (let turns = 0; turns < 8; turns++) {
      const client = open(kit, peer);
      await kit.run();
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      await end(client);
      await exited(client);
    }
  }
  await eventually(() => peer.sockets.size === 0);
  expect(process.getActiveResourcesInfo()).not.toContain("TCPSocketWrap");
});

test("a peer that does not read is cut off, and dialled again", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const Flood = actor({
    init: (_ctx, connection: Connection) => connection,
    cast: { pour: (ctx) => void ctx.state.write(Buffer.alloc(1 << 20)) },
  });
  const options = { port: peer.port, limits: { unsentBytes: 4 << 20 } };
  const client = kit.system.spawn(tcpClient({ session: Flood, backoff: FIXED }), options);
  await eventually(() => peer.sockets.size === 1);
  for (const socket of peer.sockets) socket.pause();
  await eventually(async () => {
    client.pour();
    return (await client.clientStatus()).error !== undefined;
  });
  expect((await client.clientStatus()).error?.message).toMatch(/^the peer did not read; \d+ bytes/);
  expect(kit.log.map(({ message }) => message)).toContain("cut off a peer that does not read");
});

import { expect, test } from "vitest";
import {
  actor,
  exited,
  kill,
  nameOf,
  stop,
  withOptions,
  type ActorDef,
  type Ref,
  type Reply,
} from "troupe";
import {
  NotConnectedError,
  tcpClient,
  type Connection,
  type TcpClient,
  type TcpClientSpec,
} from "troupe/net";
import { createTestSystem, type TestKit } from "troupe/testing";
import { eventually } from "./client.ts";
import { Peer } from "./peer.ts";

/** One question a line, answered in order. */
const Session = actor({
  name: "session",
  init(ctx, connection: Connection) {
    const asked: Reply<string>[] = [];
    ctx.source(connection, (chunk) => {
      for (const line of chunk.toString().split("\n").slice(0, -1)) asked.shift()?.resolve(line);
    });
    return { connection, asked };
  },
  cast: {
    say(ctx, text: string) {
      ctx.state.connection.write(`${text}\n`);
    },
    sum(ctx, a: number, b: number, c: number, d: number) {
      ctx.state.connection.write(`${a + b + c + d}\n`);
    },
  },
  call: {
    ask(ctx, text: string) {
      const reply = ctx.defer<string>();
      ctx.state.asked.push(reply);
      ctx.state.connection.write(`${text}\n`);
      return reply;
    },
    boom(): string {
      throw new Error("boom");
    },
  },
  stream: {
    async *twice(_ctx, text: string) {
      yield text;
      yield text;
    },
    async *forever(_ctx) {
      yield 1;
      await new Promise(() => {});
    },
  },
  exit(ctx, { kind }) {
    if (kind === "shutdown") ctx.state?.connection.write("bye\n");
  },
});
type Protocol = typeof Session extends ActorDef<infer A, never> ? A : never;
type Client = Ref<Protocol & TcpClient>;

/** So that a test knows when the next attempt is. */
const FIXED = { kind: "fixed", delay: 1_000 } as const;

function open(kit: TestKit, peer: Peer, spec: Partial<TcpClientSpec<Protocol>> = {}): Client {
  return kit.system.spawn(tcpClient({ session: Session, ...spec }), { port: peer.port });
}

async function reaches(client: Ref<TcpClient>, state: string): Promise<void> {
  await eventually(async () => (await client.clientStatus()).state === state);
}

test("a client offers the verbs of its session: casts, calls and streams", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  client.say("one");
  client.sum(1, 2, 3, 4);
  expect(await client.ask("two")).toBe("re: one");
  expect(peer.lines).toEqual(["one", "10", "two"]);
  const items: string[] = [];
  for await (const item of client.twice("x")) items.push(item);
  expect(items).toEqual(["x", "x"]);
  expect(await client.clientStatus()).toMatchObject({
    state: "connected",
    to: `127.0.0.1:${peer.port}`,
    error: undefined,
    connects: 1,
    failures: 0,
  });
});

test("it starts where nobody listens, and connects when somebody does", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  await reaches(client, "waiting");
  const status = await client.clientStatus();
  expect(status).toMatchObject({ failures: 1, error: { code: "ECONNREFUSED" } });
  expect(kit.log).toMatchObject([{ level: "warn", message: "has no connection, and tries again" }]);
  await peer.up();
  await kit.advance(status.retryInMs!);
  await reaches(client, "connected");
  expect(kit.log.map(({ message }) => message)).toContain("is connected again");
  expect((await client.clientStatus()).error).toBeUndefined();
});

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

test("what was sent when the connection broke rejects, and is not sent again", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  await client.ask("first");
  peer.answers = false;
  const asked = client.ask("lost").catch((error: unknown) => error);
  await eventually(() => peer.lines.includes("lost"));
  peer.hangUp();
  expect(await asked).toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  peer.answers = true;
  await reaches(client, "waiting");
  await kit.advance(1_000);
  expect(await client.ask("next")).toBe("re: next");
  expect(peer.lines).toEqual(["first", "lost", "next"]);
});

test("messages wait for a connection, in their order", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  await reaches(client, "waiting");
  client.say("1");
  const two = client.ask("2");
  client.say("3");
  const four = client.ask("4");
  expect((await client.clientStatus()).held).toBe(4);
  await peer.up();
  await kit.advance(1_000);
  expect(await Promise.all([two, four])).toEqual(["re: 1", "re: 2"]);
  expect(peer.lines).toEqual(["1", "2", "3", "4"]);
  expect(await client.clientStatus()).toMatchObject({ held: 0, refused: 0, dropped: 0 });
});

test("more than may wait are refused, or dropped, and counted", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer, { held: 2 });
  await reaches(client, "waiting");
  client.say("1");
  const two = client.ask("2");
  client.say("3");
  await expect(client.ask("4")).rejects.toMatchObject({
    code: "TROUPE_NOT_CONNECTED",
    to: `127.0.0.1:${peer.port}`,
    message: new RegExp(
      `^${nameOf(client)} is not connected to .*; 2 messages wait already: .*REFUSED`,
    ),
    cause: { code: "ECONNREFUSED" },
  });
  expect(await client.clientStatus()).toMatchObject({ held: 2, refused: 1, dropped: 1 });
  expect(kit.log.map(({ message }) => message)).toContain("drops casts");
  await peer.up();
  await kit.advance(1_000);
  expect(await two).toBe("re: 1");
  expect(peer.lines).toEqual(["1", "2"]);
});

test("callers that have left make room for others", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer, { held: 2, backoff: { kind: "fixed", delay: 60_000 } });
  await reaches(client, "waiting");
  client.say("stays");
  const asked = withOptions(client, { timeout: 500 })
    .ask("left")
    .catch((error: unknown) => error);
  await expect(client.ask("too much")).rejects.toThrow("2 messages wait already");
  await kit.advance(1_500);
  expect(await asked).toMatchObject({ code: "TROUPE_TIMEOUT" });
  expect((await client.clientStatus()).held).toBe(1);
  const patient = withOptions(client, { timeout: Infinity }).ask("patient");
  await peer.up();
  await kit.advance(60_000);
  await reaches(client, "connected");
  expect(await patient).toBe("re: stays");
  expect(peer.lines).toEqual(["stays", "patient"]);
});

test("where calls do not wait, they are refused at once, and casts dropped", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer, { whenDown: "refuse" });
  await expect(client.ask("1")).rejects.toThrow("calls do not wait");
  client.say("2");
  const stream = client.twice("x")[Symbol.asyncIterator]();
  await expect(stream.next()).rejects.toMatchObject({ code: "TROUPE_NOT_CONNECTED" });
  expect(await client.clientStatus()).toMatchObject({ held: 0, refused: 2, dropped: 1 });
});

test("a stream waits for a connection, and one that is open rejects when it breaks", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  await reaches(client, "waiting");
  const stream = client.forever()[Symbol.asyncIterator]();
  const first = stream.next();
  await eventually(async () => (await client.clientStatus()).held === 1);
  await peer.up();
  await kit.advance(1_000);
  expect(await first).toEqual({ done: false, value: 1 });
  const second = stream.next().catch((error: unknown) => error);
  peer.hangUp();
  expect(await second).toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
  await reaches(client, "waiting");
  expect(kit.eventsOf("failed")).toEqual([]);
});

test("a reader that leaves while its stream waits makes room for others", async () => {
  await using peer = await Peer.up();
  await peer.down();
  await using kit = createTestSystem();
  const client = open(kit, peer, { held: 1 });
  await reaches(client, "waiting");
  const stream = client.twice("x")[Symbol.asyncIterator]();
  const first = stream.next();
  await eventually(async () => (await client.clientStatus()).held === 1);
  await expect(client.ask("no room")).rejects.toThrow("1 message waits already");
  await stream.return!();
  void first.catch(() => {});
  await eventually(async () => (await client.clientStatus()).held === 0);
});

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

test("the changes of a client can be read as a stream, beginning with how it is now", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const client = open(kit, peer, { backoff: FIXED });
  await reaches(client, "connected");
  const seen: string[] = [];
  for await (const { state, error } of client.clientChanges()) {
    seen.push(error === undefined ? state : `${state}: ${error.message}`);
    if (seen.length === 1) peer.hangUp();
    if (seen.length === 2) await kit.advance(1_000);
    if (seen.length === 4) break;
  }
  const why = "the connection has ended";
  expect(seen).toEqual(["connected", `waiting: ${why}`, `connecting: ${why}`, "connected"]);
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

test("stopping a client lets its session say goodbye, and leaves no socket behind", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const client = open(kit, peer);
  await client.ask("a");
  await stop(client);
  await eventually(() => peer.sockets.size === 0);
  expect(peer.lines).toEqual(["a", "bye"]);
});

test("a killed client's peer sees a reset, and a permanent one connects anew with what was held", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const Client = tcpClient({ session: Session });
  const client = kit.system.spawn(Client, { port: peer.port }, { restart: "permanent" });
  await client.ask("a");
  await kill(client);
  expect(await client.ask("b")).toBe("re: b");
  await eventually(() => peer.sockets.size === 1);
  await peer.down();
  await reaches(client, "waiting");
  const held = client.ask("held");
  expect((await client.clientStatus()).held).toBe(1);
  await peer.up();
  await kill(client);
  expect(await held).toBe("re: held");
  await stop(client);
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

test("casts that a slow session cannot take are counted, and harm nobody", async () => {
  await using peer = await Peer.up();
  await using kit = createTestSystem();
  const Busy = actor({
    init: (_ctx, connection: Connection) => connection,
    cast: { work: () => new Promise<void>(() => {}) },
  });
  const spec = { session: Busy, child: { mailbox: { capacity: 2 } } };
  const client = kit.system.spawn(tcpClient(spec), { port: peer.port });
  await reaches(client, "connected");
  for (let i = 0; i < 10; i++) client.work();
  await eventually(async () => (await client.clientStatus()).dropped > 0);
  expect((await client.clientStatus()).state).toBe("connected");
  expect(kit.eventsOf("failed")).toEqual([]);
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

test("a name with several addresses, none of which answers, is told by all of them", () => {
  const parts = [
    new Error("connect ECONNREFUSED ::1:9"),
    new Error("connect ECONNREFUSED 127.0.0.1:9"),
  ];
  const cause = Object.assign(new AggregateError(parts), { code: "ECONNREFUSED" });
  const { message } = new NotConnectedError("client", "localhost:9", "calls do not wait", cause);
  expect(message).toBe(
    "client is not connected to localhost:9; calls do not wait: connect ECONNREFUSED ::1:9; connect ECONNREFUSED 127.0.0.1:9",
  );
});

test("what cannot work is refused when it is given", () => {
  const clash = actor({ call: { clientStatus: () => 1 }, init: (_ctx, _c: Connection) => {} });
  expect(() => tcpClient({ session: clash })).toThrow('has a verb "clientStatus"');
  expect(() => tcpClient({ session: Session, attempts: 0 })).toThrow("attempts is 0");
  expect(() => tcpClient({ session: Session, held: NaN })).toThrow("held is NaN");
  const typo: object = { whenDown: "hold" };
  expect(() => tcpClient({ session: Session, ...typo })).toThrow('it can be "wait" or "refuse"');
  const backoff = { kind: "exponential", min: 5, max: 1 } as const;
  expect(() => tcpClient({ session: Session, backoff })).toThrow("more than its max");
});

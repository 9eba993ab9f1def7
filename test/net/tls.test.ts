import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { actor, exited, kill, started, stop, type ExitReason, type Ref } from "troupe";
import {
  connect,
  tcpServer,
  type ConnectOptions,
  type Connection,
  type ListenOnPort,
  type TcpServer,
  type TcpServerSpec,
} from "troupe/net";
import { createTestSystem, type TestKit } from "troupe/testing";
import { certificate } from "./certificate.ts";
import { Client, eventually } from "./client.ts";

const ca = certificate("Test Authority", { isAuthority: true });
const localhost = certificate("localhost", { by: ca });

/** Sends back what it gets; `boom` fails it, `who` answers with what was agreed upon. */
const Echo = actor({
  name: "echo",
  init(ctx, connection: Connection) {
    ctx.source(connection, (chunk) => {
      const text = chunk.toString();
      if (text === "boom") throw new Error("boom");
      if (text !== "who") connection.write(chunk);
      else {
        const { protocol, alpnProtocol, servername, authorized } = connection.tls!;
        const name = connection.tls!.peerCertificate()?.subject.CN;
        connection.write(JSON.stringify({ protocol, alpnProtocol, servername, authorized, name }));
      }
    });
    return connection;
  },
});

async function serve(
  kit: TestKit,
  tls: ListenOnPort["tls"] = localhost,
  spec: Partial<TcpServerSpec> = {},
): Promise<{ server: Ref<TcpServer>; port: number }> {
  const definition = tcpServer({ connection: Echo, ...spec });
  const server = kit.system.spawn(definition, { port: 0, tls });
  const { port } = await server.address();
  return { server, port };
}

async function open(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", ca: ca.cert, ...options });
  await once(socket, "secureConnect");
  socket.setEncoding("utf8");
  return socket;
}

async function ask(socket: TLSSocket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = (await once(socket, "data")) as [string];
  return answer;
}

/** An actor that asks `who` once, and keeps what it hears. */
const Caller = actor({
  init: async (ctx, options: ConnectOptions) => {
    const connection = await connect(ctx, options);
    const heard: string[] = [];
    ctx.source(connection, (chunk) => void heard.push(chunk.toString()));
    connection.write("who");
    return { heard, connection };
  },
  call: {
    heard: (ctx) => ctx.state.heard.join(""),
    session: (ctx) => ctx.state.connection.tls?.protocol,
  },
});

async function failureOf(kit: TestKit, options: ConnectOptions): Promise<ExitReason> {
  return exited(kit.system.spawn(Caller, options));
}

test("bytes go both ways encrypted, and both ends know what was agreed upon", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { ...localhost, ALPNProtocols: ["kv/2", "kv/1"] });
  const tls = { ca: ca.cert, ALPNProtocols: ["kv/1"] };
  const caller = kit.system.spawn(Caller, { port, host: "localhost", tls });
  expect(await caller.session()).toBe("TLSv1.3");
  await eventually(async () => (await caller.heard()) !== "");
  expect(JSON.parse(await caller.heard())).toEqual({
    protocol: "TLSv1.3",
    alpnProtocol: "kv/1",
    servername: "localhost",
    authorized: false,
  });
  expect(await server.stats()).toMatchObject({ accepted: 1, handshaking: 0, handshakesFailed: 0 });
});

test("much goes through whole, with pauses on both sides", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, localhost, { limits: { readBytes: 1_000, writeBytes: 1_000 } });
  const socket = await open(port);
  const text = Array.from({ length: 100_000 }, (_, i) => i).join(" ");
  socket.end(text);
  let received = "";
  for await (const chunk of socket) received += String(chunk);
  expect(received).toBe(text);
});

test("a certificate by somebody unknown, for another name, or out of date: the start fails by that name", async () => {
  await using kit = createTestSystem();
  const stranger = await serve(kit, certificate("localhost"));
  const other = await serve(kit, certificate("other", { by: ca, names: ["other.test"] }));
  const old = await serve(kit, certificate("localhost", { by: ca, expired: true }));
  const codes: unknown[] = [];
  for (const { port } of [stranger, other, old]) {
    const reason = await failureOf(kit, { port, tls: { ca: ca.cert } });
    codes.push(reason.kind === "failed" ? (reason.error as NodeJS.ErrnoException).code : reason);
  }
  expect(codes).toEqual([
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CERT_HAS_EXPIRED",
  ]);
});

test("verification is on unless it is turned off", async () => {
  await using kit = createTestSystem();
  const { port } = await serve(kit, certificate("localhost"));
  expect(await failureOf(kit, { port, tls: true })).toMatchObject({
    kind: "failed",
    error: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  });
  const trusting = kit.system.spawn(Caller, { port, tls: { rejectUnauthorized: false } });
  expect(await trusting.session()).toBe("TLSv1.3");
});

test("a failed handshake is counted, and harms nobody else", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit);
  const good = await open(port);
  await using garbage = await Client.open(port);
  garbage.send("GET / HTTP/1.1\r\n\r\n");
  await garbage.closed;
  await using leaver = await Client.open(port);
  leaver.socket.end();
  await leaver.closed;
  await using resetter = await Client.open(port);
  resetter.socket.resetAndDestroy();
  await expect(open(port, { ca: [] })).rejects.toThrow("unable to verify");
  await eventually(async () => (await server.stats()).handshakesFailed === 3);
  expect(await ask(good, "still here")).toBe("still here");
  await eventually(async () => (await server.stats()).handshaking === 0);
  expect(kit.eventsOf("failed")).toEqual([]);
  expect(kit.log).toMatchObject([{ level: "warn", message: "a handshake failed" }]);
  good.destroy();
});

test("a peer that never speaks is turned away, and takes no actor meanwhile", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, { ...localhost, handshakeMs: 60 });
  await using mute = await Client.open(port);
  await eventually(async () => (await server.stats()).handshaking === 1);
  expect(await server.stats()).toMatchObject({ open: 0, accepted: 0 });
  await mute.closed;
  await eventually(async () => (await server.stats()).handshaking === 0);
  expect(await server.stats()).toMatchObject({ open: 0, handshakesFailed: 1 });
});

test("peers that shake hands count as connections where these are limited", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit, localhost, {
    limits: { connections: 1 },
    refusal: "full",
  });
  await using mute = await Client.open(port);
  await eventually(async () => (await server.stats()).handshaking === 1);
  await using second = await Client.open(port);
  expect(await second.closed).toBe("end");
  expect(second.received).toBe("");
  expect(await server.stats()).toMatchObject({ refused: 1 });
  mute.socket.destroy();
});

test("stopping or killing a server ends handshakes that are under way", async () => {
  await using kit = createTestSystem();
  for (const end of [stop, kill]) {
    const { server, port } = await serve(kit);
    await using mute = await Client.open(port);
    await eventually(async () => (await server.stats()).handshaking === 1);
    await end(server);
    expect(await mute.closed).toBe("end");
  }
});

test("a peer that has to prove who it is, and cannot, is turned away; one that can is known", async () => {
  await using kit = createTestSystem();
  const tls = { ...localhost, ca: ca.cert, requestCert: true };
  const { server, port } = await serve(kit, tls);
  const nobody = connectTls({ port, host: "127.0.0.1", ca: ca.cert });
  nobody.on("error", () => {});
  await new Promise((resolve) => nobody.once("close", resolve));
  expect(await server.stats()).toMatchObject({ accepted: 0, handshakesFailed: 1 });
  const alice = certificate("alice", { by: ca });
  const caller = kit.system.spawn(Caller, { port, tls: { ...alice, ca: ca.cert } });
  await eventually(async () => (await caller.heard()) !== "");
  expect(JSON.parse(await caller.heard())).toMatchObject({ authorized: true, name: "alice" });
});

test("a renewed certificate is for those who come; those who are there go on", async () => {
  await using kit = createTestSystem();
  let current = localhost;
  const { server, port } = await serve(kit, () => Promise.resolve(current));
  const before = await open(port);
  const first = before.getPeerCertificate().serialNumber;
  current = certificate("localhost", { by: ca });
  await server.renew();
  const after = await open(port);
  expect(after.getPeerCertificate().serialNumber).not.toBe(first);
  expect(await ask(before, "old")).toBe("old");
  expect(await ask(after, "new")).toBe("new");
  before.destroy();
  after.destroy();
});

test("a new certificate that is none is refused, and the old one stays", async () => {
  await using kit = createTestSystem();
  let current = localhost;
  const { server, port } = await serve(kit, () => current);
  current = { ...localhost, key: certificate("localhost").key };
  await expect(server.renew()).rejects.toThrow("key values mismatch");
  const socket = await open(port);
  expect(await ask(socket, "as before")).toBe("as before");
  socket.destroy();
});

test("a server without a certificate has none to renew", async () => {
  await using kit = createTestSystem();
  const server = kit.system.spawn(tcpServer({ connection: Echo }), { port: 0 });
  await expect(server.renew()).rejects.toThrow("there is no certificate");
});

test("a restarted server asks for its certificate again", async () => {
  await using kit = createTestSystem();
  let asked = 0;
  const tls = (): typeof localhost => {
    asked++;
    return localhost;
  };
  const definition = tcpServer({ connection: Echo });
  const server = kit.system.spawn(definition, { port: 0, tls }, { restart: "permanent" });
  const { port } = await server.address();
  await kill(server);
  expect((await server.address()).port).toBe(port);
  expect(asked).toBe(2);
  await stop(server);
});

test("key and certificate that do not belong together fail the start, and nothing listens", async () => {
  await using kit = createTestSystem();
  const tls = { key: certificate("a").key, cert: localhost.cert };
  const server = kit.system.spawn(tcpServer({ connection: Echo }), { port: 0, tls });
  await expect(started(server)).rejects.toMatchObject({
    code: "TROUPE_START",
    cause: { code: "ERR_OSSL_X509_KEY_VALUES_MISMATCH" },
  });
});

test("a connection's failure is a reset for the peer, also below encryption", async () => {
  await using kit = createTestSystem();
  const { server, port } = await serve(kit);
  const socket = await open(port);
  const broken = once(socket, "error");
  socket.write("boom");
  expect(await broken).toMatchObject([{ code: "ECONNRESET" }]);
  await eventually(async () => (await server.stats()).open === 0);
});

test("a peer that does not read is cut off once, and nothing more is taken for it", async () => {
  await using kit = createTestSystem();
  const answers: boolean[] = [];
  const Flood = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, () => {
        for (let i = 0; i < 10; i++) answers.push(connection.write(Buffer.alloc(1 << 20)));
        answers.push(connection.isOpen);
      });
    },
  });
  const spec = { connection: Flood, limits: { unsentBytes: 2 << 20 } };
  const { server, port } = await serve(kit, localhost, spec);
  const socket = await open(port);
  socket.on("error", () => {}).pause();
  socket.write("go");
  await eventually(async () => (await server.stats()).cutOff > 0);
  await eventually(async () => (await server.stats()).open === 0);
  expect((await server.stats()).cutOff).toBe(1);
  expect(answers.at(-1)).toBe(false);
  socket.destroy();
});

test("a connection that is destroyed as soon as it is there is a reset for its peer, a hundred times", async () => {
  await using kit = createTestSystem();
  const ends: unknown[] = [];
  const Watch = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, () => {});
      return connection;
    },
    exit: (ctx) => void ends.push(ctx.state?.error?.message),
  });
  const { server, port } = await serve(kit, localhost, { connection: Watch });
  const abort = new AbortController();
  for (let i = 1; i <= 100; i++) {
    const connection = await connect({ signal: abort.signal }, { port, tls: { ca: ca.cert } });
    if (i % 2 === 0) await eventually(async () => (await server.stats()).open === 1);
    connection.destroy();
    expect(connection.isOpen).toBe(false);
    expect(connection.write("nobody")).toBe(false);
    await eventually(async () => {
      const { accepted, handshakesFailed, open: there } = await server.stats();
      return accepted + handshakesFailed === i && there === 0;
    });
  }
  // The others were gone before their handshake was seen to be done. An actor ends behind its socket.
  await eventually(() => ends.length >= 50);
  expect(new Set(ends)).toEqual(new Set(["read ECONNRESET"]));
});

test("a killed caller's peer sees a reset, a stopped one's what was written and an end", async () => {
  await using kit = createTestSystem();
  const ends: string[] = [];
  const Watch = actor({
    init(ctx, connection: Connection) {
      ctx.source(connection, () => {});
      return connection;
    },
    exit: (ctx) => void ends.push(ctx.state?.error === undefined ? "end" : "reset"),
  });
  const { server, port } = await serve(kit, localhost, { connection: Watch });
  for (const [count, end] of [stop, kill].entries()) {
    const caller = kit.system.spawn(Caller, { port, tls: { ca: ca.cert } });
    await eventually(async () => (await server.stats()).accepted === count + 1);
    await end(caller);
    await eventually(() => ends.length === count + 1);
  }
  expect(ends).toEqual(["end", "reset"]);
});

test("a caller that is killed while it shakes hands leaves no socket behind", async () => {
  await using kit = createTestSystem();
  const mute = createServer().listen(0, "127.0.0.1");
  await once(mute, "listening");
  const { port } = mute.address() as AddressInfo;
  const caller = kit.system.spawn(Caller, { port, tls: true });
  const [peer] = (await once(mute, "connection")) as [Socket];
  peer.on("error", () => {}).resume();
  await kill(caller);
  await new Promise((resolve) => peer.once("close", resolve));
  expect(peer.destroyed).toBe(true);
  mute.close();
});

test("a server that does not shake hands is given up after connectMs; one that hangs up, at once", async () => {
  await using kit = createTestSystem();
  const mute = createServer().listen(0, "127.0.0.1");
  await once(mute, "listening");
  const { port } = mute.address() as AddressInfo;
  expect(await failureOf(kit, { port, tls: true, connectMs: 50 })).toMatchObject({
    error: {
      code: "TROUPE_TIMEOUT",
      message: /^connecting to 127.0.0.1:\d+ timed out after 50 ms$/,
    },
  });
  mute.on("connection", (socket) => socket.end());
  expect(await failureOf(kit, { port, tls: true })).toMatchObject({
    error: { code: "ECONNRESET" },
  });
  mute.close();
});

test("a server without a certificate does not start, and none is taken for a new one", async () => {
  await using kit = createTestSystem();
  const nothing: object = { key: undefined, cert: undefined };
  const bare = kit.system.spawn(tcpServer({ connection: Echo }), { port: 0, tls: () => nothing });
  await expect(started(bare)).rejects.toThrow("tls has no certificate");
  let current: object = localhost;
  const { server, port } = await serve(kit, () => current);
  current = {};
  await expect(server.renew()).rejects.toThrow("tls has no certificate");
  const socket = await open(port);
  expect(await ask(socket, "as before")).toBe("as before");
  socket.destroy();
});

test("a time for handshakes that is none is refused", async () => {
  await using kit = createTestSystem();
  const tls = { ...localhost, handshakeMs: Infinity };
  const server = kit.system.spawn(tcpServer({ connection: Echo }), { port: 0, tls });
  await expect(started(server)).rejects.toThrow("tls.handshakeMs is Infinity");
});

test("tls is for ports", async () => {
  await using kit = createTestSystem();
  const listening: object = { path: "/tmp/x", tls: localhost };
  const server = kit.system.spawn(tcpServer({ connection: Echo }), listening as ListenOnPort);
  await expect(started(server)).rejects.toThrow("tls is for ports");
  const calling: object = { path: "/tmp/x", tls: true };
  expect(await failureOf(kit, calling as ConnectOptions)).toMatchObject({
    error: { code: "TROUPE_BAD_INPUT" },
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect as connectPlainly, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { actor, exited, kill, started, stop, type Ref } from "troupe";
import { connect, tcpServer, type Connection, type TcpServer } from "troupe/net";
import { createTestSystem, type TestKit } from "troupe/testing";
import { listen } from "../../src/net/listen.ts";
import { listenOnPath } from "../../src/net/unix-path.ts";
import { Client, eventually } from "./client.ts";

let directory = "";
let path = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "troupe-"));
  path = join(directory, "echo.sock");
});
// What was abandoned while it was made may still be made, and then go by itself.
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));

const Echo = actor({
  name: "echo",
  init(ctx, connection: Connection) {
    ctx.source(connection, (chunk) => {
      if (chunk.toString() === "boom") throw new Error("boom");
      connection.write(chunk);
    });
    return connection;
  },
});

async function serve(kit: TestKit, mode?: number): Promise<Ref<TcpServer>> {
  const where = mode === undefined ? { path } : { path, mode };
  const server = kit.system.spawn(tcpServer({ connection: Echo }), where);
  await started(server);
  return server;
}

/** Leaves behind what a server leaves that was killed by the host. */
async function leaveStale(): Promise<void> {
  const code = `require("node:net").createServer().listen(process.argv[1], () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", code, path], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(existsSync(path)).toBe(true);
}

test("a server listens on a path, says which, and a client's actor talks with it", async () => {
  await using kit = createTestSystem();
  const server = await serve(kit);
  expect(await server.address()).toEqual({ address: "", port: 0, path });
  const heard: string[] = [];
  const ends: unknown[] = [];
  const Caller = actor({
    init: async (ctx) => {
      const connection = await connect(ctx, { path });
      ends.push(connection.remote, connection.local);
      ctx.source(connection, (chunk) => void heard.push(chunk.toString()));
      connection.write("hello");
    },
  });
  const caller = kit.system.spawn(Caller);
  await eventually(() => heard.length > 0);
  expect(heard).toEqual(["hello"]);
  expect(ends).toEqual([
    { address: "", port: 0, path },
    { address: "", port: 0 },
  ]);
  await stop(caller);
  await eventually(async () => (await server.stats()).open === 0);
});

test("the file is gone when the server has ended, and nothing else was left beside it", async () => {
  await using kit = createTestSystem();
  const server = await serve(kit);
  expect(readdirSync(directory)).toEqual(["echo.sock"]);
  await stop(server);
  expect(readdirSync(directory)).toEqual([]);
});

test("what a crashed server left is replaced", async () => {
  await leaveStale();
  await using kit = createTestSystem();
  await serve(kit);
  await using client = await Client.open(path);
  client.send("hi");
  await client.expect("hi");
  expect(readdirSync(directory)).toEqual(["echo.sock"]);
});

test("a server that lives keeps its path: the second is a StartError whose cause is EADDRINUSE", async () => {
  await using kit = createTestSystem();
  await serve(kit);
  const second = kit.system.spawn(tcpServer({ connection: Echo }), { path });
  await expect(started(second)).rejects.toMatchObject({
    code: "TROUPE_START",
    cause: { code: "EADDRINUSE", address: path },
  });
  await using client = await Client.open(path);
  client.send("still");
  await client.expect("still");
  expect(readdirSync(directory)).toEqual(["echo.sock"]);
});

test("of many that find the same leftover at once, one gets the path, and it answers", async () => {
  await leaveStale();
  const abort = new AbortController();
  const servers = Array.from({ length: 8 }, () => createServer((socket) => socket.end()));
  const outcomes = await Promise.allSettled(
    servers.map((server) => listenOnPath(server, { path }, abort.signal)),
  );
  const codes = outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? "won" : (outcome.reason as NodeJS.ErrnoException).code,
  );
  expect(codes.filter((code) => code === "won")).toHaveLength(1);
  expect(codes.filter((code) => code === "EADDRINUSE")).toHaveLength(7);
  const probe = connectPlainly(path);
  await once(probe, "connect");
  probe.destroy();
  for (const server of servers) server.close();
  expect(readdirSync(directory)).toEqual(["echo.sock"]);
});

test("who connects in the first moment is answered, and nobody is there whom the server does not know", async () => {
  await using kit = createTestSystem();
  for (let i = 0; i < 20; i++) {
    const server = kit.system.spawn(tcpServer({ connection: Echo }), { path });
    const rival = kit.system.spawn(tcpServer({ connection: Echo }), { path });
    const answered = (async () => {
      for (;;) {
        const client = await Client.open(path).catch(() => null);
        if (client === null) continue;
        client.send("first");
        await client.expect("first");
        await client[Symbol.asyncDispose]();
        return;
      }
    })();
    await answered;
    await Promise.all([stop(server), stop(rival)]);
  }
  await eventually(() => readdirSync(directory).length === 0);
  expect(process.getActiveResourcesInfo()).not.toContain("PipeServerWrap");
});

test("a file that is no socket stays what it is", async () => {
  writeFileSync(path, "precious");
  await using kit = createTestSystem();
  const server = kit.system.spawn(tcpServer({ connection: Echo }), { path });
  await expect(started(server)).rejects.toMatchObject({ cause: { code: "EADDRINUSE" } });
  expect(statSync(path).size).toBe(8);
});

test("a directory that is not there, or may not be written to, is the host's error", async () => {
  await using kit = createTestSystem();
  const Server = tcpServer({ connection: Echo });
  const lost = kit.system.spawn(Server, { path: join(directory, "no/such.sock") });
  await expect(started(lost)).rejects.toMatchObject({ cause: { code: "ENOENT" } });
});

test("the mode is that of the file, whatever the host's own would be", async () => {
  await using kit = createTestSystem();
  await serve(kit, 0o600);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("nobody can come in by another way before the mode is set", async () => {
  const abort = new AbortController();
  const server = createServer();
  const modes: number[] = [];
  const watching = (async () => {
    while (!existsSync(path)) {
      for (const name of readdirSync(directory)) {
        if (name.startsWith(".s")) modes.push(statSync(join(directory, name)).mode & 0o777);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await listenOnPath(server, { path, mode: 0o666 }, abort.signal);
  await watching;
  server.close();
  expect(modes.every((mode) => mode === 0o700)).toBe(true);
});

test("a killed server's path is free at once, and a permanent one listens there again", async () => {
  await using kit = createTestSystem();
  const server = kit.system.spawn(
    tcpServer({ connection: Echo }),
    { path },
    { restart: "permanent" },
  );
  await started(server);
  for (let i = 0; i < 3; i++) {
    await using client = await Client.open(path);
    client.send("a");
    await client.expect("a");
    await kill(server);
    expect(await client.closed).toBe("end");
    await server.address();
  }
  expect(readdirSync(directory)).toEqual(["echo.sock"]);
  await stop(server);
  expect(readdirSync(directory)).toEqual([]);
});

test("a server that is stopped while it makes its path ready leaves nothing behind", async () => {
  await using kit = createTestSystem();
  for (let turns = 0; turns < 12; turns++) {
    const server = kit.system.spawn(tcpServer({ connection: Echo }), { path });
    await kit.run();
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    await stop(server);
    await exited(server);
    await eventually(() => readdirSync(directory).length === 0);
  }
  expect(process.getActiveResourcesInfo()).not.toContain("PipeServerWrap");
});

test("a path that somebody else has taken over is left to them", async () => {
  await using kit = createTestSystem();
  const server = await serve(kit);
  rmSync(path);
  const other = createServer().listen(path);
  await once(other, "listening");
  await stop(server);
  expect(existsSync(path)).toBe(true);
  other.close();
});

test("a connection's failure ends it: Unix sockets know no reset", async () => {
  await using kit = createTestSystem();
  await serve(kit);
  await using client = await Client.open(path);
  client.send("boom");
  expect(await client.closed).toBe("end");
});

test.runIf(process.platform === "linux")(
  "a name that Linux keeps without a file works",
  async () => {
    await using kit = createTestSystem();
    path = `\0troupe-test-${process.pid}`;
    await serve(kit);
    await using client = await Client.open(path);
    client.send("hi");
    await client.expect("hi");
    expect(readdirSync(directory)).toEqual([]);
  },
);

test("a path that does not fit is refused, with how long it may be", async () => {
  await using kit = createTestSystem();
  const long = kit.system.spawn(tcpServer({ connection: Echo }), { path: `/${"x".repeat(110)}` });
  await expect(started(long)).rejects.toMatchObject({
    cause: { code: "TROUPE_BAD_INPUT", message: /has 111 bytes, this host takes 10[37]/ },
  });
});

test("neither a port nor a path, or both, is refused", async () => {
  await using kit = createTestSystem();
  const Server = tcpServer({ connection: Echo });
  const none: object = {};
  const both: object = { port: 0, path };
  for (const where of [none, both]) {
    const server = kit.system.spawn(Server, where as { port: number });
    await expect(started(server)).rejects.toMatchObject({
      cause: { message: "listen: give either a port or a path" },
    });
  }
});

test("connect: no server, no file and a file that is none are the host's errors", async () => {
  await leaveStale();
  await using kit = createTestSystem();
  const plain = join(directory, "plain");
  writeFileSync(plain, "");
  chmodSync(plain, 0o600);
  const Caller = actor({ init: (ctx, to: string) => connect(ctx, { path: to }) });
  const codes: unknown[] = [];
  for (const to of [path, join(directory, "none"), plain]) {
    const reason = await exited(kit.system.spawn(Caller, to));
    codes.push(reason.kind === "failed" ? (reason.error as NodeJS.ErrnoException).code : reason);
  }
  expect(codes).toEqual(["ECONNREFUSED", "ENOENT", "ECONNREFUSED"]);
});

test("a server that is stopped, and whose directory goes, while it makes its path ready, harms nobody", async () => {
  const errors: unknown[] = [];
  for (let turns = 0; turns < 6; turns++) {
    const inner = mkdtempSync(join(directory, "inner-"));
    const abort = new AbortController();
    const listening = listen({ path: join(inner, "s.sock") }, 1_000, abort.signal);
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    rmSync(inner, { recursive: true, force: true });
    errors.push(
      await listening.then(
        ({ server }) => server.listening,
        () => "rejected",
      ),
    );
  }
  expect(errors).not.toContain(true);
});

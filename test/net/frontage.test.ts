import { expect, test } from "vitest";
import { actor, nameOf, withOptions } from "troupe";
import { tcpClient, type Connection } from "troupe/net";
import { createTestSystem } from "troupe/testing";
import { eventually } from "./client.ts";
import { open, reaches } from "./line-client.ts";
import { Peer } from "./peer.ts";

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

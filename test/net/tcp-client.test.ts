import { expect, test } from "vitest";
import { actor, kill, stop, started } from "troupe";
import { tcpClient, type Connection } from "troupe/net";
import { createTestSystem } from "troupe/testing";
import { eventually } from "./client.ts";
import { FIXED, open, reaches, Session } from "./line-client.ts";
import { Peer } from "./peer.ts";

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

test("what cannot work is refused when it is given", () => {
  const clash = actor({ call: { clientStatus: () => 1 }, init: (_ctx, _c: Connection) => {} });
  expect(() => tcpClient({ session: clash })).toThrow('has a verb "clientStatus"');
  expect(() => tcpClient({ session: Session, attempts: 0 })).toThrow("attempts is 0");
  expect(() => tcpClient({ session: Session, held: NaN })).toThrow("held is NaN");
  const typo: object = { whenDown: "hold" };
  expect(() => tcpClient({ session: Session, ...typo })).toThrow('it can be "wait" or "refuse"');
  const check: object = { check: undefined };
  const health = { everyMs: 100, ...(check as { check: () => Promise<void> }) };
  expect(() => tcpClient({ session: Session, health })).toThrow("health.check must be a function");
  const backoff = { kind: "exponential", min: 5, max: 1 } as const;
  expect(() => tcpClient({ session: Session, backoff })).toThrow("more than its max");
});

test("a port that is none fails the start, and is not dialled", async () => {
  await using kit = createTestSystem();
  for (const none of [99_999, NaN, 0, 1.5]) {
    const client = kit.system.spawn(tcpClient({ session: Session }), { port: none });
    await expect(started(client)).rejects.toMatchObject({
      cause: { code: "TROUPE_BAD_INPUT", message: new RegExp(`port is ${none}; it must be`) },
    });
  }
});

import { expect, test } from "vitest";
import { MemoryServer } from "./memory-server.ts";
import { SmallDisk } from "./small-disk.ts";

test("a client without a socket is answered as one with a socket: pipelines, pieces, what is wrong", async () => {
  await using server = await MemoryServer.start(new SmallDisk(), { shards: 3 });
  const client = await server.connect();
  client.send("SET a 1\r\nINCR a\r\nMGET a b c\r\nPING\r\nGET");
  expect(await client.receive()).toBe("+OK\r\n:2\r\n*3\r\n$1\r\n2\r\n$-1\r\n$-1\r\n+PONG\r\n");
  client.send(" a\r\n");
  expect(await client.receive()).toBe("$1\r\n2\r\n");
  expect(await client.request("LPUSH", "a", "x")).toMatch(/^-WRONGTYPE/);
});

test("what is published comes without having been asked for", async () => {
  await using server = await MemoryServer.start(new SmallDisk());
  const [reader, writer] = [await server.connect(), await server.connect()];
  await reader.request("SUBSCRIBE", "news");
  expect(await writer.request("PUBLISH", "news", "x")).toBe(":1\r\n");
  expect(await reader.receive()).toBe("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n");
});

test("a connection ends when its client leaves, says QUIT or sends no commands", async () => {
  await using server = await MemoryServer.start(new SmallDisk());
  const [leaver, quitter, stranger] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ];
  await leaver.request("PING");
  leaver.close();
  expect(await quitter.request("QUIT")).toBe("+OK\r\n");
  stranger.send("*x\r\n");
  expect(await stranger.receive()).toMatch(/^-ERR Protocol error/);
  await server.run();
  expect([leaver.isOpen, quitter.isOpen, stranger.isOpen]).toEqual([false, false, false]);
  await expect(leaver.request("PING")).rejects.toThrow("the connection is closed");
});

test("when the shards are given up, the connections end, and there is a new listener", async () => {
  await using server = await MemoryServer.start(new SmallDisk());
  const client = await server.connect();
  client.send("DEBUG CRASH k\r\n".repeat(30));
  await client.receive();
  await expect(client.receive()).rejects.toThrow("closed before the reply came");
  expect(await (await server.connect()).request("PING")).toBe("+PONG\r\n");
});

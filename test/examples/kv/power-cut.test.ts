import { describe, expect, test } from "vitest";
import { DataDirectory } from "../../../examples/kv/data-directory.ts";
import { MemoryServer } from "./memory-server.ts";
import { SmallDisk } from "./small-disk.ts";

const FILE = "/var/kv/shard-0.aof";

/** Makes the syncs of a disk wait until they are let go. */
function holdSyncs(disk: SmallDisk): () => void {
  const held: (() => void)[] = [];
  disk.whileSyncing = () => new Promise((resolve) => void held.push(resolve));
  return () => {
    disk.whileSyncing = () => undefined;
    for (const resolve of held) resolve();
  };
}

/** Whether a promise has settled, asked for later. */
function watch(promise: Promise<unknown>): () => boolean {
  let settled = false;
  void promise.then(() => (settled = true));
  return () => settled;
}

function whatMayBeLeft(disk: SmallDisk): SmallDisk[] {
  return [disk.afterPowerCut(), disk.afterPowerCutWithNames(), disk.afterKill()];
}

async function valueOf(disk: SmallDisk, key: string): Promise<string> {
  await using server = await MemoryServer.start(disk, { sync: "always" });
  return (await server.connect()).request("GET", key);
}

describe("--sync always", () => {
  test("a reply waits for the sync of what it tells of, that of a reader too", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk, { sync: "always" });
    const [writer, reader] = [await server.connect(), await server.connect()];
    const letGo = holdSyncs(disk);
    const written = writer.request("SET", "k", "v");
    const isWritten = watch(written);
    await server.run();
    const read = reader.request("GET", "k");
    const isRead = watch(read);
    await server.run();
    expect(disk.textOf(FILE)).toContain("SET");
    expect([isWritten(), isRead()]).toEqual([false, false]);
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$-1\r\n");
    letGo();
    expect([await written, await read]).toEqual(["+OK\r\n", "$1\r\nv\r\n"]);
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$1\r\nv\r\n");
  });

  test("what comes while a sync is under way shares the next", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk, { sync: "always" });
    const clients = await Promise.all(Array.from({ length: 10 }, () => server.connect()));
    const letGo = holdSyncs(disk);
    const first = clients[0]!.request("INCR", "n");
    await server.run();
    let syncs = 0;
    disk.before = (operation) => (syncs += Number(operation === "datasync"));
    const others = clients.slice(1).map((client) => client.request("INCR", "n"));
    await server.run();
    letGo();
    await Promise.all([first, ...others]);
    expect(syncs).toBe(2);
  });

  test("neither a power cut nor a kill at any moment costs what was acknowledged", async () => {
    const disk = new SmallDisk();
    const cuts: { disk: SmallDisk; acknowledged: number; sent: number; before: string }[] = [];
    let [acknowledged, sent] = [0, 0];
    disk.before = (operation, path) => {
      for (const left of whatMayBeLeft(disk)) {
        cuts.push({ disk: left, acknowledged, sent, before: `${operation} ${path}` });
      }
    };
    // So that others go on meanwhile.
    disk.whileSyncing = () => new Promise((resolve) => void setImmediate(resolve));
    {
      const options = { sync: "always", rewriteBytes: 400 } as const;
      await using server = await MemoryServer.start(disk, options);
      const clients = await Promise.all(Array.from({ length: 3 }, () => server.connect()));
      const pushing = clients.map(async (client, index) => {
        for (let n = 0; n < 20; n++) {
          sent++;
          expect(await client.request("RPUSH", "list", "x")).toMatch(/^:/);
          acknowledged++;
          // Clients in step would leave nothing for the time of a sync.
          for (let turn = 0; turn < index; turn++) await server.kit.run();
          if (n % 8 === 7) await client.request("DEBUG", "CRASH", "list");
        }
      });
      await Promise.all(pushing);
    }
    expect(cuts.map(({ before }) => before)).toContain(`rename ${FILE}.new`);
    for (const cut of cuts) {
      await using server = await MemoryServer.start(cut.disk, { sync: "always" });
      const reply = await (await server.connect()).request("LLEN", "list");
      const length = Number(reply.slice(1));
      expect(length, `before ${cut.before}`).toBeGreaterThanOrEqual(cut.acknowledged);
      expect(length, `before ${cut.before}`).toBeLessThanOrEqual(cut.sent);
    }
  });

  test("what was written and not synced when a shard fails is done once", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk, { sync: "always" });
    const [counter, crasher] = [await server.connect(), await server.connect()];
    const letGo = holdSyncs(disk);
    const counted = counter.request("INCR", "n");
    await server.run();
    expect(disk.textOf(FILE)).not.toBe("");
    const crashed = crasher.request("DEBUG", "CRASH", "n");
    await server.run();
    letGo();
    expect(await crashed).toMatch(/crashed/);
    expect(await counted).toBe(":1\r\n");
    expect(await counter.request("GET", "n")).toBe("$1\r\n1\r\n");
  });

  test("a sync that fails is an error, and what it was for is taken back", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk, { sync: "always" });
    const client = await server.connect();
    await client.request("SET", "k", "old");
    let failures = 1;
    disk.before = (operation) => {
      if (operation === "datasync" && failures-- > 0) throw new Error("EIO");
    };
    expect(await client.request("SET", "k", "new")).toMatch(/^-MISCONF/);
    expect(await client.request("GET", "k")).toBe("$3\r\nold\r\n");
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$3\r\nold\r\n");
    expect(await client.request("SET", "k", "newer")).toBe("+OK\r\n");
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$5\r\nnewer\r\n");
  });

  test("what cannot be synced when it is read is not believed the next time either", async () => {
    const before = new SmallDisk();
    await using server = await MemoryServer.start(before);
    await (await server.connect()).request("SET", "k", "v");
    const disk = before.afterKill();
    let failures = 2;
    disk.before = (operation) => {
      if (operation === "datasync" && failures-- > 0) throw new Error("EIO");
    };
    // The first time as it is, the second when it is written anew.
    await expect(MemoryServer.start(disk, { sync: "always" })).rejects.toThrow("kv");
    await expect(MemoryServer.start(disk, { sync: "always" })).rejects.toThrow("kv");
    expect(await valueOf(disk, "k")).toBe("$1\r\nv\r\n");
    for (const left of whatMayBeLeft(disk)) {
      expect(await valueOf(left, "k")).toBe("$1\r\nv\r\n");
      expect(left.existsSync(`${FILE}.doubt`)).toBe(false);
    }
  });

  test("when the server is stopped, what is under way is synced and answered", async () => {
    const disk = new SmallDisk();
    const server = await MemoryServer.start(disk, { sync: "always" });
    const [one, other] = [await server.connect(), await server.connect()];
    const letGo = holdSyncs(disk);
    const replies = [one.request("INCR", "n")];
    await server.run();
    replies.push(other.request("INCR", "n"));
    await server.run();
    const stopped = server[Symbol.asyncDispose]();
    letGo();
    await stopped;
    expect(await Promise.allSettled(replies)).toMatchObject([
      { value: ":1\r\n" },
      { value: ":2\r\n" },
    ]);
    expect(await valueOf(disk.afterPowerCut(), "n")).toBe("$1\r\n2\r\n");
  });
});

describe("--sync everysec", () => {
  test("a reply does not wait for a sync, and a power cut costs the last second", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk);
    const client = await server.connect();
    await client.request("SET", "k", "old");
    await server.kit.advance(1_000);
    const letGo = holdSyncs(disk);
    expect(await client.request("SET", "k", "new")).toBe("+OK\r\n");
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$3\r\nold\r\n");
    letGo();
    await server.kit.advance(1_000);
    await server.run();
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$3\r\nnew\r\n");
  });

  test("a shard that comes back has synced what it read", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk);
    const client = await server.connect();
    await client.request("SET", "k", "v");
    await client.request("DEBUG", "CRASH", "k");
    expect(await client.request("GET", "k")).toBe("$1\r\nv\r\n");
    expect(await valueOf(disk.afterPowerCut(), "k")).toBe("$1\r\nv\r\n");
  });

  test("a sync that fails costs what a power cut would", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk);
    const client = await server.connect();
    await client.request("SET", "k", "old");
    await server.kit.advance(1_000);
    await client.request("SET", "k", "new");
    let failures = 1;
    disk.before = (operation) => {
      if (operation === "datasync" && failures-- > 0) throw new Error("EIO");
    };
    await server.kit.advance(1_000);
    await server.run();
    expect(failures).toBeLessThan(1);
    expect(await client.request("GET", "k")).toBe("$3\r\nold\r\n");
  });

  test("a rewrite keeps what was synced before it, whenever the power is cut", async () => {
    const disk = new SmallDisk();
    const cuts: { disk: SmallDisk; before: string }[] = [];
    {
      await using server = await MemoryServer.start(disk, { rewriteBytes: 200 });
      const client = await server.connect();
      await client.request("SET", "k", "v");
      await server.kit.advance(1_000);
      await server.run();
      disk.before = (operation, path) => {
        const before = `${operation} ${path}`;
        for (const left of whatMayBeLeft(disk)) cuts.push({ disk: left, before });
      };
      await client.request("SET", "long", "x".repeat(200));
      await server.run();
      await client.request("SET", "last", "1");
    }
    expect(cuts.map(({ before }) => before)).toContain(`rename ${FILE}.new`);
    for (const cut of cuts) {
      expect(await valueOf(cut.disk, "k"), `before ${cut.before}`).toBe("$1\r\nv\r\n");
    }
    expect(await valueOf(disk.afterPowerCut(), "last")).toBe("$1\r\n1\r\n");
  });
});

function make(disk: SmallDisk, shards: number): DataDirectory {
  return new DataDirectory(disk, "/a/b/kv", shards);
}

test("a data directory that was left half made is made again", () => {
  const disk = new SmallDisk();
  const cuts: SmallDisk[] = [];
  disk.before = () => void cuts.push(...whatMayBeLeft(disk));
  make(disk, 3);
  expect(cuts.length).toBeGreaterThan(5);
  for (const cut of cuts) expect(make(cut, 3).shards).toBe(3);
  expect(() => make(disk.afterPowerCut(), 2)).toThrow("divided among 3 shards, not 2");
});

import { describe, expect, test } from "vitest";
import { openLog } from "../../../examples/kv/open-log.ts";
import { MemoryServer } from "./memory-server.ts";
import { SmallDisk } from "./small-disk.ts";

const FILE = "/var/kv/shard-0.aof";
const SET_K = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";

describe.each(["everysec", "always"] as const)("--sync %s", (sync) => {
  test("a disk that takes a few bytes at a time gets them all", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk, { sync });
    disk.writeBytes = 5;
    const client = await server.connect();
    expect(await client.request("SET", "k", "v")).toBe("+OK\r\n");
    expect(disk.textOf(FILE)).toBe(SET_K);
  });

  test("a disk that is full in the middle of a record has nothing of it", async () => {
    const disk = new SmallDisk();
    await using server = await MemoryServer.start(disk, { sync });
    const client = await server.connect();
    await client.request("SET", "k", "v");
    disk.writeBytes = 5;
    let writes = 0;
    disk.before = (operation) => {
      if (operation === "write" && ++writes === 3) throw new Error("ENOSPC");
    };
    expect(await client.request("SET", "k", "other")).toMatch(/^-MISCONF/);
    expect(disk.textOf(FILE)).toBe(SET_K);
    expect(await client.request("GET", "k")).toBe("$1\r\nv\r\n");
    expect(await client.request("SET", "k", "v")).toBe("+OK\r\n");
    expect(disk.textOf(FILE)).toBe(SET_K + SET_K);
  });

  test.each(["open", "write", "datasync", "rename"])(
    "a rewrite whose %s fails costs nothing but the work",
    async (operation) => {
      const disk = new SmallDisk();
      await using server = await MemoryServer.start(disk, { sync, rewriteBytes: 80 });
      const client = await server.connect();
      let failures = 0;
      disk.before = (name, path) => {
        if (name !== operation || path !== `${FILE}.new`) return;
        failures++;
        throw new Error("ENOSPC");
      };
      for (let n = 1; n <= 5; n++) {
        expect(await client.request("INCR", "n")).toBe(`:${n}\r\n`);
        await server.run();
      }
      // Not again before the file has grown to twice as much.
      expect(failures).toBe(1);
      expect(server.warnings).toEqual([`${FILE} could not be rewritten`]);
      expect(disk.textOf(`${FILE}.new`)).toBeUndefined();
      expect(disk.textOf(FILE)!.match(/SET/g)).toHaveLength(5);
    },
  );
});

test("a log that somebody else may have opened meanwhile is left as it is", async () => {
  const disk = new SmallDisk();
  disk.mkdirSync("/var");
  disk.writeFileSync("/var/log", `${SET_K}*3\r\n$3`);
  const gone = new AbortController();
  const replay = (): void => gone.abort(new Error("killed"));
  const opening = { replay, warn: () => {}, signal: gone.signal };
  await expect(openLog(disk, "/var/log", opening)).rejects.toThrow("killed");
  expect(disk.textOf("/var/log")).toBe(`${SET_K}*3\r\n$3`);
});

import { constants } from "node:fs";
import { describe, expect, test } from "vitest";
import { SimDisk } from "../../../src/sim/disk/sim-disk.ts";
import { FakeDiskHost } from "./fake-disk-host.ts";

/* What disk-like-node.test.ts cannot compare, or does not show by itself. */

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test("an error is one of node's in all that is asked of it", () => {
  const disk = new SimDisk(new FakeDiskHost());
  const path = "/none";
  expect(thrownBy(() => disk.openSync(path, "r"))).toMatchObject({
    message: "ENOENT: no such file or directory, open '/none'",
    code: "ENOENT",
    errno: -2,
    syscall: "open",
    path,
  });
  expect(thrownBy(() => disk.renameSync(path, "/to"))).toMatchObject({
    message: "ENOENT: no such file or directory, rename '/none' -> '/to'",
    code: "ENOENT",
    syscall: "rename",
    path,
    dest: "/to",
  });
});

test("a path without a slash in front begins at the root; detours are taken out", () => {
  const disk = new SimDisk(new FakeDiskHost(), { directories: ["data/in"] });
  disk.writeFileSync("data/../data/in/./a", "content");
  expect(disk.readFileSync("/data/in/a", "utf8")).toBe("content");
  expect(disk.readdirSync(".")).toEqual(["data"]);
});

test("what is there from the start is durable", () => {
  const disk = new SimDisk(new FakeDiskHost(), {
    directories: ["/data/in"],
    files: { "/data/a": "text", "/data/b": Buffer.from([1, 2, 3]) },
  });
  const common = { isDirectory: false, unsynced: 0, isNameDurable: true };
  expect(disk.files().filter(({ isDirectory }) => !isDirectory)).toEqual([
    { path: "/data/a", size: 4, durableSize: 4, ...common },
    { path: "/data/b", size: 3, durableSize: 3, ...common },
  ]);
});

test("files() says what a power cut may take", () => {
  const disk = new SimDisk(new FakeDiskHost());
  const fd = disk.openSync("/log", "a");
  for (const record of ["1;", "2;", "3;"]) disk.writeSync(fd, record);
  const before = { size: 6, durableSize: 0, unsynced: 3, isNameDurable: false };
  expect(disk.files()).toEqual([{ path: "/log", isDirectory: false, ...before }]);
  disk.fsyncSync(fd);
  const after = { size: 6, durableSize: 6, unsynced: 0, isNameDurable: false };
  expect(disk.files()).toEqual([{ path: "/log", isDirectory: false, ...after }]);
});

test("peek sees a file through all faults, and nothing where there is none", () => {
  const faults = { failedRead: 1 };
  const disk = new SimDisk(new FakeDiskHost(), {
    faults,
    files: { "/in/a": "content" },
  });
  expect(disk.peek("/in/a")?.toString()).toBe("content");
  expect(disk.peek("/in")).toBeUndefined();
  expect(disk.peek("/in/b")).toBeUndefined();
  expect(disk.peek("/in/a/c")).toBeUndefined();
});

test("what is written is a copy: its owner may go on using the buffer", () => {
  const host = new FakeDiskHost();
  host.told = {};
  const disk = new SimDisk(host, { files: { "/log": "" } });
  const fd = disk.openSync("/log", "a");
  const buffer = Buffer.from("first;");
  disk.writeSync(fd, buffer);
  disk.fsyncSync(fd);
  buffer.write("other;");
  disk.writeSync(fd, buffer);
  buffer.fill("-");
  expect(disk.readFileSync("/log", "utf8")).toBe("first;other;");
  disk.cutPower();
  expect(disk.readFileSync("/log", "utf8")).toBe("first;other;");
});

describe("a file descriptor", () => {
  test("that was closed is EBADF in every call, and no other file gets its number", () => {
    const disk = new SimDisk(new FakeDiskHost());
    const fd = disk.openSync("/log", "w+");
    disk.closeSync(fd);
    disk.openSync("/log", "w+");
    const byte = Buffer.alloc(1);
    const calls: Record<string, () => unknown> = {
      close: () => disk.closeSync(fd),
      read: () => disk.readSync(fd, byte, 0, 1, null),
      write: () => disk.writeSync(fd, byte),
      ftruncate: () => disk.ftruncateSync(fd, 1),
      fsync: () => disk.fsyncSync(fd),
      fdatasync: () => disk.fdatasyncSync(fd),
      fstat: () => disk.fstatSync(fd),
    };
    for (const [syscall, call] of Object.entries(calls)) {
      expect(call).toThrow(`EBADF: bad file descriptor, ${syscall}`);
    }
  });

  test("of a directory is EISDIR to read, and can be synced", () => {
    const disk = new SimDisk(new FakeDiskHost(), { directories: ["/in"] });
    const fd = disk.openSync("/in", constants.O_RDONLY | constants.O_DIRECTORY);
    expect(() => disk.readSync(fd, Buffer.alloc(1), 0, 1, null)).toThrow("EISDIR");
    expect(() => disk.fsyncSync(fd)).not.toThrow();
  });

  test("refuses a part that the buffer does not have", () => {
    const disk = new SimDisk(new FakeDiskHost());
    const fd = disk.openSync("/log", "w+");
    expect(() => disk.readSync(fd, Buffer.alloc(4), 2, 3, 0)).toThrow(RangeError);
    expect(() => disk.writeSync(fd, Buffer.alloc(4), 5)).toThrow(
      'The value of "offset" is out of range. It must be >= 0 && <= 4. Received 5',
    );
  });

  test("refuses a file of more than a gigabyte, for it would be in memory", () => {
    const disk = new SimDisk(new FakeDiskHost());
    const fd = disk.openSync("/log", "w+");
    expect(() => disk.ftruncateSync(fd, 2 ** 40)).toThrow("EFBIG");
    expect(() => disk.writeSync(fd, "x", 2 ** 40)).toThrow("EFBIG");
  });
});

test("a handle closes itself at the end of an await using, and a second close is nothing", async () => {
  const host = new FakeDiskHost();
  const disk = new SimDisk(host);
  const handle = await host.until(disk.promises.open("/log", "w"));
  const { fd } = handle;
  await host.until(handle[Symbol.asyncDispose]());
  expect(() => disk.fsyncSync(fd)).toThrow("EBADF");
  await handle.close();
});

test("two closes at once are one, and wait for what was asked before", async () => {
  const host = new FakeDiskHost();
  const disk = new SimDisk(host);
  const handle = await host.until(disk.promises.open("/log", "w"));
  const order: string[] = [];
  const asked = [
    handle.sync().then(() => order.push("synced")),
    handle.close().then(() => order.push("closed")),
    handle.close().then(() => order.push("closed")),
  ];
  await host.until(Promise.all(asked));
  expect(order).toEqual(["synced", "closed", "closed"]);
});

test("promises settle as events of their own, never at once", async () => {
  const host = new FakeDiskHost();
  const disk = new SimDisk(host, { directories: ["/in"] });
  const settled: string[] = [];
  const { promises } = disk;
  void promises.mkdir("/in/new").then(() => settled.push("mkdir"));
  await Promise.resolve();
  expect(disk.existsSync("/in/new")).toBe(true);
  expect(settled).toEqual([]);
  await host.advance(0);
  expect(settled).toEqual(["mkdir"]);
});

test("a file that is cut short and made longer has zeroes there", () => {
  const disk = new SimDisk(new FakeDiskHost());
  const fd = disk.openSync("/log", "w+");
  disk.writeSync(fd, "content");
  disk.ftruncateSync(fd, 3);
  disk.ftruncateSync(fd, 5);
  expect(disk.readFileSync("/log", "latin1")).toBe("con\0\0");
});

test("many small writes cost what they are long", () => {
  const disk = new SimDisk(new FakeDiskHost());
  const fd = disk.openSync("/log", "a");
  // If each copied the file, this would move 40 GB.
  for (let i = 0; i < 20_000; i++) {
    disk.writeSync(fd, "x".repeat(200));
    if (i % 100 === 0) disk.fdatasyncSync(fd);
  }
  expect(disk.statSync("/log").size).toBe(4_000_000);
});

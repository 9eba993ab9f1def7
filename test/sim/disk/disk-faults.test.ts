import { describe, expect, test } from "vitest";
import { BadInputError } from "troupe";
import type { DiskFaults } from "../../../src/sim/disk/disk-faults.ts";
import { SimDisk, type SimDiskOptions } from "../../../src/sim/disk/sim-disk.ts";
import { FakeDiskHost } from "./fake-disk-host.ts";

/** A disk with a log that is open, and faults that are told. */
function withLog(faults: DiskFaults, told?: Record<string, unknown>, more: SimDiskOptions = {}) {
  const host = new FakeDiskHost();
  host.told = told;
  const disk = new SimDisk(host, { files: { "/log": "" }, faults, ...more });
  return { host, disk, fd: disk.openSync("/log", "a+") };
}

describe("writes", () => {
  test("fail with ENOSPC when the disk is full, and write nothing", () => {
    const { disk, fd } = withLog({ full: 1 });
    expect(() => disk.writeSync(fd, "x")).toThrow("ENOSPC: no space left on device, write");
    expect(() => disk.writeFileSync("/new", "")).toThrow(
      "ENOSPC: no space left on device, open '/new'",
    );
    expect(disk.files().map(({ path, size }) => [path, size])).toEqual([["/log", 0]]);
  });

  test("take what there is room for, and then fail", () => {
    const { disk, fd } = withLog({ capacityBytes: 10 });
    expect(disk.writeSync(fd, "123456")).toBe(6);
    expect(disk.writeSync(fd, "789abc")).toBe(4);
    expect(() => disk.writeSync(fd, "d")).toThrow("ENOSPC");
    expect(disk.peek("/log")?.toString()).toBe("123456789a");
  });

  test("need no room where something is written over", () => {
    const { disk, fd } = withLog({ capacityBytes: 3 });
    disk.writeSync(fd, "abc");
    const again = disk.openSync("/log", "r+");
    expect(disk.writeSync(again, "xyzzy", 0)).toBe(3);
  });

  test("have room again when a file is gone, which it is when nobody has it open", () => {
    const { disk, fd } = withLog({ capacityBytes: 3 });
    disk.writeSync(fd, "abc");
    disk.unlinkSync("/log");
    expect(() => disk.writeFileSync("/new", "x")).toThrow("ENOSPC");
    disk.closeSync(fd);
    disk.writeFileSync("/new", "xyz");
    expect(disk.readFileSync("/new", "utf8")).toBe("xyz");
  });

  test("may take a part, and say so", () => {
    const { disk, fd } = withLog({ shortWrite: 0.5 }, { "disk.short": 2 });
    expect(disk.writeSync(fd, "12345")).toBe(2);
    expect(disk.peek("/log")?.toString()).toBe("12");
  });

  test("of whole files go on until all is written", () => {
    const { disk } = withLog({ shortWrite: 0.5 }, { "disk.short": 2 });
    disk.writeFileSync("/log", "12345");
    expect(disk.readFileSync("/log", "utf8")).toBe("12345");
  });

  test("fail with EIO, and write nothing", () => {
    const { disk, fd } = withLog({ failedWrite: 1 });
    expect(() => disk.writeSync(fd, "x")).toThrow("EIO: i/o error, write");
    expect(disk.readFileSync("/log", "utf8")).toBe("");
  });
});

test("reads fail with EIO", async () => {
  const { host, disk, fd } = withLog({ failedRead: 1 });
  expect(() => disk.readFileSync("/log")).toThrow("EIO: i/o error, read");
  expect(() => disk.readSync(fd, Buffer.alloc(1), 0, 1, 0)).toThrow("EIO");
  await expect(host.until(disk.promises.readFile("/log"))).rejects.toThrow("EIO");
});

describe("a sync that fails", () => {
  const told = { "disk.failedSync": { kept: 1 }, "disk.lost": undefined };

  test("has written a part; the rest can be read, no sync writes it, and a power cut takes it", () => {
    const { host, disk, fd } = withLog({ failedSync: 0.5 }, told);
    for (const record of ["1;", "2;"]) disk.writeSync(fd, record);
    expect(() => disk.fsyncSync(fd)).toThrow("EIO: i/o error, fsync");
    host.told = {};
    disk.fsyncSync(fd);
    expect(disk.readFileSync("/log", "utf8")).toBe("1;2;");
    disk.crashProcess();
    expect(disk.readFileSync("/log", "utf8")).toBe("1;2;");
    disk.cutPower();
    expect(disk.readFileSync("/log", "utf8")).toBe("1;");
  });

  test("leaves a hole before what is written and synced afterwards", () => {
    const { host, disk, fd } = withLog({ failedSync: 0.5 }, told);
    for (const record of ["1;", "2;"]) disk.writeSync(fd, record);
    expect(() => disk.fdatasyncSync(fd)).toThrow("EIO: i/o error, fdatasync");
    host.told = {};
    disk.writeSync(fd, "3;");
    disk.fsyncSync(fd);
    disk.cutPower();
    expect(disk.readFileSync("/log", "utf8")).toBe("1;\0\x003;");
  });

  test("says so when its time is over", async () => {
    const { host, disk } = withLog({ failedSync: 1 }, undefined, { latency: { syncMs: 20 } });
    const handle = await host.until(disk.promises.open("/log", "a"));
    await host.until(handle.write("x"));
    const began = host.nowMs;
    await expect(host.until(handle.datasync())).rejects.toThrow("EIO: i/o error, fdatasync");
    expect(host.nowMs - began).toBeGreaterThanOrEqual(20);
  });

  test("of a directory leaves its names for the next", () => {
    const { host, disk } = withLog({ failedSync: 0.5 }, { "disk.failedSync": { kept: 0 } });
    disk.writeFileSync("/new", "");
    const fd = disk.openSync("/", "r");
    expect(() => disk.fsyncSync(fd)).toThrow("EIO");
    host.told = { "disk.lostNames": { keep: 0 } };
    disk.fsyncSync(fd);
    disk.cutPower();
    expect(disk.readdirSync("/")).toEqual(["log", "new"]);
  });
});

/** How long something took. */
async function tookMs(host: FakeDiskHost, act: () => Promise<unknown>): Promise<number> {
  const began = host.nowMs;
  let took = NaN;
  const acted = act().then(() => (took = host.nowMs - began));
  await host.until(acted);
  return took;
}

describe("time", () => {
  test("is nothing for reads and writes, and 1 ms for a sync, unless said otherwise", async () => {
    const { host, disk } = withLog({});
    const handle = await host.until(disk.promises.open("/log", "a+"));
    expect(await tookMs(host, () => handle.write("x"))).toBe(0);
    expect(await tookMs(host, () => handle.readFile())).toBe(0);
    expect(await tookMs(host, () => handle.sync())).toBe(1);
    expect([...host.asked]).toEqual([]);
  });

  test("is within the range that was given, and a decision", async () => {
    const { host, disk } = withLog({}, undefined, { latency: { syncMs: [10, 20] } });
    const handle = await host.until(disk.promises.open("/log", "a+"));
    const taken = await tookMs(host, () => handle.sync());
    expect(host.decisions).toEqual([{ kind: "disk.syncMs", place: "/log", value: taken }]);
    expect(taken).toBeGreaterThanOrEqual(10);
    expect(taken).toBeLessThanOrEqual(20);
  });

  test("is the least where nothing was decided", async () => {
    const { host, disk } = withLog({}, {}, { latency: { writeMs: [10, 20] } });
    const handle = await host.until(disk.promises.open("/log", "a+"));
    expect(await tookMs(host, () => handle.write("x"))).toBe(10);
  });

  test("is longer for a slow sync", async () => {
    const { host, disk } = withLog({ slowSync: { chance: 1, ms: 500 } });
    const handle = await host.until(disk.promises.open("/log", "a+"));
    expect(await tookMs(host, () => handle.sync())).toBe(501);
    host.asked.clear();
    disk.fsyncSync(handle.fd);
    expect([...host.asked]).toEqual([]);
  });

  test("passes before a file is closed that is still being synced", async () => {
    const { host, disk } = withLog({}, {}, { latency: { syncMs: 30 } });
    const handle = await host.until(disk.promises.open("/log", "a+"));
    const order: string[] = [];
    const sync = handle.sync().then(() => order.push("synced"));
    await host.until(handle.close().then(() => order.push("closed")));
    await sync;
    expect(order).toEqual(["synced", "closed"]);
    expect(handle.fd).toBe(-1);
    await expect(handle.sync()).rejects.toThrow("file closed");
  });
});

test("nothing goes wrong any more after calm", async () => {
  const { host, disk, fd } = withLog({
    full: 1,
    capacityBytes: 0,
    failedWrite: 1,
    failedRead: 1,
    failedSync: 1,
    shortWrite: 1,
    slowSync: { chance: 1, ms: 1_000 },
  });
  expect(() => disk.writeSync(fd, "x")).toThrow("EIO");
  disk.calm();
  host.asked.clear();
  expect(disk.writeSync(fd, "fine")).toBe(4);
  disk.fsyncSync(fd);
  expect(disk.readFileSync("/log", "utf8")).toBe("fine");
  expect([...host.asked]).toEqual([]);
});

test("nobody is asked about a fault that is off", () => {
  const { host, disk, fd } = withLog({ torn: 1, full: 0, failedSync: 0 });
  disk.writeSync(fd, "x");
  disk.fsyncSync(fd);
  disk.readFileSync("/log");
  disk.cutPower();
  expect([...host.asked]).toEqual([]);
});

test("a fault that cannot be meant is refused, and named", () => {
  const host = new FakeDiskHost();
  const refused = (faults: object) => () => new SimDisk(host, { faults });
  expect(refused({ torn: 2 })).toThrow(BadInputError);
  expect(refused({ torn: 2 })).toThrow("faults.disk.torn is 2; it must be a probability");
  expect(refused({ tron: 1 })).toThrow('faults.disk: there is no fault "tron"; there are');
  expect(refused({ capacityBytes: -1 })).toThrow("faults.disk.capacityBytes is -1");
  expect(refused({ reorder: "yes" })).toThrow('faults.disk.reorder is "yes"');
  expect(refused({ slowSync: { chance: 0.5 } })).toThrow("faults.disk.slowSync.ms is");
  expect(refused({ slowSync: { chance: 0.5, ms: [5, 1] } })).toThrow(
    "faults.disk.slowSync.ms is [5,1]; it must be whole ms such as 5",
  );
  expect(refused({ slowSync: 0.5 })).toThrow("faults.disk.slowSync.chance is");
  expect(() => new SimDisk(host, { latency: { syncMs: -1 } })).toThrow("disk.latency.syncMs is -1");
  expect(() => new SimDisk(host, { latency: { sync: 1 } as object })).toThrow(
    'disk.latency: there is no "sync"',
  );
});

import { describe, expect, test } from "vitest";
import type { DiskHandle } from "../../../src/sim/disk/disk-types.ts";
import { SimDisk, type SimDiskOptions } from "../../../src/sim/disk/sim-disk.ts";
import { FakeDiskHost } from "./fake-disk-host.ts";

/** A disk on which a power cut takes what it is told; nothing where it is told nothing. */
function diskWith(told: Record<string, unknown>, options: SimDiskOptions = {}) {
  const host = new FakeDiskHost();
  host.told = told;
  return { host, disk: new SimDisk(host, { directories: ["/data"], ...options }) };
}

/** A disk with a log that is there, name and all, and holds "old;" durably. */
function withLog(told: Record<string, unknown>, options: SimDiskOptions = {}) {
  const { host, disk } = diskWith(told, { files: { "/data/log": "old;" }, ...options });
  return { host, disk, fd: disk.openSync("/data/log", "a") };
}

function syncDirectory(disk: SimDisk, path: string): void {
  const fd = disk.openSync(path, "r");
  disk.fsyncSync(fd);
  disk.closeSync(fd);
}

describe("a process that crashes", () => {
  test("leaves what it wrote, synced or not, and its files are closed", () => {
    const { disk, fd } = withLog({});
    disk.writeSync(fd, "new;");
    disk.crashProcess();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;new;");
    expect(() => disk.writeSync(fd, "late")).toThrow("EBADF: bad file descriptor, write");
  });

  test("leaves its promises unsettled, and does not end its syncs", async () => {
    const { host, disk } = diskWith({ "disk.lost": { keep: 0 } });
    const handle = await host.until(disk.promises.open("/data/log", "a"));
    await host.until(handle.write("new;"));
    const heard: string[] = [];
    handle.sync().then(
      () => heard.push("synced"),
      () => heard.push("failed"),
    );
    disk.crashProcess();
    await host.advance(1_000);
    expect(heard).toEqual([]);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("");
  });

  test("may leave a file empty that was being written", async () => {
    const { host, disk } = diskWith({}, { files: { "/data/state": "old" } });
    void disk.promises.writeFile("/data/state", "new");
    disk.crashProcess();
    await host.advance(1_000);
    expect(disk.readFileSync("/data/state", "utf8")).toBe("");
  });

  test("never has a file descriptor that the next process is given", () => {
    const { disk, fd } = withLog({});
    disk.crashProcess();
    expect(disk.openSync("/data/log", "a")).not.toBe(fd);
  });
});

describe("what a power cut takes of a file", () => {
  test("is never what was synced", () => {
    const { disk, fd } = withLog({ "disk.lost": { keep: 0 } });
    disk.writeSync(fd, "synced;");
    disk.fdatasyncSync(fd);
    disk.writeSync(fd, "lost;");
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;synced;");
  });

  test("is the end of what was not synced", () => {
    const { disk, fd } = withLog({ "disk.lost": { keep: 2 } });
    for (const record of ["1;", "2;", "3;", "4;"]) disk.writeSync(fd, record);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;1;2;");
  });

  test("is nothing where nothing was decided", () => {
    const { disk, fd } = withLog({});
    disk.writeSync(fd, "kept;");
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;kept;");
  });

  test("may leave the first bytes of the write that was lost first", () => {
    const { disk, fd } = withLog({ "disk.lost": { keep: 1, torn: 3 } });
    for (const record of ["first;", "second;", "third;"]) disk.writeSync(fd, record);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;first;sec");
  });

  test("leaves zeroes behind what survived out of order", () => {
    const { disk, fd } = withLog({ "disk.lost": { lost: [0] } });
    disk.writeSync(fd, "gone;");
    disk.writeSync(fd, "here;");
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;\0\0\0\0\0here;");
  });

  test("may be a truncation", () => {
    const { disk } = withLog({ "disk.lost": { keep: 0 } });
    disk.writeFileSync("/data/log", "new");
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;");
  });

  test("is gone for good: a sync afterwards does not bring it back", () => {
    const { disk, fd } = withLog({ "disk.lost": { keep: 0 } });
    disk.writeSync(fd, "lost;");
    disk.cutPower();
    const again = disk.openSync("/data/log", "a");
    disk.writeSync(again, "next;");
    disk.fsyncSync(again);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;next;");
  });

  test("is what was written while a sync ran, not what was before", async () => {
    const { host, disk } = withLog({ "disk.lost": { keep: 0 } }, { latency: { syncMs: 5 } });
    const handle = await host.until(disk.promises.open("/data/log", "a"));
    await host.until(handle.write("before;"));
    const sync = handle.sync();
    await host.advance(2);
    await host.until(handle.write("while;"));
    await host.until(sync);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;before;");
  });

  test("is what was written after a sync began, though another ended meanwhile", async () => {
    const { host, disk } = withLog({ "disk.lost": { keep: 0 } }, { latency: { syncMs: 5 } });
    const handle = await host.until(disk.promises.open("/data/log", "a"));
    await host.until(handle.write("1;"));
    const sync = handle.sync();
    disk.writeSync(handle.fd, "2;");
    disk.fsyncSync(handle.fd);
    disk.writeSync(handle.fd, "3;");
    await host.until(sync);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;1;2;");
  });

  test("is what a sync covers that has not ended", async () => {
    const { host, disk } = withLog({ "disk.lost": { keep: 0 } }, { latency: { syncMs: 5 } });
    const handle = await host.until(disk.promises.open("/data/log", "a"));
    await host.until(handle.write("new;"));
    void handle.sync();
    await host.advance(4);
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;");
  });

  test("is not what a file opened for synchronous writes was given", () => {
    const { disk } = withLog({ "disk.lost": { keep: 0 } });
    const fd = disk.openSync("/data/log", "as");
    disk.writeSync(fd, "new;");
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;new;");
  });

  test("is not what was written with flush", () => {
    const { disk } = withLog({ "disk.lost": { keep: 0 } });
    disk.writeFileSync("/data/log", "new;", { flush: true });
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("new;");
  });

  test("is not what was written with flush and a promise", async () => {
    const { host, disk } = withLog({ "disk.lost": { keep: 0 } });
    await host.until(disk.promises.writeFile("/data/log", "new;", { flush: true }));
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("new;");
  });
});

describe("what a power cut takes of names", () => {
  test("is a new file, though its content was synced", () => {
    const { disk } = diskWith({ "disk.lostNames": { keep: 0 } });
    disk.writeFileSync("/data/new", "content", { flush: true });
    disk.cutPower();
    expect(disk.readdirSync("/data")).toEqual([]);
  });

  test("is never one whose directory was synced", async () => {
    const { host, disk } = diskWith({ "disk.lostNames": { keep: 0 }, "disk.lost": { keep: 0 } });
    disk.writeFileSync("/data/new", "content", { flush: true });
    const directory = await host.until<DiskHandle>(disk.promises.open("/data"));
    await host.until(directory.sync());
    disk.cutPower();
    expect(disk.readFileSync("/data/new", "utf8")).toBe("content");
  });

  test("is a rename: the old name is back, with the old content of the new one", () => {
    const { disk } = diskWith(
      { "disk.lostNames": { keep: 0 } },
      { files: { "/data/a": "a", "/data/b": "b" } },
    );
    disk.renameSync("/data/a", "/data/b");
    disk.cutPower();
    expect([disk.readFileSync("/data/a", "utf8"), disk.readFileSync("/data/b", "utf8")]).toEqual([
      "a",
      "b",
    ]);
  });

  test("may leave a file renamed whose content was not synced, and is empty", () => {
    const { disk } = diskWith({ "disk.lost": { keep: 0 } }, { files: { "/data/b": "b" } });
    disk.writeFileSync("/data/b.new", "new");
    disk.renameSync("/data/b.new", "/data/b");
    disk.cutPower();
    expect(disk.readdirSync("/data")).toEqual(["b"]);
    expect(disk.readFileSync("/data/b", "utf8")).toBe("");
  });

  test("is a removal: the file is back", () => {
    const { disk } = diskWith({ "disk.lostNames": { keep: 0 } }, { files: { "/data/a": "a" } });
    disk.unlinkSync("/data/a");
    disk.cutPower();
    expect(disk.readFileSync("/data/a", "utf8")).toBe("a");
  });

  test("is a directory with all that is in it, where only the inner one was synced", () => {
    const { disk } = diskWith({ "disk.lostNames": { keep: 0 } });
    disk.mkdirSync("/data/in");
    disk.writeFileSync("/data/in/file", "", { flush: true });
    syncDirectory(disk, "/data/in");
    disk.cutPower();
    expect(disk.readdirSync("/data")).toEqual([]);
  });

  test("is both ends of a move to another directory, or neither", () => {
    const ends = [{ keep: 0 }, undefined].map((lost) => {
      const { disk } = diskWith(
        { "disk.lostNames": lost },
        { directories: ["/from", "/to"], files: { "/from/a": "a" } },
      );
      disk.renameSync("/from/a", "/to/a");
      disk.cutPower();
      return disk.files().map(({ path }) => path);
    });
    expect(ends).toEqual([
      ["/from", "/from/a", "/to"],
      ["/from", "/to", "/to/a"],
    ]);
  });

  test("leaves one name to a file that was moved, whichever directory was synced", () => {
    const { disk } = diskWith({}, { directories: ["/from", "/to"] });
    disk.writeFileSync("/from/a", "");
    disk.renameSync("/from/a", "/to/a");
    syncDirectory(disk, "/to");
    disk.cutPower();
    expect(disk.files().map(({ path }) => path)).toEqual(["/from", "/to", "/to/a"]);
  });

  test("is what was named while the sync of a directory ran", async () => {
    const { host, disk } = diskWith({ "disk.lostNames": { keep: 0 } });
    const directory = await host.until<DiskHandle>(disk.promises.open("/data"));
    disk.writeFileSync("/data/before", "");
    const sync = directory.sync();
    disk.writeFileSync("/data/while", "");
    await host.until(sync);
    disk.cutPower();
    expect(disk.readdirSync("/data")).toEqual(["before"]);
  });

  test("is what was named since the last power cut, too", () => {
    const { disk } = diskWith({ "disk.lostNames": { keep: 0 } });
    disk.cutPower();
    disk.writeFileSync("/data/new", "");
    disk.cutPower();
    expect(disk.readdirSync("/data")).toEqual([]);
  });

  test("is not what a synced move rests upon", () => {
    const { disk } = diskWith({ "disk.lostNames": { keep: 0 } }, { directories: ["/from", "/to"] });
    disk.writeFileSync("/from/a", "moved", { flush: true });
    disk.renameSync("/from/a", "/to/a");
    disk.writeFileSync("/from/a", "another");
    syncDirectory(disk, "/to");
    disk.cutPower();
    expect(disk.files().map(({ path }) => path)).toEqual(["/from", "/to", "/to/a"]);
    expect(disk.readFileSync("/to/a", "utf8")).toBe("moved");
  });

  test("out of order, still leaves the changes of one name in order", () => {
    const { disk } = diskWith({ "disk.lostNames": { lost: [1] } });
    disk.writeFileSync("/data/a", "");
    disk.renameSync("/data/a", "/data/b");
    disk.renameSync("/data/b", "/data/c");
    disk.writeFileSync("/data/z", "");
    disk.cutPower();
    expect(disk.readdirSync("/data")).toEqual(["a", "z"]);
  });
});

/** Contents after power cuts of many seeds, of a log to which "1;2;3;" was written. */
function outcomes(faults: SimDiskOptions["faults"] & object): Set<string> {
  const found = new Set<string>();
  for (let seed = 1; seed <= 300; seed++) {
    const files = { "/log": "" };
    const disk = new SimDisk(new FakeDiskHost(seed), { files, faults });
    const fd = disk.openSync("/log", "a");
    for (const record of ["1;", "2;", "3;"]) disk.writeSync(fd, record);
    disk.cutPower();
    found.add(disk.readFileSync("/log", "latin1"));
  }
  return found;
}

describe("what is drawn in a power cut", () => {
  test("is any beginning, when writes are not torn", () => {
    expect(outcomes({ torn: 0 })).toEqual(new Set(["", "1;", "1;2;", "1;2;3;"]));
  });

  test("is any beginning in bytes, when they are", () => {
    const all = ["", "1", "1;", "1;2", "1;2;", "1;2;3", "1;2;3;"];
    expect(outcomes({})).toEqual(new Set(all));
  });

  test("is any part with reorder", () => {
    // A record that is missing before another is a hole.
    const all = ["", "1;", "..2;", "1;2;", "....3;", "1;..3;", "..2;3;", "1;2;3;"];
    const found = [...outcomes({ reorder: true, torn: 0 })];
    expect(new Set(found.map((content) => content.replaceAll("\0", ".")))).toEqual(new Set(all));
  });

  test("is everything without loseUnsynced, and nobody is asked", () => {
    const host = new FakeDiskHost();
    const disk = new SimDisk(host, { faults: { loseUnsynced: false } });
    disk.writeFileSync("/log", "1;2;3;");
    disk.cutPower();
    expect(disk.readFileSync("/log", "utf8")).toBe("1;2;3;");
    expect([...host.asked]).toEqual([]);
  });

  test("is everything after calm", () => {
    expect(
      Array.from({ length: 20 }, (_, seed) => {
        const disk = new SimDisk(new FakeDiskHost(seed));
        disk.writeFileSync("/log", "1;2;3;");
        disk.calm();
        disk.cutPower();
        return disk.readFileSync("/log", "utf8");
      }),
    ).toEqual(Array.from({ length: 20 }, () => "1;2;3;"));
  });

  test("names the file that it is about, by the name it has then", () => {
    const { host, disk, fd } = withLog({ "disk.lost": { keep: 0 }, "disk.lostNames": undefined });
    disk.writeSync(fd, "x");
    disk.renameSync("/data/log", "/data/moved");
    disk.cutPower();
    expect(host.decisions).toEqual([
      { kind: "disk.lost", place: "/data/moved", value: { keep: 0 } },
    ]);
  });

  test("is brought within bounds where a record is of another run", () => {
    const { disk, fd } = withLog({ "disk.lost": { keep: 7, lost: [99], torn: 50 } });
    disk.writeSync(fd, "new;");
    disk.cutPower();
    expect(disk.readFileSync("/data/log", "utf8")).toBe("old;new;");
  });
});

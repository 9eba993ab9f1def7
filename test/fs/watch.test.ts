import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { relative } from "node:path";
import { expect, test } from "vitest";
import { actor, exited, kill, stop } from "troupe";
import { watch, type FileEvent, type Watched, type WatchOptions } from "troupe/fs";
import { createTestSystem, type TestKit } from "troupe/testing";
import { eventually, folder } from "./folder.ts";

/** An actor that watches; events as `kind path`, folders with a slash behind them. */
async function watcher(
  kit: TestKit,
  path: string,
  options: WatchOptions = {},
  each: (event: FileEvent) => unknown = () => {},
) {
  const events: string[] = [];
  const source: Watched = watch(path, { settleMs: 5, ...options });
  const onEvent = async (event: FileEvent): Promise<void> => {
    events.push(
      "path" in event
        ? `${event.kind} ${relative(path, event.path)}${event.isFolder ? "/" : ""}`
        : event.kind,
    );
    await each(event);
  };
  const Reader = actor({
    init: (ctx) => void ctx.source(source, onEvent, { onEnd: () => ctx.stop() }),
  });
  const ref = kit.system.spawn(Reader);
  await eventually(() => events.length > 0);
  expect(events.splice(0, 1)).toEqual(["ready"]);
  return { ref, events, source };
}

test("files that come, change and go are told of, and what was there before is not", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  writeFileSync(dir.at("old"), "");
  const { events, source } = await watcher(kit, dir.path);
  writeFileSync(dir.at("new"), "1");
  await eventually(() => events.length === 1);
  appendFileSync(dir.at("old"), "more");
  await eventually(() => events.length === 2);
  unlinkSync(dir.at("old"));
  await eventually(() => events.length === 3);
  mkdirSync(dir.at("folder"));
  await eventually(() => events.length === 4);
  // Not recursive: what is in it is not looked at.
  writeFileSync(dir.at("folder/inside"), "1");
  renameSync(dir.at("new"), dir.at("newer"));
  await eventually(() => events.length === 6);
  expect(events.slice(0, 4)).toEqual([
    "created new",
    "changed old",
    "removed old",
    "created folder/",
  ]);
  expect(new Set(events.slice(4))).toEqual(new Set(["removed new", "created newer"]));
  expect(source.stats()).toEqual({ events: 7, overflows: 0, folders: 1, pending: 0 });
});

test("many changes of one file in a short time are one event", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const { events } = await watcher(kit, dir.path, { settleMs: 100 });
  for (let i = 0; i < 100; i++) appendFileSync(dir.at("a"), "x");
  // Come and gone within that time: there is nothing to be told.
  writeFileSync(dir.at("temporary"), "");
  unlinkSync(dir.at("temporary"));
  await eventually(() => events.length > 0);
  // That nothing comes can only be waited for.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(events).toEqual(["created a"]);
});

test("what is touched and not changed is no event; new permissions are", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const then = new Date(1_000_000);
  writeFileSync(dir.at("a"), "1");
  const { events } = await watcher(kit, dir.path);
  utimesSync(dir.at("a"), then, then);
  await eventually(() => events.length === 1);
  utimesSync(dir.at("a"), new Date(2_000_000), then);
  chmodSync(dir.at("a"), 0o600);
  await eventually(() => events.length === 2);
  utimesSync(dir.at("a"), new Date(3_000_000), then);
  writeFileSync(dir.at("b"), "");
  await eventually(() => events.length === 3);
  expect(events).toEqual(["changed a", "changed a", "created b"]);
});

test("a file that is replaced has changed; one that becomes a folder is another", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  writeFileSync(dir.at("a"), "1");
  const { events } = await watcher(kit, dir.path, { ignore: (path) => path.endsWith(".tmp") });
  writeFileSync(dir.at("a.tmp"), "2");
  renameSync(dir.at("a.tmp"), dir.at("a"));
  await eventually(() => events.length === 1);
  unlinkSync(dir.at("a"));
  mkdirSync(dir.at("a"));
  await eventually(() => events.length === 3);
  expect(events).toEqual(["changed a", "removed a", "created a/"]);
});

test("recursive: folders below are watched, those that are made later, too, and what is in them then", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  mkdirSync(dir.at("a/b"), { recursive: true });
  const options = { recursive: true, ignore: (path: string) => path.endsWith("node_modules") };
  const { events, source } = await watcher(kit, dir.path, options);
  expect(source.stats().folders).toBe(3);
  writeFileSync(dir.at("a/b/deep"), "");
  await eventually(() => events.length === 1);
  mkdirSync(dir.at("c/d"), { recursive: true });
  writeFileSync(dir.at("c/d/quick"), "");
  mkdirSync(dir.at("node_modules"));
  writeFileSync(dir.at("node_modules/x"), "");
  symlinkSync(dir.path, dir.at("link"));
  await eventually(() => events.length === 5);
  writeFileSync(dir.at("c/d/late"), "");
  await eventually(() => events.length === 6);
  expect(events[0]).toBe("created a/b/deep");
  expect(events.slice(1, 5).toSorted()).toEqual([
    "created c/",
    "created c/d/",
    "created c/d/quick",
    "created link",
  ]);
  expect(events[5]).toBe("created c/d/late");
  rmSync(dir.at("c"), { recursive: true });
  await eventually(() => events.length === 10);
  expect(new Set(events.slice(6, 8))).toEqual(new Set(["removed c/d/quick", "removed c/d/late"]));
  expect(events.slice(8)).toEqual(["removed c/d/", "removed c/"]);
  expect(source.stats().folders).toBe(3);
});

test("recursive: a folder that is moved away is gone with all in it, and its watch, too", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  using elsewhere = folder();
  mkdirSync(dir.at("a"));
  writeFileSync(dir.at("a/file"), "");
  const { events, source } = await watcher(kit, dir.path, { recursive: true });
  renameSync(dir.at("a"), elsewhere.at("a"));
  await eventually(() => events.length === 2);
  expect(events).toEqual(["removed a/file", "removed a/"]);
  expect(source.stats().folders).toBe(1);
  writeFileSync(elsewhere.at("a/other"), "");
  renameSync(elsewhere.at("a"), dir.at("b"));
  await eventually(() => events.length === 5);
  expect(events.slice(2).toSorted()).toEqual(["created b/", "created b/file", "created b/other"]);
});

test("one file is watched by its name, also one that is not there yet", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("config");
  const { ref, events } = await watcher(kit, path);
  writeFileSync(dir.at("other"), "1");
  writeFileSync(path, "1");
  await eventually(() => events.length === 1);
  writeFileSync(dir.at("fresh"), "22");
  renameSync(dir.at("fresh"), path);
  await eventually(() => events.length === 2);
  unlinkSync(path);
  await eventually(() => events.length === 3);
  rmSync(dir.path, { recursive: true });
  await exited(ref);
  expect(events).toEqual(["created ", "changed ", "removed "]);
});

test("while the actor is busy each path waits once, and it is told of what is", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  let goOn: (() => void) | undefined;
  const { events, source } = await watcher(kit, dir.path, {}, (event) =>
    "path" in event && event.path.endsWith("first")
      ? new Promise<void>((resolve) => (goOn = resolve))
      : undefined,
  );
  writeFileSync(dir.at("first"), "");
  await eventually(() => goOn !== undefined);
  for (let i = 0; i < 50; i++) {
    for (const name of ["a", "b", "gone"]) appendFileSync(dir.at(name), "x");
  }
  unlinkSync(dir.at("gone"));
  await eventually(() => source.stats().pending === 3);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(source.stats().pending).toBe(3);
  goOn?.();
  await eventually(() => events.length === 3);
  expect(events).toEqual(["created first", "created a", "created b"]);
});

test("more than may wait is told as an overflow, counted, and watched on from there", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  let goOn: (() => void) | undefined;
  const { events, source } = await watcher(
    kit,
    dir.path,
    { capacity: 10, recursive: true },
    (event) =>
      "path" in event && event.path.endsWith("first")
        ? new Promise<void>((resolve) => (goOn = resolve))
        : undefined,
  );
  writeFileSync(dir.at("first"), "");
  await eventually(() => goOn !== undefined);
  mkdirSync(dir.at("below"));
  for (let i = 0; i < 11; i++) writeFileSync(dir.at(`${i}`), "");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(source.stats().pending).toBe(0);
  goOn?.();
  await eventually(() => events.includes("overflow"));
  writeFileSync(dir.at("below/new"), "");
  unlinkSync(dir.at("5"));
  await eventually(() => events.length === 4);
  expect(events.slice(0, 2)).toEqual(["created first", "overflow"]);
  expect(new Set(events.slice(2))).toEqual(new Set(["created below/new", "removed 5"]));
  expect(source.stats()).toMatchObject({ overflows: 1, folders: 2 });
});

test("however a path is spelled, it is watched", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  mkdirSync(dir.at("a"));
  const here = relative(".", dir.path);
  for (const path of [`${dir.at("a")}/`, `${here}/a//`, `./${here}//a/.`, `${here}/a/../a`]) {
    const { ref, events } = await watcher(kit, path, { recursive: true });
    writeFileSync(dir.at("a/file"), path);
    await eventually(() => events.length === 1);
    expect(events[0]).toMatch(/ file$/);
    await stop(ref);
  }
  const { events } = await watcher(kit, `./${here}//a/file`);
  writeFileSync(dir.at("a/file"), "one file");
  await eventually(() => events.length === 1);
});

test("a folder that is replaced is another, and what comes into it is seen", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  mkdirSync(dir.at("sub"));
  writeFileSync(dir.at("sub/old"), "");
  const { events } = await watcher(kit, dir.path, { recursive: true });
  rmSync(dir.at("sub"), { recursive: true });
  mkdirSync(dir.at("sub"));
  await eventually(() => events.length === 3);
  expect(events).toEqual(["removed sub/old", "removed sub/", "created sub/"]);
  writeFileSync(dir.at("sub/new"), "");
  await eventually(() => events.length === 4);
  expect(events[3]).toBe("created sub/new");
});

test("when the folder itself is replaced that is an overflow, and it is watched on", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  mkdirSync(dir.at("root"));
  const { events } = await watcher(kit, dir.at("root"));
  rmSync(dir.at("root"), { recursive: true });
  mkdirSync(dir.at("root"));
  await eventually(() => events.length === 1);
  writeFileSync(dir.at("root/new"), "");
  await eventually(() => events.length === 2);
  expect(events).toEqual(["overflow", "created new"]);
});

const brokenIgnore = (path: string): boolean => {
  if (path.endsWith("bad")) throw new Error("ignore is broken");
  return false;
};

test("an ignore that throws fails the actor, and nothing else", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const { ref } = await watcher(kit, dir.path, { ignore: brokenIgnore });
  writeFileSync(dir.at("bad"), "");
  expect(await exited(ref)).toMatchObject({
    kind: "failed",
    error: { message: "ignore is broken" },
  });
});

test.skipIf(process.getuid?.() !== 0)(
  "a folder that may not be looked into is told of, and left out",
  async () => {
    await using kit = createTestSystem();
    using dir = folder();
    chmodSync(dir.path, 0o777);
    mkdirSync(dir.at("private"), { mode: 0o700 });
    process.seteuid?.(65_534);
    try {
      const { events } = await watcher(kit, dir.path, { recursive: true });
      mkdirSync(dir.at("later"), { mode: 0 });
      await eventually(() => events.length === 3);
      expect(events).toEqual(["unreadable private/", "created later/", "unreadable later/"]);
    } finally {
      process.seteuid?.(0);
    }
  },
);

test("when the folder itself goes, all in it is told to be removed, and the source ends", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  mkdirSync(dir.at("root/below"), { recursive: true });
  writeFileSync(dir.at("root/below/file"), "");
  const { ref, events, source } = await watcher(kit, dir.at("root"), { recursive: true });
  rmSync(dir.at("root"), { recursive: true });
  expect((await exited(ref)).kind).toBe("normal");
  expect(events).toEqual(["removed below/file", "removed below/", "removed /"]);
  expect(source.stats().folders).toBe(0);
});

test("a folder that is not there, and options that are none, are told at once", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const Reader = actor({ init: (ctx) => void ctx.source(watch(dir.at("a/b")), () => {}) });
  expect(await exited(kit.system.spawn(Reader))).toMatchObject({
    kind: "failed",
    error: { code: "ENOENT" },
  });
  expect(() => watch("")).toThrow("path");
  expect(() => watch("a", { settleMs: -1 })).toThrow("settleMs");
  expect(() => watch("a", { capacity: 0 })).toThrow("capacity");
  expect(() => watch("a", { ignore: /x/ as never })).toThrow("ignore");
});

/** Of this process: each watched folder is one `inotify` line. */
function watches(): number {
  return readdirSync("/proc/self/fdinfo")
    .map((fd) => {
      try {
        return process.getBuiltinModule("node:fs").readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
      } catch {
        return "";
      }
    })
    .join("\n")
    .split("\n")
    .filter((line) => line.startsWith("inotify wd:")).length;
}

test("stopped or killed it watches nothing any more, also while it takes in what is there", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  for (let i = 0; i < 30; i++) mkdirSync(dir.at(`${i}/${i}`), { recursive: true });
  const before = watches();
  for (const end of [stop, kill]) {
    const { ref } = await watcher(kit, dir.path, { recursive: true });
    expect(watches()).toBe(before + 61);
    await end(ref);
    expect(watches()).toBe(before);
    for (const steps of [0, 1, 3]) {
      const source = watch(dir.path, { recursive: true });
      const Reader = actor({ init: (ctx) => void ctx.source(source, () => {}) });
      const hasty = kit.system.spawn(Reader);
      await eventually(() => source.stats().folders >= steps);
      await end(hasty);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(watches()).toBe(before);
    }
  }
});

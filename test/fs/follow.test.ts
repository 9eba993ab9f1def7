import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import { actor, exited, kill, stop } from "troupe";
import { follow, type Followed, type FollowOptions } from "troupe/fs";
import { createTestSystem, type TestKit } from "troupe/testing";
import { eventually, folder } from "./folder.ts";

/** Long enough that only the host's word can be the reason for a look. */
const NEVER = 3_600_000;

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

/** An actor that follows, and what it has got. */
function follower(
  kit: TestKit,
  path: string,
  options: FollowOptions = {},
  each: (line: string) => unknown = () => {},
) {
  const lines: string[] = [];
  const source: Followed = follow(path, options);
  const onLine = async (line: string): Promise<void> => {
    lines.push(line);
    await each(line);
  };
  const Reader = actor({ init: (ctx) => void ctx.source(source, onLine) });
  const ref = kit.system.spawn(Reader);
  return { ref, lines, source, opened: () => eventually(() => source.stats().openFiles > 0) };
}

test("lines come as the file grows, from its end or from its start", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "old\n");
  const late = follower(kit, path, { pollMs: NEVER });
  const whole = follower(kit, path, { pollMs: NEVER, from: "start" });
  await late.opened();
  await eventually(() => whole.lines.length === 1);
  appendFileSync(path, "one\ntw");
  await eventually(() => late.lines.length === 1);
  appendFileSync(path, "o\r\nthree\n");
  await eventually(() => late.lines.length === 3 && whole.lines.length === 4);
  expect(late.lines).toEqual(["one", "two", "three"]);
  expect(whole.lines).toEqual(["old", "one", "two", "three"]);
  expect(whole.source.stats()).toEqual({
    bytes: 19,
    lines: 4,
    rotations: 0,
    truncations: 0,
    longLines: 0,
    openFiles: 1,
    missedFiles: 0,
  });
});

test("it begins before the file is there, and reads that from its start", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const { lines } = follower(kit, dir.at("log"), { pollMs: NEVER });
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(dir.at("log"), "first\n");
  await eventually(() => lines.length === 1);
  expect(lines).toEqual(["first"]);
});

test("it begins before the folder is there: then it looks now and then", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const { lines } = follower(kit, dir.at("later/log"), { pollMs: 5 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  mkdirSync(dir.at("later"));
  writeFileSync(dir.at("later/log"), "first\n");
  await eventually(() => lines.length === 1);
  expect(lines).toEqual(["first"]);
});

test("a file that is rotated is read to its end, also what its writer adds after that", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "one\n");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: NEVER });
  await eventually(() => lines.length === 1);
  renameSync(path, dir.at("log.1"));
  appendFileSync(dir.at("log.1"), "two\n");
  await eventually(() => lines.length === 2);
  writeFileSync(path, "");
  await eventually(() => source.stats().openFiles === 2);
  // As where the writer hears of it late.
  appendFileSync(dir.at("log.1"), "three\nno end");
  await eventually(() => lines.length === 3);
  appendFileSync(path, "four\n");
  await eventually(() => lines.length === 5);
  expect(lines).toEqual(["one", "two", "three", "no end", "four"]);
  expect(source.stats()).toMatchObject({ rotations: 1, openFiles: 1, missedFiles: 0 });
});

test("while the actor is busy, files that come and go are kept for it, in order", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  let goOn: (() => void) | undefined;
  writeFileSync(path, "0\n");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: NEVER }, (line) =>
    line === "0" ? new Promise<void>((resolve) => (goOn = resolve)) : undefined,
  );
  await eventually(() => goOn !== undefined);
  for (let i = 1; i <= 5; i++) {
    renameSync(path, dir.at(`log.${i}`));
    writeFileSync(path, `${i}\n`);
    await eventually(() => source.stats().openFiles === i + 1);
    if (i > 1) rmSync(dir.at(`log.${i - 1}`));
  }
  expect(lines).toEqual(["0"]);
  goOn?.();
  await eventually(() => lines.length === 6);
  expect(lines).toEqual(["0", "1", "2", "3", "4", "5"]);
  await eventually(() => source.stats().openFiles === 1);
  expect(source.stats().rotations).toBe(5);
});

test("more files than may wait are counted, and the actor reads on behind them", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  let goOn: (() => void) | undefined;
  writeFileSync(path, "0\n");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: 1 }, (line) =>
    line === "0" ? new Promise<void>((resolve) => (goOn = resolve)) : undefined,
  );
  await eventually(() => goOn !== undefined);
  for (let i = 1; i <= 66; i++) {
    writeFileSync(dir.at("next"), `${i}\n`);
    renameSync(dir.at("next"), path);
    const seen = (): number => source.stats().openFiles + source.stats().missedFiles;
    await eventually(() => seen() === i + 1);
  }
  expect(source.stats()).toMatchObject({ openFiles: 64, missedFiles: 3 });
  goOn?.();
  await eventually(() => lines.includes("66"));
  expect(lines).toEqual([...Array.from({ length: 64 }, (_, i) => `${i}`), "66"]);
});

test("a file that is cut to nothing is read from its start again", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "a long first line\nand no end");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: NEVER });
  await eventually(() => source.stats().bytes === 28);
  copyFileSync(path, dir.at("log.1"));
  truncateSync(path, 0);
  await eventually(() => source.stats().truncations === 1);
  appendFileSync(path, "new\n");
  await eventually(() => lines.length === 3);
  expect(lines).toEqual(["a long first line", "and no end", "new"]);
});

test("a file that is gone is left after its time, and one that comes is read", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "one\n");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: 5, lingerMs: 30 });
  await eventually(() => lines.length === 1);
  rmSync(path);
  await eventually(() => source.stats().openFiles === 0);
  expect(source.stats().rotations).toBe(1);
  writeFileSync(path, "two\n");
  await eventually(() => lines.length === 2);
});

test("a file that gets its name back is not read twice", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "one\n");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: 5 });
  await eventually(() => lines.length === 1);
  renameSync(path, dir.at("away"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  renameSync(dir.at("away"), path);
  appendFileSync(path, "two\n");
  await eventually(() => lines.length === 2);
  expect(lines).toEqual(["one", "two"]);
  expect(source.stats()).toMatchObject({ rotations: 0, openFiles: 1 });
});

test("a file that gets its name back, after another had it, is left when it loses it again", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "a\n");
  const { lines, source } = follower(kit, path, { from: "start", pollMs: 5 });
  await eventually(() => lines.length === 1);
  renameSync(path, dir.at("log.1"));
  writeFileSync(path, "");
  await eventually(() => source.stats().openFiles === 2);
  renameSync(dir.at("log.1"), path);
  await new Promise((resolve) => setTimeout(resolve, 20));
  appendFileSync(path, "b\n");
  await eventually(() => lines.length === 2);
  renameSync(path, dir.at("log.2"));
  writeFileSync(path, "c\n");
  await eventually(() => lines.length === 3);
  expect(lines).toEqual(["a", "b", "c"]);
  expect(source.stats()).toMatchObject({ openFiles: 1 });
});

test("who keeps the position goes on behind it, whatever the file is called by then", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  const lines: string[] = [];
  let from: FollowOptions["from"] = "start";
  // Ends with each line, in the middle of all that it has read.
  const Careful = actor({
    init: (ctx) => {
      const source = follow(path, { from, pollMs: 5 });
      ctx.source(source, (line) => {
        lines.push(line);
        from = source.position;
        if (line !== "last") throw new Error("broken");
        ctx.stop();
      });
    },
  });
  writeFileSync(path, "öne\r\ntwo\n\nfour\nfi");
  const careful = kit.system.spawn(Careful, undefined, {
    restart: "permanent",
    backoff: { kind: "fixed", delay: 2_000 },
  });
  const until = (count: number): Promise<void> =>
    eventually(async () => {
      // The budget of restarts is one of time.
      await kit.advance(3_000);
      return lines.length >= count;
    });
  await until(4);
  renameSync(path, dir.at("log.1"));
  appendFileSync(dir.at("log.1"), "ve\nsix\n");
  writeFileSync(path, "seven\nlast\n");
  await until(8);
  expect(lines).toEqual(["öne", "two", "", "four", "five", "six", "seven", "last"]);
  await stop(careful);
});

test("a position of a file that is gone, or was cut, begins with what is there", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "one\ntwo\n");
  const { dev, ino } = statSync(path);
  const cut = follower(kit, path, { from: { dev, ino, offset: 1_000 } });
  const gone = follower(kit, path, { from: { dev, ino: ino + 1_000_000, offset: 4 } });
  const half = follower(kit, path, { from: { dev, ino, offset: 4 } });
  await eventually(() => cut.lines.length + gone.lines.length + half.lines.length === 5);
  expect([cut.lines, gone.lines, half.lines]).toEqual([["one", "two"], ["one", "two"], ["two"]]);
  expect(cut.source.stats().truncations).toBe(1);
  expect(() => follow(path, { from: { dev, ino, offset: -1 } })).toThrow("from.offset");
  expect(() => follow(path, { from: {} as never })).toThrow("from.dev");
});

test("a line that comes in many small pieces takes the room of its bytes", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "");
  const { source, opened } = follower(kit, path, { from: "start", pollMs: NEVER });
  await opened();
  globalThis.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 1; i <= 500; i++) {
    appendFileSync(path, ".");
    await eventually(() => source.stats().bytes === i);
  }
  const grown = (): number => process.memoryUsage().arrayBuffers - before;
  // What is free is given back a little later.
  await eventually(() => {
    globalThis.gc?.();
    return grown() < 8_000_000;
  });
  expect(grown()).toBeLessThan(8_000_000);
});

test("nothing is lost or doubled, however often the file is rotated while it is written", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  const { lines, opened } = follower(kit, path, { from: "start", pollMs: 50 });
  let next = 0;
  appendFileSync(path, `${next++}\n`);
  await opened();
  for (let file = 1; file <= 30; file++) {
    for (let i = 0; i < 40; i++) appendFileSync(path, `${next++}\n`);
    renameSync(path, dir.at(`log.${file}`));
    appendFileSync(path, `${next++}\n`);
    // Two rotations between two turns of the event loop cannot be told apart.
    await eventually(() => lines.length === next);
  }
  expect(lines).toEqual(Array.from({ length: next }, (_, i) => `${i}`));
});

test("stopped or killed it closes all that it has open, whatever it is about", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("log");
  writeFileSync(path, "one\n".repeat(10_000));
  const before = openFiles();
  for (const end of [stop, kill]) {
    for (const lines of [0, 1, 10_000]) {
      const each = follower(kit, lines === 0 ? dir.at("none") : path, { from: "start" });
      await eventually(() => each.lines.length >= lines);
      await end(each.ref);
    }
    for (let i = 0; i < 10; i++) void end(follower(kit, path, { from: "start" }).ref);
  }
  await eventually(() => openFiles() <= before);
  expect(openFiles()).toBeLessThanOrEqual(before);
});

test("what cannot be followed fails the actor, and says why", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  execFileSync("mkfifo", [dir.at("fifo")]);
  const reasonOf = async (path: string, options?: FollowOptions): Promise<string> => {
    const reason = await exited(follower(kit, path, options).ref);
    return reason.kind === "failed" ? String(reason.error) : reason.kind;
  };
  expect(await reasonOf(dir.at("fifo"))).toContain("is a named pipe");
  expect(await reasonOf(dir.path, { from: "start" })).toContain("EISDIR");
  writeFileSync(dir.at("long"), "x".repeat(100));
  expect(await reasonOf(dir.at("long"), { from: "start", lineBytes: 50 })).toContain("50 bytes");
  expect(() => follow("")).toThrow("path");
  expect(() => follow("a", { from: "middle" as never })).toThrow('"middle"');
  expect(() => follow("a", { pollMs: -1 })).toThrow("pollMs");
});

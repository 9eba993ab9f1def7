import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { expect, test } from "vitest";
import { actor, exited, isAlive, kill, stop } from "troupe";
import { readBytes, readLines } from "troupe/fs";
import { createTestSystem } from "troupe/testing";
import { eventually, folder } from "./folder.ts";

/** Whether this process has the file open; told by Linux, and so not asked elsewhere. */
function isOpen(path: string): boolean {
  return readdirSync("/proc/self/fd").some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
}

test("a file comes in pieces, in order, and the end closes it", async () => {
  using dir = folder();
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
  writeFileSync(dir.at("a"), bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of readBytes(dir.at("a"), { chunkBytes: 30_000 })) chunks.push(chunk);
  expect(chunks.map(({ length }) => length)).toEqual([30_000, 30_000, 30_000, 10_000]);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  await eventually(() => !isOpen(dir.at("a")));
});

test("a part of a file is read, from start to before end", async () => {
  using dir = folder();
  writeFileSync(dir.at("a"), "0123456789");
  const read = async (options: Parameters<typeof readBytes>[1]): Promise<string> => {
    let text = "";
    for await (const chunk of readBytes(dir.at("a"), options)) text += chunk.toString();
    return text;
  };
  expect(await read({ start: 2, end: 5 })).toBe("234");
  expect(await read({ start: 8 })).toBe("89");
  expect(await read({ start: 20 })).toBe("");
  expect(await read({ start: 3, end: 3 })).toBe("");
  expect(await read({ end: 7, chunkBytes: 3 })).toBe("0123456");
  expect(() => readBytes(dir.at("a"), { start: 5, end: 2 })).toThrow("start is 5");
});

test("the next piece is read when the one before has been handled", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  writeFileSync(dir.at("a"), "abc".repeat(1_000));
  let inside = 0;
  let most = 0;
  let text = "";
  const each = async (chunk: Buffer): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    text += chunk.toString();
    inside--;
  };
  const Reader = actor({
    init(ctx) {
      ctx.source(readBytes(dir.at("a"), { chunkBytes: 100 }), each, { onEnd: () => ctx.stop() });
    },
  });
  expect((await exited(kit.system.spawn(Reader))).kind).toBe("normal");
  expect(text).toBe("abc".repeat(1_000));
  expect(most).toBe(1);
});

test("a file that is not there fails the actor with the host's error", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const Reader = actor({ init: (ctx) => void ctx.source(readBytes(dir.at("none")), () => {}) });
  const reason = await exited(kit.system.spawn(Reader));
  expect(reason).toMatchObject({ kind: "failed", error: { code: "ENOENT" } });
  const folderItself = readBytes(dir.path)[Symbol.asyncIterator]();
  await expect(folderItself.next()).rejects.toMatchObject({ code: "EISDIR" });
  expect(await folderItself.next()).toEqual({ done: true, value: undefined });
});

test("when its actor is stopped or killed, the file is closed, also while it is being opened", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  writeFileSync(dir.at("a"), "x".repeat(1_000_000));
  for (const end of [stop, kill]) {
    for (const waits of [0, 1, 2, 5]) {
      let taken = 0;
      const Reader = actor({
        init(ctx) {
          ctx.source(readBytes(dir.at("a"), { chunkBytes: 10 }), () => void taken++);
        },
      });
      const reader = kit.system.spawn(Reader);
      await eventually(() => taken >= waits);
      await end(reader);
      await eventually(() => !isOpen(dir.at("a")));
      expect(isAlive(reader)).toBe(false);
    }
  }
});

test("lines of a file, to the last that has no end; each reader begins anew", async () => {
  using dir = folder();
  writeFileSync(dir.at("a"), "één\r\ntwee\ndrie");
  const source = readLines(dir.at("a"), { chunkBytes: 2 });
  for (let round = 0; round < 2; round++) {
    const got: string[] = [];
    for await (const line of source) got.push(line);
    expect(got).toEqual(["één", "twee", "drie"]);
  }
  await expect(
    readLines(dir.at("a"), { lineBytes: 4 })[Symbol.asyncIterator]().next(),
  ).rejects.toThrow(`${dir.at("a")}: a line has more than 4 bytes`);
  await eventually(() => !isOpen(dir.at("a")));
});

test("a named pipe is waited for without a thread of the host, and ends when its writers have", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("fifo");
  execFileSync("mkfifo", [path]);
  const got: string[] = [];
  const Reader = actor({
    init(ctx) {
      ctx.source(readLines(path), (line) => void got.push(line), { onEnd: () => ctx.stop() });
    },
  });
  // More of them than the host has threads: files can still be read.
  const others = Array.from({ length: 8 }, (_, i) => {
    execFileSync("mkfifo", [`${path}${i}`]);
    const Waiting = actor({
      init: (ctx) => void ctx.source(readBytes(`${path}${i}`), () => {}),
    });
    return kit.system.spawn(Waiting);
  });
  const reader = kit.system.spawn(Reader);
  await eventually(() => isOpen(path));
  const file = await open(dir.at("plain"), "w");
  await file.close();
  const writer = spawn("sh", ["-c", `exec > ${path}; echo one; sleep 0.05; printf 'two\\nthree'`]);
  expect((await exited(reader)).kind).toBe("normal");
  expect(got).toEqual(["one", "two", "three"]);
  await Promise.all(others.map((ref) => kill(ref)));
  await eventually(() => !others.some((_, i) => isOpen(`${path}${i}`)));
  writer.kill();
});

test("a named pipe holds its writer up while the actor is busy", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("fifo");
  execFileSync("mkfifo", [path]);
  let goOn: (() => void) | undefined;
  let bytes = 0;
  const each = async (chunk: Buffer): Promise<void> => {
    bytes += chunk.length;
    if (bytes === chunk.length) await new Promise<void>((resolve) => (goOn = resolve));
  };
  const Busy = actor({
    init(ctx) {
      ctx.source(readBytes(path), each, { onEnd: () => ctx.stop() });
    },
  });
  const busy = kit.system.spawn(Busy);
  const writer = spawn("sh", ["-c", `head -c 2000000 /dev/zero > ${path}`]);
  let isDone = false;
  writer.on("exit", () => (isDone = true));
  await eventually(() => goOn !== undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isDone).toBe(false);
  goOn?.();
  await exited(busy);
  expect(bytes).toBe(2_000_000);
});

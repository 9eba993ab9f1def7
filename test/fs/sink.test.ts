import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";
import { actor, exited, kill, started, stop, type InitContext } from "troupe";
import { openSink, replaceFile, type FileSink, type SinkOptions } from "troupe/fs";
import { createTestSystem } from "troupe/testing";
import { eventually, folder } from "./folder.ts";

/** What the host is told to do in place of writing. */
const host = vi.hoisted(() => ({ write: undefined as undefined | (() => Promise<number>) }));
vi.mock(import("node:fs/promises"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    open: async (...args: Parameters<typeof actual.open>) => {
      const file = await actual.open(...args);
      const write = file.write.bind(file) as (...rest: unknown[]) => Promise<unknown>;
      file.write = (async (bytes: Uint8Array, at: number, length: number, place: null) => {
        const most = await host.write?.();
        return write(bytes, at, Math.min(length, most ?? length), place);
      }) as typeof file.write;
      return file;
    },
  };
});
beforeEach(() => void (host.write = undefined));

interface Job {
  readonly path: string;
  readonly options?: SinkOptions;
  readonly work: (file: FileSink, ctx: InitContext) => unknown;
  readonly exit?: (file: FileSink) => Promise<void>;
}

const Writer = actor({
  name: "writer",
  init: async (ctx, { path, options, work }: Job) => {
    const file = await openSink(ctx, path, options);
    await work(file, ctx);
    return file;
  },
  async exit(ctx) {
    if (ctx.state !== undefined) await ctx.props.exit?.(ctx.state);
  },
});

test("what is written is in the file, in order, when the actor has ended", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("a");
  const writer = kit.system.spawn(Writer, {
    path,
    work: (file) => {
      for (let i = 0; i < 1_000; i++) file.write(i % 2 === 0 ? `${i}\n` : Buffer.from(`${i}\n`));
    },
    exit: (file) => file.end("last words\n"),
  });
  await started(writer);
  await stop(writer);
  const numbers = Array.from({ length: 1_000 }, (_, i) => `${i}\n`).join("");
  expect(readFileSync(path, "utf8")).toBe(`${numbers}last words\n`);
});

test("append writes behind what there is, truncate throws it away, create refuses", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("a");
  const write = async (text: string, options?: SinkOptions): Promise<unknown> => {
    const ref = kit.system.spawn(Writer, {
      path,
      ...(options && { options }),
      work: (file) => file.end(text),
    });
    await started(ref).catch(() => {});
    await stop(ref);
    return exited(ref);
  };
  await write("one ");
  await write("two ", { how: "append" });
  expect(readFileSync(path, "utf8")).toBe("one two ");
  expect(await write("", { how: "create" })).toMatchObject({
    kind: "failed",
    error: { code: "EEXIST" },
  });
  await write("three", { how: "truncate" });
  expect(readFileSync(path, "utf8")).toBe("three");
  await write("new", { how: "create" }).catch(() => {});
  await write("fresh", { how: "truncate", mode: 0o600 });
  expect(readFileSync(path, "utf8")).toBe("fresh");
});

test("write says when to wait, drained when to go on, and writtenBytes what is done", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  let most = 0;
  let waits = 0;
  let left = 0;
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    options: { writeBytes: 10_000 },
    work: async (file) => {
      for (let i = 0; i < 1_000; i++) {
        if (!file.write(Buffer.alloc(1_000, 1))) {
          most = Math.max(most, file.unwrittenBytes);
          waits++;
          await file.drained();
          left = Math.max(left, file.unwrittenBytes);
        }
      }
      await file.sync();
      expect(file.writtenBytes).toBe(1_000_000);
    },
  });
  await started(writer);
  expect({ waits, left }).toEqual({ waits: 100, left: 0 });
  expect(most).toBe(10_000);
  expect(statSync(dir.at("a")).size).toBe(1_000_000);
});

test("what the host takes in parts is written whole", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  host.write = () => Promise.resolve(7);
  const text = Array.from({ length: 200 }, (_, i) => i).join(",");
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    work: (file) => file.end(text),
  });
  await started(writer);
  expect(readFileSync(dir.at("a"), "utf8")).toBe(text);
});

test("a disk that is full fails the actor with the host's error, and whoever awaits hears it", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  host.write = () => Promise.reject(full);
  const heard: unknown[] = [];
  let sink: FileSink | undefined;
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    work: (file) => {
      sink = file;
      file.write("12345");
      for (const ask of [file.drained(), file.sync()]) {
        ask.catch((error: unknown) => heard.push(error));
      }
    },
  });
  expect(await exited(writer)).toMatchObject({ kind: "failed", error: full });
  await eventually(() => heard.length === 2);
  expect(heard).toEqual([full, full]);
  expect(sink).toMatchObject({ isOpen: false, error: full, unwrittenBytes: 5, writtenBytes: 0 });
});

test("with onError a full disk is a message; what is written after that is dropped", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  host.write = () => Promise.reject(full);
  const heard: unknown[] = [];
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    options: { onError: (error) => heard.push(error) },
    work: async (file) => {
      file.write("12345");
      await expect(file.drained()).rejects.toBe(full);
      expect(file.write("6")).toBe(false);
    },
  });
  await started(writer);
  await eventually(() => heard.length === 1);
  await stop(writer);
  expect((await exited(writer)).kind).toBe("normal");
  expect(kit.log).toEqual([]);
});

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

test("a sink that has failed or was ended is closed, and its actor may open the next", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("a");
  const writer = kit.system.spawn(Writer, {
    path,
    options: { onError: () => {} },
    work: async (first, ctx) => {
      host.write = () => Promise.reject(new Error("no space left"));
      first.write("lost");
      await expect(first.drained()).rejects.toThrow("no space");
      await expect(first.end()).rejects.toThrow("no space");
      host.write = undefined;
      for (let i = 0; i < 10; i++) {
        const next = await openSink(ctx, path);
        await next.end(`${i}`);
        await expect(next.sync()).rejects.toThrow("it has been ended");
      }
      expect(isOpen(path)).toBe(false);
    },
  });
  await started(writer);
  expect(readFileSync(path, "utf8")).toBe("0123456789");
  await stop(writer);
  expect(kit.log).toEqual([]);
});

test("what cannot be written any more when the actor has gone is logged", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  let refuse: (() => void) | undefined;
  host.write = () =>
    new Promise((_resolve, reject) => (refuse = () => reject(new Error("disk gone"))));
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    work: (file) => void file.write("1"),
  });
  await started(writer);
  await eventually(() => refuse !== undefined);
  await stop(writer);
  refuse?.();
  await eventually(() => kit.log.length > 0);
  expect(kit.log).toMatchObject([
    { level: "error", message: "a file was not written to its end", fields: { path: dir.at("a") } },
  ]);
});

test("more that waits than may is an error of the sink's, and no memory without bounds", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    options: { unwrittenBytes: 100_000 },
    work: (file) => {
      while (file.isOpen) file.write(Buffer.alloc(10_000));
    },
  });
  const reason = await exited(writer);
  expect(String(reason.kind === "failed" && reason.error)).toContain(
    "110000 bytes wait to be written, more than 100000",
  );
});

test("a killed actor's file has what it had written before, and can be written to no more", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  let sink: FileSink | undefined;
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    work: (file) => {
      sink = file;
      file.write("before");
    },
    exit: () => expect.unreachable(),
  });
  await started(writer);
  await kill(writer);
  await eventually(() => readFileSync(dir.at("a"), "utf8") === "before");
  expect(() => sink?.write("after")).toThrow("was killed");
});

test("an actor that ends while its file is being opened leaves none open, and the open rejects", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const before = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 20; round++) {
    const outcome: { error?: unknown } = {};
    const Opening = actor({
      init: (ctx) => void openSink(ctx, dir.at("a")).catch((error) => (outcome.error = error)),
    });
    const ref = kit.system.spawn(Opening);
    await started(ref);
    await (round % 2 === 0 ? kill(ref) : stop(ref));
    await eventually(() => outcome.error !== undefined);
    expect(String(outcome.error)).toMatch(round % 2 === 0 ? /KilledError/ : /ActorStoppedError/);
  }
  await eventually(() => readdirSync("/proc/self/fd").length <= before);
});

test("a restarted actor opens the file behind what the one before had still to write", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const path = dir.at("a");
  let life = 0;
  let release: (() => void) | undefined;
  host.write = () => new Promise((resolve) => (release = () => resolve(Infinity)));
  const Twice = actor({
    init: async (ctx) => {
      const file = await openSink(ctx, path, { how: "truncate" });
      file.write(`life ${++life}\n`);
      if (life === 1) ctx.timers.after(1, () => Promise.reject(new Error("broken")));
    },
  });
  const twice = kit.system.spawn(Twice, undefined, { restart: "permanent" });
  await started(twice);
  await eventually(() => release !== undefined);
  await kit.advance(1);
  expect(life).toBe(1);
  host.write = undefined;
  release?.();
  await eventually(() => life === 2);
  await eventually(() => readFileSync(path, "utf8") === "life 2\n");
});

test("a sink that was ended refuses what comes later, and says so", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    work: async (file) => {
      const ended = file.end("all");
      expect(file.isOpen).toBe(false);
      expect(() => file.write("more")).toThrow("it has been ended");
      await ended;
      await file.end();
      await file.drained();
    },
  });
  await started(writer);
  expect(readFileSync(dir.at("a"), "utf8")).toBe("all");
});

test("a named pipe, and options that are none, are refused at once", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  execFileSync("mkfifo", [dir.at("fifo")]);
  const open = async (path: string, options?: object): Promise<unknown> => {
    const ref = kit.system.spawn(Writer, { path, options: options as SinkOptions, work: () => {} });
    const reason = await exited(ref);
    return reason.kind === "failed" && String(reason.error);
  };
  expect(await open(dir.at("fifo"))).toContain("is a named pipe");
  expect(await open("")).toContain("path");
  expect(await open(dir.at("a"), { how: "over" })).toContain('"over"');
  expect(await open(dir.at("a"), { writeBytes: 0 })).toContain("writeBytes");
  expect(existsSync(dir.at("a"))).toBe(false);
});

test("replaceFile: the new content whole, the old permissions, and nothing beside it", async () => {
  using dir = folder();
  await replaceFile(dir.at("a"), "one");
  expect(readFileSync(dir.at("a"), "utf8")).toBe("one");
  writeFileSync(dir.at("b"), "old", { mode: 0o600 });
  await replaceFile(dir.at("b"), Buffer.from("new"));
  expect(readFileSync(dir.at("b"), "utf8")).toBe("new");
  expect(statSync(dir.at("b")).mode & 0o777).toBe(0o600);
  await replaceFile(dir.at("b"), "newer", { mode: 0o640 });
  expect(statSync(dir.at("b")).mode & 0o777).toBe(0o640);
  expect(readdirSync(dir.path).toSorted()).toEqual(["a", "b"]);
});

test("replaceFile: what a link names is replaced, and not the link", async () => {
  using dir = folder();
  writeFileSync(dir.at("real"), "old");
  symlinkSync(dir.at("real"), dir.at("link"));
  await replaceFile(dir.at("link"), "new");
  expect(readFileSync(dir.at("real"), "utf8")).toBe("new");
  expect(readlinkSync(dir.at("link"))).toBe(dir.at("real"));
});

test("what is neither text nor bytes is refused, and counted nowhere", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const writer = kit.system.spawn(Writer, {
    path: dir.at("a"),
    work: (file) => {
      expect(() => file.write(5 as never)).toThrow("it takes text or bytes");
      expect(() => file.write(null as never)).toThrow("it takes text or bytes");
      expect(file.unwrittenBytes).toBe(0);
    },
  });
  await started(writer);
});

test("replaceFile: what fails leaves the old content, and nothing beside it", async () => {
  using dir = folder();
  mkdirSync(dir.at("full"));
  writeFileSync(dir.at("full/child"), "");
  await expect(replaceFile(dir.at("full"), "text")).rejects.toThrow("full");
  expect(readdirSync(dir.path)).toEqual(["full"]);
  await expect(replaceFile(dir.at("none/a"), "text")).rejects.toMatchObject({ code: "ENOENT" });
});

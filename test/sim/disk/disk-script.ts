import fc from "fast-check";
import { constants } from "node:fs";
import { posix } from "node:path";
import type { Disk, DiskHandle } from "../../../src/sim/disk/disk-types.ts";

/*
 * Scripts of what can be done with a file system, and what came of it on a given one: so that two
 * can be compared.
 */
const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

interface OpenSlot {
  readonly fd: number;
  /** Undefined where it was opened without promises. */
  readonly handle: DiskHandle | undefined;
}

/** A file system that a script runs on, in a directory of its own. */
class Stage {
  readonly disk: Disk;
  readonly root: string;
  readonly slots = new Map<number, OpenSlot>();

  constructor(disk: Disk, root: string) {
    this.disk = disk;
    this.root = root;
  }

  /** Does something with an open file; nothing where none is. */
  with(slot: number, act: (open: OpenSlot) => unknown): unknown {
    const open = this.slots.get(slot);
    return open === undefined ? "no file" : act(open);
  }

  async close(slot: number): Promise<void> {
    const open = this.slots.get(slot);
    if (open === undefined) return;
    this.slots.delete(slot);
    if (open.handle === undefined) this.disk.closeSync(open.fd);
    else await open.handle.close();
  }
}

/** One thing to do. Shown when a script fails. */
export interface Step {
  readonly name: string;
  readonly given: unknown;
  readonly run: (stage: Stage) => unknown;
}

function step<T extends object>(
  weight: number,
  name: string,
  given: { [K in keyof T]: fc.Arbitrary<T[K]> },
  run: (stage: Stage, given: T) => unknown,
): fc.WeightedArbitrary<Step> {
  const arbitrary = fc
    .record<T>(given)
    .map((drawn): Step => ({ name, given: drawn, run: (stage) => run(stage, drawn) }));
  return { weight, arbitrary };
}

const PATHS = ["/a", "/b", "/d", "/d/a", "/d/b", "/d/e", "/d/e/a", "/x/y", "/.//d/a", ""];
const LETTERS = [
  "r",
  "r+",
  "rs+",
  "w",
  "wx",
  "w+",
  "wx+",
  "a",
  "ax",
  "as",
  "a+",
  "ax+",
  "xa+",
  "no",
];

const path = fc.constantFrom(...PATHS);
const flags = fc.constantFrom<string | number>(
  ...LETTERS,
  O_RDONLY,
  O_RDONLY | O_DIRECTORY,
  O_RDWR | O_APPEND | O_CREAT,
  O_RDWR | O_APPEND | O_CREAT | O_EXCL,
  O_WRONLY | O_CREAT,
  O_RDWR | O_TRUNC,
);
const slot = fc.nat({ max: 2 });
const text = fc.constantFrom("", "x", "hello", "grüße", "0123456789".repeat(30));
const position = fc.constantFrom(null, null, null, 0, 3, 400);
const encoding = fc.constantFrom<BufferEncoding>("utf8", "latin1");
/** Whether to ask for it with a promise. */
const later = fc.boolean();
const recursive = fc.boolean();
const force = fc.boolean();

const names = [
  step(3, "mkdir", { path, recursive, later }, async ({ disk, root }, it) => {
    const at = root + it.path;
    const made = it.later ? await disk.promises.mkdir(at, it) : disk.mkdirSync(at, it);
    // Node tells the path as it was given, detours included.
    return made === undefined ? made : posix.normalize(made);
  }),
  step(4, "rename", { path, to: path, later }, ({ disk, root }, it) =>
    it.later
      ? disk.promises.rename(root + it.path, root + it.to)
      : disk.renameSync(root + it.path, root + it.to),
  ),
  step(1, "rm", { path, recursive, force, later }, async ({ disk, root }, it) => {
    try {
      if (it.later) await disk.promises.rm(root + it.path, it);
      else disk.rmSync(root + it.path, it);
    } catch (error) {
      // Whether force is for a way that leads through a file, too, differs from node to node.
      if (!it.force || (error as NodeJS.ErrnoException).code !== "ENOTDIR") throw error;
    }
  }),
  ...(["unlink", "rmdir", "readdir", "stat"] as const).map((name) =>
    step(1, name, { path, later }, ({ disk, root }, it) =>
      it.later ? disk.promises[name](root + it.path) : disk[`${name}Sync`](root + it.path),
    ),
  ),
  step(1, "exists", { path }, ({ disk, root }, it) => disk.existsSync(root + it.path)),
];

const files = [
  ...(["writeFile", "appendFile"] as const).map((name) =>
    step(2, name, { path, text, encoding, later }, ({ disk, root }, it) =>
      it.later
        ? disk.promises[name](root + it.path, it.text, it.encoding)
        : disk[`${name}Sync`](root + it.path, it.text, it.encoding),
    ),
  ),
  step(
    1,
    "writeFile",
    { path, text, flag: fc.constantFrom("wx", "a", "r+", "w+"), later },
    ({ disk, root }, { flag, ...it }) => {
      const bytes = Buffer.from(it.text);
      return it.later
        ? disk.promises.writeFile(root + it.path, bytes, { flag })
        : disk.writeFileSync(root + it.path, bytes, { flag });
    },
  ),
  step(2, "readFile", { path, encoding, later }, ({ disk, root }, it) =>
    it.later
      ? disk.promises.readFile(root + it.path, it.encoding)
      : disk.readFileSync(root + it.path, it.encoding),
  ),
];

const openFiles = [
  step(6, "open", { path, flags, slot, later }, async (on, it) => {
    await on.close(it.slot);
    const at = on.root + it.path;
    const handle = it.later ? await on.disk.promises.open(at, it.flags) : undefined;
    on.slots.set(it.slot, { fd: handle?.fd ?? on.disk.openSync(at, it.flags), handle });
  }),
  step(1, "close", { slot }, (on, it) => on.close(it.slot)),
  step(4, "read", { slot, length: fc.constantFrom(0, 2, 50), position, later }, (on, it) =>
    on.with(it.slot, async ({ fd, handle }) => {
      const into = Buffer.alloc(60);
      if (handle === undefined || !it.later) {
        return [on.disk.readSync(fd, into, 5, it.length, it.position), into.toString("latin1")];
      }
      const { bytesRead, buffer } = await handle.read(into, 5, it.length, it.position);
      return [bytesRead, buffer.toString("latin1")];
    }),
  ),
  step(4, "write", { slot, text, position, later }, (on, it) =>
    on.with(it.slot, async ({ fd, handle }) => {
      const bytes = Buffer.from(it.text);
      const from = bytes.length >> 1;
      if (handle === undefined || !it.later) {
        return on.disk.writeSync(fd, bytes, from, bytes.length - from, it.position);
      }
      return (await handle.write(bytes, from, null, it.position)).bytesWritten;
    }),
  ),
  step(4, "write", { slot, text, position, encoding, later }, (on, it) =>
    on.with(it.slot, async ({ fd, handle }) => {
      if (handle === undefined || !it.later) {
        return on.disk.writeSync(fd, it.text, it.position, it.encoding);
      }
      return (await handle.write(it.text, it.position, it.encoding)).bytesWritten;
    }),
  ),
  step(2, "truncate", { slot, size: fc.constantFrom(0, 4, 500), later }, (on, it) =>
    on.with(it.slot, ({ fd, handle }) =>
      handle !== undefined && it.later
        ? handle.truncate(it.size)
        : on.disk.ftruncateSync(fd, it.size),
    ),
  ),
  step(1, "sync", { slot, data: fc.boolean(), later }, (on, it) =>
    on.with(it.slot, ({ fd, handle }) => {
      if (handle !== undefined && it.later) return it.data ? handle.datasync() : handle.sync();
      return it.data ? on.disk.fdatasyncSync(fd) : on.disk.fsyncSync(fd);
    }),
  ),
  step(1, "stat", { slot, later }, (on, it) =>
    on.with(it.slot, ({ fd, handle }) =>
      handle !== undefined && it.later ? handle.stat() : on.disk.fstatSync(fd),
    ),
  ),
  step(1, "readFile", { slot }, (on, it) =>
    on.with(it.slot, ({ handle }) => handle?.readFile("latin1")),
  ),
  step(1, "appendFile", { slot, text }, (on, it) =>
    on.with(it.slot, ({ handle }) => handle?.appendFile(it.text)),
  ),
];

export const script = fc.array(fc.oneof(...names, ...files, ...openFiles), {
  maxLength: 40,
  size: "max",
});

/** Runs a script and tells what came of each step, and what is there in the end. */
export async function play(disk: Disk, root: string, steps: readonly Step[]): Promise<unknown[]> {
  const stage = new Stage(disk, root);
  disk.mkdirSync(`${root}/d`);
  disk.writeFileSync(`${root}/d/a`, "what was there before");
  const handle = await disk.promises.open(`${root}/a`, "w+");
  stage.slots.set(0, { fd: handle.fd, handle });
  stage.slots.set(1, { fd: disk.openSync(`${root}/d/b`, "a+"), handle: undefined });
  const outcomes: unknown[] = [];
  for (const { name, run } of steps) {
    try {
      outcomes.push(show(await run(stage), root));
    } catch (error) {
      outcomes.push(showError(name, error, root));
    }
  }
  for (const open of stage.slots.keys()) await stage.close(open);
  return [...outcomes, ...contents(disk, root, "")];
}

function show(value: unknown, root: string): unknown {
  if (typeof value === "string") return value.replaceAll(root, "");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const stats = value as { size: number; isFile(): boolean; isDirectory(): boolean };
  // How large a directory is depends on the file system.
  return stats.isFile() ? `file of ${stats.size}` : stats.isDirectory();
}

function showError(name: string, error: unknown, root: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // What was refused before the system was asked is worded differently from node to node, and so is
  // all that rm says.
  if (code === undefined || code.startsWith("ERR_") || name === "rm") return `${name}: ${code}`;
  // Newer nodes name the file, where it was a file descriptor that was asked.
  return `${name}: ${message.replaceAll(root, "").replace(/, (read|write) '.*'$/, ", $1")}`;
}

function contents(disk: Disk, root: string, from: string): string[] {
  const at = root + from;
  if (!disk.existsSync(at)) return ["nothing"];
  if (!disk.statSync(at).isDirectory()) return [`${from}: ${disk.readFileSync(at, "latin1")}`];
  return [from, ...disk.readdirSync(at).flatMap((name) => contents(disk, root, `${from}/${name}`))];
}

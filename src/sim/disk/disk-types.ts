import type { Chance } from "../chance.ts";

/** What can be written: text, or the bytes of a view. */
export type DiskData = string | NodeJS.ArrayBufferView;

/** How a file is opened: node's letters (`"r"`, `"a+"`, `"wx"`), or the numbers of `fs.constants`. */
export type DiskFlags = string | number;

/** What a write of a whole file can be told besides the encoding. */
export interface DiskWriteOptions {
  readonly encoding?: BufferEncoding | null;
  readonly flag?: string;
  readonly mode?: number;
  /** True: synced before the file is closed. */
  readonly flush?: boolean;
}

/** What `rm` can be told. */
export interface DiskRemoveOptions {
  /** True: it is no failure when nothing is there. */
  readonly force?: boolean;
  /** True: directories too, with all that is in them. */
  readonly recursive?: boolean;
}

/** What `stat` says of a name. */
export interface DiskStats {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/**
 * What a service needs of a file system, as a parameter of it.
 *
 * `node:fs` is one, as it is: `import * as fs from "node:fs"` and pass `fs`. In a simulation it is
 * `sim.disk`. Paths are text; all else works as node documents it.
 */
export interface Disk {
  readonly promises: DiskPromises;

  existsSync(path: string): boolean;
  statSync(path: string): DiskStats;
  readdirSync(path: string): string[];
  mkdirSync(
    path: string,
    options?: { readonly recursive?: boolean; readonly mode?: number },
  ): string | undefined;
  rmdirSync(path: string): void;
  rmSync(path: string, options?: DiskRemoveOptions): void;
  unlinkSync(path: string): void;
  renameSync(from: string, to: string): void;

  readFileSync(path: string): Buffer;
  readFileSync(path: string, encoding: BufferEncoding): string;
  writeFileSync(path: string, data: DiskData, options?: BufferEncoding | DiskWriteOptions): void;
  appendFileSync(path: string, data: DiskData, options?: BufferEncoding | DiskWriteOptions): void;

  openSync(path: string, flags: DiskFlags, mode?: number): number;
  closeSync(fd: number): void;
  fstatSync(fd: number): DiskStats;
  readSync(
    fd: number,
    buffer: NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    position: number | null,
  ): number;
  writeSync(fd: number, text: string, position?: number | null, encoding?: BufferEncoding): number;
  writeSync(
    fd: number,
    buffer: NodeJS.ArrayBufferView,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): number;
  ftruncateSync(fd: number, size?: number): void;
  fsyncSync(fd: number): void;
  fdatasyncSync(fd: number): void;
}

/** The part of a `Disk` that answers with promises. */
export interface DiskPromises {
  open(path: string, flags?: DiskFlags, mode?: number): Promise<DiskHandle>;
  stat(path: string): Promise<DiskStats>;
  readdir(path: string): Promise<string[]>;
  mkdir(
    path: string,
    options?: { readonly recursive?: boolean; readonly mode?: number },
  ): Promise<string | undefined>;
  rmdir(path: string): Promise<void>;
  rm(path: string, options?: DiskRemoveOptions): Promise<void>;
  unlink(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  readFile(path: string, encoding: BufferEncoding): Promise<string>;
  writeFile(
    path: string,
    data: DiskData,
    options?: BufferEncoding | DiskWriteOptions,
  ): Promise<void>;
  appendFile(
    path: string,
    data: DiskData,
    options?: BufferEncoding | DiskWriteOptions,
  ): Promise<void>;
}

/** An open file, as `promises.open` hands it out. */
export interface DiskHandle {
  /** -1 once it is closed. */
  readonly fd: number;
  read<T extends NodeJS.ArrayBufferView>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesRead: number; buffer: T }>;
  write(
    text: string,
    position?: number | null,
    encoding?: BufferEncoding,
  ): Promise<{ bytesWritten: number; buffer: string }>;
  write<T extends Uint8Array>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesWritten: number; buffer: T }>;
  readFile(): Promise<Buffer>;
  readFile(encoding: BufferEncoding): Promise<string>;
  writeFile(data: string | Uint8Array, encoding?: BufferEncoding): Promise<void>;
  appendFile(data: string | Uint8Array, encoding?: BufferEncoding): Promise<void>;
  truncate(size?: number): Promise<void>;
  sync(): Promise<void>;
  datasync(): Promise<void>;
  stat(): Promise<DiskStats>;
  /** Closes it when all that it was asked before is done. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a simulated disk needs of the simulation. */
export interface DiskHost {
  /** Calls `fn` after `delayMs` of simulated time, as an event of its own; forgotten when the process crashes. */
  after(delayMs: number, fn: () => void): void;
  /**
   * One decision about a fault: what `draw` says the first time, what is on record in a replay.
   *
   * `undefined` means none. `place` names where, "/data/shard-0.aof" for example. The value is JSON.
   */
  decide<T>(kind: string, place: string, draw: (chance: Chance) => T | undefined): T | undefined;
}

/**
 * What a write leaves in the append-only file, and how that file is read again.
 *
 * ```
 *   SET k v EX 10 NX   →  SET k v PXAT 1767225610000     no clock, no condition: replaying the
 *   INCRBY n 5         →  SET n 47                       file gives the same keys on any day
 *   EXPIRE k 10        →  PEXPIREAT k 1767225610000
 *   (k expired)        →  DEL k
 *   RPUSH l a b        →  RPUSH l a b                    already deterministic: as it was sent
 * ```
 *
 * The format is RESP, the one clients speak, so the file can be read by eye and replayed by anyone.
 */
import type { Command } from "./command.ts";
import { RequestDecoder } from "./request-decoder.ts";
import { bulk, bulkArray } from "./resp.ts";
import { execute, findShardCommand } from "./store/commands.ts";
import type { Entry } from "./store/entry.ts";
import { BEFORE_ALL, type Store } from "./store/store.ts";

const SET_HEADER = `*3\r\n${bulk("SET")}`;

/** Turns what happened to one store into records. Make the store with `noteExpired`. */
export class Recorder {
  readonly #store: Store;
  #changes: number;

  constructor(store: Store) {
    this.#store = store;
    this.#changes = store.changes;
  }

  /**
   * The records of a command just executed, encoded; "" when it changed nothing.
   *
   * Call it after every command, a read too, since any may meet an expired key, and before the next:
   * records are made of the state the command left.
   */
  records(command: Command): string {
    const expired = this.expired();
    if (this.#store.changes === this.#changes) return expired;
    this.#changes = this.#store.changes;
    return expired + recordOf(this.#store, command);
  }

  /** The records of keys that expired since; "" when none did. Call it after `expireSome`. */
  expired(): string {
    const keys = this.#store.takeExpired();
    return keys.length === 0 ? "" : keys.map((key) => bulkArray(["DEL", key])).join("");
  }
}

function recordOf(store: Store, command: Command): string {
  const { args } = command;
  const name = findShardCommand(args[0] ?? "")?.name;
  switch (name) {
    case "set":
      return args.length === 3 ? command.encode() : valueRecord(store, args[1]!);
    case "setnx":
    case "incr":
    case "decr":
    case "incrby":
    case "decrby":
      return valueRecord(store, args[1]!);
    case "expire":
    case "pexpire":
    case "expireat":
    case "pexpireat":
      return expiryRecord(store, args[1]!);
    case "getdel":
      return bulkArray(["DEL", args[1]!]);
    default:
      return command.encode();
  }
}

function valueRecord(store: Store, key: string): string {
  const entry = store.get(key, BEFORE_ALL);
  return entry === undefined ? bulkArray(["DEL", key]) : stringRecord(store, entry);
}

/** The record that makes a string and its expiry, whatever the key was before. */
export function stringRecord(store: Store, entry: Entry): string {
  const time = store.expiryOf(entry);
  const value = entry.value as string;
  // The most frequent record is put together at once.
  return time === undefined
    ? `${SET_HEADER}${bulk(entry.key)}${bulk(value)}`
    : bulkArray(["SET", entry.key, value, "PXAT", String(time)]);
}

/** A time that had already come deleted the key instead. */
function expiryRecord(store: Store, key: string): string {
  const entry = store.get(key, BEFORE_ALL);
  const time = entry && store.expiryOf(entry);
  return bulkArray(time === undefined ? ["DEL", key] : ["PEXPIREAT", key, String(time)]);
}

/** Does again what a record says. Nothing expires meanwhile: the file has a DEL where something did. */
export function replay(store: Store, { args }: Command): void {
  const reply = execute(store, args, BEFORE_ALL);
  if (reply.startsWith("-")) {
    throw new Error(`The log's record "${args[0]}" cannot be replayed: ${reply.slice(1).trim()}`);
  }
}

/**
 * Reads a log's bytes, in chunks of any size, up to where they stop being whole records.
 *
 * A machine that lost power leaves a torn last record: then `tornBytes` is not zero at the file's end,
 * and cutting the file to `wholeBytes` makes it fit for appending. When `fault` is set the bytes there
 * are no record at all; whether that is a torn end too (some file systems leave zeros) or damage in the
 * middle is for the operator to say.
 */
export class LogReader {
  readonly #decoder = new RequestDecoder({ bufferedBytes: Number.POSITIVE_INFINITY }, "strict");
  #bytes = 0;

  feed(chunk: Buffer): Command[] {
    this.#bytes += chunk.length;
    return this.#decoder.feed(chunk);
  }

  get wholeBytes(): number {
    return this.#decoder.wholeBytes;
  }

  get tornBytes(): number {
    return this.#bytes - this.#decoder.wholeBytes;
  }

  get fault(): string | undefined {
    return this.#decoder.error?.slice(1).trim();
  }
}

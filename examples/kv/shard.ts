/**
 * Which shard owns a key, and how a command about keys of several shards is taken apart.
 *
 * ```
 *   MGET a b c   →   shard 0: MGET a c  ─┐
 *                    shard 1: MGET b    ─┴→  merged into one array, in the order asked for
 * ```
 */
import { array, arrayItems, integer, OK } from "./resp.ts";
import { ONE_KEY } from "./store/command.ts";
import { findShardCommand } from "./store/commands.ts";

/**
 * The shard of a key, by FNV-1a.
 *
 * Keys with the same part between the first `{` and the next `}` share a shard, as in Redis Cluster.
 */
export function shardOf(key: string, shards: number): number {
  return shards === 1 ? 0 : hash(key) % shards;
}

function hash(key: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) {
    const byte = key.charCodeAt(at);
    if (byte === 123) {
      const close = key.indexOf("}", at + 1);
      // Empty braces are no tag, and only the first opening one counts.
      return close > at + 1 ? hashBytes(key, at + 1, close) : hashBytes(key, 0, key.length);
    }
    sum = Math.imul(sum ^ byte, 0x01000193);
  }
  return sum >>> 0;
}

function hashBytes(key: string, from: number, to: number): number {
  let sum = 0x811c9dc5;
  for (let at = from; at < to; at++) sum = Math.imul(sum ^ key.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}

export interface Part {
  readonly shard: number;
  readonly args: string[];
  /** For each of this part's keys, its place among all the command's keys. */
  readonly places: number[];
}

/**
 * The commands to send to each shard; one part, with the same array, when one shard owns all keys.
 *
 * Each part is atomic, the whole is not: another client may see one shard's half of an MSET. Only for
 * commands that have keys, and whose arity was checked.
 */
export function splitByShard(args: string[], of: (key: string) => number): Part[] {
  const keys = findShardCommand(args[0]!)?.keys ?? ONE_KEY;
  const { step } = keys;
  const shard = of(args[1]!);
  // A dangling key: whoever gets the command whole will say that its arity is wrong.
  const whole = keys.last === 1 || (args.length - 1) % step !== 0;
  if (whole || !severalShards(args, step, shard, of)) return [{ shard, args, places: [] }];

  const parts = new Map<number, Part>();
  for (let at = 1, place = 0; at < args.length; at += step, place++) {
    const owner = of(args[at]!);
    let part = parts.get(owner);
    if (part === undefined) {
      part = { shard: owner, args: [args[0]!], places: [] };
      parts.set(owner, part);
    }
    for (let offset = 0; offset < step; offset++) part.args.push(args[at + offset]!);
    part.places.push(place);
  }
  return [...parts.values()];
}

function severalShards(
  args: readonly string[],
  step: number,
  shard: number,
  of: (key: string) => number,
): boolean {
  for (let at = 1 + step; at < args.length; at += step) if (of(args[at]!) !== shard) return true;
  return false;
}

/** One reply from the parts' replies, which stand in the order of the parts. */
export function mergeParts(parts: readonly Part[], replies: readonly string[]): string {
  if (replies.length === 1) return replies[0]!;
  const failed = replies.find((reply) => reply.startsWith("-"));
  if (failed !== undefined) return failed;
  return replies[0]!.startsWith("*") ? interleave(parts, replies) : mergeAll(replies);
}

/** One reply from every shard's answer to the same command: KEYS, DBSIZE, FLUSHALL. */
export function mergeAll(replies: readonly string[]): string {
  const failed = replies.find((reply) => reply.startsWith("-"));
  if (failed !== undefined) return failed;
  switch (replies[0]?.[0]) {
    case ":":
      return integer(replies.reduce((sum, reply) => sum + Number(reply.slice(1, -2)), 0));
    case "*":
      return concatenate(replies);
    default:
      return OK;
  }
}

function interleave(parts: readonly Part[], replies: readonly string[]): string {
  const merged: string[] = [];
  for (const [index, part] of parts.entries()) {
    const items = arrayItems(replies[index]!) ?? [];
    for (const [at, place] of part.places.entries()) merged[place] = items[at]!;
  }
  return array(merged);
}

/** Needs each array's length but not where its items end. */
function concatenate(replies: readonly string[]): string {
  let count = 0;
  let items = "";
  for (const reply of replies) {
    const header = reply.indexOf("\r\n");
    count += Number(reply.slice(1, header));
    items += reply.slice(header + 2);
  }
  return `*${count}\r\n${items}`;
}

/**
 * Which shard owns a key, and how a command about keys of several shards is taken apart.
 *
 * ```
 *   MGET a b c   →   shard 0: MGET a c  ─┐
 *                    shard 1: MGET b    ─┴→  merged into one array, in the order asked for
 * ```
 */
import { array, arrayItems, integer, OK } from "./resp.ts";
import type { KeyPositions } from "./store/command.ts";

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

/** The shard that owns all keys of a command; undefined when several do. */
export function ownerOf(
  args: readonly string[],
  { last, step }: KeyPositions,
  shards: number,
): number | undefined {
  const owner = shardOf(args[1]!, shards);
  // A dangling key: whoever gets the command whole will say that its arity is wrong.
  if (last === 1 || shards === 1 || (args.length - 1) % step !== 0) return owner;
  for (let at = 1 + step; at < args.length; at += step) {
    if (shardOf(args[at]!, shards) !== owner) return undefined;
  }
  return owner;
}

export interface Part {
  readonly shard: number;
  readonly args: string[];
  /** For each of this part's keys, its place among all the command's keys. */
  readonly places: number[];
}

/**
 * The commands to send to each of the shards that own a command's keys.
 *
 * Each part is atomic, the whole is not: another client may see one shard's half of an MSET. Only for
 * commands that have keys, and whose arity was checked.
 */
export function splitByShard(
  args: readonly string[],
  { step }: KeyPositions,
  shards: number,
): Part[] {
  const parts: (Part | undefined)[] = [];
  for (let at = 1, place = 0; at < args.length; at += step, place++) {
    const shard = shardOf(args[at]!, shards);
    const part = (parts[shard] ??= { shard, args: [args[0]!], places: [] });
    for (let offset = 0; offset < step; offset++) part.args.push(args[at + offset]!);
    part.places.push(place);
  }
  return parts.filter((part) => part !== undefined);
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

/**
 * SCAN over all shards, one after the other: a client's cursor says which, and where in it.
 *
 * ```
 *   client's cursor = shard's cursor × shards + shard          0 asks for the start of shard 0 …
 *   shard 0 done  →  1, the start of shard 1  →  …  →  0       … and tells that the last is done
 * ```
 */
import { array, arrayItems, bulk } from "./resp.ts";
import { parseCursor } from "./store/scan.ts";

export interface ShardScan {
  readonly shard: number;
  readonly args: readonly string[];
}

/** The SCAN to send to one shard. A cursor that is none goes there as it is, and gets its error. */
export function toShardScan(args: readonly string[], shards: number): ShardScan {
  const cursor = parseCursor(args[1]!);
  if (cursor === undefined) return { shard: 0, args };
  const shard = cursor % shards;
  return { shard, args: ["SCAN", String(Math.floor(cursor / shards)), ...args.slice(2)] };
}

/** The shard's reply with the cursor that the client is to come back with. */
export function fromShardScan(reply: string, shard: number, shards: number): string {
  const header = "*2\r\n";
  // Only the first item, the cursor, is looked at; the keys stay as they are.
  const items = reply.startsWith(header) ? arrayItems(firstItem(reply)) : undefined;
  if (items === undefined) return reply;
  const cursor = Number(items[0]!.split("\r\n")[1]);
  const next = cursor === 0 ? (shard + 1) % shards : cursor * shards + shard;
  return array([bulk(String(next)), reply.slice(header.length + items[0]!.length)]);
}

function firstItem(reply: string): string {
  const lengthEnd = reply.indexOf("\r\n", 4) + 2;
  return reply.slice(0, reply.indexOf("\r\n", lengthEnd) + 2);
}

/** What the server says of itself: INFO, CONFIG GET, COMMAND, HELLO. */
import { globMatches } from "./glob.ts";
import type { SyncPolicy } from "./journal.ts";
import { array, bulk, bulkArray, error, integer, NULL_ARRAY, OK, simple } from "./resp.ts";
import { CONNECTION_COMMANDS, unknownSubcommand } from "./commands-connection.ts";
import { findShardCommand, SHARD_COMMANDS } from "./store/commands.ts";
import type { ShardCommand } from "./store/command.ts";

/** The Redis whose commands and replies these are: clients look at it to decide what they may use. */
const VERSION = "7.0.0";
export const MOST_CLIENTS = 10_000;

const startedAt = Date.now();

const CONFIG: ReadonlyMap<string, string> = new Map([
  ["appendonly", "yes"],
  ["databases", "1"],
  ["maxclients", String(MOST_CLIENTS)],
  ["maxmemory", "0"],
  ["proto-max-bulk-len", "536870912"],
  ["save", ""],
  ["timeout", "0"],
]);

export function config(args: readonly string[], sync: SyncPolicy): string {
  switch (args[1]!.toLowerCase()) {
    case "get": {
      const patterns = args.slice(2).map((pattern) => pattern.toLowerCase());
      const settings: [string, string][] = [["appendfsync", sync], ...CONFIG];
      const found = settings.filter(([name]) => patterns.some((p) => globMatches(p, name)));
      return bulkArray(found.flat());
    }
    case "set":
      return error("ERR CONFIG SET failed - give the server's options when it is started");
    case "resetstat":
      return OK;
    default:
      return unknownSubcommand(args);
  }
}

/** `keys` is the number of keys, `clients` that of connections. */
export function info(keys: number, clients: number): string {
  const uptime = Math.floor((Date.now() - startedAt) / 1000);
  const { rss, heapUsed } = process.memoryUsage();
  const lines = [
    "# Server",
    `redis_version:${VERSION}`,
    "redis_mode:standalone",
    `process_id:${process.pid}`,
    `uptime_in_seconds:${uptime}`,
    "",
    "# Clients",
    `connected_clients:${clients}`,
    "",
    "# Memory",
    `used_memory:${heapUsed}`,
    `used_memory_rss:${rss}`,
    "",
    "# Persistence",
    "loading:0",
    "aof_enabled:1",
    "",
    "# Replication",
    "role:master",
    "",
    "# Keyspace",
    ...(keys > 0 ? [`db0:keys=${keys},expires=0,avg_ttl=0`] : []),
    "",
  ];
  return bulk(lines.join("\r\n"));
}

/** RESP3 is not spoken here; clients fall back to 2. */
export function hello(args: readonly string[], client: number): string {
  if (args.length > 1 && !/^\d+$/.test(args[1]!)) {
    return error("ERR Protocol version is not an integer or out of range");
  }
  if (args.length > 1 && args[1] !== "2") return error("NOPROTO unsupported protocol version");
  return array([
    ...["server", "redis", "version", VERSION, "proto"].map(bulk),
    integer(2),
    bulk("id"),
    integer(client),
    ...["mode", "standalone", "role", "master", "modules"].map(bulk),
    array([]),
  ]);
}

export function command(args: readonly string[]): string {
  switch (args[1]?.toLowerCase()) {
    case undefined:
      return array([
        ...SHARD_COMMANDS.map(describeShard),
        ...[...CONNECTION_COMMANDS].map(describe),
      ]);
    case "count":
      return integer(SHARD_COMMANDS.length + CONNECTION_COMMANDS.size);
    case "docs":
      return array([]);
    case "info":
      return array(args.slice(2).map(describeNamed));
    case "list":
      return bulkArray([...SHARD_COMMANDS.map(({ name }) => name), ...CONNECTION_COMMANDS.keys()]);
    default:
      return unknownSubcommand(args);
  }
}

function describeNamed(name: string): string {
  const found = findShardCommand(name);
  if (found !== undefined) return describeShard(found);
  const arity = CONNECTION_COMMANDS.get(name.toLowerCase());
  return arity === undefined ? NULL_ARRAY : describe([name.toLowerCase(), arity]);
}

function describeShard({ name, arity, write, keys }: ShardCommand): string {
  const { first, last, step } = keys ?? { first: 0, last: 0, step: 0 };
  const flags = array([simple(write ? "write" : "readonly")]);
  return array([bulk(name), integer(arity), flags, ...[first, last, step].map(integer)]);
}

function describe([name, arity]: readonly [string, number]): string {
  return array([bulk(name), integer(arity), array([]), integer(0), integer(0), integer(0)]);
}

/**
 * Commands about the connection or the server, which no shard ever sees, and the check of all commands.
 *
 * Those that need no state are answered here; the rest have their arity here and their meaning where
 * the state is.
 */
import { bulk, error, OK, PONG } from "./resp.ts";
import { arityFits } from "./store/command.ts";
import { findShardCommand } from "./store/commands.ts";
import { NOT_AN_INTEGER, unknownCommand, wrongArity } from "./store/errors.ts";
import { parseInteger } from "./store/integers.ts";

/** Redis keeps the number of a database in a C int. */
const INT_RANGE = 2 ** 31;
const NOT_AN_INT = error(
  "ERR value is out of range, value must between -2147483648 and 2147483647",
);

/** Arity as Redis counts it: the name included, negative for at least so many. */
export const CONNECTION_COMMANDS: ReadonlyMap<string, number> = new Map([
  ["auth", -2],
  ["client", -2],
  ["command", -1],
  ["config", -2],
  ["debug", -2],
  ["echo", 2],
  ["hello", -1],
  ["info", -1],
  ["ping", -1],
  ["psubscribe", -2],
  ["publish", 3],
  ["punsubscribe", -1],
  ["quit", -1],
  ["reset", 1],
  ["select", 2],
  ["subscribe", -2],
  ["time", 1],
  ["unsubscribe", -1],
]);

/** The command's name in lower case when it is about the connection, else undefined. */
export function connectionCommand(args: readonly string[]): string | undefined {
  const name = args[0]!.toLowerCase();
  return CONNECTION_COMMANDS.has(name) ? name : undefined;
}

/** The error reply a command deserves before it is run anywhere; undefined when it may run. */
export function refuse(args: readonly string[]): string | undefined {
  const command = findShardCommand(args[0]!);
  const name = command?.name ?? args[0]!.toLowerCase();
  const arity = command?.arity ?? CONNECTION_COMMANDS.get(name);
  if (arity === undefined) return unknownCommand(args);
  return arityFits(arity, args.length) ? undefined : wrongArity(name);
}

export function ping(args: readonly string[]): string {
  if (args.length > 2) return wrongArity("ping");
  return args.length === 2 ? bulk(args[1]!) : PONG;
}

export function echo(args: readonly string[]): string {
  return bulk(args[1]!);
}

/** There is one database, number 0, which clients like to select explicitly. */
export function select(args: readonly string[]): string {
  const index = parseInteger(args[1]!);
  if (index === undefined) return NOT_AN_INTEGER;
  if (index < -INT_RANGE || index >= INT_RANGE) return NOT_AN_INT;
  return index === 0 ? OK : error("ERR DB index is out of range");
}

export function unknownSubcommand(args: readonly string[]): string {
  const [name = "", subcommand = ""] = args;
  return error(
    `ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try ${name.toUpperCase()} HELP.`,
  );
}

import type { ShardCommand } from "./command.ts";
import { arityFits } from "./command.ts";
import { counterCommands } from "./counters.ts";
import { unknownCommand, wrongArity } from "./errors.ts";
import { expiryCommands } from "./expire.ts";
import { hashCommands } from "./hashes.ts";
import { keyCommands } from "./keys.ts";
import { listCommands } from "./lists.ts";
import { scanCommands } from "./scan.ts";
import type { Store } from "./store.ts";
import { stringCommands } from "./strings.ts";

export const SHARD_COMMANDS: readonly ShardCommand[] = [
  ...stringCommands,
  ...counterCommands,
  ...keyCommands,
  ...expiryCommands,
  ...scanCommands,
  ...listCommands,
  ...hashCommands,
];

/** Under both spellings that clients send, so that the usual lookup converts no case. */
const byName = new Map<string, ShardCommand>();
for (const command of SHARD_COMMANDS) {
  byName.set(command.name, command);
  byName.set(command.name.toUpperCase(), command);
}

export function findShardCommand(name: string): ShardCommand | undefined {
  return byName.get(name) ?? byName.get(name.toLowerCase());
}

/** Executes one command on one shard's data; a command that is wrong gets an error as its reply. */
export function execute(store: Store, args: readonly string[], now: number): string {
  const command = findShardCommand(args[0] ?? "");
  if (command === undefined) return unknownCommand(args);
  if (!arityFits(command.arity, args.length)) return wrongArity(command.name);
  return command.run(store, args, now);
}

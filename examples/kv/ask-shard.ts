/** How a shard is asked, where it runs: a command is no plain object, and would arrive as less than it is. */
import type { Ref } from "troupe";
import type { Command } from "./command.ts";
import type { Shard } from "./shard-actor.ts";

export type AskShard = (
  shard: Ref<Shard>,
  commands: readonly Command[],
) => Promise<readonly string[]>;

export const askHere: AskShard = (shard, commands) => shard.run(commands);

export const askOnThread: AskShard = (shard, commands) => {
  let text = "";
  for (const command of commands) text += command.encode();
  return shard.runEncoded(text);
};

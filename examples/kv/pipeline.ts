/**
 * The commands that came in one chunk, on their way to the shards and back.
 *
 * ```
 *   PING  GET a  SET b 1  GET c       one message to each shard that is concerned,
 *     │     └──── shard 0 ──┘         one text with all replies, in the order of the commands
 *     │           shard 1
 *   +PONG
 * ```
 */
import { Command } from "./command.ts";
import { fromShardScan, toShardScan } from "./scan-cursor.ts";
import { mergeAll, mergeParts, ownerOf, splitByShard } from "./shard.ts";
import type { KeyPositions, ShardCommand } from "./store/command.ts";

/** Executes commands on one shard; always answers, if need be with errors. */
export type RunOnShard = (
  shard: number,
  commands: readonly Command[],
) => Promise<readonly string[]>;

/** A reply that is made of those of several shards. */
interface Merged {
  readonly shards: readonly number[];
  readonly merge: (replies: readonly string[]) => string;
}

const NO_REPLIES: Promise<readonly string[]> = Promise.resolve([]);

export class Pipeline {
  readonly #shards: number;
  /** For each command its reply, or the shards whose next ones it takes: they come in order. */
  readonly #slots: (string | number | Merged)[] = [];
  readonly #batches: (Command[] | undefined)[] = [];
  #concerned = 0;

  constructor(shards: number) {
    this.#shards = shards;
  }

  /** How many commands there are. */
  get size(): number {
    return this.#slots.length;
  }

  /** True when a shard is still to be asked. */
  get isWaiting(): boolean {
    return this.#concerned > 0;
  }

  /** Adds a reply that is known. */
  reply(text: string): void {
    this.#slots.push(text);
  }

  /** Adds a command for the shards that own its keys, or for all when it has none. */
  command({ name, keys }: ShardCommand, command: Command): void {
    const { args } = command;
    if (keys !== undefined) {
      const owner = ownerOf(args, keys, this.#shards);
      if (owner !== undefined) this.#slots.push(this.#put(owner, command));
      else this.#split(args, keys);
    } else if (name === "scan") {
      const { shard, args: asked } = toShardScan(args, this.#shards);
      const merge = ([reply = ""]: readonly string[]): string =>
        fromShardScan(reply, shard, this.#shards);
      this.#slots.push({ shards: [this.#put(shard, new Command(asked))], merge });
    } else {
      this.everywhere(command, mergeAll);
    }
  }

  /** Adds a command for all shards, whose replies become one. */
  everywhere(command: Command, merge: (replies: readonly string[]) => string): void {
    const shards = Array.from({ length: this.#shards }, (_, shard) => this.#put(shard, command));
    this.#slots.push({ shards, merge });
  }

  /** Asks the shards, all at once, and answers with all replies. */
  async run(ask: RunOnShard): Promise<string> {
    let replies: (readonly string[])[] = [];
    if (this.#concerned === 1) {
      const shard = this.#batches.findIndex((batch) => batch !== undefined);
      replies[shard] = await ask(shard, this.#batches[shard]!);
    } else if (this.#concerned > 1) {
      replies = await Promise.all(
        Array.from(this.#batches, (batch, shard) =>
          batch === undefined ? NO_REPLIES : ask(shard, batch),
        ),
      );
    }
    const taken: number[] = [];
    const next = (shard: number): string => {
      const at = taken[shard] ?? 0;
      taken[shard] = at + 1;
      return replies[shard]![at]!;
    };
    let text = "";
    for (const slot of this.#slots) {
      if (typeof slot === "number") text += next(slot);
      else text += typeof slot === "string" ? slot : slot.merge(slot.shards.map(next));
    }
    return text;
  }

  #put(shard: number, command: Command): number {
    const batch = this.#batches[shard];
    if (batch === undefined) {
      this.#batches[shard] = [command];
      this.#concerned++;
    } else batch.push(command);
    return shard;
  }

  #split(args: readonly string[], keys: KeyPositions): void {
    const parts = splitByShard(args, keys, this.#shards);
    const shards = parts.map((part) => this.#put(part.shard, new Command(part.args)));
    this.#slots.push({ shards, merge: (replies) => mergeParts(parts, replies) });
  }
}

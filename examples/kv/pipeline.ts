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
import type { Command } from "./request-decoder.ts";
import { fromShardScan, toShardScan } from "./scan-cursor.ts";
import { mergeAll, mergeParts, shardOf, splitByShard } from "./shard.ts";
import type { ShardCommand } from "./store/command.ts";

/** Executes commands on one shard; always answers, if need be with errors. */
export type RunOnShard = (
  shard: number,
  commands: readonly Command[],
) => Promise<readonly string[]>;

/** Where a reply will be: the shard, and the place among its replies. */
interface Place {
  readonly shard: number;
  readonly at: number;
}

/** A reply that is made of several. */
interface Merged {
  readonly places: readonly Place[];
  readonly merge: (replies: readonly string[]) => string;
}

export class Pipeline {
  readonly #shards: number;
  readonly #slots: (string | Place | Merged)[] = [];
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
  command({ name, keys }: ShardCommand, args: Command): void {
    if (keys !== undefined) {
      if (keys.last === 1) this.#slots.push(this.#put(shardOf(args[1]!, this.#shards), args));
      else this.#split(args);
    } else if (name === "scan") {
      const { shard, args: asked } = toShardScan(args, this.#shards);
      const merge = ([reply = ""]: readonly string[]): string =>
        fromShardScan(reply, shard, this.#shards);
      this.#slots.push({ places: [this.#put(shard, asked)], merge });
    } else {
      this.everywhere(args, mergeAll);
    }
  }

  /** Adds a command for all shards, whose replies become one. */
  everywhere(args: Command, merge: (replies: readonly string[]) => string): void {
    const places = Array.from({ length: this.#shards }, (_, shard) => this.#put(shard, args));
    this.#slots.push({ places, merge });
  }

  /** Asks the shards, all at once, and answers with all replies. */
  async run(ask: RunOnShard): Promise<string> {
    const replies: (readonly string[])[] = [];
    if (this.#concerned === 1) {
      const shard = this.#batches.findIndex((batch) => batch !== undefined);
      replies[shard] = await ask(shard, this.#batches[shard]!);
    } else if (this.#concerned > 1) {
      await Promise.all(
        this.#batches.map(async (batch, shard) => {
          if (batch !== undefined) replies[shard] = await ask(shard, batch);
        }),
      );
    }
    let text = "";
    for (const slot of this.#slots) {
      if (typeof slot === "string") text += slot;
      else if ("shard" in slot) text += replies[slot.shard]![slot.at]!;
      else text += slot.merge(slot.places.map(({ shard, at }) => replies[shard]![at]!));
    }
    return text;
  }

  #put(shard: number, args: Command): Place {
    let batch = this.#batches[shard];
    if (batch === undefined) {
      this.#batches[shard] = batch = [];
      this.#concerned++;
    }
    batch.push(args);
    return { shard, at: batch.length - 1 };
  }

  #split(args: Command): void {
    const parts = splitByShard(args, (key) => shardOf(key, this.#shards));
    const places = parts.map((part) => this.#put(part.shard, part.args));
    this.#slots.push({ places, merge: (replies) => mergeParts(parts, replies) });
  }
}

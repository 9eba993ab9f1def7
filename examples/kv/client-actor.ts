/**
 * A client: the actor of one connection.
 *
 * ```
 *   chunk ──► commands ──► shards ──► replies, one write        then the next chunk
 * ```
 *
 * It takes a chunk when the one before has been answered, and the answer is on its way: that keeps
 * replies in order, and lets a client that is too fast, or does not read, wait.
 */
import {
  ActorFailedError,
  ActorStoppedError,
  actor,
  type ActorDef,
  type Group,
  type InitContext,
  type Ref,
  ThreadError,
} from "troupe";
import type { Connection } from "troupe/net";
import type { AskShard } from "./ask-shard.ts";
import { Command } from "./command.ts";
import { CONNECTION_COMMANDS, unknownSubcommand } from "./commands-connection.ts";
import type { SyncPolicy } from "./journal.ts";
import { Pipeline, type RunOnShard } from "./pipeline.ts";
import { RequestDecoder } from "./request-decoder.ts";
import { error } from "./resp.ts";
import { info } from "./server-info.ts";
import { Session, waitsForOthers } from "./session.ts";
import { ownerOf, shardOf } from "./shard.ts";
import type { Shard } from "./shard-actor.ts";
import { arityFits } from "./store/command.ts";
import { findShardCommand } from "./store/commands.ts";
import { unknownCommand, wrongArity } from "./store/errors.ts";

/** What a client's actor needs of the server. */
export interface Keyspace {
  shards(): readonly Ref<Shard>[];
  readonly ask: AskShard;
  /** Ends a thread by force, and the shards that run on it. */
  endThread(index: number): Promise<void>;
  /** Clients that are connected. */
  clients(): number;
  readonly sync: SyncPolicy;
}

/** A shard that crashes again and again is given up after so many tries. */
const TRIES = 5;
/** A chunk of small commands may have large replies: they are asked for, and sent, in portions. */
const MOST_AT_ONCE = 256;
const MOST_AT_ONCE_CHARS = 256 * 1024;
const SHARD_FAILED = error("ERR the shard of this key failed while it worked on the command");
const SHARD_AWAY = error("ERR the shard of this key is not available");

/** All clients. */
export const CLIENTS: Group<unknown> = { scope: "kv", name: "clients" };

/** Defines the actor of a connection. */
export function client(keyspace: Keyspace): ActorDef<unknown, Connection> {
  return actor({
    name: "client",
    init(ctx, connection: Connection) {
      ctx.join(CLIENTS);
      const conversation = new Conversation(ctx, connection, keyspace);
      ctx.source(connection, (chunk) => conversation.answer(chunk));
    },
  });
}

class Conversation {
  readonly #ctx: InitContext<Connection>;
  readonly #connection: Connection;
  readonly #keyspace: Keyspace;
  readonly #shards: readonly Ref<Shard>[];
  readonly #session: Session;
  readonly #decoder = new RequestDecoder();

  constructor(ctx: InitContext<Connection>, connection: Connection, keyspace: Keyspace) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#keyspace = keyspace;
    this.#shards = keyspace.shards();
    this.#session = new Session(ctx, connection, keyspace.sync);
  }

  /** Answers all commands that a chunk completes. */
  answer(chunk: Buffer): Promise<void> | void {
    const commands = this.#decoder.feed(chunk);
    const alone = commands.length === 1 ? this.#shardOfOne(commands[0]!) : undefined;
    if (alone === undefined) return this.#answerAll(commands);
    return this.#keyspace.ask(this.#shards[alone]!, commands).then(
      ([reply]) => this.#send(reply!),
      async (failure) => this.#send((await this.#askAgain(alone, commands, failure))[0]!),
    );
  }

  /** The shard to ask, where a command is right and one shard's: most come alone, and are so. */
  #shardOfOne({ args }: Command): number | undefined {
    const command = findShardCommand(args[0]!);
    if (command?.keys === undefined || !arityFits(command.arity, args.length)) return undefined;
    if (this.#session.refuse(command.name) !== undefined) return undefined;
    return ownerOf(args, command.keys, this.#shards.length);
  }

  async #answerAll(commands: readonly Command[]): Promise<void> {
    let text = "";
    let pipeline = new Pipeline(this.#shards.length);
    for (const command of commands) {
      const next = this.#add(pipeline, command);
      if (next !== undefined || pipeline.size >= MOST_AT_ONCE) {
        text += await pipeline.run(this.#ask);
        if (next !== undefined) text += await next();
        pipeline = new Pipeline(this.#shards.length);
        if (text.length >= MOST_AT_ONCE_CHARS) {
          if (!this.#connection.write(text, "latin1")) await this.#connection.drained();
          text = "";
        }
      }
      if (this.#session.isOver) break;
    }
    await this.#send(text + (await pipeline.run(this.#ask)));
  }

  /** Sends replies; what is broken or over ends then. Resolves when the next chunk may come. */
  #send(replies: string): Promise<void> | void {
    const broken = this.#decoder.error;
    const text = broken === undefined ? replies : replies + broken;
    const goOn = this.#connection.write(text, "latin1");
    if (broken !== undefined || this.#session.isOver) this.#ctx.stop();
    else if (!goOn) return this.#connection.drained();
  }

  /** Adds a command to those that run together; answers what must wait for these. */
  #add(pipeline: Pipeline, command: Command): (() => string | Promise<string>) | undefined {
    const { args } = command;
    const found = findShardCommand(args[0]!);
    const name = found?.name ?? args[0]!.toLowerCase();
    const arity = found?.arity ?? CONNECTION_COMMANDS.get(name);
    if (arity === undefined) {
      pipeline.reply(unknownCommand(args));
      return undefined;
    }
    const refusal = arityFits(arity, args.length) ? this.#session.refuse(name) : wrongArity(name);
    if (refusal !== undefined) {
      pipeline.reply(refusal);
    } else if (found !== undefined) {
      pipeline.command(found, command);
    } else if (name === "debug") {
      return () => this.#debug(args);
    } else if (name === "info") {
      return () => this.#info();
    } else if (waitsForOthers(name) && pipeline.isWaiting) {
      return () => this.#session.answer(name, args);
    } else {
      pipeline.reply(this.#session.answer(name, args));
    }
    return undefined;
  }

  readonly #ask: RunOnShard = (shard, commands) =>
    this.#keyspace
      .ask(this.#shards[shard]!, commands)
      .catch((failure) => this.#askAgain(shard, commands, failure));

  /**
   * Runs commands again on a shard that failed before anything of them was done.
   *
   * What made the shard fail is not tried again. Nor are changes that a shard took along that was
   * killed, or whose thread ended: they may be in its file.
   */
  async #askAgain(
    shard: number,
    commands: readonly Command[],
    failure: unknown,
  ): Promise<readonly string[]> {
    let why = failure;
    const isToBeAsked = commands.every(onlyReads) ? hasEnded : isInnocent;
    for (let tries = 1; tries < TRIES && isToBeAsked(why); tries++) {
      try {
        return await this.#keyspace.ask(this.#shards[shard]!, commands);
      } catch (again) {
        why = again;
      }
    }
    const reply = why instanceof ActorFailedError ? SHARD_FAILED : SHARD_AWAY;
    return commands.map(() => reply);
  }

  #debug(args: readonly string[]): string | Promise<string> {
    const subcommand = args.length === 3 ? args[1]!.toLowerCase() : "";
    if (subcommand === "crash") return this.#crashShardOf(args[2]!);
    if (subcommand === "endthread") return this.#endThread(args[2]!);
    return unknownSubcommand(args);
  }

  async #crashShardOf(key: string): Promise<string> {
    const shard = shardOf(key, this.#shards.length);
    try {
      return await this.#shards[shard]!.crash();
    } catch {
      return `+shard ${shard} crashed\r\n`;
    }
  }

  async #endThread(index: string): Promise<string> {
    try {
      await this.#keyspace.endThread(Number(index));
      return `+thread ${Number(index)} ended\r\n`;
    } catch {
      return error(`ERR there is no thread ${index}`);
    }
  }

  #info(): Promise<string> {
    const clients = this.#keyspace.clients();
    const counting = new Pipeline(this.#shards.length);
    counting.everywhere(new Command(["DBSIZE"]), (replies) => {
      const keys = replies.reduce((sum, reply) => sum + (Number(reply.slice(1)) || 0), 0);
      return info(keys, clients);
    });
    return counting.run(this.#ask);
  }
}

/** True when the shard failed over something else, and comes back. */
function isInnocent(failure: unknown): boolean {
  const failed = failure instanceof ActorStoppedError && failure.reason.kind === "failed";
  return failed && !(failure.reason.error instanceof ThreadError);
}

function hasEnded(failure: unknown): boolean {
  return failure instanceof ActorStoppedError;
}

function onlyReads({ args }: Command): boolean {
  return findShardCommand(args[0]!)?.write === false;
}

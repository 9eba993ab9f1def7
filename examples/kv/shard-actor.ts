/**
 * A shard: the actor that owns a part of the keys, and the file that brings them back.
 *
 * ```
 *   run ──► executed, records gathered ─┐
 *   run ──► executed, records gathered ─┼─► commit: one write ──► all replies
 *   run ──► executed, records gathered ─┘   (once in a turn of the event loop)
 * ```
 *
 * A reply is given when everything that it can tell of is in the file. So a shard that fails before
 * has promised nothing: its successor replays the file, and who waited may ask again.
 */
import fs from "node:fs";
import { implement, KilledError, type ActorDef, type InitContext, type Reply } from "troupe";
import type { Command } from "./command.ts";
import type { Files } from "./files.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import { Recorder, replay } from "./log-record.ts";
import { openLog } from "./open-log.ts";
import { RequestDecoder } from "./request-decoder.ts";
import { execute } from "./store/commands.ts";
import { Store } from "./store/store.ts";

export interface Shard {
  /**
   * Executes commands in order; their replies come when what they did is written, and synced where
   * it always is.
   *
   * Rejects when the shard fails first; then nothing of it was done.
   */
  run(commands: readonly Command[]): Promise<readonly string[]>;
  /** The same for commands in RESP: between threads it costs no more, and the file wants the text. */
  runEncoded(commands: string): Promise<readonly string[]>;
  /** Fails the shard, as a bug would. */
  crash(): Promise<never>;
  /** Writes what was gathered, and gives the replies that waited for it. The shard's own. */
  commit(): void;
}

/** Expired keys that nobody asks for go at most this often, so that each need not have its timer. */
const EXPIRE_EVERY_MS = 20;
const EXPIRE_AT_ONCE = 500;

interface ShardProps extends Omit<JournalOptions, "files"> {
  /** Default: node's own, which another thread has as well; functions cannot be sent there. */
  readonly files?: Files;
}

interface State {
  readonly store: Store;
  readonly recorder: Recorder;
  readonly journal: Journal;
  /** When the timer for expired keys is set to. */
  expiresAt: number;
}

type Ctx = InitContext<ShardProps, Shard>;

export const Shard: ActorDef<Shard, ShardProps> = implement<Shard>()({
  name: "shard",
  initTimeout: Infinity,
  async init(ctx, props: ShardProps): Promise<State> {
    const options = { files: fs, ...props };
    const { signal } = ctx;
    const store = new Store({ noteExpired: true });
    const log = await openLog(options.files, options.path, {
      replay: (record) => replay(store, record),
      warn: (message) => ctx.log.warn(message),
      signal,
    });
    const journal = new Journal(ctx, store, log, options);
    const state: State = { store, recorder: new Recorder(store), journal, expiresAt: Infinity };
    const closeIfKilled = (): void => {
      // Nobody is there any more to hear that it failed.
      if (signal.reason instanceof KilledError) journal.close().catch(() => {});
    };
    signal.addEventListener("abort", closeIfKilled);
    if (signal.aborted) closeIfKilled();
    expireLater(ctx, state, Date.now());
    return state;
  },
  call: {
    run: runAll,
    runEncoded: (ctx, commands) => runAll(ctx, decode(commands)),
    crash() {
      throw new Error("asked to by DEBUG CRASH");
    },
  },
  cast: {
    commit: ({ state }) => state.journal.commit(),
  },
  async exit(ctx, { kind }) {
    if (ctx.state === undefined) return;
    const { journal } = ctx.state;
    try {
      if (kind === "failed") {
        await journal.syncIsOver();
        // Not the variable: who was killed meanwhile has a successor, whose file it is, and no state.
        ctx.state.journal.settle();
      } else await journal.flush();
    } finally {
      await journal.close();
    }
  },
});

function runAll(
  ctx: Ctx & { readonly state: State },
  commands: readonly Command[],
): readonly string[] | Reply<readonly string[]> {
  const { state } = ctx;
  const now = Date.now();
  const replies = commands.map((command) => executeOne(state, command, now));
  if (state.store.nextExpiry() < state.expiresAt) expireLater(ctx, state, now);
  if (state.journal.isSettled) return replies;
  const reply = ctx.defer<readonly string[]>();
  state.journal.answerLater(reply, replies);
  return reply;
}

/** Whoever sent them has looked at their size. */
function decode(commands: string): Command[] {
  const decoder = new RequestDecoder({ bufferedBytes: Infinity });
  return decoder.feed(Buffer.from(commands, "latin1"));
}

function executeOne({ store, recorder, journal }: State, command: Command, now: number): string {
  const reply = execute(store, command.args, now);
  const records = recorder.records(command);
  if (records !== "") journal.append(records);
  return reply;
}

/** Sets the timer for the key that expires next. */
function expireLater(ctx: Ctx, state: State, now: number): void {
  state.expiresAt = state.store.nextExpiry();
  if (state.expiresAt === Infinity) return;
  const delay = Math.max(state.expiresAt - now, EXPIRE_EVERY_MS);
  ctx.timers.after(Math.min(delay, LONGEST_WAIT_MS), () => expire(ctx, state), { key: "expire" });
}

/** A timer of the system's waits for 34 years at most; a key may live longer. */
const LONGEST_WAIT_MS = 2 ** 31;

function expire(ctx: Ctx, state: State): void {
  const { store, recorder, journal } = state;
  const now = Date.now();
  store.expireSome(now, EXPIRE_AT_ONCE);
  const records = recorder.expired();
  if (records !== "") journal.append(records);
  expireLater(ctx, state, now);
}

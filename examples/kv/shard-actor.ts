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
import { implement, KilledError, type ActorDef, type InitContext, type Reply } from "troupe";
import { AppendLog, syncDirectoryOf } from "./append-log.ts";
import type { Command } from "./command.ts";
import { Recorder, replay } from "./log-record.ts";
import { error } from "./resp.ts";
import { Rewrite } from "./rewrite.ts";
import { execute } from "./store/commands.ts";
import { Store } from "./store/store.ts";

export interface Shard {
  /**
   * Executes commands in order; their replies come when what they did is written.
   *
   * Rejects when the shard fails first; then nothing of it was done.
   */
  run(commands: readonly Command[]): Promise<readonly string[]>;
  /** Fails the shard, as a bug would. */
  crash(): Promise<never>;
  /** Writes what was gathered, and gives the replies that waited for it. The shard's own. */
  commit(): void;
}

interface ShardProps {
  /** The file; nobody else may have it. */
  readonly path: string;
  /** A file is rewritten when it is twice what it was, but not below this. */
  readonly rewriteBytes: number;
}

const SYNC_EVERY_MS = 1_000;
/** Expired keys that nobody asks for go at most this often, so that each need not have its timer. */
const EXPIRE_EVERY_MS = 20;
const EXPIRE_AT_ONCE = 500;

const NOT_WRITTEN = error("MISCONF The append-only file cannot be written, see the server's log");

/** Replies that wait for their records to be written. */
interface Waiting {
  readonly reply: Reply<readonly string[]>;
  readonly replies: readonly string[];
}

interface State {
  readonly store: Store;
  readonly recorder: Recorder;
  log: AppendLog;
  waiting: Waiting[];
  commitSoon: NodeJS.Immediate | undefined;
  rewrite: Rewrite | undefined;
  rewriteAt: number;
  /** When the timer for expired keys is set to. */
  expiresAt: number;
}

type Ctx = InitContext<ShardProps, Shard>;

export const Shard: ActorDef<Shard, ShardProps> = implement<Shard>()({
  name: "shard",
  initTimeout: Infinity,
  async init(ctx, { path, rewriteBytes }: ShardProps): Promise<State> {
    const store = new Store({ noteExpired: true });
    const log = await AppendLog.open(
      path,
      (record) => replay(store, record),
      (message) => ctx.log.warn(message),
    );
    const state: State = {
      store,
      recorder: new Recorder(store),
      log,
      waiting: [],
      commitSoon: undefined,
      rewrite: undefined,
      rewriteAt: rewriteBytes,
      expiresAt: Infinity,
    };
    const { signal } = ctx;
    const closeIfKilled = (): void => {
      if (signal.reason instanceof KilledError) void close(state);
    };
    signal.addEventListener("abort", closeIfKilled);
    if (signal.aborted) closeIfKilled();
    ctx.timers.every(SYNC_EVERY_MS, () => ctx.task(() => state.log.sync()));
    expireLater(ctx, state, Date.now());
    return state;
  },
  call: {
    run(ctx, commands) {
      const { state } = ctx;
      const now = Date.now();
      const replies = commands.map((command) => executeOne(state, command, now));
      if (state.store.nextExpiry() < state.expiresAt) expireLater(ctx, state, now);
      if (!state.log.isDirty) return replies;
      const reply = ctx.defer<readonly string[]>();
      state.waiting.push({ reply, replies });
      commitLater(ctx, state);
      return reply;
    },
    crash() {
      throw new Error("asked to by DEBUG CRASH");
    },
  },
  cast: {
    commit(ctx) {
      const { state } = ctx;
      settle(state);
      if (state.log.size >= state.rewriteAt) beginRewrite(ctx, state);
    },
  },
  async exit({ state }, { kind }) {
    if (state === undefined) return;
    clearImmediate(state.commitSoon);
    // What a failed shard has gathered was promised to nobody, and may be half of something.
    if (kind !== "failed") {
      settle(state);
      await state.log.sync();
    }
    await close(state);
  },
});

async function close({ log, rewrite }: State): Promise<void> {
  await rewrite?.abandon();
  await log.close();
}

function executeOne({ store, recorder, log }: State, command: Command, now: number): string {
  const reply = execute(store, command.args, now);
  const records = recorder.records(command);
  if (records !== "") log.append(records);
  return reply;
}

/** Commits when the event loop has read all sockets that have something, so that all share a write. */
function commitLater({ self }: Ctx, state: State): void {
  state.commitSoon ??= setImmediate(() => self.commit());
}

function settle(state: State): void {
  clearImmediate(state.commitSoon);
  state.commitSoon = undefined;
  const { waiting } = state;
  state.waiting = [];
  let records: string;
  try {
    records = state.log.write();
  } catch (failure) {
    for (const { reply, replies } of waiting) reply.resolve(replies.map(() => NOT_WRITTEN));
    // The store is ahead of the file now: begin again from the file.
    throw failure;
  }
  if (records !== "") state.rewrite?.append(records);
  for (const { reply, replies } of waiting) reply.resolve(replies);
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
  const { store, recorder, log } = state;
  const now = Date.now();
  store.expireSome(now, EXPIRE_AT_ONCE);
  log.append(recorder.expired());
  if (log.isDirty) commitLater(ctx, state);
  expireLater(ctx, state, now);
}

/** Writes the store to a new file beside the old one, a piece in each turn of the event loop. */
function beginRewrite(ctx: Ctx, state: State): void {
  state.rewriteAt = Infinity;
  ctx.task(Rewrite.begin(ctx.props.path), (rewrite) => {
    settle(state);
    rewrite.start(state.store);
    state.rewrite = rewrite;
    const pieces = ctx.source(turnsOfTheLoop(), () => {
      settle(state);
      if (rewrite.step()) return;
      pieces[Symbol.dispose]();
      ctx.task(
        () => rewrite.sync(),
        () => endRewrite(ctx, state, rewrite),
      );
    });
  });
}

function endRewrite(ctx: Ctx, state: State, rewrite: Rewrite): void {
  const { path, rewriteBytes } = ctx.props;
  settle(state);
  state.rewrite = undefined;
  const old = state.log;
  const log = rewrite.takeOver();
  if (log !== undefined) {
    state.log = log;
    ctx.task(async () => {
      await old.close();
      await syncDirectoryOf(path);
    });
  } else {
    ctx.log.warn(`${path} could not be rewritten`, { error: rewrite.failure });
    ctx.task(() => rewrite.abandon());
  }
  state.rewriteAt = Math.max(rewriteBytes, 2 * state.log.size);
}

async function* turnsOfTheLoop(): AsyncGenerator<void> {
  for (;;) yield await new Promise<void>((resolve) => void setImmediate(resolve));
}

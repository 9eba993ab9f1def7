/**
 * What a shard did, on its way to the file, and the replies that wait for it.
 *
 * ```
 *   everysec    gathered ──► write ──► replies              sync: once a second
 *   always      gathered ──► write ──► sync ──► replies
 *                 ▲                     │ what is gathered meanwhile goes with the next
 *                 └─────────────────────┘
 * ```
 */
import type { InitContext, Reply } from "troupe";
import type { AppendLog } from "./append-log.ts";
import type { Files } from "./files.ts";
import { error } from "./resp.ts";
import { Rewrite } from "./rewrite.ts";
import type { Store } from "./store/store.ts";

/** When the file is synced: as Redis's `appendfsync`. */
export type SyncPolicy = "everysec" | "always";

export interface JournalOptions {
  readonly files: Files;
  /** The file; nobody else may have it. */
  readonly path: string;
  readonly sync: SyncPolicy;
  /** A file is rewritten when it is twice what it was, but not below this. */
  readonly rewriteBytes: number;
}

/** The shard, as far as the journal needs it. */
interface Owner extends Pick<InitContext, "log" | "signal" | "source" | "task" | "timers"> {
  readonly self: { commit(): void };
}

interface Waiting {
  readonly reply: Reply<readonly string[]>;
  readonly replies: readonly string[];
}

const SYNC_EVERY_MS = 1_000;
const NOT_WRITTEN = error("MISCONF The append-only file cannot be written, see the server's log");

export class Journal {
  readonly #owner: Owner;
  readonly #store: Store;
  readonly #options: JournalOptions;
  #log: AppendLog;
  /** Replies that wait for what is gathered. */
  #gathered: Waiting[] = [];
  /** Replies that wait for what is written. */
  #written: Waiting[] = [];
  #commitSoon: NodeJS.Immediate | undefined;
  /** A commit syncs: the next one comes when it is done. */
  #isSyncing = false;
  #rewrite: Rewrite | undefined;
  #rewriteAt: number;

  constructor(owner: Owner, store: Store, log: AppendLog, options: JournalOptions) {
    this.#owner = owner;
    this.#store = store;
    this.#log = log;
    this.#options = options;
    this.#rewriteAt = options.rewriteBytes;
    if (options.sync === "everysec") {
      owner.timers.every(SYNC_EVERY_MS, () => owner.task(() => this.#log.sync()));
    }
  }

  /** Takes records; they are committed when the event loop has read all sockets that have something. */
  append(records: string): void {
    this.#log.append(records);
    this.#rewrite?.append(records);
    this.#commitSoon ??= setImmediate(() => this.#owner.self.commit());
  }

  /** True when all that was done may be told. */
  get isSettled(): boolean {
    return !this.#log.isDirty && !(this.#isSyncing && this.#options.sync === "always");
  }

  /** Gives replies when all that was done so far may be told. */
  answerLater(reply: Reply<readonly string[]>, replies: readonly string[]): void {
    const waiting = this.#log.isDirty ? this.#gathered : this.#written;
    waiting.push({ reply, replies });
  }

  /** Writes what was gathered, and answers who waits for it: at once, or when it is synced. */
  commit(): void {
    this.#forgetCommit();
    const rewrite = this.#rewrite?.isWhole === true ? this.#rewrite : undefined;
    if (this.#isSyncing || (!this.#log.isDirty && rewrite === undefined)) return;
    this.#write();
    if (this.#options.sync === "always" || rewrite !== undefined) this.#sync(rewrite);
    else if (this.#log.size >= this.#rewriteAt) this.#beginRewrite();
  }

  #forgetCommit(): void {
    clearImmediate(this.#commitSoon);
    this.#commitSoon = undefined;
  }

  #write(): void {
    this.#written =
      this.#written.length === 0 ? this.#gathered : [...this.#written, ...this.#gathered];
    this.#gathered = [];
    try {
      this.#log.write();
    } catch (failure) {
      this.#refuse(failure);
    }
    this.#rewrite?.write();
    if (this.#options.sync === "everysec") this.#answer();
  }

  #answer(): void {
    const written = this.#written;
    this.#written = [];
    for (const { reply, replies } of written) reply.resolve(replies);
  }

  /** The store is ahead of the file now: the shard begins again from the file. */
  #refuse(failure: unknown): never {
    this.#refuseWritten();
    throw failure;
  }

  #refuseWritten(): void {
    const written = this.#written;
    this.#written = [];
    for (const { reply, replies } of written) reply.resolve(replies.map(() => NOT_WRITTEN));
  }

  /** Both logs hold the same, so that either may be there after a power cut. */
  #sync(rewrite: Rewrite | undefined): void {
    this.#isSyncing = true;
    const done = (): void => {
      this.#isSyncing = false;
      this.#answer();
      if (rewrite !== undefined) this.#endRewrite(rewrite);
      else if (this.#log.size >= this.#rewriteAt) this.#beginRewrite();
      this.commit();
    };
    this.#owner.task(() => Promise.all([this.#log.sync(), rewrite?.sync()]), done, {
      onError: (failure) => this.#refuse(failure),
    });
  }

  /** Writes the store to a new file beside the old one, a piece in each turn of the event loop. */
  #beginRewrite(): void {
    this.#rewriteAt = Infinity;
    const { files, path } = this.#options;
    const begun = (rewrite: Rewrite): void => {
      rewrite.start(this.#store);
      this.#rewrite = rewrite;
      const pieces = this.#owner.source(turnsOfTheLoop(), () => {
        if (rewrite.step()) return;
        pieces[Symbol.dispose]();
        // Most of it is synced while commits go on; the rest then, with a commit.
        this.#owner.task(
          () => rewrite.sync(),
          () => {
            rewrite.isWhole = true;
            this.commit();
          },
        );
      });
    };
    this.#owner.task(() => Rewrite.begin(files, path, this.#owner.signal), begun, {
      onError: (failure) => this.#rewriteFailed(failure),
    });
  }

  #endRewrite(rewrite: Rewrite): void {
    this.#rewrite = undefined;
    const log = rewrite.takeOver();
    if (log === undefined) {
      this.#rewriteFailed(rewrite.failure);
      rewrite.abandon().catch(ignore);
      return;
    }
    this.#log.close().catch(ignore);
    this.#log = log;
    this.#rewriteLater();
  }

  #rewriteFailed(failure: unknown): void {
    this.#owner.log.warn(`${this.#options.path} could not be rewritten`, { error: failure });
    this.#rewriteLater();
  }

  #rewriteLater(): void {
    this.#rewriteAt = Math.max(this.#options.rewriteBytes, 2 * this.#log.size);
  }

  /** Begins nothing more. Who is killed while he ends has a successor, who may begin the same. */
  #end(): void {
    this.#forgetCommit();
    const rewrite = this.#rewrite;
    this.#rewrite = undefined;
    rewrite?.abandon().catch(ignore);
  }

  /** Writes and syncs all that was done, and answers everybody. The last thing before `close`. */
  async flush(): Promise<void> {
    this.#end();
    this.#write();
    try {
      await this.#log.sync();
    } catch (failure) {
      this.#refuse(failure);
    }
    this.#answer();
  }

  /** Resolves when it is known how far the file is synced. */
  syncIsOver(): Promise<void> {
    this.#end();
    return this.#log.syncIsOver();
  }

  /**
   * For a shard that has failed, when no sync is under way: answers what is safe, and takes back what
   * a sync that failed has left in doubt, so that it can be asked for again.
   */
  settle(): void {
    if (!this.#log.isFaulty) this.#answer();
    else if (!this.#log.takeBack()) this.#refuseWritten();
  }

  async close(): Promise<void> {
    this.#end();
    await this.#log.close();
  }
}

function ignore(): void {
  // Nothing depends on a file that is not used any more.
}

async function* turnsOfTheLoop(): AsyncGenerator<void> {
  for (;;) yield await new Promise<void>((resolve) => void setImmediate(resolve));
}

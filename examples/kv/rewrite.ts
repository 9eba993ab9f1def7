import { AppendLog } from "./append-log.ts";
import type { Files } from "./files.ts";
import { Snapshot } from "./snapshot.ts";
import type { Store } from "./store/store.ts";

const PIECE_CHARS = 64 * 1024;

/**
 * A log that is being written anew, shorter: the store as it is, and what happens meanwhile.
 *
 * The old log goes on until the new one is whole, so a failure here costs nothing but the work.
 */
export class Rewrite {
  /** What went wrong; then the new log is not to be used. */
  failure: unknown;
  /** The whole store is in it, or it has failed: only what happens is still to be added. */
  isWhole = false;
  /** The old log's; the new one is beside it. */
  readonly #path: string;
  readonly #log: AppendLog;
  #snapshot: Snapshot | undefined;

  private constructor(path: string, log: AppendLog) {
    this.#path = path;
    this.#log = log;
  }

  /** Rejects when it cannot begin, and when `signal` has aborted meanwhile. */
  static async begin(files: Files, path: string, signal: AbortSignal): Promise<Rewrite> {
    const log = await AppendLog.create(files, `${path}.new`, signal);
    // Nobody is there any more to close it.
    if (signal.aborted) await log.close();
    signal.throwIfAborted();
    return new Rewrite(path, log);
  }

  /** From here on, every record must go to `append`, in its order with the steps. */
  start(store: Store): void {
    this.#snapshot = new Snapshot(store);
  }

  append(records: string): void {
    this.#log.append(records);
  }

  /** Writes what was appended. */
  write(): void {
    this.#try(() => this.#log.write());
  }

  /** Writes one piece of the store; false when that was the last. */
  step(): boolean {
    this.write();
    let more = false;
    this.#try(() => {
      more = this.#snapshot!.writePiece(PIECE_CHARS, (piece) => this.#log.writeNow(piece));
    });
    return more;
  }

  async sync(): Promise<void> {
    try {
      await this.#log.sync();
    } catch (error) {
      this.failure ??= error;
    }
  }

  /** Puts the new log in the place of the old one; undefined when it is not fit for that. */
  takeOver(): AppendLog | undefined {
    this.#try(() => this.#log.replace(this.#path));
    return this.failure === undefined ? this.#log : undefined;
  }

  async abandon(): Promise<void> {
    try {
      // At once: the name may be another's when the file has been closed.
      this.#log.unlink();
    } catch {
      // Gone already; a file that stays is replaced by the next rewrite.
    }
    await this.#log.close();
  }

  #try(write: () => void): void {
    if (this.failure !== undefined) return;
    try {
      write();
    } catch (error) {
      this.failure = error;
    }
  }
}

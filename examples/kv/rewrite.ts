import { renameSync, unlinkSync } from "node:fs";
import { AppendLog } from "./append-log.ts";
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
  /** The old log's; the new one is beside it. */
  readonly #path: string;
  readonly #log: AppendLog;
  #snapshot: Snapshot | undefined;

  private constructor(path: string, log: AppendLog) {
    this.#path = path;
    this.#log = log;
  }

  static async begin(path: string): Promise<Rewrite> {
    return new Rewrite(path, await AppendLog.create(besides(path)));
  }

  /** From here on, every record that goes to the old log must go to `append` too. */
  start(store: Store): void {
    this.#snapshot = new Snapshot(store);
  }

  append(records: string): void {
    this.#try(() => this.#log.writeNow(records));
  }

  /** Writes one piece of the store; false when that was the last. */
  step(): boolean {
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
    this.#try(() => renameSync(besides(this.#path), this.#path));
    return this.failure === undefined ? this.#log : undefined;
  }

  async abandon(): Promise<void> {
    await this.#log.close();
    try {
      unlinkSync(besides(this.#path));
    } catch {
      // Gone already; a file that stays is replaced by the next rewrite.
    }
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

function besides(path: string): string {
  return `${path}.new`;
}

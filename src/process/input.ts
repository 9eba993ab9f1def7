import type { Writable } from "node:stream";
import type { Socket } from "node:net";
import { BadInputError } from "../index.ts";
import { describe } from "../kernel/exit-reason.ts";
import { resolveLimits } from "../net/limits.ts";
import { Outflow } from "../net/outflow.ts";

/**
 * What a program reads: a sink for one actor.
 *
 * A program that reads no more, or has ended, is no failure: `isOpen` is false then, and what is
 * written is dropped.
 */
export interface Input {
  /** False once nothing can be written any more. */
  readonly isOpen: boolean;
  /** What broke it, such as `EPIPE`, if something did. */
  readonly error: Error | undefined;
  /** Bytes written that wait for the program; none once it is closed. */
  readonly unsentBytes: number;
  /**
   * Writes bytes, or text as UTF-8. Answers false when more than 64 KiB wait: then await `drained`.
   *
   * With more than 64 MiB that wait, the next write closes it.
   */
  write(data: string | Uint8Array): boolean;
  /** Resolves when what was written is on its way; also when the program reads no more. */
  drained(): Promise<void>;
  /** Writes what waits, and `data`, then ends it. */
  end(data?: string | Uint8Array): void;
}

const LIMITS = resolveLimits("stdin");

/** A program's input over the host's stream; without one it is closed. */
export class ProgramInput implements Input {
  error: Error | undefined;
  readonly #stream: Writable | null;
  readonly #outflow: Outflow | null;

  constructor(stream: Writable | null) {
    this.#stream = stream;
    stream?.on("error", (error) => (this.error ??= error));
    this.#outflow =
      stream === null ? null : new Outflow(stream as Socket, LIMITS, () => this.#cutOff());
  }

  get isOpen(): boolean {
    return this.#outflow !== null && !this.#outflow.isOver;
  }

  get unsentBytes(): number {
    return this.#outflow?.bytes ?? 0;
  }

  write(data: string | Uint8Array): boolean {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new BadInputError(`stdin: ${describe(data)} was written; it takes text or bytes`);
    }
    return this.#outflow?.write(typeof data === "string" ? Buffer.from(data) : data) ?? false;
  }

  async drained(): Promise<void> {
    await this.#outflow?.drained();
  }

  end(data?: string | Uint8Array): void {
    if (data !== undefined) this.write(data);
    this.#outflow?.end();
  }

  close(): void {
    this.#stream?.destroy();
  }

  #cutOff(): void {
    this.error ??= new Error(`the program did not read; ${this.unsentBytes} bytes waited for it`);
    this.close();
  }
}

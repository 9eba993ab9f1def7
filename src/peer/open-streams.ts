import type { Cell } from "../kernel/cell.ts";
import { Envelope } from "../kernel/envelope.ts";
import { LEAVE } from "../kernel/streams.ts";

/** A stream of an actor in another node, as a reader here has it: all that is known is its number. */
export class RemoteStream {
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }
}

/** A stream of an actor here: what stands for it among actors, and whose it is. */
export interface OpenStream {
  readonly of: Cell;
  /** What `PULL` and `LEAVE` take: a writer, or where this node only passes on, a `RemoteStream`. */
  readonly writer: unknown;
}

/** The streams that the other side reads. */
export class OpenStreams {
  readonly #open = new Map<number, OpenStream>();
  #last = 0;

  add(of: Cell, writer: unknown): number {
    this.#open.set(++this.#last, { of, writer });
    return this.#last;
  }

  get(number: number): OpenStream | undefined {
    return this.#open.get(number);
  }

  delete(number: number): void {
    this.#open.delete(number);
  }

  /** Ends a stream whose reader is gone. */
  leave(number: number): void {
    const stream = this.#open.get(number);
    if (stream === undefined) return;
    this.#open.delete(number);
    const { of, writer } = stream;
    of.kernel.router.deliver(Envelope.of(of, LEAVE, [writer], null, null));
  }

  close(): void {
    for (const number of this.#open.keys()) this.leave(number);
  }
}

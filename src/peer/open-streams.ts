import type { Cell } from "../kernel/cell.ts";
import { Envelope } from "../kernel/envelope.ts";
import type { Peer } from "./peer.ts";
import { LEAVE } from "../kernel/streams.ts";

/** A stream of an actor in another node, as a reader here has it: its number, and whose number that is. */
export class RemoteStream {
  readonly number: number;
  readonly peer: Peer;

  constructor(number: number, peer: Peer) {
    this.number = number;
    this.peer = peer;
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
  readonly #byActor = new Map<Cell, Set<number>>();
  #last = 0;

  add(of: Cell, writer: unknown): number {
    const number = ++this.#last;
    this.#open.set(number, { of, writer });
    const numbers = this.#byActor.get(of) ?? new Set();
    this.#byActor.set(of, numbers.add(number));
    return number;
  }

  get(number: number): OpenStream | undefined {
    return this.#open.get(number);
  }

  delete(number: number): void {
    const stream = this.#open.get(number);
    if (stream === undefined) return;
    this.#open.delete(number);
    const numbers = this.#byActor.get(stream.of);
    if (numbers?.delete(number) === true && numbers.size === 0) this.#byActor.delete(stream.of);
  }

  /** An actor has ended, and its streams with it: no reader gets as far as here any more. */
  drop(of: Cell): void {
    for (const number of this.#byActor.get(of) ?? []) this.#open.delete(number);
    this.#byActor.delete(of);
  }

  /** Ends a stream whose reader is gone. */
  leave(number: number): void {
    const stream = this.#open.get(number);
    if (stream === undefined) return;
    this.delete(number);
    const { of, writer } = stream;
    of.kernel.router.deliver(Envelope.of(of, LEAVE, [writer], null, null));
  }

  close(): void {
    for (const number of this.#open.keys()) this.leave(number);
  }
}

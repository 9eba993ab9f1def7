import { BadInputError } from "../index.ts";
import type { Datagram, UdpLimits } from "./udp.ts";

const END: IteratorResult<Datagram> = { done: true, value: undefined };

/**
 * The datagrams that come in, for one reader at a time.
 *
 * ```text
 *   socket ──► waiting ──► next()     no room: one is dropped and counted, for nobody can be asked
 *                                     to wait; the newest, or the oldest
 * ```
 */
export class Datagrams {
  received = 0;
  dropped = 0;
  readonly #limits: Required<UdpLimits>;
  readonly #dropOldest: boolean;
  readonly #onFirstDrop: () => void;
  #waiting: Datagram[] = [];
  /** The oldest; what stands before it has been read. */
  #head = 0;
  #bytes = 0;
  #isRead = false;
  #ended = false;
  #reader: ((result: IteratorResult<Datagram>) => void) | null = null;

  constructor(limits: Required<UdpLimits>, dropOldest: boolean, onFirstDrop: () => void) {
    this.#limits = limits;
    this.#dropOldest = dropOldest;
    this.#onFirstDrop = onFirstDrop;
  }

  get size(): number {
    return this.#waiting.length - this.#head;
  }

  take(datagram: Datagram): void {
    if (this.#ended) return;
    this.received++;
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader({ done: false, value: datagram });
      return;
    }
    const { length } = datagram.data;
    while (!this.#hasRoomFor(length)) {
      if (this.dropped++ === 0) this.#onFirstDrop();
      // One that is larger than all the room there is goes itself, and costs no other.
      if (!this.#dropOldest || this.size === 0 || length > this.#limits.readBytes) return;
      this.#shift();
    }
    this.#waiting.push(datagram);
    this.#bytes += length;
  }

  #hasRoomFor(bytes: number): boolean {
    const { readBytes, readDatagrams } = this.#limits;
    return this.size < readDatagrams && this.#bytes + bytes <= readBytes;
  }

  #shift(): Datagram | undefined {
    const datagram = this.#waiting[this.#head];
    if (datagram === undefined) return undefined;
    this.#head++;
    this.#bytes -= datagram.data.length;
    // Moved rarely, so that each costs the same.
    if (this.#head >= 64 && this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return datagram;
  }

  /** Nothing more comes; what has come is still to be read. */
  end(): void {
    this.#ended = true;
    this.#reader?.(END);
    this.#reader = null;
  }

  /** Begins to read; the reader before must have left. */
  read(): AsyncIterator<Datagram> {
    if (this.#isRead) throw new BadInputError("udp: the socket is being read already");
    this.#isRead = true;
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  #next(): Promise<IteratorResult<Datagram>> {
    const datagram = this.#shift();
    if (datagram !== undefined) return Promise.resolve({ done: false, value: datagram });
    if (this.#ended) return Promise.resolve(END);
    return new Promise((resolve) => (this.#reader = resolve));
  }

  #leave(): Promise<IteratorResult<Datagram>> {
    this.#isRead = false;
    this.#reader?.(END);
    this.#reader = null;
    return Promise.resolve(END);
  }
}

import { Fifo } from "../kernel/fifo.ts";
import { ACK } from "../wire/ops.ts";
import type { Outbox } from "./outbox.ts";

/** The sender is told each time that such a part of its window has arrived: a post costs both sides. */
const PARTS = 8;

/**
 * The messages that are under way to the other side, and have not arrived.
 *
 * A bound on them is what keeps a node whose event loop is blocked from filling the memory of those
 * that send to it. What has arrived is under the bound of its receiver's mailbox.
 */
export class Window {
  readonly size: number;
  readonly #outbox: Outbox;
  readonly #waiting = new Fifo<() => void>();
  underWay = 0;
  /** One of those who waited is sending: it goes before those that still wait. */
  letsIn = false;
  #arrived = 0;
  /** Messages that have come from the other side since it began. */
  arrivedInAll = 0;
  /** Messages of which the other side has said that they have arrived. */
  ackedInAll = 0;

  constructor(size: number, outbox: Outbox) {
    this.size = size;
    this.#outbox = outbox;
    outbox.takeArrived = () => this.#takeArrived();
  }

  get isFull(): boolean {
    return this.underWay >= this.size || this.#waiting.size > 0;
  }

  /** Calls `onRoom` when there is room, first come first served, or the other side is gone. */
  waitForRoom(onRoom: () => void): void {
    this.#waiting.push(onRoom);
  }

  /** The other side says that so many have arrived. */
  acknowledged(count: number): void {
    this.ackedInAll += count;
    this.#makeRoom(count);
  }

  /** So many could not be sent, and are not under way. */
  withdrawn(count: number): void {
    this.#makeRoom(count);
  }

  #makeRoom(count: number): void {
    this.underWay -= count;
    this.letsIn = true;
    try {
      while (this.#waiting.size > 0 && this.underWay < this.size) this.#waiting.shift()!();
    } finally {
      this.letsIn = false;
    }
  }

  arrived(count: number): void {
    this.#arrived += count;
    this.arrivedInAll += count;
  }

  /** A batch has been read. */
  settle(): void {
    if (this.#arrived * PARTS >= this.size) this.acknowledge();
  }

  /** Tells the other side what has arrived: with whatever else is said, or when it is due. */
  acknowledge(): void {
    const count = this.#takeArrived();
    if (count > 0) this.#outbox.say(ACK, count);
  }

  #takeArrived(): number {
    const count = this.#arrived;
    this.#arrived = 0;
    return count;
  }

  /** Whoever waits for room is let go: what is sent now is turned away. */
  close(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
  }
}

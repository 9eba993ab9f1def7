import type { Socket } from "node:net";
import { createHostWorld } from "../world/host-world.ts";
import type { ConnectionLimits } from "./limits.ts";

/** Sockets live in the host's time, also where actors do not. */
const world = createHostWorld();
const settled = Promise.resolve();

/** Those that have something to hand over when the host has read all sockets it has news from. */
let gatherers: Outflow[] = [];

function flushAll(): void {
  const flushed = gatherers;
  gatherers = [];
  let next = 0;
  try {
    while (next < flushed.length) flushed[next++]!.flush();
  } finally {
    // One that throws mutes no other.
    if (next < flushed.length) {
      gatherers = [...flushed.slice(next), ...gatherers];
      world.yieldToHost(flushAll);
    }
  }
}

/**
 * The bytes that go out: gathered while actors have their turns, then handed over in one piece.
 *
 * ```text
 *   read a ─► turns ─► write   ┐
 *   read b ─► turns ─► write   ├──► one system call for each connection, one after the other
 *              turns ─► write  ┘
 * ```
 *
 * Not at once: on loopback and on fast networks a write wakes the peer, which costs more than all
 * that was done to answer it, unless it is awake already from the write before.
 */
export class Outflow {
  readonly #socket: Socket;
  readonly #limits: Required<ConnectionLimits>;
  readonly #onCutOff: () => void;
  /** Bytes as latin1 text: joining strings copies nothing until the socket takes them. */
  #text = "";
  /** What was gathered before `#text`. */
  #pieces: (string | Uint8Array)[] = [];
  #gathered = 0;
  #scheduled = false;
  #ended = false;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket, limits: Required<ConnectionLimits>, onCutOff: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onCutOff = onCutOff;
    socket.on("drain", this.#wake);
    socket.on("close", this.#wake);
  }

  /** Bytes that wait for the peer. */
  get bytes(): number {
    return this.#gathered + this.#socket.writableLength;
  }

  /** True once nothing can be written any more. */
  get isOver(): boolean {
    return this.#ended || !this.#socket.writable;
  }

  write(data: string | Uint8Array): boolean {
    if (this.isOver) return false;
    if (this.bytes > this.#limits.unsentBytes && this.#isStuck()) {
      this.#onCutOff();
      return false;
    }
    if (typeof data === "string") this.#text += data;
    else {
      this.#closeText();
      this.#pieces.push(data);
    }
    this.#gathered += data.length;
    if (!this.#scheduled) {
      this.#scheduled = true;
      if (gatherers.push(this) === 1) world.yieldToHost(flushAll);
    }
    return this.bytes < this.#limits.writeBytes;
  }

  end(): void {
    if (this.#ended) return;
    this.flush();
    this.#ended = true;
    this.#socket.end();
  }

  /** Takes nothing more, and forgets what was gathered. */
  abandon(): void {
    this.#ended = true;
    this.#text = "";
    this.#pieces = [];
    this.#gathered = 0;
  }

  /** Resolves when all that was written is on its way, or when there is no way any more. */
  drained(): Promise<void> {
    this.flush();
    if (this.isOver || !this.#socket.writableNeedDrain) return settled;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** True when too much waits although the socket has been offered all of it. */
  #isStuck(): boolean {
    this.flush();
    return this.bytes > this.#limits.unsentBytes;
  }

  #closeText(): void {
    if (this.#text === "") return;
    this.#pieces.push(this.#text);
    this.#text = "";
  }

  /** Hands over what was gathered. */
  flush(): void {
    this.#scheduled = false;
    const socket = this.#socket;
    const text = this.#text;
    const pieces = this.#pieces;
    if (text === "" && pieces.length === 0) return;
    this.#text = "";
    this.#gathered = 0;
    if (!socket.writable) return;
    if (pieces.length === 0) {
      socket.write(text, "latin1");
      return;
    }
    this.#pieces = [];
    socket.cork();
    for (const piece of pieces) {
      if (typeof piece === "string") socket.write(piece, "latin1");
      else socket.write(piece);
    }
    if (text !== "") socket.write(text, "latin1");
    socket.uncork();
  }

  readonly #wake = (): void => {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  };
}

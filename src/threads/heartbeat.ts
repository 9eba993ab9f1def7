import type { Peer } from "../peer/peer.ts";
import { ANSWERED, BEAT, type Control } from "./control.ts";

/**
 * Whether a thread's event loop turns, as seen from another.
 *
 * Read in shared memory, which needs no message, and no turn of the reader's own loop. Pages that
 * are not cross-origin isolated have none: there the thread is asked, and its answers are counted.
 */
export class Heartbeat {
  readonly #peer: Peer;
  readonly #control: Control | undefined;
  #asked = 0;
  #heard = 0;

  constructor(peer: Peer, control: Control | undefined) {
    this.#peer = peer;
    this.#control = control;
  }

  /** Another number than before, once the loop has turned since. */
  look(): number {
    if (this.#control !== undefined) return Atomics.load(this.#control, BEAT);
    if (this.#heard === this.#asked) this.ask();
    return this.#heard;
  }

  /** Asks for a sign that all which was said before has been read there; answers its number. */
  ask(): number {
    this.#peer.ping(() => void this.#heard++);
    return ++this.#asked;
  }

  hasAnswered(asked: number): boolean {
    const control = this.#control;
    return (control === undefined ? this.#heard : Atomics.load(control, ANSWERED)) >= asked;
  }
}

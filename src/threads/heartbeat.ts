import type { Peer } from "../peer/peer.ts";
import { BEAT, type Control } from "./control.ts";

/**
 * Whether a thread's event loop turns, as seen from another.
 *
 * Read in shared memory, which needs no message, and no turn of the reader's own loop. Pages that
 * are not cross-origin isolated have none: there the thread is asked, and its answers are counted.
 */
export class Heartbeat {
  readonly #peer: Peer;
  readonly #control: Control | undefined;
  #answers = 0;
  #isAsked = false;

  constructor(peer: Peer, control: Control | undefined) {
    this.#peer = peer;
    this.#control = control;
  }

  /** Another number than before, once the loop has turned since. */
  look(): number {
    if (this.#control !== undefined) return Atomics.load(this.#control, BEAT);
    this.ask();
    return this.#answers;
  }

  /** Has it beat as soon as its loop turns, and not when the next beat is due. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#peer.ping(() => {
      this.#isAsked = false;
      this.#answers++;
    });
    // What the asker does next may keep it from going for long.
    this.#peer.outbox.flush();
  }
}

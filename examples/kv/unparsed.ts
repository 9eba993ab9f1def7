/** A buffer up to this size is kept for the next rest; a larger one goes back to the collector. */
const KEPT_BYTES = 64 * 1024;

/**
 * The start of something whose end has not arrived: bytes copied out of the chunks they came in.
 *
 * The memory doubles as bytes arrive, so gathering n bytes from any number of chunks copies O(n).
 */
export class Unparsed {
  #memory: Buffer = Buffer.alloc(0);
  length = 0;

  append(bytes: Buffer): void {
    const length = this.length + bytes.length;
    if (length > this.#memory.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#memory.length, 256));
      this.#memory.copy(grown, 0, 0, this.length);
      this.#memory = grown;
    }
    bytes.copy(this.#memory, this.length);
    this.length = length;
  }

  /** Empties this and returns what it held; the bytes stay valid until the next `append`. */
  take(): Buffer {
    const bytes = this.#memory.subarray(0, this.length);
    this.length = 0;
    if (this.#memory.length > KEPT_BYTES) this.#memory = Buffer.alloc(0);
    return bytes;
  }
}

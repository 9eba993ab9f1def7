const LEAST_BYTES = 256;

/** A file's bytes. It grows by doubling, so that many small appends cost what they are long. */
export class GrowingBytes {
  /** Beyond `size` there is nothing but zeroes. */
  #bytes = new Uint8Array(0);
  size = 0;

  /** A gap between the end and `at` is filled with zeroes, as in a file. */
  write(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (data.length === 0) return;
    this.#makeRoom(end);
    this.#bytes.set(data, at);
    if (end > this.size) this.size = end;
  }

  resize(size: number): void {
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    else this.#makeRoom(size);
    this.size = size;
  }

  /** Copies what there is from `at` on; answers how much that was. */
  read(at: number, into: Uint8Array): number {
    const end = Math.min(this.size, at + into.length);
    if (end <= at) return 0;
    into.set(this.#bytes.subarray(at, end));
    return end - at;
  }

  become(other: GrowingBytes): void {
    this.#bytes = other.#bytes.slice(0, other.size);
    this.size = other.size;
  }

  #makeRoom(size: number): void {
    if (size <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(size, this.#bytes.length * 2, LEAST_BYTES));
    bytes.set(this.#bytes.subarray(0, this.size));
    this.#bytes = bytes;
  }
}

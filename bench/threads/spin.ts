import { setImmediate as nextTurn } from "node:timers/promises";

/** In memory that threads share, for whoever spins hears nothing. */
export type Flags = Int32Array;

const BEGUN = 0;
const ENDED = 1;

export function newFlags(): Flags {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** As long as nobody calls `end`. */
export function spin(flags: Flags): void {
  Atomics.store(flags, BEGUN, 1);
  while (Atomics.load(flags, ENDED) === 0);
}

export async function begun(flags: Flags): Promise<void> {
  while (Atomics.load(flags, BEGUN) === 0) await nextTurn();
}

export function end(flags: Flags): void {
  Atomics.store(flags, ENDED, 1);
}

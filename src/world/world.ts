/** A pending host timer; what it is depends on the host. */
export type TimerHandle = unknown;

/**
 * All time, chance and scheduling that a system uses.
 *
 * The kernel names no clock and no random source of its own, so a world with virtual time, or a
 * seeded one, runs the same actors again in the same order.
 */
export interface World {
  /** Milliseconds on a clock that never goes back; the origin means nothing. */
  now(): number;
  /** Milliseconds since the Unix epoch; may jump. */
  date(): number;
  /** A number in [0, 1). */
  random(): number;
  /** An identifier that no other system in any process has. */
  id(): string;
  /** Calls `fn` once, no sooner than `delayMs` from now; any delay, also beyond 2^31 ms. */
  setTimer(delayMs: number, fn: () => void): TimerHandle;
  clearTimer(handle: TimerHandle): void;
  /** Calls `fn` soon: after the code that runs now, before the host serves timers or I/O. */
  defer(fn: () => void): void;
  /** Calls `fn` after the host had its chance to serve timers and I/O. */
  yieldToHost(fn: () => void): void;
}

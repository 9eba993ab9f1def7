import { actor } from "troupe";
import { register } from "troupe/threads";
import type { Order } from "./payloads.ts";
import { countPrimes } from "./primes.ts";
import { spin, type Flags } from "./spin.ts";

/** Counts what it gets, as its namesake on the main thread. */
export const Counter = actor({
  name: "counter",
  init: () => ({ n: 0 }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
    take(ctx, _order: Order) {
      ctx.state.n++;
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    next: (ctx) => ++ctx.state.n,
  },
});

export const PrimeCounter = actor({
  name: "prime-counter",
  init: () => ({}),
  call: { count: (_ctx, from: number, numbers: number) => countPrimes(from, numbers) },
});

/** Does nothing else until it is told to end. */
export const Spinner = actor({
  name: "spinner",
  init: () => ({}),
  cast: { spin: (_ctx, flags: Flags) => spin(flags) },
  call: { ready: () => 1 },
});

register({ Counter, PrimeCounter, Spinner });

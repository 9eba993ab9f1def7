// What each thread loads: in every host, it is the worker's file itself.
import { actor, refuse, sameActor, type Ref } from "troupe";
import { register, transfer } from "troupe/threads";

/** A caller can expect it; it is known by its class on every thread. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

export interface Listener {
  heard(what: string): void;
}

export const Counter = actor({
  name: "counter",
  init: (_ctx, props: { start: number }) => ({ n: props.start }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
    tell(_ctx, listener: Ref<Listener>, what: string) {
      listener.heard(what);
    },
    /** Outside of every handler: the thread's affair, not the actor's. */
    breakThread() {
      void Promise.reject(new Error("nobody awaits this"));
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    same: (_ctx, one: Ref<Listener>, other: Ref<Listener>) => sameActor(one, other),
    refuse(ctx, most: number): void {
      if (ctx.state.n > most) throw refuse(new TooMuch(`${ctx.state.n} is more than ${most}`));
    },
    fail(ctx): void {
      throw new RangeError("broken", { cause: new Error(`at ${ctx.state.n}`) });
    },
    double: (_ctx, numbers: Float64Array) => transfer(numbers.map((n) => 2 * n)),
    /** Holds the event loop; not for ever, for some hosts cannot end a thread that does. */
    block(_ctx, ms: number): void {
      const end = Date.now() + ms;
      while (Date.now() < end);
    },
  },
  stream: {
    async *down(ctx) {
      for (let n = ctx.state.n; n > 0; n--) yield n;
    },
  },
});

register({ Counter, TooMuch });

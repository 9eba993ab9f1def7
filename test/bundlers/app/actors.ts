// What each thread loads: in a bundle, a file of its own.
import { actor, refuse, TimeoutError, type AnyRef, type Ref } from "troupe";
import { register } from "troupe/threads";
import { isEven } from "./even.ts";

/** Registered, so that its class is known on every thread, whatever a bundler calls it. */
export class OutOfInk extends Error {}

export interface Listener {
  heard(n: number, from: AnyRef): void;
}

export const Counter = actor({
  name: "counter",
  init: (_ctx, props: { start: number }) => ({ n: props.start }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
    tell(ctx, listener: Ref<Listener>) {
      listener.heard(ctx.state.n, ctx.self);
    },
    /** Outside of every handler: the thread ends, in every host. */
    endThread() {
      void Promise.reject(new Error("nobody awaits this"));
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    isEven: (ctx) => isEven(ctx.state.n),
    late(): void {
      throw refuse(new TimeoutError("the printer", 5));
    },
    print(): void {
      throw refuse(new OutOfInk("no ink"));
    },
  },
});

register({ Counter, OutOfInk });

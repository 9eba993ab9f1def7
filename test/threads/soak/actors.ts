import { actor, type Ref, type RefOf } from "troupe";
import { register } from "troupe/threads";

/** Ways in which an actor takes down its whole thread. */
export type Sabotage = "exit 0" | "exit 1" | "throw" | "reject" | "block";

/** Under load of every sort, on a thread that may end at any moment. */
export const Worker = actor({
  name: "worker",
  init: () => ({ n: 0, seen: 0 }),
  onExit: (ctx): void => void ctx.state.seen++,
  cast: {
    add(ctx, by: number): void {
      ctx.state.n += by;
    },
    tell: (_ctx, to: Ref<{ add(by: number): void }>): void => to.add(1),
    link(ctx, to: Ref<unknown>): void {
      ctx.link(to);
    },
    sabotage(_ctx, how: Sabotage): void {
      switch (how) {
        case "exit 0":
          return process.exit(0);
        case "exit 1":
          return process.exit(1);
        case "throw":
          return void setImmediate(() => {
            throw new Error("thrown by nobody");
          });
        case "reject":
          return void Promise.reject(new Error("rejected by nobody"));
        case "block":
          for (;;);
      }
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    sleep: (ctx, ms: number) => ctx.sleep(ms),
    owe(ctx, ms: number) {
      const reply = ctx.defer<number>();
      ctx.timers.after(ms, () => reply.resolve(ms));
      return reply;
    },
    passOn: (ctx, to: Ref<{ value(): Promise<number> }>) => ctx.forward(to).value(),
    ask: (_ctx, whom: Ref<{ value(): Promise<number> }>) => whom.value(),
  },
  stream: {
    async *count(ctx, to: number) {
      for (let n = 0; n < to; n++) {
        yield n;
        if (n % 4 === 3) await ctx.sleep(1);
      }
    },
  },
});
export type WorkerRef = RefOf<typeof Worker>;

register({ Worker });

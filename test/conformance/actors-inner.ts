import { actor, topic, type Ref } from "troupe";
import type { Door, Journal } from "./actors-subject.ts";

export interface InnerProps {
  readonly id: string;
  readonly journal: Ref<Journal>;
  readonly door: Ref<Door>;
}

const news = topic<string>("conformance.news");

// oxlint-disable-next-line require-yield -- it fails before it does
async function* failing(): AsyncGenerator<number> {
  throw new Error("in a source");
}

/** Uses what an incarnation has: timers, sources, tasks, subscriptions, a stash. */
export const Inner = actor({
  name: "inner",
  init: (_ctx, _props: InnerProps) => ({ stashing: false }),
  cast: {
    note: ({ props: { id, journal } }, what: string): void => journal.note(`${id} ${what}`),
    fail(_ctx, message: string): void {
      throw new Error(message);
    },
    async wait({ props: { door } }): Promise<void> {
      await door.pass();
    },
    put(ctx, what: string): void {
      if (ctx.state.stashing) ctx.stash();
      else ctx.props.journal.note(`${ctx.props.id} puts ${what}`);
    },
    stashing(ctx, on: boolean): void {
      ctx.state.stashing = on;
      if (!on) ctx.unstash();
    },
    unstashAndFail(ctx): void {
      ctx.unstash();
      throw new Error("while it is unstashed");
    },
    after({ timers, props: { id, journal } }, ms: number, key?: string): void {
      timers.after(
        ms,
        () => journal.note(`${id} tick ${key ?? ms}`),
        key === undefined ? {} : { key },
      );
    },
    afterEach({ timers, props: { id, journal } }, delays: readonly number[]): void {
      for (const ms of delays) timers.after(ms, () => journal.note(`${id} tick ${ms}`));
    },
    every({ timers, props: { id, journal } }, ms: number): void {
      let n = 0;
      timers.every(ms, () => journal.note(`${id} tick ${++n}`));
    },
    at({ timers, props: { id, journal } }): void {
      timers.at(0, () => journal.note(`${id} at once`));
    },
    failingTick({ timers }): void {
      timers.after(0, () => {
        throw new Error("in a tick");
      });
    },
    stopAfter: ({ timers }, ms: number): void => void timers.stopAfter(ms, "time is up"),
    async killAfter({ timers }, ms: number): Promise<void> {
      timers.killAfter(ms);
      await new Promise(() => {});
    },
    /** Work beside it, that ends when the door is opened. */
    task(ctx, fails: boolean): void {
      const { id, journal, door } = ctx.props;
      ctx.task(
        async (signal) => {
          signal.addEventListener("abort", () => journal.note(`${id} task aborted`));
          await door.pass();
          if (fails) throw new Error("in a task");
          return "done";
        },
        (result) => journal.note(`${id} task ${result}`),
      );
    },
    informed(ctx): void {
      const { id, journal } = ctx.props;
      ctx.task(Promise.reject(new Error("told")), undefined, {
        onError: (error) => journal.note(`${id} hears ${String(error)}`),
      });
    },
    source(ctx, items: readonly number[], endless: boolean): void {
      const { id, journal, door } = ctx.props;
      async function* yields(): AsyncGenerator<number> {
        try {
          yield* items;
          if (endless) await door.pass();
          yield -1;
        } finally {
          journal.note(`${id} source left`);
        }
      }
      ctx.source(yields(), (n) => journal.note(`${id} item ${n}`), {
        onEnd: () => journal.note(`${id} source ended`),
      });
    },
    failingSource(ctx): void {
      ctx.source(failing(), () => {});
    },
    subscribe(ctx): void {
      const { id, journal } = ctx.props;
      ctx.subscribe(news, (event) => journal.note(`${id} hears ${event}`));
    },
  },
  call: {
    there: () => true,
    cancel: (ctx, key: string) => ctx.timers.cancel(key),
    async slept(ctx, ms: number): Promise<number> {
      const before = ctx.now();
      await ctx.sleep(ms);
      return ctx.now() - before;
    },
    cancelQueued(ctx): boolean {
      ctx.timers.after(0, () => ctx.props.journal.note("never"), { key: "k" });
      const until = ctx.now() + 5;
      while (ctx.now() < until);
      return ctx.timers.cancel("k");
    },
    stashed: (ctx, what: string) => {
      if (!ctx.state.stashing) return what;
      ctx.stash();
      return undefined;
    },
    clear: (ctx) => ctx.clearMailbox(),
    publish: (ctx, event: string) => ctx.publish(news, event),
  },
  exit: ({ props: { id, journal } }, { kind }) => journal.note(`${id} ends: ${kind}`),
});

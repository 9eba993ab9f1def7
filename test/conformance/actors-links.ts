import { actor, type AnyRef, type DownReason, type Monitor, type Ref } from "troupe";
import type { Journal } from "./actors-subject.ts";

export interface WatcherProps {
  readonly id: string;
  readonly journal: Ref<Journal>;
}
interface Hearer {
  hear(what: string): void;
}

function told({ kind, ...more }: DownReason): string {
  if ("error" in more) return `${kind}: ${String(more.error)}`;
  return "detail" in more ? `${kind}: ${String(more.detail)}` : kind;
}

const verbs = {
  cast: {
    hear: ({ props: { id, journal } }: { props: WatcherProps }, what: string): void =>
      journal.note(`${id} hears ${what}`),
    sayAndFail(_ctx: unknown, to: Ref<Hearer>, count: number): void {
      for (let n = 1; n <= count; n++) to.hear(String(n));
      throw new RangeError("after that");
    },
    fail(_ctx: unknown, message: string): void {
      throw new RangeError(message);
    },
    end: (ctx: { stop(reason?: string): void }, reason?: string): void => ctx.stop(reason),
  },
  call: {
    link: (ctx: { link(ref: AnyRef): void }, ref: AnyRef): void => ctx.link(ref),
    unlink: (ctx: { unlink(ref: AnyRef): void }, ref: AnyRef): void => ctx.unlink(ref),
    there: () => true,
  },
};

/** Watches others, and is linked to them. */
export const Watcher = actor({
  name: "watcher",
  init(_ctx, { id, journal }: WatcherProps) {
    journal.note(`${id} up`);
    return { monitors: new Map<AnyRef, Monitor>() };
  },
  cast: verbs.cast,
  call: {
    ...verbs.call,
    watch(ctx, ref: AnyRef): void {
      ctx.state.monitors.set(ref, ctx.monitor(ref));
    },
    unwatch(ctx, ref: AnyRef): void {
      ctx.state.monitors.get(ref)!.cancel();
    },
    isSame: (ctx, ref: AnyRef) => ctx.state.monitors.has(ref),
  },
  onDown: ({ props: { id, journal } }, { reason }) => journal.note(`${id}: down, ${told(reason)}`),
  exit: ({ props: { id, journal } }, reason) => journal.note(`${id} ends, ${told(reason)}`),
});

/** As one that watches, and hears of the end of those it is linked to. */
export const Trapper = actor({
  name: "trapper",
  init: (_ctx, _props: WatcherProps) => undefined,
  cast: verbs.cast,
  call: verbs.call,
  onExit: ({ props: { id, journal } }, { reason }) => journal.note(`${id}: exit, ${told(reason)}`),
  exit: ({ props: { id, journal } }, reason) => journal.note(`${id} ends, ${told(reason)}`),
});

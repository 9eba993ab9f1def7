import {
  actor,
  ActorFailedError,
  createSystem,
  exited,
  fromEvents,
  kill,
  started,
  TimeoutError,
  withOptions,
} from "troupe";
import { failureOf, same, type Check } from "./check.ts";

const Counter = actor({
  name: "counter",
  init: (_ctx, props: { start: number }) => ({ n: props.start }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    fail(ctx): void {
      throw new Error("broken", { cause: ctx.state.n });
    },
    never: (ctx) => ctx.sleep(1e9),
  },
  stream: {
    async *down(ctx) {
      for (let n = ctx.state.n; n > 0; n--) yield n;
    },
  },
});

interface Deeds {
  readonly journal: string[];
}

/** Ends when its timer comes. */
const Sleeper = actor({
  name: "sleeper",
  init(ctx, props: Deeds) {
    ctx.timers.after(5, () => ctx.stop());
    return props;
  },
  exit: (ctx, reason) => void ctx.state?.journal.push(`sleeper ended: ${reason.kind}`),
});

/** Listens to an event target until it has heard two events. */
const Listener = actor({
  name: "listener",
  init(ctx, props: Deeds & { target: EventTarget }) {
    ctx.source(fromEvents<Event>(props.target, "news"), ({ type }) => {
      if (props.journal.push(`heard ${type}`) === 2) ctx.stop();
    });
    return props;
  },
  exit: (ctx) => void ctx.state?.journal.push("listener ended"),
});

/** What one thread can do, with the timers, the events and the errors that its host has. */
export const oneThread: readonly Check[] = [
  {
    name: "casts and calls are handled in the order sent",
    async run() {
      await using system = createSystem({ logger: false });
      const counter = system.spawn(Counter, { start: 1 });
      counter.add(2);
      const between = counter.value();
      counter.add(3);
      same([await between, await counter.value()], [3, 6]);
    },
  },
  {
    name: "a failure tells its cause, and the actor begins anew",
    async run() {
      await using system = createSystem({ logger: false });
      const counter = system.spawn(Counter, { start: 4 }, { restart: "permanent" });
      counter.add(1);
      const failure = await failureOf(counter.fail());
      same(failure instanceof ActorFailedError, true);
      const { cause } = failure as ActorFailedError;
      same(cause instanceof Error && [cause.message, cause.cause], ["broken", 5]);
      same(await counter.value(), 4);
    },
  },
  {
    name: "a call that takes too long rejects",
    async run() {
      await using system = createSystem({ logger: false });
      const counter = system.spawn(Counter, { start: 1 });
      const failure = await failureOf(withOptions(counter, { timeout: 5 }).never());
      same(failure instanceof TimeoutError, true);
      // An orderly stop would wait for the handler.
      await kill(counter);
    },
  },
  {
    name: "a stream ends behind its last item",
    async run() {
      await using system = createSystem({ logger: false });
      const items: number[] = [];
      for await (const n of system.spawn(Counter, { start: 3 }).down()) items.push(n);
      same(items, [3, 2, 1]);
    },
  },
  {
    name: "a timer comes, and the exit hook runs",
    async run() {
      await using system = createSystem({ logger: false });
      const journal: string[] = [];
      same((await exited(system.spawn(Sleeper, { journal }))).kind, "normal");
      same(journal, ["sleeper ended: normal"]);
    },
  },
  {
    name: "an actor hears the host's events until it ends",
    async run() {
      await using system = createSystem({ logger: false });
      const [journal, target] = [[] as string[], new EventTarget()];
      const listener = system.spawn(Listener, { journal, target });
      await started(listener);
      for (let n = 0; n < 3; n++) target.dispatchEvent(new Event("news"));
      await exited(listener);
      same(journal, ["heard news", "heard news", "listener ended"]);
    },
  },
];

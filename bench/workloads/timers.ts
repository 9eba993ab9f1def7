import { actor, createSystem } from "troupe";
import { signal, timed } from "../task.ts";
import type { Contest, Prepare, Round, Task } from "../workload.ts";

const OPS = 100_000;
const LATER_MS = 60_000;

const nothing = (): void => {};

/** Has so many timers that will not be due while we look. */
const Waiting = actor({
  name: "waiting",
  init: (ctx, props: { readonly pending: number }) => {
    for (let i = 0; i < props.pending; i++) ctx.timers.after(LATER_MS + (i % LATER_MS), nothing);
    return { fired: 0 };
  },
  call: {
    setAndCancel(ctx, timers: number) {
      let cancelled = 0;
      for (; cancelled < timers; cancelled++) ctx.timers.after(LATER_MS, nothing).cancel();
      return cancelled;
    },
    /** All of them due at once; answers when all have ticked. */
    fire(ctx, timers: number) {
      const reply = ctx.defer<number>();
      let fired = 0;
      const tick = (): void => {
        if (++fired === timers) reply.resolve(fired);
      };
      for (let i = 0; i < timers; i++) ctx.timers.after(1, tick);
      return reply;
    },
  },
});

const hostSetAndCancel: Prepare<Round> = ({ pending = 0 }) => {
  for (let i = 0; i < pending; i++) setTimeout(nothing, LATER_MS + (i % LATER_MS));
  return (ops) => {
    let cancelled = 0;
    for (; cancelled < ops; cancelled++) clearTimeout(setTimeout(nothing, LATER_MS));
    return cancelled;
  };
};

function pendings(label: string, pending: number): Task {
  return timed({
    label: `timers, set and cancel beside ${label}`,
    adapter: "timers",
    size: { pending, timers: OPS },
    ops: (size) => size["timers"] ?? 0,
    divisible: true,
    troupe: (size) => {
      const waiting = createSystem().spawn(Waiting, { pending: size["pending"] ?? 0 });
      return (ops) => waiting.setAndCancel(ops);
    },
    plain: { who: "setTimeout", prepare: hostSetAndCancel },
  });
}

export const timers: Contest = {
  name: "timers",
  what: "an actor's timer: set and cancelled while others are pending; and set, due and handled",
  tasks: [
    pendings("1 k", 1_000),
    pendings("100 k", 100_000),
    timed({
      label: "timers, 100 k due at once",
      adapter: "timersDue",
      size: { timers: OPS },
      ops: (size) => size["timers"] ?? 0,
      divisible: false,
      troupe: () => {
        const mailbox = { capacity: OPS + 1 };
        const waiting = createSystem().spawn(Waiting, { pending: 0 }, { mailbox });
        return (ops) => waiting.fire(ops);
      },
      plain: {
        who: "setTimeout",
        prepare: () => (ops) => {
          const { fired, fire } = signal<number>();
          let due = 0;
          const tick = (): void => {
            if (++due === ops) fire(due);
          };
          for (let i = 0; i < ops; i++) setTimeout(tick, 1);
          return fired;
        },
      },
    }),
  ],
};

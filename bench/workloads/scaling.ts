import { actor, createSystem, started, type RefOf } from "troupe";
import { signal, timed } from "../task.ts";
import type { Contest, Prepare, Round, Task } from "../workload.ts";

const MESSAGES = 1_000_000;
const AT_ONCE = 1_000;

/** Counts for all of them, and says when the last of a batch has been handled. */
class Tally {
  counted = 0;
  #left = 0;
  #done = (): void => {};

  count(): void {
    this.counted++;
    if (--this.#left === 0) this.#done();
  }

  expect(messages: number): Promise<void> {
    const { fired, fire } = signal();
    this.#left = messages;
    this.#done = fire;
    return fired;
  }
}

const One = actor({
  name: "one-of-many",
  // No spread: on Node 20, each object that is made by one gets a shape of its own.
  init: (_ctx, { tally }: { readonly tally: Tally }) => ({ tally, n: 0 }),
  cast: {
    add(ctx) {
      ctx.state.n++;
      ctx.state.tally.count();
    },
  },
});

class PlainOne {
  n = 0;
  readonly tally: Tally;

  constructor(tally: Tally) {
    this.tally = tally;
  }

  add(): void {
    this.n++;
    this.tally.count();
  }
}

/** Sends to one after the other, so that who is sent to has not been touched for long. */
function spread<T extends { add(): void }>(
  make: (tally: Tally) => () => T,
  ready?: (last: T) => Promise<void>,
): Prepare<Round> {
  return async ({ actors = 0 }) => {
    const tally = new Tally();
    const one = make(tally);
    const all = Array.from({ length: actors }, one);
    const last = all.at(-1);
    if (last !== undefined) await ready?.(last);
    // One message for each, and not several in one turn where there are few: the same work for all.
    const atOnce = Math.min(actors, AT_ONCE);
    let at = 0;
    return async (ops) => {
      const before = tally.counted;
      for (let left = ops; left > 0; left -= atOnce) {
        const batch = Math.min(left, atOnce);
        const handled = tally.expect(batch);
        for (let i = 0; i < batch; i++) {
          all[at]?.add();
          at = at + 1 === actors ? 0 : at + 1;
        }
        await handled;
      }
      return tally.counted - before;
    };
  };
}

function among(label: string, actors: number): Task {
  return timed({
    label: `scaling, ${label} actors`,
    adapter: "scaling",
    size: { actors, messages: MESSAGES },
    ops: ({ messages = 0 }) => messages,
    divisible: true,
    rounds: 5,
    troupe: spread<RefOf<typeof One>>((tally) => {
      const system = createSystem();
      return () => system.spawn(One, { tally });
    }, started),
    plain: { who: "method call", prepare: spread((tally) => () => new PlainOne(tally)) },
  });
}

export const scaling: Contest = {
  name: "scaling",
  what: "a message to each of so many actors in turn, at most 1,000 at a time",
  tasks: [among("10", 10), among("10 k", 10_000), among("1 M", 1_000_000)],
};

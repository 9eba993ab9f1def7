import { Deferred, Effect, Fiber, Queue } from "effect";

/*
 * Effect has fibers and queues, and leaves it to its users to make actors of them: a fiber that
 * takes from its queue for ever. Of the ways to write that, these were the fastest: `forever`
 * without a yield after each message (it yields now and then anyway; with it a cast costs seven
 * times as much), a queue that is offered to directly, and callers that are fibers themselves.
 */
const PEOPLE_LIMIT = 100_000;
const TREE_LIMIT = 100_000;

function signal() {
  let fire;
  const fired = new Promise((resolve) => (fire = resolve));
  return { fired, fire };
}

const loop = (queue, handle) =>
  Effect.forever(Effect.flatMap(Queue.take(queue), handle), { disableYield: true });

function spawn(make) {
  const queue = Effect.runSync(Queue.unbounded());
  Effect.runFork(loop(queue, make(queue)));
  return queue;
}

/** Counts numbers, and answers with its count what brings a deferred. */
const counter = () => {
  let n = 0;
  return (message) =>
    typeof message === "number"
      ? Effect.sync(() => {
          n += message;
        })
      : message.counts
        ? Deferred.succeed(message.reply, ++n)
        : Deferred.succeed(message.reply, n);
};

/** The same, with a handler that is an async function. */
const asyncCounter = () => {
  let n = 0;
  const add = async (by) => {
    n += by;
  };
  return (message) =>
    typeof message === "number"
      ? Effect.promise(() => add(message))
      : Deferred.succeed(message.reply, n);
};

const ask = (queue, counts) =>
  Effect.suspend(() => {
    const reply = Deferred.makeUnsafe();
    Queue.offerUnsafe(queue, { counts, reply });
    return Deferred.await(reply);
  });

const casts =
  (make) =>
  ({ atOnce }) => {
    const queue = spawn(make);
    let before = 0;
    const program = (ops) =>
      Effect.gen(function* () {
        let n = before;
        for (let left = ops; left > 0; left -= atOnce) {
          for (let i = Math.min(left, atOnce); i > 0; i--) Queue.offerUnsafe(queue, 1);
          n = yield* ask(queue, false);
        }
        const counted = n - before;
        before = n;
        return counted;
      });
    return (ops) => Effect.runPromise(program(ops));
  };

export const cast = casts(counter);
export const castAsync = casts(asyncCounter);

const calls = (queue, asking) => {
  let before = 0;
  return async (ops) => {
    const last = await Effect.runPromise(asking(queue, ops));
    const answered = last - before;
    before = last;
    return answered;
  };
};

export const callSeq = ({ queued = 0 }) => {
  const stuck = spawn(() => () => Effect.never);
  for (let i = 0; i < queued; i++) Queue.offerUnsafe(stuck, i);
  return calls(spawn(counter), (queue, ops) =>
    Effect.gen(function* () {
      let last = 0;
      for (let i = 0; i < ops; i++) last = yield* ask(queue, true);
      return last;
    }),
  );
};

export const call1000 = () =>
  calls(spawn(counter), (queue, ops) =>
    Effect.gen(function* () {
      let last = 0;
      for (let sent = 0; sent < ops; sent += 1_000) {
        const replies = [];
        for (let i = Math.min(1_000, ops - sent); i > 0; i--) {
          const reply = Deferred.makeUnsafe();
          Queue.offerUnsafe(queue, { counts: true, reply });
          replies.push(reply);
        }
        for (const reply of replies) last = yield* Deferred.await(reply);
      }
      return last;
    }),
  );

export const pingPong = () => {
  const balls = { count: 0 };
  const player =
    () =>
    ({ left, from, to, done }) =>
      Effect.sync(() => {
        balls.count++;
        if (left === 0) done();
        else Queue.offerUnsafe(from, { left: left - 1, from: to, to: from, done });
      });
  const [ping, pong] = [spawn(player), spawn(player)];
  return async (ops) => {
    const { fired, fire } = signal();
    balls.count = 0;
    Queue.offerUnsafe(ping, { left: ops - 1, from: pong, to: ping, done: fire });
    await fired;
    return balls.count;
  };
};

export const ring = ({ actors }) => {
  const hops = [];
  for (let i = 0; i < actors; i++) {
    const hop = ({ left, count, done }) =>
      Effect.sync(() => {
        if (left === 0) done(count);
        else Queue.offerUnsafe(hops[(i + 1) % actors], { left: left - 1, count: count + 1, done });
      });
    hops.push(spawn(() => hop));
  }
  return (ops) => {
    const { fired, fire } = signal();
    Queue.offerUnsafe(hops[0], { left: ops - 1, count: 1, done: fire });
    return fired;
  };
};

export const big = ({ actors }) => {
  const peers = [];
  const peer = (self) => {
    let pongs = 0;
    let done;
    return (message) =>
      Effect.sync(() => {
        if (message.from !== undefined) Queue.offerUnsafe(message.from, {});
        else if (message.done === undefined) {
          if (++pongs === actors - 1) done(pongs * 2);
        } else {
          pongs = 0;
          done = message.done;
          for (const other of peers) if (other !== self) Queue.offerUnsafe(other, { from: self });
        }
      });
  };
  for (let i = 0; i < actors; i++) peers.push(spawn(peer));
  return async () => {
    const messages = peers.map((each) => {
      const { fired, fire } = signal();
      Queue.offerUnsafe(each, { done: fire });
      return fired;
    });
    return (await Promise.all(messages)).reduce((a, b) => a + b, 0);
  };
};

export const spawnStop = ({ atOnce }) => {
  let lived = 0;
  const live = () =>
    Effect.sync(() => {
      lived++;
    });
  const program = (ops) =>
    Effect.gen(function* () {
      lived = 0;
      for (let left = ops; left > 0; left -= atOnce) {
        const fibers = [];
        for (let i = Math.min(left, atOnce); i > 0; i--) {
          const queue = yield* Queue.unbounded();
          fibers.push(yield* Effect.forkDetach(loop(queue, live)));
          Queue.offerUnsafe(queue, "live");
          Queue.endUnsafe(queue);
        }
        yield* Fiber.awaitAll(fibers);
      }
      return lived;
    });
  return (ops) => Effect.runPromise(program(ops));
};

/** A fiber for each node; those that wait for others have a queue. */
const node = (first, leaves, parent) =>
  leaves === 1
    ? Effect.sync(() => {
        Queue.offerUnsafe(parent, first);
      })
    : Effect.gen(function* () {
        const reports = yield* Queue.unbounded();
        const part = leaves / 10;
        for (let i = 0; i < 10; i++) {
          yield* Effect.forkDetach(node(first + i * part, part, reports));
        }
        let sum = 0;
        for (let i = 0; i < 10; i++) sum += yield* Queue.take(reports);
        Queue.offerUnsafe(parent, sum);
      });

export const skynet = ({ leaves }) => {
  if (leaves > TREE_LIMIT) return undefined;
  const program = Effect.gen(function* () {
    const result = yield* Queue.unbounded();
    yield* Effect.forkDetach(node(0, leaves, result));
    return yield* Queue.take(result);
  });
  return () => Effect.runPromise(program);
};

export const memory = ({ actors }) => {
  if (actors > PEOPLE_LIMIT) return undefined;
  const kept = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) kept.push(spawn(counter));
      await Effect.runPromise(ask(kept.at(-1), false));
    },
  };
};

export const flood = () => {
  const bystander = spawn(counter);
  let got = 0;
  const sink = spawn(() => () => Effect.sync(() => void got++));
  let flooder;
  return {
    start: () => {
      flooder = spawn(
        (self) => () =>
          Effect.sync(() => {
            Queue.offerUnsafe(sink, "take");
            Queue.offerUnsafe(self, "again");
          }),
      );
      Queue.offerUnsafe(flooder, "again");
    },
    stop: () => Effect.runPromise(Queue.shutdown(flooder)),
    ask: () => Effect.runPromise(ask(bystander, true)),
  };
};

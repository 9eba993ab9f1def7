import { dispatch, query, spawn, start, stop } from "nact";

/*
 * nact's mailbox is drained by one `setImmediate` for each message; a query is a temporary actor
 * with a timer. `query` needs a time limit, as calls of troupe have one. Names are given, for those
 * that nact makes up are random, and with many actors two get the same.
 */
const LIMIT_MS = 10_000;

function signal() {
  let fire;
  const fired = new Promise((resolve) => (fire = resolve));
  return { fired, fire };
}

const counting = (state, message, ctx) => {
  if (message !== "next") return { n: state.n + message };
  const n = state.n + 1;
  dispatch(ctx.sender, n);
  return { n };
};

const countingAsync = async (state, message, ctx) => counting(state, message, ctx);

const spawnCounter = (f = counting) => spawn(start(), f, "counter", { initialState: { n: 0 } });

const casts =
  (f) =>
  ({ atOnce }) => {
    const counter = spawnCounter(f);
    let before = 0;
    return async (ops) => {
      let n = before;
      for (let left = ops; left > 0; left -= atOnce) {
        for (let i = Math.min(left, atOnce); i > 0; i--) dispatch(counter, 1);
        // The question counts as well.
        n = (await query(counter, "next", LIMIT_MS)) - 1;
        dispatch(counter, -1);
      }
      const counted = n - before;
      before = n;
      return counted;
    };
  };

export const cast = casts(counting);
export const castAsync = casts(countingAsync);

export const callSeq = ({ queued = 0 }) => {
  const system = start();
  const stuck = spawn(system, () => new Promise(() => {}), "stuck");
  for (let i = 0; i < queued; i++) dispatch(stuck, i);
  const counter = spawn(system, counting, "counter", { initialState: { n: 0 } });
  let before = 0;
  return async (ops) => {
    let last = before;
    for (let i = 0; i < ops; i++) last = await query(counter, "next", LIMIT_MS);
    const answered = last - before;
    before = last;
    return answered;
  };
};

// Queries are found again by a random number of 32 bits. Once in ten million, with a thousand in
// flight, one meets another's and is never answered; then this fails, and says so.
export const call1000 = () => {
  const counter = spawnCounter();
  let before = 0;
  return async (ops) => {
    let last = before;
    for (let sent = 0; sent < ops; sent += 1_000) {
      const replies = [];
      for (let i = Math.min(1_000, ops - sent); i > 0; i--) {
        replies.push(query(counter, "next", LIMIT_MS));
      }
      last = (await Promise.all(replies)).at(-1);
    }
    const answered = last - before;
    before = last;
    return answered;
  };
};

const player = ({ balls }, message, ctx) => {
  if (message === "balls") {
    dispatch(ctx.sender, balls);
    return { balls: 0 };
  }
  const { left, done } = message;
  if (left === 0) done();
  else dispatch(ctx.sender, { left: left - 1, done }, ctx.self);
  return { balls: balls + 1 };
};

export const pingPong = () => {
  const system = start();
  const [ping, pong] = ["ping", "pong"].map((name) =>
    spawn(system, player, name, { initialState: { balls: 0 } }),
  );
  return async (ops) => {
    const { fired, fire } = signal();
    dispatch(ping, { left: ops - 1, done: fire }, pong);
    await fired;
    return (await query(ping, "balls", LIMIT_MS)) + (await query(pong, "balls", LIMIT_MS));
  };
};

export const ring = ({ actors }) => {
  const system = start();
  const hops = [];
  for (let i = 0; i < actors; i++) {
    const hop = (_state, { left, count, done }) => {
      if (left === 0) done(count);
      else dispatch(hops[(i + 1) % actors], { left: left - 1, count: count + 1, done });
    };
    hops.push(spawn(system, hop, `hop-${i}`));
  }
  return (ops) => {
    const { fired, fire } = signal();
    dispatch(hops[0], { left: ops - 1, count: 1, done: fire });
    return fired;
  };
};

export const big = ({ actors }) => {
  const system = start();
  const peers = [];
  const peer = (state, message, ctx) => {
    if (message === "ping") {
      dispatch(ctx.sender, "pong", ctx.self);
      return state;
    }
    if (message === "pong") {
      const pongs = state.pongs + 1;
      if (pongs === peers.length - 1) state.done(pongs * 2);
      return { ...state, pongs };
    }
    for (const other of peers) if (other.name !== ctx.name) dispatch(other, "ping", ctx.self);
    return { pongs: 0, done: message.done };
  };
  for (let i = 0; i < actors; i++) peers.push(spawn(system, peer, `peer-${i}`));
  return async () => {
    const messages = peers.map((each) => {
      const { fired, fire } = signal();
      dispatch(each, { done: fire });
      return fired;
    });
    return (await Promise.all(messages)).reduce((a, b) => a + b, 0);
  };
};

export const spawnStop = ({ atOnce }) => {
  const system = start();
  return async (ops) => {
    let lived = 0;
    for (let left = ops; left > 0; left -= atOnce) {
      const batch = Math.min(left, atOnce);
      const { fired, fire } = signal();
      let ended = 0;
      const live = (_state, _message, ctx) => {
        lived++;
        stop(ctx.self);
      };
      const afterStop = () => {
        if (++ended === batch) fire();
      };
      for (let i = 0; i < batch; i++) {
        dispatch(spawn(system, live, `mortal-${left - i}`, { afterStop }), "live");
      }
      await fired;
    }
    return lived;
  };
};

const TREE_LIMIT = 100_000;

const node = (state, message, ctx) => {
  const told = message.parent === undefined;
  if (told) {
    const sum = state.sum + message.sum;
    const missing = state.missing - 1;
    if (missing === 0) tell(state.parent, sum, ctx);
    return { ...state, sum, missing };
  }
  const { first, leaves, parent } = message;
  if (leaves === 1) {
    tell(parent, first, ctx);
    return undefined;
  }
  const part = leaves / 10;
  for (let i = 0; i < 10; i++) {
    const child = spawn(ctx.self, node, String(i));
    dispatch(child, { first: first + i * part, leaves: part, parent: ctx.self });
  }
  return { parent, sum: 0, missing: 10 };
};

function tell(parent, sum, ctx) {
  stop(ctx.self);
  if (typeof parent === "function") parent(sum);
  else dispatch(parent, { sum });
}

export const skynet = ({ leaves }) => {
  if (leaves > TREE_LIMIT) return undefined;
  const system = start();
  let trees = 0;
  return () => {
    const { fired, fire } = signal();
    dispatch(spawn(system, node, `tree-${trees++}`), { first: 0, leaves, parent: fire });
    return fired;
  };
};

export const memory = ({ actors }) => {
  if (actors > TREE_LIMIT) return undefined;
  const system = start();
  const refs = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) {
        refs.push(spawn(system, counting, `idle-${i}`, { initialState: { n: 0 } }));
      }
    },
  };
};

export const flood = () => {
  const system = start();
  const bystander = spawn(system, counting, "bystander", { initialState: { n: 0 } });
  const sink = spawn(system, (got = 0) => got + 1, "sink");
  const again = (_state, _message, ctx) => {
    dispatch(sink, "take");
    dispatch(ctx.self, "again");
  };
  let flooder;
  return {
    start: () => {
      flooder = spawn(system, again, "flood");
      dispatch(flooder, "again");
    },
    stop: async () => stop(flooder),
    ask: () => query(bystander, "next", LIMIT_MS),
  };
};

import { createActor, fromCallback } from "xstate";

/*
 * Callback actors: the leanest that xstate has. They run when they are sent to, inside of `send`,
 * and queue only what they are sent while they run. So a cast of theirs is a call of a function, and
 * nothing of it is left for later. State machines are slower.
 */
const PEOPLE_LIMIT = 100_000;

const counter = fromCallback(({ receive }) => {
  let n = 0;
  receive((event) => {
    if (event.type === "add") n += event.by;
    else if (event.type === "value") event.reply(n);
    else event.reply(++n);
  });
});

const asyncCounter = fromCallback(({ receive }) => {
  let n = 0;
  const add = async (by) => {
    n += by;
  };
  receive((event) => {
    if (event.type === "add") void add(event.by);
    else event.reply(n);
  });
});

const spawn = (logic, input) => createActor(logic, { input }).start();
const ask = (actor, type) => new Promise((reply) => actor.send({ type, reply }));

const casts =
  (logic) =>
  ({ atOnce }) => {
    const actor = spawn(logic);
    let before = 0;
    return async (ops) => {
      let n = before;
      for (let left = ops; left > 0; left -= atOnce) {
        for (let i = Math.min(left, atOnce); i > 0; i--) actor.send({ type: "add", by: 1 });
        n = await ask(actor, "value");
      }
      const counted = n - before;
      before = n;
      return counted;
    };
  };

export const cast = casts(counter);
export const castAsync = casts(asyncCounter);

// What waits for another actor cannot be: nothing waits.
export const callSeq = ({ queued }) => {
  if (queued !== undefined) return undefined;
  const actor = spawn(counter);
  let before = 0;
  return async (ops) => {
    let last = before;
    for (let i = 0; i < ops; i++) last = await ask(actor, "next");
    const answered = last - before;
    before = last;
    return answered;
  };
};

export const call1000 = () => {
  const actor = spawn(counter);
  let before = 0;
  return async (ops) => {
    let last = before;
    for (let sent = 0; sent < ops; sent += 1_000) {
      const replies = [];
      for (let i = Math.min(1_000, ops - sent); i > 0; i--) replies.push(ask(actor, "next"));
      last = (await Promise.all(replies)).at(-1);
    }
    const answered = last - before;
    before = last;
    return answered;
  };
};

const player = fromCallback(({ self, receive }) => {
  let balls = 0;
  receive((event) => {
    if (event.type === "balls") {
      event.reply(balls);
      balls = 0;
      return;
    }
    balls++;
    if (event.left > 0) event.from.send({ type: "ball", left: event.left - 1, from: self });
  });
});

export const pingPong = () => {
  const [ping, pong] = [spawn(player), spawn(player)];
  return async (ops) => {
    ping.send({ type: "ball", left: ops - 1, from: pong });
    return (await ask(ping, "balls")) + (await ask(pong, "balls"));
  };
};

// No ring: each hop is a call inside of a call, and a thousand of them are too many for the stack.

const peer = fromCallback(({ self, receive }) => {
  let pongs = 0;
  receive((event) => {
    if (event.type === "ping") event.from.send({ type: "pong" });
    else if (event.type === "pong") pongs++;
    else if (event.type === "pongs") event.reply(pongs);
    else {
      pongs = 0;
      for (const other of event.peers) if (other !== self) other.send({ type: "ping", from: self });
    }
  });
});

export const big = ({ actors }) => {
  const peers = Array.from({ length: actors }, () => spawn(peer));
  return async () => {
    for (const each of peers) each.send({ type: "pingAll", peers });
    const pongs = await Promise.all(peers.map((each) => ask(each, "pongs")));
    return pongs.reduce((sum, each) => sum + each * 2, 0);
  };
};

const mortal = fromCallback(({ input, receive }) => {
  receive(() => void input.lived++);
  return () => void input.ended++;
});

export const spawnStop = () => (ops) => {
  const input = { lived: 0, ended: 0 };
  for (let i = 0; i < ops; i++) {
    const actor = spawn(mortal, input);
    actor.send({ type: "live" });
    actor.stop();
  }
  return input.lived === input.ended ? input.lived : -1;
};

const TREE_LIMIT = 100_000;

const node = fromCallback(({ input, self, receive }) => {
  let sum = 0;
  let missing = 10;
  const tell = (total) => {
    input.parent.send({ type: "report", sum: total });
    self.stop();
  };
  receive((event) => {
    if (event.type === "report") {
      sum += event.sum;
      if (--missing === 0) tell(sum);
      return;
    }
    const { first, leaves } = input;
    if (leaves === 1) return tell(first);
    const part = leaves / 10;
    for (let i = 0; i < 10; i++) {
      const child = spawn(node, { first: first + i * part, leaves: part, parent: self });
      child.send({ type: "begin" });
    }
  });
});

export const skynet = ({ leaves }) => {
  if (leaves > TREE_LIMIT) return undefined;
  return () =>
    new Promise((resolve) => {
      const parent = { send: ({ sum }) => resolve(sum) };
      spawn(node, { first: 0, leaves, parent }).send({ type: "begin" });
    });
};

export const memory = ({ actors }) => {
  if (actors > PEOPLE_LIMIT) return undefined;
  const kept = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) kept.push(spawn(counter));
    },
  };
};
